import { describe, expect, it } from 'vitest';
import { InvariantError, TransientError } from '../../shared/errors.ts';
import type { MetricName, Metrics } from '../../shared/metrics.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import { openQueries } from '../../shared/rows/query.ts';
import { blockOf, CHAIN, eventAt, openWatcher, Script } from '../../test/watcher/script.ts';
import { type AttendDeps, attend } from './attend.ts';

/** Time that passes only in sleep, after whatever else is to happen then. */
class SleepClock implements Clock {
  nowAt = 1_700_000_000_000;
  readonly slept: number[] = [];
  onSleep = (): void => undefined;

  nowMs = (): number => this.nowAt;

  sleep = async (ms: number, signal?: AbortSignal): Promise<void> => {
    signal?.throwIfAborted();
    this.onSleep();
    await new Promise((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
    this.slept.push(ms);
    this.nowAt += ms;
  };
}

const deaf = (_ring: () => void, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve()));

const POLL_MS = 1_000;

const open = (blocks: number, change: Partial<AttendDeps> = {}) => {
  const script = new Script(Array.from({ length: blocks }, (_, i) => blockOf(i + 1)));
  const { deps, store, ...rest } = openWatcher(script);
  const clock = new SleepClock();
  const gauged: [MetricName, number][] = [];
  const metrics: Metrics = { count: () => undefined, gauge: (name, value) => void gauged.push([name, value]) };
  const warned: string[] = [];
  const log = { warn: (msg: string) => void warned.push(msg) };
  const attendDeps = { ...deps, clock, metrics, log, listen: deaf, pollMs: POLL_MS, always: false, ...change };
  const endMs = clock.nowMs() + 60_000;
  const abort = new AbortController();
  return {
    script,
    clock,
    store,
    gauged,
    warned,
    abort,
    ...rest,
    attend: () => attend(attendDeps, { leftMs: () => endMs - clock.nowMs(), signal: abort.signal }),
    openQuery: (isOpen: boolean) =>
      store.transact([
        {
          kind: 'put',
          key: { pk: 'query/1', sk: 'q' },
          body: {},
          expect: 'any',
          ...(isOpen && { due: { list: openQueries(CHAIN), at: 1 } }),
        },
      ]),
    next: (...events: Parameters<typeof eventAt>[]) =>
      script.blocks.push(
        blockOf(
          script.blocks.length + 1,
          events.map((event) => eventAt(...event)),
        ),
      ),
  };
};

describe('attending a chain', () => {
  it('makes one pass and opens no socket when nothing is open', async () => {
    let listened = 0;
    const world = open(3, {
      listen: async () => {
        listened += 1;
      },
    });
    expect(await world.attend()).toMatchObject({ passes: 1, heights: 3, covered: 3, head: 3 });
    expect(world.clock.slept).toEqual([]);
    expect(listened).toBe(0);
  });

  it('stays while a query is open, and ends with it', async () => {
    const world = open(1);
    await world.openQuery(true);
    let sleeps = 0;
    world.clock.onSleep = () => {
      world.next();
      if (++sleeps === 4) void world.openQuery(false);
    };
    expect(await world.attend()).toMatchObject({ passes: 5, covered: 5, head: 5 });
  });

  it('stays a while after events, whose queries are listed a moment later', async () => {
    const world = open(0);
    world.next([1, 0, 7]);
    const { passes } = await world.attend();
    // Polls of five seconds with a socket: after ten nothing was listed.
    expect(passes).toBe(3);
    expect(world.clock.slept.slice(0, 2)).toEqual([5 * POLL_MS, 5 * POLL_MS]);
  });

  it('looks at once when the socket rings, also when it rang during a pass', async () => {
    let ring = (): void => undefined;
    const world = open(1, {
      listen: (bell, signal) => {
        ring = bell;
        return deaf(bell, signal);
      },
    });
    await world.openQuery(true);
    let sleeps = 0;
    world.clock.onSleep = () => {
      world.next();
      ring();
      if (++sleeps === 10) world.abort.abort();
    };
    expect(await world.attend()).toMatchObject({ covered: 10 });
    expect(world.clock.slept).toEqual([]);
  });

  it('polls where no socket can be opened, says so, and closes what was opened', async () => {
    const refused = new TransientError('doorbell-silent', 'no socket');
    const world = open(1, { listen: () => Promise.reject(refused), always: true });
    await world.attend();
    expect(world.warned).toEqual(['no socket rings']);
    expect(world.clock.slept[0]).toBe(POLL_MS);
    expect(world.clock.slept.length).toBeGreaterThan(50);
    let closed = false;
    const other = open(1, {
      always: true,
      listen: (_, signal) =>
        new Promise((resolve) =>
          signal.addEventListener('abort', () => {
            closed = true;
            resolve();
          }),
        ),
    });
    await other.attend();
    expect(closed).toBe(true);
  });

  it('ends before the time of its invocation is over, though something is open', async () => {
    const world = open(1, { always: true });
    await world.attend();
    const usedMs = world.clock.slept.reduce((sum, ms) => sum + ms, 0);
    expect(usedMs).toBeGreaterThan(60_000 - 4 * POLL_MS);
    expect(usedMs).toBeLessThanOrEqual(60_000 - POLL_MS);
  });

  it('goes on without a pause while more heights wait than one pass reads', async () => {
    const world = open(1_200);
    expect(await world.attend()).toMatchObject({ passes: 3, heights: 1_200, covered: 1_200 });
    expect(world.gauged.filter(([name]) => name === 'ChainLagBlocks').map(([, value]) => value)).toEqual([700, 200, 0]);
  });

  it('tells how long the cursor has not moved', async () => {
    const world = open(2);
    await world.attend();
    world.clock.nowAt += 120_000;
    await world.attend();
    const ages = world.gauged.filter(([name]) => name === 'CheckpointAgeSeconds').map(([, value]) => value);
    expect(ages).toEqual([0, 120]);
  });

  it('tries again after a failure that may pass', async () => {
    const script = new Script([blockOf(1)]);
    let failures = 3;
    const flaky = {
      chainId: CHAIN,
      block: script.block,
      head: async () => {
        if (failures-- > 0) throw new TransientError('rpc-unavailable', 'down');
        return await script.head();
      },
    };
    const other = open(1, { always: true, chain: flaky });
    expect(await other.attend()).toMatchObject({ covered: 1 });
    expect(other.warned.filter((msg) => msg === 'the pass failed')).toHaveLength(3);
  });

  it('fails with what every pass failed with, and at once with what must never happen', async () => {
    const failing = (error: Error) => ({
      chain: { chainId: CHAIN, block: () => Promise.reject(error), head: () => Promise.reject(error) },
    });
    await expect(open(1, failing(new TransientError('rpc-unavailable', 'down'))).attend()).rejects.toMatchObject({
      code: 'rpc-unavailable',
    });
    const broken = open(1, failing(new InvariantError('parent-hash', 'a fork')));
    await expect(broken.attend()).rejects.toMatchObject({ code: 'parent-hash' });
    expect(broken.clock.slept).toEqual([]);
  });
});
