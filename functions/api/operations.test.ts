import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openFileBlobs } from '../../shared/adapters/local/file-blobs.ts';
import { openDatabase } from '../../shared/adapters/local/sqlite.ts';
import { openSqliteQueue } from '../../shared/adapters/local/sqlite-queue.ts';
import { openSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import type { EndpointState } from '../../shared/chain/rpc/endpoint.ts';
import { QUEUES } from '../../shared/messages/queues.ts';
import { OUTBOX, outboxWrite } from '../../shared/outbox.ts';
import { anomalyKey, type CoverageRow, coverageWrite, cursorKey, sweepKey } from '../../shared/rows/coverage.ts';
import { WEBHOOK_RETRIES } from '../../shared/rows/webhook.ts';
import { webhookWrites } from '../../shared/webhooks.ts';
import { FakeClock, seededRandom } from '../../test/contracts/fakes.ts';
import { coveredBlock } from '../../test/covered-block.ts';
import type { ApiDeps } from './deps.ts';
import { createWorld, NOW_MS } from './testdata/world.ts';

const open = async (endpoints?: ApiDeps['endpoints']) => {
  const database = openDatabase(':memory:');
  const [clock, random] = [new FakeClock(NOW_MS), seededRandom(1)];
  const store = openSqliteStore(database);
  const queue = openSqliteQueue(database, { clock, random });
  const blobs = openFileBlobs(mkdtempSync(join(tmpdir(), 'quorate-api-')));
  const world = await createWorld({ store, queue, blobs, clock, random, ...(endpoints && { endpoints }) });
  const put = (key: { pk: string; sk: string }, body: unknown) =>
    store.transact([{ kind: 'put', key, body, expect: 'any' }]);
  const json = async (response: Response) => ({ status: response.status, body: JSON.parse(await response.text()) });
  return {
    ...world,
    store,
    queue,
    clock,
    put,
    get: async (path: string) => json(await world.request(path)),
    post: async (path: string, body: unknown) => json(await world.postJson(path, body)),
    remove: async (path: string) => json(await world.request(path, { method: 'DELETE' })),
    rows: () => database.prepare('SELECT pk, sk FROM rows').all().length,
  };
};
type Opened = Awaited<ReturnType<typeof open>>;

const readUpTo = (world: Opened, next: number) => world.put(cursorKey('test-1'), { next, offset: 0 });

describe('GET /v1/health', () => {
  it('is ok when the chain is seen, read and acted on', async () => {
    const world = await open();
    await readUpTo(world, 101);
    const { status, body } = await world.get('/v1/health');
    expect([status, body.status, body.reasons]).toEqual([200, 'ok', []]);
    expect(body).toMatchObject({
      chain: { height: 100, headAgeMs: 1_000 },
      cursor: { lastReadHeight: 100, lagBlocks: 0 },
    });
  });

  const BAD: [string, RegExp, (world: Opened) => Promise<void>][] = [
    ['the chain is away', /does not answer/, async (w) => void Object.assign(w.chain, { reachable: false })],
    ['the chain stands still', /newest block is 90 s old/, async (w) => w.clock.advance(89_000)],
    [
      'nothing was read',
      /no block was read/,
      async (w) => w.store.transact([{ kind: 'delete', key: cursorKey('test-1'), expect: 'any' }]),
    ],
    ['the watcher is behind', /50 blocks behind/, (w) => readUpTo(w, 51)],
    [
      'an effect is not sent',
      /outbox for 45 s/,
      (w) => w.store.transact([outboxWrite('advance-run', { id: 'x', group: 'g', body: '{}' }, NOW_MS - 45_000)]),
    ],
    [
      'a message died',
      /deliver-webhook has 1 dead/,
      async (w) => {
        await w.queue.send('deliver-webhook', [{ id: 'x', group: 'g', body: '{}' }]);
        for (let i = 0; i < 9; i++) {
          await w.queue.receive('deliver-webhook', 1);
          w.clock.advance(QUEUES['deliver-webhook'].visibilityMs);
        }
        w.chain.timeMs = w.clock.nowMs();
      },
    ],
  ];
  it.each(BAD)('is 503 with a reason when %s', async (_, reason, breakIt) => {
    const world = await open();
    await readUpTo(world, 101);
    await breakIt(world);
    const { status, body } = await world.get('/v1/health');
    expect([status, body.status]).toEqual([503, 'unhealthy']);
    expect(body.reasons).toEqual([expect.stringMatching(reason)]);
  });
});

describe('GET /v1/health of RPC endpoints', () => {
  const endpoint = (name: string, state: EndpointState['state']): EndpointState => ({
    name,
    state,
    height: 100,
    requests: 3,
    failures: 1,
    lastError: state === 'ready' ? null : 'HTTP status 502',
    lastErrorAtMs: state === 'ready' ? null : NOW_MS,
    restedUntilMs: state === 'ready' ? null : NOW_MS + 1_000,
  });

  it('shows each, and is ok while one of them is ready', async () => {
    const states = [endpoint('a', 'rests'), endpoint('b', 'ready')];
    const world = await open(() => states);
    await readUpTo(world, 101);
    const { status, body } = await world.get('/v1/health');
    expect([status, body.endpoints]).toEqual([200, states]);
  });

  it('is 503 when none is ready', async () => {
    const world = await open(() => [endpoint('a', 'rests'), endpoint('b', 'lags')]);
    await readUpTo(world, 101);
    const { status, body } = await world.get('/v1/health');
    expect([status, body.reasons]).toEqual([503, [expect.stringMatching(/a rests \(HTTP status 502\), b lags/)]]);
  });
});

describe('GET /v1/coverage', () => {
  const cover = (world: Opened, ...blocks: CoverageRow[]) => world.store.transact([coverageWrite('test-1', blocks)]);

  it('names gaps at the front, in the middle and at the end, and blocks that do not fit', async () => {
    const world = await open();
    await cover(world, coveredBlock(3), coveredBlock(4));
    await cover(world, coveredBlock(7), coveredBlock(8), coveredBlock(9, { parentHash: 'another' }));
    await cover(world, coveredBlock(10, { parentHash: 'a third' }));
    const { body } = await world.get('/v1/coverage?from=1&to=12');
    expect(body).toMatchObject({ covered: 6, events: 12, breaks: [9, 10] });
    expect(body.gaps).toEqual([
      { from: 1, to: 2 },
      { from: 5, to: 6 },
      { from: 11, to: 12 },
    ]);
    const within = (await world.get('/v1/coverage?from=4&to=8')).body;
    expect(within).toMatchObject({ covered: 3, gaps: [{ from: 5, to: 6 }], breaks: [] });
  });

  it('tells which endpoints were used, what was recorded twice, and how far the sweep is', async () => {
    const world = await open();
    await cover(world, coveredBlock(1, { source: 'a', witness: 'b' }));
    for (let again = 0; again < 2; again++)
      await cover(world, coveredBlock(2, { source: 'b' }), coveredBlock(3, { source: 'b' }));
    expect((await world.get('/v1/coverage?from=1&to=3')).body).toMatchObject({
      covered: 3,
      gaps: [],
      twice: [2, 3],
      witnessed: 1,
      endpoints: { a: { read: 1, compared: 0 }, b: { read: 2, compared: 1 } },
      sweep: null,
    });
    await world.put(sweepKey('test-1'), { next: 2, dueMs: 77 });
    expect((await world.get('/v1/coverage')).body.sweep).toEqual({ sweptTo: 1, dueMs: 77 });
  });

  it('counts a height once that is in two rows, and says so', async () => {
    const world = await open();
    await cover(world, coveredBlock(1), coveredBlock(2), coveredBlock(3));
    await cover(world, coveredBlock(3), coveredBlock(4), coveredBlock(5));
    expect((await world.get('/v1/coverage?from=1&to=5')).body).toMatchObject({
      covered: 5,
      events: 10,
      gaps: [],
      breaks: [],
      twice: [3],
    });
  });

  it('takes the last thousand heights read when nothing is named', async () => {
    const world = await open();
    await readUpTo(world, 1_501);
    expect((await world.get('/v1/coverage')).body).toMatchObject({
      from: 501,
      to: 1_500,
      gaps: [{ from: 501, to: 1_500 }],
    });
  });

  it.each(['from=5&to=4', 'from=1&to=10001', 'from=0', 'from=x'])('rejects %s', async (range) => {
    const world = await open();
    expect((await world.get(`/v1/coverage?${range}`)).status).toBe(400);
  });
});

it('GET /v1/anomalies pages through them', async () => {
  const world = await open();
  for (const queryId of [1, 2, 3]) {
    const row = { kind: 'invented-event', queryId, height: 5, detail: 'd', atMs: 1 } as const;
    await world.put(anomalyKey('test-1', row), row);
  }
  const first = (await world.get('/v1/anomalies?limit=2')).body;
  expect(first.anomalies.map((a: { queryId: number }) => a.queryId)).toEqual([1, 2]);
  const second = (await world.get(`/v1/anomalies?limit=2&after=${encodeURIComponent(first.next)}`)).body;
  expect(second).toMatchObject({ anomalies: [{ queryId: 3 }], next: null });
});

describe('/v1/webhooks', () => {
  const register = async (world: Opened) =>
    (await world.post('/v1/webhooks', { url: 'https://example.com/hook', types: ['query.verified'] })).body;
  const event = { id: 'test-1/7/0/verified', type: 'query.verified', data: { queryId: 7, status: 'verified' } };

  it('shows the secret once, lists without it, and deletes', async () => {
    const world = await open();
    const { secret, ...made } = await register(world);
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const listed = (await world.get('/v1/webhooks')).body;
    expect(listed.webhooks).toEqual([made]);
    expect((await world.remove(`/v1/webhooks/${made.endpointId}`)).status).toBe(200);
    expect((await world.get('/v1/webhooks')).body.webhooks).toEqual([]);
    expect((await world.remove(`/v1/webhooks/${made.endpointId}`)).body.error.code).toBe('unknown-webhook');
  });

  it('rejects addresses that nothing is sent to, malformed bodies, and more than twenty', async () => {
    const world = await open();
    expect((await world.post('/v1/webhooks', { url: 'http://example.com/' })).body.error.code).toBe('refused-url');
    expect((await world.post('/v1/webhooks', { url: 7 })).status).toBe(400);
    expect((await world.post('/v1/webhooks', '{')).body.error.code).toBe('malformed-json');
    expect((await world.post('/v1/webhooks', { url: `https://x/${'a'.repeat(20_000)}` })).status).toBe(413);
    expect(world.rows()).toBe(0);
    for (let i = 0; i < 20; i++) await register(world);
    const { status, body } = await world.post('/v1/webhooks', { url: 'https://example.com/' });
    expect([status, body.error.code]).toEqual([409, 'too-many-webhooks']);
  });

  it('shows deliveries and sends one again under the same id', async () => {
    const world = await open();
    const { endpointId, secret, ...made } = await register(world);
    const endpoint = { ...made, endpointId, secret };
    await world.store.transact(webhookWrites(event, [endpoint], NOW_MS));
    const { deliveries } = (await world.get(`/v1/webhooks/${endpointId}/deliveries`)).body;
    expect(deliveries).toMatchObject([{ type: 'query.verified', state: 'pending', attempts: [] }]);
    const [{ deliveryId }] = deliveries;
    const replayed = await world.post(`/v1/webhooks/${endpointId}/deliveries/${deliveryId}/replay`, {});
    expect([replayed.status, replayed.body.deliveryId]).toEqual([202, deliveryId]);
    expect(await world.store.due(OUTBOX, Number.MAX_SAFE_INTEGER, 9)).toHaveLength(2);
    expect(await world.store.due(WEBHOOK_RETRIES, NOW_MS, 9)).toHaveLength(1);
    const unknown = await world.post(`/v1/webhooks/${endpointId}/deliveries/msg_x/replay`, {});
    expect(unknown.body.error.code).toBe('unknown-delivery');
    expect((await world.get('/v1/webhooks/ep_x/deliveries')).body.error.code).toBe('unknown-webhook');
    await world.put({ pk: 'webhook-endpoints', sk: endpointId }, { ...endpoint, disabled: 'gone' });
    const disabled = await world.post(`/v1/webhooks/${endpointId}/deliveries/${deliveryId}/replay`, {});
    expect([disabled.status, disabled.body.error.code]).toEqual([409, 'webhook-disabled']);
  });
});
