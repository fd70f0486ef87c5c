import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openFileBlobs } from '../../shared/adapters/local/file-blobs.ts';
import { openDatabase } from '../../shared/adapters/local/sqlite.ts';
import { openSqliteQueue } from '../../shared/adapters/local/sqlite-queue.ts';
import { openSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import { OUTBOX } from '../../shared/outbox.ts';
import { toBase64 } from '../../shared/protocol/encoding.ts';
import { OPEN_TRANSACTIONS, TxRow, txKey } from '../../shared/rows/transaction.ts';
import { FakeClock, seededRandom } from '../../test/contracts/fakes.ts';
import { modelState } from './testdata/scripted-chain.ts';
import { createWorld, NOW_MS, png, SIGNER } from './testdata/world.ts';

const open = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-api-'));
  const database = openDatabase(join(folder, 'db'));
  const [clock, random] = [new FakeClock(NOW_MS), seededRandom(1)];
  const store = openSqliteStore(database);
  const queue = openSqliteQueue(database, { clock, random });
  const blobs = openFileBlobs(join(folder, 'blobs'));
  const world = await createWorld({ store, queue, blobs, clock, random });
  const rows = database.prepare('SELECT pk, sk FROM rows ORDER BY pk, sk');
  const files = () =>
    readdirSync(join(folder, 'blobs'), { recursive: true, withFileTypes: true }).filter((f) => f.isFile());
  const before = files().length;
  return {
    ...world,
    rows: () => rows.all().map((row) => `${row.pk} ${row.sk}`),
    /** Blobs beside the manifest. */
    blobCount: () => files().length - before,
  };
};

const body = async (response: Response) => JSON.parse(await response.text());
const base64 = async () => ({ input: { base64: toBase64(await png()) } });

describe('POST /v1/queries', () => {
  it('keeps ask, input, planned transaction and its message, and answers 202', async () => {
    const world = await open();
    const response = await world.postJson('/v1/queries', await base64(), { 'idempotency-key': 'k1' });
    expect(response.status).toBe(202);
    const ask = await body(response);
    expect(ask).toMatchObject({ askId: 'k1', status: 'planned', seats: 3, feeUnes: '3000', model: world.model });
    const { store } = world.deps;
    const tx = TxRow.parse((await store.get(txKey('ask/k1')))?.body);
    expect(tx).toMatchObject({ state: 'planned', intent: { signer: SIGNER, fundsUnes: '3000', deadlineHeight: 160 } });
    expect(tx.intent.msg).toMatchObject({
      ask: { seats: 3, input: { uri: `http://api.test/v1/inputs/${ask.inputHash}` } },
    });
    expect((await store.due(OPEN_TRANSACTIONS, Number.MAX_SAFE_INTEGER, 9)).length).toBe(1);
    const [message] = await store.due(OUTBOX, Number.MAX_SAFE_INTEGER, 9);
    expect(message?.body).toMatchObject({ queue: 'send-transaction', message: { group: SIGNER } });
    expect(await world.deps.blobs.has(ask.inputHash)).toBe(true);
    const seen = await world.request('/v1/asks/k1');
    expect(await body(seen)).toEqual(ask);
  });

  it('takes an input that was sent before', async () => {
    const world = await open();
    const sent = await world.request('/v1/inputs', { method: 'POST', body: Buffer.from(await png()) });
    expect(sent.status).toBe(201);
    const { hash } = await body(sent);
    const response = await world.postJson('/v1/queries', { input: { hash }, seats: 5, feeUnes: '9000' });
    expect(response.status).toBe(202);
    expect(await body(response)).toMatchObject({ seats: 5, feeUnes: '9000', inputHash: hash });
  });

  it('gives the same answer for the same key and request, though the price has risen since', async () => {
    const world = await open();
    const send = async () => world.postJson('/v1/queries', await base64(), { 'idempotency-key': 'k1' });
    const first = await body(await send());
    const rows = world.rows();
    world.chain.knownModels.set(world.model, modelState(world.model, { priceUnes: 9_999n }));
    const again = await send();
    expect(again.status).toBe(202);
    expect(await body(again)).toEqual(first);
    expect(world.rows()).toEqual(rows);
  });

  it('gives one ask for many requests with one key at once', async () => {
    const world = await open();
    const request = await base64();
    const all = await Promise.all(
      Array.from({ length: 5 }, () => world.postJson('/v1/queries', request, { 'idempotency-key': 'k1' })),
    );
    expect(all.map(({ status }) => status)).toEqual([202, 202, 202, 202, 202]);
    expect(world.rows().filter((row) => row.startsWith('asks '))).toEqual(['asks k1']);
    expect(world.rows().filter((row) => row.startsWith('outbox/'))).toHaveLength(1);
  });

  it('rejects another request with the same key', async () => {
    const world = await open();
    await world.postJson('/v1/queries', await base64(), { 'idempotency-key': 'k1' });
    const other = { ...(await base64()), seats: 4 };
    const response = await world.postJson('/v1/queries', other, { 'idempotency-key': 'k1' });
    expect(response.status).toBe(409);
    expect((await body(response)).error.code).toBe('idempotency-conflict');
  });

  it('follows the transaction to its query', async () => {
    const world = await open();
    await world.postJson('/v1/queries', await base64(), { 'idempotency-key': 'k1' });
    const stored = await world.deps.store.get(txKey('ask/k1'));
    const { intent } = TxRow.parse(stored?.body);
    const included = { state: 'included', intent, hash: 'AB', height: 101, code: 0, log: '', gasUsed: 1, sizeBytes: 1 };
    const put = (row: object) =>
      world.deps.store.transact([{ kind: 'put', key: txKey('ask/k1'), body: row, expect: 'any' }]);
    await put({ ...included, queryId: 7 });
    const found = await body(await world.request('/v1/asks/k1'));
    expect(found).toMatchObject({ status: 'included', queryId: 7, links: { result: '/v1/queries/7/result' } });
    await put({ ...included, code: 5, log: 'fee too low' });
    expect(await body(await world.request('/v1/asks/k1'))).toMatchObject({ status: 'refused', reason: 'fee too low' });
    await put({ state: 'expired', intent, reason: 'no block took it' });
    expect(await body(await world.request('/v1/asks/k1'))).toMatchObject({ status: 'expired' });
  });
});

const OTHER = 'ab'.repeat(32);
type Bad = (world: Awaited<ReturnType<typeof open>>) => Promise<Response>;
const BAD: [name: string, status: number, code: string, send: Bad][] = [
  [
    'an unknown model',
    404,
    'unknown-model',
    async (w) => w.postJson('/v1/queries', { ...(await base64()), model: OTHER }),
  ],
  [
    'a withdrawn model',
    410,
    'model-withdrawn',
    async (w) => {
      w.chain.knownModels.set(w.model, modelState(w.model, { withdrawn: true }));
      return w.postJson('/v1/queries', await base64());
    },
  ],
  [
    'a model that is not installed',
    409,
    'model-not-installed',
    async (w) => {
      w.chain.knownModels.set(OTHER, modelState(OTHER));
      return w.postJson('/v1/queries', { ...(await base64()), model: OTHER });
    },
  ],
  ['a short fee', 402, 'short-fee', async (w) => w.postJson('/v1/queries', { ...(await base64()), feeUnes: '2999' })],
  ['no seats', 400, 'seats-out-of-range', async (w) => w.postJson('/v1/queries', { ...(await base64()), seats: 0 })],
  [
    'too many seats',
    400,
    'seats-out-of-range',
    async (w) => w.postJson('/v1/queries', { ...(await base64()), seats: 22 }),
  ],
  ['an unknown input', 404, 'unknown-input', async (w) => w.postJson('/v1/queries', { input: { hash: OTHER } })],
  [
    'no image',
    415,
    'not-an-image',
    async (w) => w.postJson('/v1/queries', { input: { base64: toBase64(Buffer.from('no image')) } }),
  ],
  [
    'an image of too many pixels',
    413,
    'image-too-large',
    async (w) => w.postJson('/v1/queries', { input: { base64: toBase64(await png(200, 200)) } }),
  ],
  [
    'an image of too many bytes',
    413,
    'image-too-large',
    async (w) => w.postJson('/v1/queries', { input: { base64: toBase64(new Uint8Array(20_001)) } }),
  ],
  [
    'an ask of too many bytes',
    413,
    'body-too-large',
    async (w) => w.postJson('/v1/queries', { input: { base64: 'A'.repeat(6_000_000) } }),
  ],
  [
    'base64 that is none',
    400,
    'malformed-base64',
    async (w) => w.postJson('/v1/queries', { input: { base64: 'a b!' } }),
  ],
  ['malformed JSON', 400, 'malformed-json', async (w) => w.postJson('/v1/queries', '{"input":')],
  ['an empty body', 400, 'malformed-json', async (w) => w.postJson('/v1/queries', '')],
  [
    'an unknown field',
    400,
    'malformed-request',
    async (w) => w.postJson('/v1/queries', { ...(await base64()), prompt: 'x' }),
  ],
  [
    'a fee that is a number',
    400,
    'malformed-request',
    async (w) => w.postJson('/v1/queries', { ...(await base64()), feeUnes: 3000 }),
  ],
  ['no input', 400, 'malformed-request', async (w) => w.postJson('/v1/queries', {})],
  [
    'a bad key',
    400,
    'malformed-request',
    async (w) => w.postJson('/v1/queries', await base64(), { 'idempotency-key': 'a/b' }),
  ],
  [
    'a form',
    415,
    'unsupported-media-type',
    async (w) => w.postJson('/v1/queries', 'a=b', { 'content-type': 'text/plain' }),
  ],
  [
    'an ask when the paying account is empty',
    503,
    'ask-account-empty',
    async (w) => {
      w.chain.balances.clear();
      return w.postJson('/v1/queries', await base64());
    },
  ],
  [
    'an ask when the chain is away',
    503,
    'rpc-unavailable',
    async (w) => {
      w.chain.reachable = false;
      return w.postJson('/v1/queries', await base64());
    },
  ],
  [
    'an upload that is no image',
    415,
    'not-an-image',
    (w) => w.request('/v1/inputs', { method: 'POST', body: Buffer.from('no image') }),
  ],
  ['an upload of JSON', 415, 'unsupported-media-type', (w) => w.postJson('/v1/inputs', {})],
  [
    'an upload of too many bytes',
    413,
    'body-too-large',
    (w) => w.request('/v1/inputs', { method: 'POST', body: new Uint8Array(20_001) }),
  ],
  ['an unknown ask', 404, 'unknown-ask', (w) => w.request('/v1/asks/nobody')],
  ['an unknown route', 404, 'unknown-route', (w) => w.request('/v1/nothing')],
];

describe('bad input', () => {
  it.each(BAD)('rejects %s with %i %s and a next step, and stores nothing', async (_, status, code, send) => {
    const world = await open();
    const response = await send(world);
    const { error } = await body(response);
    expect({ status: response.status, code: error.code }).toEqual({ status, code });
    expect(error.message).not.toBe('');
    expect(error.next).toMatch(/\w{3}/);
    expect(world.rows()).toEqual([]);
    expect(world.blobCount()).toBe(0);
  });

  it('names the required fee', async () => {
    const world = await open();
    const { error } = await body(await world.postJson('/v1/queries', { ...(await base64()), feeUnes: '1' }));
    expect(error.details).toEqual({ receivedUnes: '1', requiredUnes: '3000', priceUnes: '1000' });
  });

  it('stops reading at the limit, whatever is announced', async () => {
    const world = await open();
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        pulled += 1;
        controller.enqueue(new Uint8Array(8_000));
      },
    });
    const init = { method: 'POST', body: endless, duplex: 'half' } as RequestInit;
    const response = await world.request('/v1/inputs', init);
    expect(response.status).toBe(413);
    expect(pulled).toBeLessThan(6);
    expect(world.rows()).toEqual([]);
  });

  it('says nothing of internals when something breaks, and logs no payload', async () => {
    const world = await open();
    world.chain.models = () => Promise.reject(new TypeError('my secret prompt'));
    const response = await world.request('/v1/models');
    expect(response.status).toBe(500);
    const text = await response.text();
    expect(JSON.parse(text).error.code).toBe('internal-error');
    expect(text + world.logged.join()).not.toContain('secret prompt');
    expect(world.logged.join()).toContain('TypeError');
  });
});

describe('inputs', () => {
  it('gives back what was sent, by hash, and never another blob', async () => {
    const world = await open();
    const bytes = await png();
    const stored = await body(await world.request('/v1/inputs', { method: 'POST', body: Buffer.from(bytes) }));
    expect(stored).toMatchObject({
      sizeBytes: bytes.length,
      mediaType: 'image/png',
      uri: `http://api.test/v1/inputs/${stored.hash}`,
    });
    const response = await world.request(`/v1/inputs/${stored.hash}`);
    expect(response.headers.get('content-type')).toBe('image/png');
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes);
    expect((await world.request(`/v1/inputs/${world.model}`)).status).toBe(404);
    expect((await world.request('/v1/inputs/xyz')).status).toBe(400);
  });

  it('refuses custodial asks where no account pays', async () => {
    const world = await open();
    const { createApi } = await import('./app.ts');
    const app = createApi({ ...world.deps, askSigner: undefined });
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(await base64()),
    };
    expect((await app.request('/v1/queries', init)).status).toBe(403);
    expect(world.rows()).toEqual([]);
  });
});
