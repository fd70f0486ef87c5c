import { expect, test } from 'vitest';
import type { CommittedBlock } from '../chain.ts';
import { NO_BLOCK_ID, NO_COMMIT } from '../comet/block.ts';
import { parseEventQuery } from './event-query.ts';
import { MAX_UNSENT_BYTES, type Socket, serveSocket } from './socket.ts';

const header = {
  version: { block: 11n, app: 0n },
  chainId: 'c',
  height: 1n,
  time: { seconds: 0n, nanos: 0 },
  lastBlockId: NO_BLOCK_ID,
} as CommittedBlock['block']['header'];
const none = new Uint8Array(0);
const hashes = ['lastCommitHash', 'dataHash', 'validatorsHash', 'nextValidatorsHash', 'consensusHash', 'appHash'];
const committed: CommittedBlock = {
  block: {
    height: 1,
    timeMs: 0,
    blockId: NO_BLOCK_ID,
    header: {
      ...header,
      ...Object.fromEntries(
        [...hashes, 'lastResultsHash', 'evidenceHash', 'proposerAddress'].map((name) => [name, none]),
      ),
    },
    lastCommit: NO_COMMIT,
    seenCommit: NO_COMMIT,
    sizeBytes: 0,
    txCount: 0,
    appHash: none,
    resultsHash: none,
  },
  txs: [],
};

function connect() {
  const listeners = new Map<string, (data: Buffer) => void>();
  const sent: string[] = [];
  const state = { bufferedAmount: 0, terminated: false };
  const socket = {
    send: (text: string) => void sent.push(text),
    terminate: () => {
      state.terminated = true;
    },
    get bufferedAmount() {
      return state.bufferedAmount;
    },
    on: (event: string, listener: (data: Buffer) => void) => void listeners.set(event, listener),
  } as unknown as Socket;
  const feed = new Set<(block: CommittedBlock) => void>();
  serveSocket(
    socket,
    async ({ id, method }) => ({ jsonrpc: '2.0', id, result: method }),
    (listener) => {
      feed.add(listener);
      return () => void feed.delete(listener);
    },
  );
  const say = async (json: unknown) => {
    listeners.get('message')?.(Buffer.from(JSON.stringify(json)));
    await new Promise(setImmediate);
    return JSON.parse(sent.at(-1) ?? 'null') as { error?: { data: string }; result?: unknown };
  };
  const produce = () => {
    for (const listener of feed) listener(committed);
  };
  return { say, sent, state, produce, feed, close: () => listeners.get('close')?.(Buffer.alloc(0)) };
}

test('a client that does not take what it is sent is dropped instead of buffered for', async () => {
  const client = connect();
  await client.say({ id: 1, method: 'subscribe', params: { query: "tm.event='NewBlock'" } });
  client.produce();
  expect(client.sent).toHaveLength(2);
  client.state.bufferedAmount = MAX_UNSENT_BYTES + 1;
  client.produce();
  expect([client.sent.length, client.state.terminated]).toEqual([2, true]);
  client.close();
  expect(client.feed.size).toBe(0);
});

test('subscriptions are limited, unique, and can be ended', async () => {
  const client = connect();
  const subscribe = (query: string) => client.say({ id: query, method: 'subscribe', params: { query } });
  for (let i = 0; i < 5; i++) expect((await subscribe(`tm.event='NewBlock' AND x.y=${i}`)).result).toEqual({});
  expect((await subscribe("tm.event='Tx'")).error?.data).toBe('max_subscriptions_per_client 5 reached');
  expect((await subscribe("tm.event='NewBlock' AND x.y=0")).error?.data).toBe('already subscribed');
  expect((await client.say({ id: 9, method: 'unsubscribe_all' })).result).toEqual({});
  const gone = await client.say({ id: 9, method: 'unsubscribe', params: { query: 'a.b=1' } });
  expect(gone.error?.data).toBe('subscription not found');
  expect((await client.say({ id: 9, method: 'status' })).result).toBe('status');
  expect((await client.say({ id: 9, method: 'subscribe', params: { query: 'a b' } })).error?.data).toContain('parse');
});

test('the query language', () => {
  expect(
    parseEventQuery(`tm.event = 'Tx' AND wasm-a._b='x AND y' AND n.m>=5 AND e.f EXISTS AND g.h CONTAINS 'it'`),
  ).toEqual([
    { key: 'tm.event', operator: '=', value: 'Tx', numeric: false },
    { key: 'wasm-a._b', operator: '=', value: 'x AND y', numeric: false },
    { key: 'n.m', operator: '>=', value: '5', numeric: true },
    { key: 'e.f', operator: 'EXISTS', value: '', numeric: false },
    { key: 'g.h', operator: 'CONTAINS', value: 'it', numeric: false },
  ]);
});
