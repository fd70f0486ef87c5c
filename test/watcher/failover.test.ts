import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { failover } from '../../shared/chain/rpc/failover.ts';
import { httpTransport, type RpcRequest, type RpcTransport } from '../../shared/chain/rpc/transport.ts';
import { TransientError } from '../../shared/errors.ts';
import { FakeClock } from '../contracts/fakes.ts';

const CHAIN = 'chain-1';

/** A node that a test writes down: no chain, only its height and its behaviour. */
class ScriptedNode implements RpcTransport {
  readonly asked: string[] = [];
  height = 100;
  network = CHAIN;
  /** Replaces the answer: throw, never answer, nonsense. */
  fault: ((request: RpcRequest) => unknown) | undefined;
  cut = 0;

  async execute(request: RpcRequest, signal: AbortSignal): Promise<never> {
    this.asked.push(request.method);
    signal.addEventListener('abort', () => {
      this.cut += 1;
    });
    const odd = this.fault?.(request);
    const result = odd === undefined ? this.#answer(request) : await odd;
    return { jsonrpc: '2.0', id: request.id, result } as never;
  }

  #answer({ method, params }: RpcRequest): unknown {
    const asked = Number((params as { height?: string }).height ?? 0);
    if (asked > this.height) {
      const data = `height ${asked} must be less than or equal to the current blockchain height ${this.height}`;
      throw new Error(JSON.stringify({ code: -32603, message: 'Internal error', data }));
    }
    if (method === 'status') {
      return { node_info: { network: this.network }, sync_info: { latest_block_height: String(this.height) } };
    }
    if (method === 'block') return { block_id: {}, block: { header: { height: String(asked) } } };
    if (method === 'abci_query') return { response: { height: String(this.height), code: 0 } };
    if (method === 'tx_search') return { txs: [], total_count: '0' };
    return { code: 0, hash: 'AB' };
  }
}

const open = (count = 2) => {
  const clock = new FakeClock();
  const nodes = Array.from({ length: count }, () => new ScriptedNode());
  const settings = {
    clock,
    chainId: CHAIN,
    deadlineMs: 5_000,
    firstRestMs: 1_000,
    longestRestMs: 8_000,
    maxLagBlocks: 5,
  };
  const pool = failover(
    nodes.map((transport, i) => ({ name: `rpc-${i}`, transport })),
    settings,
  );
  const ask = (method: string, params = {}) => pool.client.execute({ jsonrpc: '2.0', id: 7, method, params });
  const states = () => pool.states().map(({ state }) => state);
  const [a, b] = nodes as [ScriptedNode, ScriptedNode];
  return { clock, nodes, a, b, pool, ask, states };
};
type Opened = ReturnType<typeof open>;

const never = (): Promise<never> => new Promise(() => undefined);
/** Lets promises that are ready run; no time passes. */
const settle = async (): Promise<void> => {
  for (let i = 0; i < 50; i++) await Promise.resolve();
};

const FAULTS: [string, RegExp, (o: Opened) => void][] = [
  [
    'its connection is refused',
    /ECONNREFUSED/,
    ({ a }) =>
      void Object.assign(a, {
        fault: () => Promise.reject(new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') })),
      }),
  ],
  [
    'it answers 502',
    /status 502/,
    ({ a }) =>
      void Object.assign(a, {
        fault: () => Promise.reject(new TransientError('rpc-status', 'HTTP status 502', { details: { status: 502 } })),
      }),
  ],
  [
    'it is on another chain',
    /chain 'other', expected 'chain-1'/,
    ({ a }) => void Object.assign(a, { network: 'other' }),
  ],
  [
    'its answer has not the right form',
    /has no 'sync_info'|has no 'node_info'/,
    ({ a }) => void Object.assign(a, { fault: () => ({ hello: 1 }) }),
  ],
];

describe('an endpoint that fails', () => {
  it.each(FAULTS)('is rested when %s, and the next one answers the same call', async (_, reason, breakIt) => {
    const opened = open();
    breakIt(opened);
    await opened.ask('abci_query');
    expect(opened.states()).toEqual(['rests', 'ready']);
    expect(opened.pool.states()[0]?.lastError).toMatch(reason);
    const { length } = opened.a.asked;
    for (let i = 0; i < 20; i++) await opened.ask('abci_query');
    expect(opened.a.asked).toHaveLength(length);
  });

  it('is cut off at the deadline when it never answers, and costs nothing afterwards', async () => {
    const { a, ask, clock, states } = open();
    await ask('abci_query');
    a.fault = never;
    const first = ask('abci_query');
    await settle();
    clock.advance(5_000);
    await first;
    expect(a.cut).toBeGreaterThan(0);
    // No time passes here: none of these may wait for the dead one, not even when its rest is over and it is probed.
    for (const pauseMs of [0, 2_000, 4_000, 60_000]) {
      clock.advance(pauseMs);
      for (let i = 0; i < 10; i++) await ask('abci_query');
      expect(states()).toEqual(['rests', 'ready']);
    }
  });

  it('is given longer for what it was late with, so that a large block is read in the end', async () => {
    const { a, ask, clock } = open(1);
    await ask('status');
    a.fault = ({ method }) =>
      method === 'block'
        ? clock.sleep(18_000).then(() => ({ block_id: {}, block: { header: { height: '9' } } }))
        : undefined;
    const waited: number[] = [];
    for (let done = false; !done; ) {
      const startMs = clock.nowMs();
      let over = false;
      const read = ask('block', { height: '9' }).then(
        () => true,
        () => false,
      );
      void read.then(() => {
        over = true;
      });
      for (await settle(); !over; await settle()) clock.advance(1_000);
      done = await read;
      waited.push(clock.nowMs() - startMs);
      clock.advance(60_000);
    }
    expect(waited).toEqual([5_000, 10_000, 18_000]);
  });

  it('rests longer each time, and serves again after a probe beside the traffic', async () => {
    const { a, ask, clock, pool, states } = open();
    a.fault = () => Promise.reject(new Error('down'));
    const rests: number[] = [];
    for (let i = 0; i < 6; i++) {
      await ask('status');
      await settle();
      const untilMs = pool.states()[0]?.restedUntilMs ?? 0;
      rests.push(untilMs - clock.nowMs());
      clock.advance(untilMs - clock.nowMs());
    }
    expect(rests).toEqual([1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
    a.fault = undefined;
    await ask('status');
    await settle();
    expect(states()).toEqual(['ready', 'ready']);
    const { length } = a.asked;
    await ask('status');
    expect(a.asked.length).toBe(length + 1);
  });

  it('counts once when many requests fail together', async () => {
    const { a, ask, clock, pool } = open();
    await ask('status');
    a.fault = () => Promise.reject(new Error('down'));
    await Promise.all(Array.from({ length: 8 }, () => ask('abci_query')));
    expect((pool.states()[0]?.restedUntilMs ?? 0) - clock.nowMs()).toBe(1_000);
  });

  it.each([
    ['30', 30_000],
    ['99999', 600_000],
    ['soon', 1_000],
  ])('rests for Retry-After: %s', async (retryAfter, expectedMs) => {
    const { a, ask, clock, pool } = open();
    a.fault = () =>
      Promise.reject(new TransientError('rpc-status', 'HTTP status 429', { details: { status: 429, retryAfter } }));
    await ask('status');
    expect((pool.states()[0]?.restedUntilMs ?? 0) - clock.nowMs()).toBe(expectedMs);
  });

  it('fails fast and says why when all of them rest', async () => {
    const { nodes, ask } = open();
    for (const node of nodes) node.fault = () => Promise.reject(new Error('down'));
    await expect(ask('status')).rejects.toMatchObject({ code: 'rpc-unavailable', family: 'transient' });
    const asked = nodes.map((node) => node.asked.length);
    await expect(ask('status')).rejects.toThrow(/rpc-0 rests for 1000 ms more; rpc-1 rests/);
    expect(nodes.map((node) => node.asked.length)).toEqual(asked);
  });
});

describe('an endpoint that lags', () => {
  it('is passed over for the newest state once it is more than five blocks behind, and serves what it has', async () => {
    const { a, b, ask, states } = open();
    [a.height, b.height] = [96, 101];
    await ask('status');
    expect(states()).toEqual(['ready', 'ready']);
    b.height = 102;
    await ask('block', { height: '102' });
    const answer = (await ask('abci_query')) as { result: { response: { height: string } } };
    expect(answer.result.response.height).toBe('102');
    expect(states()).toEqual(['lags', 'ready']);
    const before = b.asked.length;
    await ask('block', { height: '90' });
    expect(b.asked.length, 'the lagging one still serves old heights').toBe(before);
  });

  it('is used when the others fail, but never to say that a transaction is absent', async () => {
    const { a, b, ask } = open();
    await ask('status');
    b.height = 80;
    a.fault = () => Promise.reject(new Error('down'));
    const answer = (await ask('abci_query')) as { result: { response: { height: string } } };
    expect(answer.result.response.height).toBe('80');
    await expect(ask('tx_search', { query: "tx.hash='AB'" })).rejects.toMatchObject({ code: 'rpc-lags' });
    b.height = 100;
    await expect(ask('tx_search', { query: "tx.hash='AB'" })).resolves.toMatchObject({ result: { txs: [] } });
  });

  it('may not make all others look old by a height that it does not have', async () => {
    const { a, b, ask, states } = open();
    a.fault = ({ method }) =>
      method === 'status'
        ? { node_info: { network: CHAIN }, sync_info: { latest_block_height: '1000000' } }
        : undefined;
    await ask('status');
    b.height = 110;
    await ask('block', { height: '105' });
    expect(states()).toEqual(['rests', 'ready']);
    await expect(ask('tx_search', { query: "tx.hash='AB'" })).resolves.toBeDefined();
  });
});

describe('requests', () => {
  it('are broadcast to one endpoint only; the repeat, which is the sender’s, goes to the next', async () => {
    const { a, b, ask } = open();
    await ask('status');
    a.fault = () => Promise.reject(new Error('socket hang up'));
    await expect(ask('broadcast_tx_sync', { tx: 'AA==' })).rejects.toMatchObject({ code: 'rpc-unavailable' });
    expect(b.asked).toEqual([]);
    await ask('broadcast_tx_sync', { tx: 'AA==' });
    expect(b.asked).toEqual(['status', 'broadcast_tx_sync']);
  });

  it('are refused by the text of the node when every endpoint refuses, and nobody rests for that', async () => {
    const { ask, states } = open();
    await expect(ask('block', { height: '101' })).rejects.toThrow(/current blockchain height 100/);
    expect(states()).toEqual(['ready', 'ready']);
  });

  it('of a single endpoint go to it and to no other', async () => {
    const { a, b, pool, clock } = open();
    await pool.only('rpc-1').execute({ jsonrpc: '2.0', id: 1, method: 'abci_query', params: {} });
    expect(a.asked).toEqual([]);
    b.fault = () => Promise.reject(new Error('down'));
    const again = () => pool.only('rpc-1').execute({ jsonrpc: '2.0', id: 1, method: 'abci_query', params: {} });
    await expect(again()).rejects.toThrow(/down/);
    await expect(again()).rejects.toThrow(/rpc-1 rests/);
    b.fault = undefined;
    clock.advance(1_000);
    await again().catch(() => undefined);
    await settle();
    await expect(again()).resolves.toBeDefined();
    expect(() => pool.only('x')).toThrow(/no endpoint 'x'/);
  });

  it('need one endpoint or more, with different names, over http', () => {
    const settings = {
      clock: new FakeClock(),
      chainId: CHAIN,
      deadlineMs: 1,
      firstRestMs: 1,
      longestRestMs: 1,
      maxLagBlocks: 1,
    };
    expect(() => failover([], settings)).toThrow(/one or more/);
    const twin = { name: 'a', transport: new ScriptedNode() };
    expect(() => failover([twin, twin], settings)).toThrow(/share a name/);
    expect(() => httpTransport('ws://node')).toThrow(/http/);
  });
});

it('over HTTP: status codes, Retry-After, JSON-RPC errors and cut connections reach the pool', async () => {
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
  const bodies = [
    { status: 429, headers: { 'retry-after': '7' }, body: 'slow down' },
    {
      status: 200,
      body: '{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"Internal error","data":"tx already exists in cache"}}',
    },
    { status: 200, body: '{"jsonrpc":"2.0","id":1,"result":{"x":1}}' },
    { status: 200, body: '<html>' },
    undefined,
  ];
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    request.resume();
    const next = bodies.shift();
    if (next) response.writeHead(next.status, next.headers).end(next.body);
    else {
      response.on('close', close);
      arrive();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const transport = httpTransport(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const ask = (signal = new AbortController().signal) =>
    transport.execute({ jsonrpc: '2.0', id: 1, method: 'status', params: {} }, signal);
  await expect(ask()).rejects.toMatchObject({ details: { status: 429, retryAfter: '7' } });
  await expect(ask()).rejects.toThrow(/already exists in cache/);
  await expect(ask()).resolves.toMatchObject({ result: { x: 1 } });
  await expect(ask()).rejects.toThrow(SyntaxError);
  const cut = new AbortController();
  const waiting = ask(cut.signal);
  await arrived;
  cut.abort();
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  await closed;
  await new Promise<void>((resolve) => {
    server.closeAllConnections();
    server.close(() => resolve());
  });
});

it('over HTTP: a kept connection that was closed meanwhile is no failure of the endpoint', async () => {
  let answered = 0;
  const server = createServer((request, response) => {
    request.resume();
    answered += 1;
    // Says nothing of its end, and cuts the connection when the next request comes on it.
    if (request.socket.listenerCount('quorate') > 0) request.socket.resetAndDestroy();
    else {
      request.socket.on('quorate', () => undefined);
      response.writeHead(200, { connection: 'keep-alive' }).end('{"jsonrpc":"2.0","id":1,"result":{}}');
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const transport = httpTransport(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const { signal } = new AbortController();
  const ask = () => transport.execute({ jsonrpc: '2.0', id: 1, method: 'status', params: {} }, signal);
  await ask();
  await expect(ask()).resolves.toMatchObject({ result: {} });
  expect(answered).toBe(3);
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
});
