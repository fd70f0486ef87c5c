import { describe, expect, it } from 'vitest';
import type { CoverageDeps } from '../../functions/reconcile/deps.ts';
import { sweepCoverage } from '../../functions/reconcile/sweep-coverage.ts';
import { TransientError } from '../../shared/errors.ts';
import type { BlockEvents } from '../../shared/ports/chain.ts';
import { coverageWrite, SweepRow, sweepKey } from '../../shared/rows/coverage.ts';
import { coverageAt } from '../../shared/rows/read-coverage.ts';
import { FakeClock } from '../contracts/fakes.ts';
import { blockOf, CHAIN, eventAt, openWatcher, Script } from './script.ts';

const EVERY_MS = 3_600_000;

/** A chain of five blocks read by a watcher through an endpoint that changes what it says; the sweep reads it honestly. */
const open = async (lie: (block: BlockEvents) => BlockEvents = (block) => block, blocks = 5) => {
  const script = new Script(
    Array.from({ length: blocks }, (_, i) => blockOf(i + 1, [eventAt(i + 1, 0, 1), eventAt(i + 1, 1, 2)])),
  );
  const watcher = openWatcher(script, [script.source('a', lie)]);
  await watcher.pass();
  const clock = new FakeClock();
  const reads: string[] = [];
  const source = (name: string) => {
    const { block } = script.source(name, name === 'a' ? lie : undefined);
    const noted = (height: number): Promise<BlockEvents> => {
      reads.push(`${name}/${height}`);
      return block(height);
    };
    return { name, block: noted };
  };
  const deps = {
    store: watcher.store,
    chain: watcher.deps.chain as CoverageDeps['chain'],
    sources: [source('a'), source('b')],
    clock,
    sweepEveryMs: EVERY_MS,
    sweepHeights: 1_000,
  } satisfies CoverageDeps;
  const row = async () => SweepRow.parse((await watcher.store.get(sweepKey(CHAIN)))?.body);
  return {
    script,
    watcher,
    clock,
    reads,
    deps,
    row,
    sweep: (d: Partial<CoverageDeps> = {}) => sweepCoverage({ ...deps, ...d }),
  };
};

/** The first call sets the due time; an hour later the work is due. */
const due = async (lie?: (block: BlockEvents) => BlockEvents, blocks?: number) => {
  const opened = await open(lie, blocks);
  await opened.sweep();
  opened.clock.advance(EVERY_MS);
  return opened;
};

const hide = ({ ...block }: BlockEvents): BlockEvents =>
  block.height === 3 ? { ...block, events: block.events.filter(({ queryId }) => queryId !== 2) } : block;

describe('the hourly sweep', () => {
  it('does nothing but one read until it is due, then reads all again from another endpoint, once', async () => {
    const { sweep, reads, clock, row } = await open();
    expect(await sweep()).toEqual({ heights: 0, defects: 0 });
    clock.advance(EVERY_MS - 1);
    expect(await sweep()).toEqual({ heights: 0, defects: 0 });
    expect(reads).toEqual([]);
    clock.advance(1);
    expect(await sweep()).toEqual({ heights: 5, defects: 0 });
    expect(reads).toEqual([1, 2, 3, 4, 5].map((height) => `b/${height}`));
    expect(await row()).toEqual({ next: 6, dueMs: clock.nowMs() + EVERY_MS });
    expect(await sweep()).toEqual({ heights: 0, defects: 0 });
  });

  it('finds an event that the first reading hid: records it, stores it, wakes its query, and does so once', async () => {
    const { sweep, watcher, clock } = await due(hide);
    expect(await watcher.events(2)).toHaveLength(4);
    expect(await sweep()).toEqual({ heights: 5, defects: 1 });
    expect(await watcher.events(2)).toHaveLength(5);
    expect((await watcher.messages()).map(({ id }) => id)).toContain(`missed/${CHAIN}/3/0/0/1`);
    expect(await watcher.anomalies()).toMatchObject([
      { kind: 'missed-event', queryId: 2, height: 3, detail: expect.stringContaining('from b') },
    ]);
    clock.advance(EVERY_MS);
    expect(await sweep()).toEqual({ heights: 0, defects: 0 });
  });

  it('records another hash, and stores nothing of that block', async () => {
    const { sweep, watcher } = await due((block) => (block.height === 3 ? { ...hide(block), hash: 'H3' } : block));
    const other = { name: 'b', block: async (height: number) => ({ ...blockOf(height), hash: 'FORK' }) };
    expect(await sweep({ sources: [other] })).toEqual({ heights: 5, defects: 5 });
    expect((await watcher.anomalies()).map(({ kind, height }) => [kind, height])).toEqual(
      [1, 2, 3, 4, 5].map((height) => ['block-hash', height]),
    );
    expect(await watcher.events(2)).toHaveLength(4);
  });

  it('records what is stored and not told of any more, or told otherwise', async () => {
    const invent = (block: BlockEvents) => ({ ...block, events: [...block.events, eventAt(block.height, 2, 77)] });
    const { sweep, watcher } = await due((block) => (block.height === 2 ? invent(block) : block));
    expect(await sweep()).toEqual({ heights: 5, defects: 1 });
    expect(await watcher.anomalies()).toMatchObject([
      { kind: 'rpc-disagrees', height: 2, detail: expect.stringContaining('1 events stored') },
    ]);
    const rewrite = await due((block) => ({
      ...block,
      events: block.events.map((event) => ({ ...event, attributes: { kind: 'other' } })),
    }));
    expect(await rewrite.sweep()).toEqual({ heights: 5, defects: 10 });
    expect((await rewrite.watcher.anomalies()).map(({ queryId, height }) => [queryId, height])).toEqual(
      [1, 2].flatMap((queryId) => [1, 2, 3, 4, 5].map((height) => [queryId, height])),
    );
  });

  it('fills a height that was never recorded, and calls it a defect', async () => {
    const { sweep, watcher } = await due();
    const read = await watcher.coverage();
    const without4 = [read.slice(0, 3), read.slice(4)].map((blocks) =>
      coverageWrite(
        CHAIN,
        blocks.map(({ version, ...block }) => block),
      ),
    );
    await watcher.store.transact(without4);
    expect(await coverageAt(watcher.store, CHAIN, 4)).toBeUndefined();
    expect(await sweep()).toEqual({ heights: 5, defects: 1 });
    expect(await watcher.anomalies()).toMatchObject([{ kind: 'missed-block', height: 4 }]);
    expect((await watcher.coverage()).map(({ height, passId }) => `${height} ${passId}`)).toEqual([
      '1 p',
      '2 p',
      '3 p',
      '4 sweep',
      '5 p',
    ]);
  });

  it('is done by one of two sweepers', async () => {
    const { sweep, reads } = await due();
    const done = await Promise.all([sweep(), sweep(), sweep()]);
    expect(done.map(({ heights }) => heights).sort()).toEqual([0, 0, 5]);
    expect(reads).toHaveLength(5);
  });

  it('goes on where it was: turn by turn, after a dead sweeper, and after a height that nobody has', async () => {
    const { sweep, row, clock, script } = await due(undefined, 150);
    expect(await sweep()).toEqual({ heights: 100, defects: 0 });
    expect(await row()).toEqual({ next: 101, dueMs: clock.nowMs() });
    const gone = { name: 'b', block: async () => Promise.reject(new TransientError('rpc-unavailable', 'pruned')) };
    await expect(sweep({ sources: [gone] })).rejects.toThrow('pruned');
    expect(await row()).toEqual({ next: 101, dueMs: clock.nowMs() + 60_000 });
    clock.advance(60_000);
    // A sweeper that dies holds the work until its claim runs out.
    const never = { name: 'b', block: () => new Promise<never>(() => undefined) };
    void sweep({ sources: [never] });
    await new Promise((resolve) => setImmediate(resolve));
    expect(await sweep()).toEqual({ heights: 0, defects: 0 });
    clock.advance(120_000);
    expect(await sweep()).toEqual({ heights: 50, defects: 0 });
    expect(script.blocks).toHaveLength(150);
  });

  it('looks no further behind the cursor than it is told to', async () => {
    const { sweep, reads } = await due(undefined, 30);
    await sweep({ sweepHeights: 4 });
    expect(reads).toEqual([27, 28, 29, 30].map((height) => `b/${height}`));
  });
});
