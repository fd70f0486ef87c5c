import type { Context, DynamoDBRecord } from 'aws-lambda';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openDatabase } from '../../shared/adapters/local/sqlite.ts';
import { openSqliteQueue } from '../../shared/adapters/local/sqlite-queue.ts';
import { openSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import { TransientError } from '../../shared/errors.ts';
import { createLogger } from '../../shared/log.ts';
import { FUNCTION_QUEUES, type QueueName } from '../../shared/messages/queues.ts';
import { OUTBOX, outboxWrite } from '../../shared/outbox.ts';
import type { OutgoingMessage } from '../../shared/ports/queue.ts';
import type { Key, Row, Write } from '../../shared/ports/store.ts';
import type { RelayDeps } from '../../shared/relay.ts';
import { FakeClock, seededRandom } from '../../test/contracts/fakes.ts';
import { sweepOutbox } from '../reconcile/sweep-outbox.ts';
import { createHandler } from './handler.ts';

const UNSENT_AFTER_MS = 5_000;
const CONTEXT = {} as Context;

const message = (id: string, more: Partial<OutgoingMessage> = {}): OutgoingMessage => ({
  id,
  group: 'g',
  body: JSON.stringify({ id }),
  ...more,
});

/** What DynamoDB's stream says of a row that was just written. */
const recordOf = ({ pk, sk, version, body, due }: Row, sequence: number): DynamoDBRecord => ({
  eventName: version === 1 ? 'INSERT' : 'MODIFY',
  dynamodb: {
    Keys: { pk: { S: pk }, sk: { S: sk } },
    NewImage: {
      pk: { S: pk },
      sk: { S: sk },
      version: { N: String(version) },
      body: { S: JSON.stringify(body) },
      ...(due && { due_list: { S: due.list }, due_at: { N: String(due.at) } }),
    },
    SequenceNumber: String(sequence),
  },
});

const open = (faults: { send?: (name: QueueName) => void; remove?: (key: Key) => void } = {}) => {
  const database = openDatabase(':memory:');
  const clock = new FakeClock();
  const store = openSqliteStore(database);
  const queue = openSqliteQueue(database, { clock, random: seededRandom(1) });
  const logged: string[] = [];
  const sent: string[] = [];
  const deps: RelayDeps = {
    store: {
      get: (key) => store.get(key),
      list: (pk, page) => store.list(pk, page),
      due: (list, until, limit) => store.due(list, until, limit),
      transact: async (writes) => {
        for (const { kind, key } of writes) if (kind === 'delete') faults.remove?.(key);
        await store.transact(writes);
      },
    },
    queue: {
      send: async (name, messages) => {
        faults.send?.(name);
        await queue.send(name, messages);
        sent.push(...messages.map(({ id }) => `${name}/${id}`));
      },
    },
    clock,
    log: createLogger({ clock, sink: (line) => void logged.push(line) }),
  };
  const handler = createHandler(deps);
  let sequence = 0;
  return {
    clock,
    queue,
    store,
    logged,
    sent,
    faults,
    /** Commits one write. @returns the record that the stream would carry */
    commit: async (write: Write): Promise<DynamoDBRecord> => {
      await store.transact([write]);
      const row = await store.get(write.key);
      if (!row) throw new Error('not written');
      sequence += 1;
      return recordOf(row, sequence);
    },
    relay: async (records: DynamoDBRecord[]) =>
      (await handler({ Records: records }, CONTEXT)).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier),
    wake: async () => (await handler({}, CONTEXT)).sent,
    sweep: () => sweepOutbox({ ...deps, unsentAfterMs: UNSENT_AFTER_MS }),
    listed: async () => (await store.due(OUTBOX, Number.MAX_SAFE_INTEGER, 1_000)).map(({ body }) => body),
  };
};

describe('relay-outbox, fed by the stream', () => {
  it('sends what each record says, to its queue, and forgets the row', async () => {
    const world = open();
    const records = [
      await world.commit(outboxWrite('advance-run', message('a', { trace: 'Root=1-a-b' }), world.clock.nowMs())),
      await world.commit(outboxWrite('send-transaction', message('b'), world.clock.nowMs())),
    ];
    expect(await world.relay(records)).toEqual([]);
    expect(world.sent.toSorted()).toEqual(['advance-run/a', 'send-transaction/b']);
    expect(await world.listed()).toEqual([]);
    expect(await world.queue.receive('advance-run', 10)).toMatchObject([{ id: 'a', group: 'g', body: '{"id":"a"}' }]);
  });

  it('passes over records that are no unsent effect', async () => {
    const world = open();
    const other = await world.commit({ kind: 'put', key: { pk: 'runs', sk: 'x' }, body: {}, expect: 'absent' });
    const { dynamodb } = await world.commit(outboxWrite('advance-run', message('a'), world.clock.nowMs()));
    const { NewImage: _, ...removed } = dynamodb ?? {};
    expect(await world.relay([other, { eventName: 'REMOVE', dynamodb: removed }, {}])).toEqual([]);
    expect([world.sent, world.logged]).toEqual([[], []]);
  });

  it('leaves what is not due yet to the sweep, which sends it without a second wait', async () => {
    const world = open();
    const record = await world.commit(outboxWrite('start-job', message('a', { delayMs: 60_000 }), world.clock.nowMs()));
    expect(await world.relay([record])).toEqual([]);
    expect(world.sent).toEqual([]);
    world.clock.advance(60_000 + UNSENT_AFTER_MS);
    expect(await world.sweep()).toBe(1);
    expect(await world.queue.depth('start-job')).toMatchObject({ visible: 1, delayed: 0 });
  });

  it('sends one message for an effect that was written twice, and keeps a row that has changed since', async () => {
    const world = open();
    const first = await world.commit(outboxWrite('advance-run', message('a'), world.clock.nowMs()));
    const second = await world.commit(outboxWrite('advance-run', message('a'), world.clock.nowMs()));
    expect(await world.relay([first])).toEqual([]);
    expect(await world.listed()).toHaveLength(1);
    expect(await world.relay([first, second])).toEqual([]);
    expect(world.sent).toEqual(['advance-run/a', 'advance-run/a']);
    expect(await world.listed()).toEqual([]);
  });

  it('reports the records of a queue that fails by their sequence numbers, and serves the others', async () => {
    const world = open({
      send: (name) => {
        if (name === 'start-job') throw new TransientError('aws-unavailable', 'down');
      },
    });
    const nowMs = world.clock.nowMs();
    const records = [
      await world.commit(outboxWrite('start-job', message('a'), nowMs)),
      await world.commit(outboxWrite('advance-run', message('b'), nowMs)),
      await world.commit(outboxWrite('start-job', message('c'), nowMs)),
    ];
    expect((await world.relay(records)).toSorted()).toEqual(['1', '3']);
    expect(world.sent).toEqual(['advance-run/b']);
    world.clock.advance(UNSENT_AFTER_MS);
    await expect(world.sweep()).rejects.toMatchObject({ code: 'aws-unavailable' });
    delete world.faults.send;
    expect(await world.relay(records)).toEqual([]);
    expect(await world.listed()).toEqual([]);
  });

  it('sends again after a crash between send and delete', async () => {
    const world = open({
      remove: () => {
        throw new TransientError('crash', 'the process ended');
      },
    });
    const record = await world.commit(outboxWrite('advance-run', message('a'), world.clock.nowMs()));
    expect(await world.relay([record])).toEqual(['1']);
    expect(await world.listed()).toHaveLength(1);
    delete world.faults.remove;
    expect(await world.relay([record])).toEqual([]);
    expect(world.sent).toEqual(['advance-run/a', 'advance-run/a']);
    expect(await world.listed()).toEqual([]);
  });

  it('lets no bad row hold the others back: each is told of, without its words, and tried again in an hour', async () => {
    const world = open();
    const nowMs = world.clock.nowMs();
    const key = (sk: string): Key => ({ pk: 'outbox/poison', sk });
    const due = { list: OUTBOX, at: nowMs };
    const bad = { queue: 'of-the-next-release', message: message('x', { body: 'a secret prompt' }) };
    const records = [
      await world.commit({ kind: 'put', key: key('unknown'), body: bad, due, expect: 'any' }),
      await world.commit(outboxWrite('advance-run', message('big', { body: 'x'.repeat(256 * 1024 + 1) }), nowMs)),
      await world.commit(outboxWrite('advance-run', message('fine'), nowMs)),
    ];
    const noJson = recordOf({ ...key('no JSON'), version: 1, body: '', due }, 9);
    if (noJson.dynamodb?.NewImage) noJson.dynamodb.NewImage.body = { S: 'a secret prompt' };
    expect(await world.relay([noJson, ...records])).toEqual([]);
    expect(world.sent).toEqual(['advance-run/fine']);
    expect(world.logged).toHaveLength(3);

    world.clock.advance(UNSENT_AFTER_MS);
    await world.commit(outboxWrite('advance-run', message('later'), nowMs));
    expect(await world.sweep()).toBe(1);
    expect(world.logged).toHaveLength(5);
    expect(world.logged.join()).not.toContain('secret prompt');
    expect(await world.sweep()).toBe(0);
    expect(world.logged).toHaveLength(5);
    world.clock.advance(3_600_000 + UNSENT_AFTER_MS);
    expect(await world.sweep()).toBe(0);
    expect(world.logged).toHaveLength(7);
    expect(await world.listed()).toHaveLength(2);
  });
});

describe('the outbox without its stream', () => {
  it('is sent whole when the relay is woken without records', async () => {
    const world = open();
    for (let i = 0; i < 250; i += 1)
      await world.commit(outboxWrite('advance-run', message(`m${i}`), world.clock.nowMs()));
    expect(await world.wake()).toBe(250);
    expect(await world.listed()).toEqual([]);
  });

  it('is left alone by the sweep while it is fresh', async () => {
    const world = open();
    await world.commit(outboxWrite('advance-run', message('a'), world.clock.nowMs()));
    world.clock.advance(UNSENT_AFTER_MS - 1);
    expect(await world.sweep()).toBe(0);
    world.clock.advance(1);
    expect(await world.sweep()).toBe(1);
  });

  it('is swept of rows that the last release wrote, all in one partition', async () => {
    const world = open();
    const { body, due } = outboxWrite('advance-run', message('a'), 0) as Extract<Write, { kind: 'put' }>;
    const key = { pk: 'outbox', sk: 'advance-run/a' };
    const record = await world.commit({ kind: 'put', key, body, ...(due && { due }), expect: 'any' });
    expect(await world.relay([record])).toEqual([]);
    expect(await world.sweep()).toBe(1);
    expect([world.sent, await world.listed()]).toEqual([['advance-run/a'], []]);
  });

  const effect = fc.record({ name: fc.constantFrom(...FUNCTION_QUEUES), id: fc.constantFrom('a', 'b', 'c', 'd') });
  /** How often the stream delivers a record, and where it comes in the order. */
  const fate = fc.record({ times: fc.constantFrom(0, 0, 1, 1, 1, 2), order: fc.nat(), batch: fc.nat(3) });

  it('loses no effect, whatever records are dropped, doubled or shuffled, once it was swept', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(effect, fate), { maxLength: 20 }), async (steps) => {
        const world = open();
        const deliveries: { record: DynamoDBRecord; order: number; batch: number }[] = [];
        for (const [{ name, id }, { times, order, batch }] of steps) {
          const record = await world.commit(outboxWrite(name, message(id), world.clock.nowMs()));
          for (let i = 0; i < times; i += 1) deliveries.push({ record, order: order * (i + 1), batch });
        }
        deliveries.sort((a, b) => a.order - b.order);
        for (const turn of [0, 1, 2, 3]) {
          const records = deliveries.filter(({ batch }) => batch === turn).map(({ record }) => record);
          expect(await world.relay(records)).toEqual([]);
        }
        world.clock.advance(UNSENT_AFTER_MS);
        await world.sweep();
        const effects = new Set(steps.map(([{ name, id }]) => `${name}/${id}`));
        expect(new Set(world.sent)).toEqual(effects);
        expect(await world.listed()).toEqual([]);
        // Nothing lies where no list shows it either.
        for (const id of ['a', 'b', 'c', 'd']) expect(await world.store.list(`outbox/${id}`, { limit: 9 })).toEqual([]);
        expect(world.logged).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
