import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Store } from '../../shared/ports/store.ts';
import { CoverageStretch, coveragePartition, cursorKey } from '../../shared/rows/coverage.ts';
import { CrashError, Gate } from '../simulation/crash.ts';
import { blockOf, CHAIN, eventAt, openWatcher, Script } from './script.ts';

const chainOf = (eventsPerBlock: readonly number[]): Script =>
  new Script(
    eventsPerBlock.map((count, i) => {
      const height = i + 1;
      return blockOf(
        height,
        Array.from({ length: count }, (_, at) => eventAt(height, at, at % 7 === 0 ? undefined : at % 5)),
      );
    }),
  );

/** Everything once: each height, each event, one message for each query and block. */
const expectComplete = async (script: Script, watcher: ReturnType<typeof openWatcher>, height: number) => {
  const coverage = await watcher.coverage();
  expect(coverage.map((row) => row.height)).toEqual(Array.from({ length: height }, (_, i) => i + 1));
  expect(coverage.filter(({ version }) => version > 1)).toEqual([]);
  const told = script.blocks.slice(0, height).flatMap(({ events }) => events);
  const queries = [...new Set(told.map(({ queryId }) => queryId))];
  for (const queryId of queries) {
    const expected = told.filter((event) => event.queryId === queryId).map(({ id }) => ({ id, version: 1 }));
    expect(await watcher.events(queryId)).toEqual(expected);
  }
  const named = new Set(
    told.flatMap(({ id, queryId }) => (queryId === undefined ? [] : [`query/${CHAIN}/${queryId}/${id.split('/')[1]}`])),
  );
  const messages = await watcher.messages();
  expect(messages.map(({ id }) => id).sort()).toEqual([...named].sort());
  expect(messages.filter(({ version }) => version > 1)).toEqual([]);
};

describe('a watcher proves that it missed nothing', () => {
  it('whatever heights the node claims, wherever it is killed, and beside another watcher (property)', async () => {
    const step = fc.oneof(
      fc.record({
        act: fc.constant('pass' as const),
        lag: fc.integer({ min: 0, max: 40 }),
        max: fc.integer({ min: 1, max: 30 }),
      }),
      fc.record({
        act: fc.constant('kill' as const),
        call: fc.integer({ min: 0, max: 12 }),
        when: fc.constantFrom('before' as const, 'after' as const),
      }),
      fc.record({ act: fc.constant('two' as const) }),
    );
    const counts = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 250 })), {
      minLength: 1,
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(counts, fc.array(step, { maxLength: 12 }), async (eventsPerBlock, steps) => {
        const script = chainOf(eventsPerBlock);
        const watcher = openWatcher(script);
        let reached = 1;
        for (const s of steps) {
          if (s.act === 'pass') {
            const head = async () => ({ height: Math.max(0, script.blocks.length - s.lag), timeMs: 0 });
            await watcher.pass({ chain: { ...watcher.deps.chain, head } }, s.max);
          } else if (s.act === 'kill') {
            const store: Store = new Gate({ call: s.call, when: s.when }).wrap('store', watcher.store);
            await watcher.pass({ store }).catch((error: unknown) => {
              if (!(error instanceof CrashError)) throw error;
            });
          } else await Promise.all([watcher.pass(), watcher.pass()]);
          const next = (await watcher.store.get(cursorKey(CHAIN))) ? (await watcher.cursor()).next : 1;
          expect(next, 'the cursor never moves back').toBeGreaterThanOrEqual(reached);
          reached = next;
          await expectPrefix(watcher, next);
        }
        await watcher.pass();
        await expectComplete(script, watcher, script.blocks.length);
      }),
      { numRuns: 60 },
    );
  });

  const expectPrefix = async (watcher: ReturnType<typeof openWatcher>, next: number) => {
    const heights = (await watcher.coverage()).map(({ height }) => height);
    expect(heights, 'covered is exactly what lies behind the cursor').toEqual(
      Array.from({ length: next - 1 }, (_, i) => i + 1),
    );
  };

  it('refuses a block that does not follow from the one stored before a restart, in each of its passes', async () => {
    const script = chainOf([1, 0, 2]);
    const watcher = openWatcher(script);
    await watcher.pass();
    script.blocks.push({ ...blockOf(4), parentHash: 'X' }, blockOf(5));
    for (let restart = 0; restart < 3; restart++) {
      await expect(watcher.pass()).rejects.toMatchObject({ code: 'parent-hash', family: 'invariant' });
    }
    expect(await watcher.cursor()).toMatchObject({ next: 4, parentHash: 'H3' });
    expect(await watcher.anomalies()).toMatchObject([{ kind: 'parent-hash', height: 4 }]);
  });

  it('refuses the other half of a block when it is another block', async () => {
    const script = chainOf([0, 300]);
    const watcher = openWatcher(script);
    const store: Store = new Gate({ call: 3, when: 'before' }).wrap('store', watcher.store);
    await expect(watcher.pass({ store })).rejects.toBeInstanceOf(CrashError);
    expect(await watcher.cursor()).toMatchObject({ next: 2, hash: 'H2' });
    script.blocks[1] = { ...blockOf(2), hash: 'OTHER' };
    await expect(watcher.pass()).rejects.toMatchObject({ code: 'block-hash' });
    expect((await watcher.cursor()).next).toBe(2);
  });

  it('goes on from a cursor of the last release, which counted events', async () => {
    const script = chainOf([100]);
    const watcher = openWatcher(script);
    await watcher.store.transact([
      { kind: 'put', key: cursorKey(CHAIN), body: { next: 1, offset: 90 }, expect: 'absent' },
    ]);
    await watcher.pass();
    const ids = (await Promise.all([0, 1, 2, 3, 4, undefined].map((q) => watcher.events(q)))).flat();
    expect(ids.map(({ id }) => Number(id.split('/').at(-1))).sort((a, b) => a - b)).toEqual([
      90, 91, 92, 93, 94, 95, 96, 97, 98, 99,
    ]);
  });

  it('stores what came before an error of the node, then says so', async () => {
    const script = chainOf([0, 1, 0, 0, 0]);
    const watcher = openWatcher(script);
    const head = async () => ({ height: 9, timeMs: 0 });
    await expect(watcher.pass({ chain: { ...watcher.deps.chain, head } })).rejects.toThrow('no block 6');
    await expectComplete(script, watcher, 5);
  });
});

describe('one transaction', () => {
  /** Heights of each row of coverage. */
  const rows = async ({ store }: ReturnType<typeof openWatcher>) =>
    (await store.list(coveragePartition(CHAIN), { limit: 1_000 })).map(({ body }) =>
      CoverageStretch.parse(body).blocks.map(({ height }) => height),
    );
  const upTo = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

  it('has one row of coverage for all the heights of an idle pass', async () => {
    const watcher = openWatcher(chainOf(Array.from({ length: 40 }, () => 0)));
    const written: number[] = [];
    const store: Store = {
      ...watcher.store,
      get: (key) => watcher.store.get(key),
      due: (list, until, limit) => watcher.store.due(list, until, limit),
      transact: async (writes) => {
        written.push(writes.length);
        await watcher.store.transact(writes);
      },
    };
    await watcher.pass({ store });
    expect(written, 'the cursor and the coverage').toEqual([2]);
    expect(await rows(watcher)).toEqual([upTo(1, 40)]);
  });

  it('has fifty heights at most', async () => {
    const watcher = openWatcher(chainOf(Array.from({ length: 120 }, () => 0)));
    await watcher.pass();
    expect(await rows(watcher)).toEqual([upTo(1, 50), upTo(51, 100), upTo(101, 120)]);
  });

  it('covers a block of more events than it takes with the last of them, and what came before with the first', async () => {
    const watcher = openWatcher(chainOf([0, 1, 250, 0, 2]));
    await watcher.pass();
    expect(await rows(watcher)).toEqual([
      [1, 2],
      [3, 4, 5],
    ]);
  });
});

describe('a block of 10,000 events', () => {
  const MANY = 10_000;
  const big = () => chainOf([0, MANY, 3]);

  it('is fetched once, and stored in full transactions', async () => {
    const script = big();
    const watcher = openWatcher(script);
    const gate = new Gate();
    await watcher.pass({ store: gate.wrap('store', watcher.store) });
    expect(script.reads).toBe(3);
    const transactions = gate.calls.filter((name) => name === 'store.transact').length;
    expect(transactions).toBeLessThanOrEqual(Math.ceil(MANY / 98) + 1);
    await expectComplete(script, watcher, 3);
  });

  it.each(['before', 'after'] as const)(
    'ends the same when the watcher dies %s each of its transactions in turn',
    async (when) => {
      const script = big();
      const watcher = openWatcher(script);
      for (let deaths = 0; ; deaths++) {
        // One transaction gets through, and the process dies before or after the second one.
        let transactions = 0;
        const store: Store = {
          ...watcher.store,
          get: (key) => watcher.store.get(key),
          due: (list, until, limit) => watcher.store.due(list, until, limit),
          transact: async (writes) => {
            transactions += 1;
            if (transactions > 2 || (when === 'before' && transactions === 2)) throw new CrashError('dead');
            await watcher.store.transact(writes);
            if (transactions === 2) throw new CrashError('dead');
          },
        };
        const died = await watcher.pass({ store }).then(
          () => false,
          (error: unknown) => error instanceof CrashError,
        );
        if (!died) {
          expect(deaths).toBeGreaterThan(40);
          break;
        }
      }
      await expectComplete(script, watcher, 3);
    },
  );
});

describe('after an outage', () => {
  it('reads ahead within bounds and stores many heights in one transaction', async () => {
    const script = chainOf(Array.from({ length: 1_000 }, (_, i) => (i % 10 === 0 ? 1 : 0)));
    const watcher = openWatcher(script);
    const gate = new Gate();
    const result = await watcher.pass({ store: gate.wrap('store', watcher.store) });
    expect(result).toMatchObject({ heights: 1_000, events: 100, covered: 1_000 });
    expect(script.mostAtOnce).toBeLessThanOrEqual(8);
    expect(script.mostAtOnce).toBeGreaterThan(1);
    expect(gate.calls.filter((name) => name === 'store.transact')).toHaveLength(20);
    await expectComplete(script, watcher, 1_000);
  });

  it('never holds more than one large block beside those that were on their way already', async () => {
    const script = chainOf(Array.from({ length: 30 }, () => 600));
    const watcher = openWatcher(script);
    await watcher.pass();
    expect(script.mostAtOnce).toBe(1);
  });

  it('stops at its limit, and the next pass goes on there', async () => {
    const script = chainOf(Array.from({ length: 25 }, () => 0));
    const watcher = openWatcher(script);
    expect(await watcher.pass({}, 10)).toMatchObject({ heights: 10, covered: 10, head: 25 });
    expect(await watcher.pass({}, 10)).toMatchObject({ heights: 10, covered: 20 });
    expect(await watcher.pass({}, 10)).toMatchObject({ heights: 5, covered: 25 });
    expect(script.reads).toBe(25);
  });
});
