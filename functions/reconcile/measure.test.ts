import { describe, expect, it } from 'vitest';
import { openDatabase } from '../../shared/adapters/local/sqlite.ts';
import { openSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import { InvariantError, TransientError } from '../../shared/errors.ts';
import type { Metrics } from '../../shared/metrics.ts';
import { outboxWrite } from '../../shared/outbox.ts';
import type { Chain } from '../../shared/ports/chain.ts';
import { FakeClock } from '../../test/contracts/fakes.ts';
import { measure } from './measure.ts';

const open = (balanceUnes: () => Promise<bigint>) => {
  const store = openSqliteStore(openDatabase(':memory:'));
  const clock = new FakeClock();
  const gauged: Record<string, number> = {};
  const metrics: Metrics = {
    count: () => undefined,
    gauge: (name, value) => {
      gauged[name] = value;
    },
  };
  const chain = { balanceUnes } as unknown as Chain;
  return { store, clock, gauged, measure: () => measure({ store, clock, chain, operator: 'lane', metrics }) };
};

describe('measuring once a minute', () => {
  it('tells the age of the oldest unsent message and what the lane holds', async () => {
    const { store, clock, gauged, measure } = open(async () => 12_345n);
    await measure();
    expect(gauged).toEqual({ OutboxAgeSeconds: 0, SignerBalanceUnes: 12_345 });
    await store.transact([outboxWrite('start-job', { id: 'a', group: 'g', body: '{}' }, clock.nowMs())]);
    await store.transact([
      outboxWrite('start-job', { id: 'b', group: 'g', body: '{}', delayMs: 60_000 }, clock.nowMs()),
    ]);
    clock.advance(30_000);
    await measure();
    expect(gauged.OutboxAgeSeconds).toBe(30);
  });

  it('tells of the outbox also while the chain cannot be asked, and fails with what must never happen', async () => {
    const down = open(() => Promise.reject(new TransientError('rpc-unavailable', 'down')));
    await down.measure();
    expect(down.gauged).toEqual({ OutboxAgeSeconds: 0 });
    const broken = open(() => Promise.reject(new InvariantError('x', 'y')));
    await expect(broken.measure()).rejects.toMatchObject({ code: 'x' });
  });
});
