import { afterEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../adapters/local/sqlite.ts';
import { openSqliteStore } from '../adapters/local/sqlite-store.ts';
import type { MetricName, Metrics } from '../metrics.ts';
import { OUTBOX, type OutboxEntry, outboxWrite } from '../outbox.ts';
import type { Row, Write } from '../ports/store.ts';
import { anomalyWrite } from '../rows/coverage.ts';
import { txKey } from '../rows/transaction.ts';
import { tracedStore, withTrace } from '../trace.ts';
import { countedStore } from './counted-store.ts';
import { invocationTrace } from './invocation-trace.ts';

const TRACE = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1';
const openStore = () => openSqliteStore(openDatabase(':memory:'));
const message = { id: 'm1', group: 'g', body: '{}' };

afterEach(() => {
  delete process.env._X_AMZN_TRACE_ID;
});

describe('a store that stamps traces', () => {
  const sent = async (write: Write, trace: string | undefined): Promise<OutboxEntry | undefined> => {
    const store = openStore();
    await tracedStore(store, () => trace).transact([write]);
    const [row]: Row<OutboxEntry>[] = await store.due<OutboxEntry>(OUTBOX, Number.MAX_SAFE_INTEGER, 9);
    return row?.body;
  };

  it('puts the trace into messages of the outbox, and leaves them alone where there is none', async () => {
    expect((await sent(outboxWrite('start-job', message, 1), TRACE))?.message).toEqual({ ...message, trace: TRACE });
    expect((await sent(outboxWrite('start-job', message, 1), undefined))?.message).toEqual(message);
  });

  it('keeps the trace that a message has', async () => {
    const write = outboxWrite('start-job', { ...message, trace: 'Root=1-a' }, 1);
    expect((await sent(write, TRACE))?.message.trace).toBe('Root=1-a');
  });

  it('changes no other row, and reads as before', async () => {
    const store = openStore();
    const traced = tracedStore(store, () => TRACE);
    const key = { pk: 'run/1', sk: 'r' };
    await traced.transact([{ kind: 'put', key, body: { message }, expect: 'absent' }]);
    expect((await traced.get(key))?.body).toEqual({ message });
    expect(await traced.list('run/1', { limit: 9 })).toEqual(await store.list('run/1', { limit: 9 }));
  });
});

describe('the current trace', () => {
  it("is the message's while it is handled, and else the invocation's", async () => {
    expect(invocationTrace()).toBeUndefined();
    process.env._X_AMZN_TRACE_ID = 'Root=1-invocation';
    expect(invocationTrace()).toBe('Root=1-invocation');
    const later = async (): Promise<string | undefined> => {
      await new Promise((resolve) => setImmediate(resolve));
      return invocationTrace();
    };
    const [a, b, none] = await Promise.all([
      withTrace('Root=1-a', later),
      withTrace('Root=1-b', later),
      withTrace(undefined, later),
    ]);
    expect([a, b, none]).toEqual(['Root=1-a', 'Root=1-b', 'Root=1-invocation']);
  });
});

describe('a store that counts', () => {
  const open = () => {
    const store = openStore();
    const counts: Partial<Record<MetricName, number>> = {};
    const metrics: Metrics = {
      count: (name, value) => {
        counts[name] = (counts[name] ?? 0) + value;
      },
      gauge: () => undefined,
    };
    return { store: countedStore(store, metrics), counts };
  };
  const intent = { txId: 't', signer: 's', msg: {}, fundsUnes: '0', deadlineHeight: 9 };
  const ended = (row: object): Write => ({ kind: 'put', key: txKey('t'), body: { intent, ...row }, expect: 'any' });
  const included = (code: number) =>
    ended({ state: 'included', hash: 'H', height: 1, code, log: '', gasUsed: 1, sizeBytes: 1 });

  it('counts anomalies and transactions that ended without effect', async () => {
    const { store, counts } = open();
    const anomaly = { kind: 'block-hash', height: 7, detail: 'two blocks', atMs: 1 } as const;
    await store.transact([anomalyWrite('c', anomaly), anomalyWrite('c', { ...anomaly, height: 8 })]);
    await store.transact([included(5)]);
    await store.transact([ended({ state: 'expired', reason: 'late' })]);
    await store.transact([ended({ state: 'refused', reason: 'no' })]);
    expect(counts).toEqual({ Anomalies: 2, TransactionFailures: 3 });
  });

  it('counts nothing that went well, is on its way, or was not written', async () => {
    const { store, counts } = open();
    await store.transact([included(0)]);
    await store.transact([ended({ state: 'planned', signatures: 0 })]);
    const refused: Write = { kind: 'check', key: { pk: 'x', sk: 'y' }, expect: { version: 3 } };
    await expect(store.transact([ended({ state: 'refused', reason: 'no' }), refused])).rejects.toThrow();
    expect(counts).toEqual({});
  });
});
