import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, it } from 'vitest';
import { safePost } from '../../shared/adapters/http/safe-post.ts';
import { openSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import { DeliveryRow, deliveryKey, EndpointRow, endpointKey, WEBHOOK_RETRIES } from '../../shared/rows/webhook.ts';
import { replayWrites, webhookWrites } from '../../shared/webhooks.ts';
import { FakeClock, seededRandom } from '../../test/contracts/fakes.ts';
import { nextWaitMs, WAITS_MS } from './schedule.ts';
import { type DeliverDeps, deliver } from './use-case.ts';

const NOW_MS = 1_700_000_000_000;
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

interface Seen {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A receiver on loopback: answers with these statuses one after the other ('hang': never), the last one for good. */
const receiver = async (answers: (number | 'hang')[]) => {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk;
    });
    request.on('end', () => {
      const answer = answers[Math.min(seen.length, answers.length - 1)];
      seen.push({ headers: request.headers, body });
      if (answer === 'hang') return;
      response.writeHead(answer ?? 200, { location: 'http://127.0.0.1:1/elsewhere' }).end('x'.repeat(10_000));
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { seen, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook` };
};

const open = async (url: string, change: Partial<DeliverDeps> = {}) => {
  const store = openSqliteStore(':memory:');
  const clock = new FakeClock(NOW_MS);
  const endpoint: EndpointRow = { endpointId: 'ep_1', url, secret: SECRET, types: [], createdMs: 1 };
  const event = { id: 'c/7/0/verified', type: 'query.verified', data: { queryId: 7 } };
  const writes = webhookWrites(event, [endpoint], NOW_MS);
  await store.transact([{ kind: 'put', key: endpointKey('ep_1'), body: endpoint, expect: 'absent' }, ...writes]);
  const [row] = await store.list<DeliveryRow>('deliveries/ep_1', { limit: 1 });
  const deliveryId = row?.sk ?? '';
  const post = safePost({ allowLoopbackHttp: true, timeoutMs: 300 });
  const deps: DeliverDeps = { store, clock, random: seededRandom(1), post, ...change };
  const read = async () => {
    const stored = await store.get(deliveryKey('ep_1', deliveryId));
    return { ...DeliveryRow.parse(stored?.body), dueMs: stored?.due?.at, version: stored?.version ?? 0 };
  };
  return {
    store,
    clock,
    deliveryId,
    read,
    endpoint: async () => EndpointRow.parse((await store.get(endpointKey('ep_1')))?.body),
    attempt: () => deliver(deps, { endpointId: 'ep_1', deliveryId }),
    /** Lets the time of the next attempt come. */
    wait: async () => clock.advance(((await read()).dueMs ?? 0) - clock.nowMs()),
  };
};

describe('deliver', () => {
  it('posts what a Standard Webhooks receiver accepts, once', async () => {
    const { url, seen } = await receiver([204]);
    const world = await open(url, {});
    await world.attempt();
    await world.attempt();
    expect(seen).toHaveLength(1);
    const { headers, body } = seen[0]!;
    expect(headers['webhook-id']).toBe(world.deliveryId);
    expect(headers['webhook-timestamp']).toBe(String(NOW_MS / 1_000));
    expect(headers['content-type']).toBe('application/json');
    const expected = new Webhook(SECRET).sign(world.deliveryId, new Date(NOW_MS), body);
    expect(headers['webhook-signature']).toBe(expected);
    expect(JSON.parse(body)).toMatchObject({ type: 'query.verified', data: { queryId: 7 } });
    expect(await world.read()).toMatchObject({
      state: 'delivered',
      attempts: [{ atMs: NOW_MS, status: 204 }],
      dueMs: undefined,
    });
  });

  it('counts each attempt that failed, for the alarm', async () => {
    const { url } = await receiver([500, 200]);
    const counts: unknown[] = [];
    const metrics = { count: (...count: unknown[]) => void counts.push(count), gauge: () => undefined };
    const world = await open(url, { metrics });
    await world.attempt();
    await world.wait();
    await world.attempt();
    expect((await world.read()).state).toBe('delivered');
    expect(counts).toEqual([['WebhookFailures', 1]]);
  });

  it('tries again on the schedule under the same id with a fresh timestamp, and gives up after the last', async () => {
    const { url, seen } = await receiver([500]);
    const world = await open(url);
    const waits: number[] = [];
    for (let i = 0; i < 10; i++) {
      await world.attempt();
      const { state, dueMs } = await world.read();
      expect(state).toBe(i === 9 ? 'given-up' : 'pending');
      if (dueMs === undefined) break;
      waits.push(dueMs - world.clock.nowMs());
      await world.wait();
    }
    expect(seen).toHaveLength(WAITS_MS.length);
    waits.forEach((wait, i) => {
      const least = WAITS_MS[i + 1] ?? 0;
      expect(wait).toBeGreaterThanOrEqual(least);
      expect(wait).toBeLessThanOrEqual(least * 1.2);
    });
    expect(new Set(seen.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(new Set(seen.map(({ headers }) => headers['webhook-timestamp'])).size).toBe(10);
    const { attempts } = await world.read();
    expect(attempts[3]).toMatchObject({ status: 500, error: 'the receiver answered 500' });
    await world.attempt();
    expect(seen).toHaveLength(10);
  });

  it('delivers after failures', async () => {
    const { url } = await receiver([500, 503, 200]);
    const world = await open(url);
    for (let i = 0; i < 3; i++) {
      await world.attempt();
      await world.wait();
    }
    expect((await world.read()).attempts.map(({ status }) => status)).toEqual([500, 503, 200]);
    expect((await world.read()).state).toBe('delivered');
  });

  it.each([
    ['a time-out', ['hang'] as const, /did not answer within 300 ms/],
    ['a redirect', [302] as const, /answered 302, a redirect/],
  ])('counts %s as a failure', async (_, answers, error) => {
    const { url, seen } = await receiver([...answers]);
    const world = await open(url);
    await world.attempt();
    expect(seen).toHaveLength(1);
    const { state, attempts } = await world.read();
    expect(state).toBe('pending');
    expect(attempts[0]?.error).toMatch(error);
  });

  it('counts a receiver that is not there, or not allowed, as a failure', async () => {
    const world = await open('http://127.0.0.1:9/hook');
    await world.attempt();
    expect((await world.read()).attempts[0]?.error).toMatch(/could not be reached/);
    const inside = await open('https://10.0.0.1/hook');
    await inside.attempt();
    expect((await inside.read()).attempts[0]?.error).toMatch(/IP address/);
  });

  it('disables an endpoint that answers 410, and sends it nothing more', async () => {
    const { url, seen } = await receiver([410]);
    const world = await open(url);
    await world.attempt();
    expect((await world.read()).state).toBe('given-up');
    expect((await world.endpoint()).disabled).toContain('410 Gone');
    await world.store.transact(
      replayWrites(DeliveryRow.parse(omit(await world.read())), (await world.read()).version, NOW_MS),
    );
    await world.attempt();
    expect(seen).toHaveLength(1);
    expect((await world.read()).attempts.at(-1)?.error).toContain('disabled');
  });

  it('gives up for an endpoint that was deleted', async () => {
    const { url, seen } = await receiver([200]);
    const world = await open(url);
    await world.store.transact([{ kind: 'delete', key: endpointKey('ep_1'), expect: 'any' }]);
    await world.attempt();
    expect(seen).toHaveLength(0);
    expect((await world.read()).state).toBe('given-up');
  });

  it('ignores a repeated message between attempts, and messages for nothing', async () => {
    const { url, seen } = await receiver([500]);
    const world = await open(url);
    await world.attempt();
    world.clock.advance(4_000);
    await world.attempt();
    expect(seen).toHaveLength(1);
    const deps = { store: world.store, clock: world.clock, random: seededRandom(1), post: safePost() };
    await deliver(deps, { endpointId: 'ep_1', deliveryId: 'msg_none' });
  });

  it('tries when the sweep has moved the due time on and sent the message', async () => {
    const { url, seen } = await receiver([500]);
    const world = await open(url);
    await world.attempt();
    await world.wait();
    const [due] = await world.store.due(WEBHOOK_RETRIES, world.clock.nowMs(), 1);
    const { pk, sk, body, version } = due!;
    const held = { list: WEBHOOK_RETRIES, at: world.clock.nowMs() + 60_000 };
    await world.store.transact([{ kind: 'put', key: { pk, sk }, body, due: held, expect: { version } }]);
    await world.attempt();
    expect(seen).toHaveLength(2);
  });

  it('posts once when two messages for it come at the same moment', async () => {
    const { url, seen } = await receiver([200]);
    const world = await open(url);
    await Promise.all([world.attempt(), world.attempt()]);
    expect(seen).toHaveLength(1);
    expect((await world.read()).attempts).toHaveLength(1);
  });

  it('replays at once, whatever the schedule says', async () => {
    const { url, seen } = await receiver([500, 200]);
    const world = await open(url);
    await world.attempt();
    const { version } = await world.read();
    await world.store.transact(replayWrites(DeliveryRow.parse(omit(await world.read())), version, world.clock.nowMs()));
    await world.attempt();
    expect(seen.map(({ headers }) => headers['webhook-id'])).toEqual([world.deliveryId, world.deliveryId]);
    expect((await world.read()).state).toBe('delivered');
  });

  it('is due again when it is stopped while posting', async () => {
    const { url } = await receiver(['hang']);
    const world = await open(url, { signal: AbortSignal.abort(new Error('stopping')) });
    await expect(world.attempt()).rejects.toThrow('stopping');
    const { state, attempts, dueMs } = await world.read();
    expect([state, attempts, dueMs]).toEqual(['pending', [], NOW_MS + 60_000]);
  });
});

const omit = ({ dueMs: _, version: __, ...row }: DeliveryRow & { dueMs: number | undefined; version: number }) => row;

it.each([429, 502, 504])('waits twice as long after %i', (status) => {
  const never = { bytes: () => new Uint8Array(), below: () => 0 };
  expect(nextWaitMs(1, status, never)).toBe(10_000);
  expect(nextWaitMs(1, 500, never)).toBe(5_000);
  expect(nextWaitMs(10, 500, never)).toBeUndefined();
});
