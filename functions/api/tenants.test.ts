import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openDatabase } from '../../shared/adapters/local/sqlite.ts';
import { openSqliteQueue } from '../../shared/adapters/local/sqlite-queue.ts';
import { openSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import { readEnv } from '../../shared/env.ts';
import { toBase64 } from '../../shared/protocol/encoding.ts';
import { FakeClock, memoryBlobs, seededRandom } from '../../test/contracts/fakes.ts';
import { createApi } from './app.ts';
import { ApiEnv } from './config.ts';
import { quotaKey } from './quota.ts';
import { createWorld, NOW_MS, png } from './testdata/world.ts';

const KEY = 'key-of-acme-0123456789';
const tenant = (name: string, key: string, asksPerDay = 2) => ({
  name,
  apiKeySha256: createHash('sha256').update(key).digest('hex'),
  asksPerDay,
});
const TENANTS = [tenant('zeta', 'another-key'), tenant('acme', KEY)];
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

const open = async (tenants = TENANTS) => {
  const database = openDatabase(':memory:');
  const [clock, random] = [new FakeClock(NOW_MS), seededRandom(1)];
  const store = openSqliteStore(database);
  const queue = openSqliteQueue(database, { clock, random });
  const world = await createWorld({ store, queue, blobs: memoryBlobs(), clock, random });
  const app = createApi({ ...world.deps, tenants });
  const send = async (path: string, headers: Record<string, string>, body?: unknown, method = 'POST') => {
    const init = { method, headers: { 'content-type': 'application/json', ...headers } };
    const response = await app.request(path, body === undefined ? init : { ...init, body: JSON.stringify(body) });
    return { status: response.status, headers: response.headers, body: JSON.parse(await response.text()) };
  };
  const request = { input: { base64: toBase64(await png()) } };
  return {
    ...world,
    clock,
    store,
    send,
    ask: (headers: Record<string, string>, seats = 3) => send('/v1/queries', headers, { ...request, seats }),
    used: async (name: string) => (await store.get<{ used: number }>(quotaKey(name, clock.nowMs())))?.body.used ?? 0,
  };
};

const CHANGES = [
  ['POST', '/v1/queries'],
  ['POST', '/v1/inputs'],
  ['POST', '/v1/webhooks'],
  ['DELETE', '/v1/webhooks/we_1'],
  ['POST', '/v1/webhooks/we_1/deliveries/d_1/replay'],
  ['POST', '/v1/no-such-route'],
] as const;

describe('a deployment with tenants', () => {
  it.each(CHANGES)('refuses %s %s without a key with 401, and with a wrong one with 403', async (method, path) => {
    const { send, store } = await open();
    const without = await send(path, {}, {}, method);
    expect([without.status, without.body.error.code]).toEqual([401, 'api-key-missing']);
    expect(without.headers.get('www-authenticate')).toBe('Bearer');
    for (const header of ['Basic YTpi', 'Bearer', KEY]) {
      expect((await send(path, { authorization: header }, {}, method)).status).toBe(401);
    }
    for (const key of ['wrong', `${KEY}x`, KEY.slice(1), TENANTS[1]!.apiKeySha256]) {
      const wrong = await send(path, bearer(key), {}, method);
      expect([wrong.status, wrong.body.error.code]).toEqual([403, 'api-key-unknown']);
      expect(JSON.stringify(wrong.body)).not.toContain(key);
    }
    expect(await store.list('asks', { limit: 9 })).toEqual([]);
  });

  it('lets everybody read', async () => {
    const { request } = await open();
    for (const path of ['/v1/models', '/v1/queries', '/v1/coverage', '/openapi.json', '/v1/health']) {
      expect([200, 503]).toContain((await request(path)).status);
    }
  });

  it('takes an ask of a tenant, under an id of its own, and shows it to whoever knows the id', async () => {
    const { ask, request, used } = await open();
    const taken = await ask({ ...bearer(KEY), 'idempotency-key': 'k1' });
    expect(taken.status).toBe(202);
    expect(taken.body.askId).toBe('acme:k1');
    expect((await request('/v1/asks/acme:k1')).status).toBe(200);
    // The same key of another tenant names another ask.
    const other = await ask({ ...bearer('another-key'), 'idempotency-key': 'k1' }, 4);
    expect([other.status, other.body.askId]).toEqual([202, 'zeta:k1']);
    expect([await used('acme'), await used('zeta')]).toEqual([1, 1]);
  });

  it('counts a repeat once, also when both come at once', async () => {
    const { ask, used } = await open();
    const headers = { ...bearer(KEY), 'idempotency-key': 'k1' };
    const all = await Promise.all([ask(headers), ask(headers), ask(headers)]);
    expect(all.map(({ status }) => status)).toEqual([202, 202, 202]);
    expect((await ask(headers)).status).toBe(202);
    expect(await used('acme')).toBe(1);
  });

  it('refuses more asks than the tenant has in a day, until the next one begins', async () => {
    const { ask, used, clock, store } = await open();
    await ask(bearer(KEY));
    await ask(bearer(KEY));
    const refused = await ask(bearer(KEY));
    expect([refused.status, refused.body.error.code]).toEqual([429, 'quota-used']);
    const untilMidnight = 86_400 - ((NOW_MS / 1_000) % 86_400);
    expect(refused.headers.get('retry-after')).toBe(String(untilMidnight));
    expect((await store.list('asks', { limit: 9 })).length).toBe(2);
    expect((await ask(bearer('another-key'))).status).toBe(202);
    clock.advance(untilMidnight * 1_000);
    expect((await ask(bearer(KEY))).status).toBe(202);
    expect(await used('acme')).toBe(1);
  });

  it('gives each of many asks at once its place, and no more than there are', async () => {
    const { ask, used } = await open([tenant('acme', KEY, 5)]);
    const statuses = (await Promise.all(Array.from({ length: 8 }, () => ask(bearer(KEY))))).map(({ status }) => status);
    expect(statuses.filter((status) => status === 202)).toHaveLength(5);
    expect(statuses.filter((status) => status === 429)).toHaveLength(3);
    expect(await used('acme')).toBe(5);
  });

  it('counts nothing for an ask that is refused', async () => {
    const { ask, used } = await open();
    expect((await ask(bearer(KEY), 99)).status).toBe(400);
    expect(await used('acme')).toBe(0);
  });

  it('asks for nobody when it has none', async () => {
    const { ask, send } = await open([]);
    const refused = await ask(bearer(KEY));
    expect([refused.status, refused.body.error.code]).toEqual([403, 'custodial-asks-off']);
    expect((await send('/v1/webhooks', bearer(KEY), {})).status).toBe(403);
  });

  it('shows in its OpenAPI document which routes need a key', async () => {
    const { request } = await open();
    const { paths, components } = JSON.parse(await (await request('/openapi.json')).text());
    expect(components.securitySchemes.apiKey).toMatchObject({ type: 'http', scheme: 'bearer' });
    const guarded = Object.entries(paths as Record<string, Record<string, { security?: unknown }>>).flatMap(
      ([path, of]) => Object.entries(of).flatMap(([method, { security }]) => (security ? [`${method} ${path}`] : [])),
    );
    expect(guarded.sort()).toEqual([
      'delete /v1/webhooks/{endpointId}',
      'post /v1/inputs',
      'post /v1/queries',
      'post /v1/webhooks',
      'post /v1/webhooks/{endpointId}/deliveries/{deliveryId}/replay',
    ]);
  });
});

describe('the environment of the API', () => {
  const read = (TENANTS: string) => ApiEnv.shape.TENANTS.safeParse(TENANTS);

  it('holds tenants as JSON', () => {
    expect(read(JSON.stringify(TENANTS)).data).toEqual(TENANTS);
    expect(read('[]').data).toEqual([]);
  });

  it.each(['{}', 'no json', '[{"name":"acme"}]'])('is refused without its values when it holds %s', (text) => {
    expect(read(text).success).toBe(false);
    const problem = (): unknown => readEnv(ApiEnv, { TENANTS: text });
    expect(problem).toThrow('TENANTS: expected a json list of tenants');
    expect(problem).not.toThrow(text);
  });
});
