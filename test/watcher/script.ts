import type { WatchDeps } from '../../functions/watch-chain/deps.ts';
import { type PassResult, watchPass } from '../../functions/watch-chain/use-case.ts';
import { openDatabase } from '../../shared/adapters/local/sqlite.ts';
import { openSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import { TransientError } from '../../shared/errors.ts';
import { OUTBOX } from '../../shared/outbox.ts';
import type { BlockSource } from '../../shared/ports/block-source.ts';
import type { BlockEvents, ContractEvent } from '../../shared/ports/chain.ts';
import type { Store } from '../../shared/ports/store.ts';
import { AnomalyRow, anomaliesPartition, CursorRow, cursorKey } from '../../shared/rows/coverage.ts';
import { coverageBetween } from '../../shared/rows/read-coverage.ts';
import { FakeClock } from '../contracts/fakes.ts';

/** A chain that a test writes down, read into a real store. No consensus, no contract: blocks, links and events. */

export const CHAIN = 'script-1';

export const eventAt = (
  height: number,
  at: number,
  queryId: number | undefined,
  kind = 'committed',
): ContractEvent => ({
  id: `${CHAIN}/${height}/0/0/${at}`,
  kind,
  queryId,
  txHash: `TX${height}`,
  attributes: { kind, at: String(at) },
});

export const blockOf = (height: number, events: readonly ContractEvent[] = []): BlockEvents => ({
  height,
  timeMs: height,
  hash: `H${height}`,
  parentHash: height === 1 ? '' : `H${height - 1}`,
  events,
});

export class Script {
  readonly blocks: BlockEvents[];
  /** Reads of blocks so far, and most at once. */
  reads = 0;
  mostAtOnce = 0;
  #now = 0;

  constructor(blocks: readonly BlockEvents[]) {
    this.blocks = [...blocks];
  }

  block = async (height: number): Promise<BlockEvents> => {
    this.reads += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#now);
    await new Promise((resolve) => setImmediate(resolve));
    this.#now -= 1;
    const block = this.blocks[height - 1];
    if (!block) throw new TransientError('rpc-unavailable', `no block ${height}`);
    return block;
  };

  head = async () => ({ height: this.blocks.length, timeMs: this.blocks.length });

  source = (name: string, change: (block: BlockEvents) => BlockEvents = (block) => block): BlockSource => ({
    name,
    block: async (height) => change(await this.block(height)),
  });
}

/** A watcher on a store that outlives it. */
export const openWatcher = (script: Script, sources?: readonly BlockSource[]) => {
  const store: Store = openSqliteStore(openDatabase(':memory:'));
  const chain = { chainId: CHAIN, head: script.head, block: script.block };
  const deps: WatchDeps = {
    store,
    chain,
    clock: new FakeClock(),
    startHeight: 1,
    passId: () => 'p',
    ...(sources && { sources }),
  };
  const list = async <T>(pk: string, parse: (body: unknown) => T) =>
    (await store.list(pk, { limit: 100_000 })).map(({ body, version }) => ({ ...parse(body), version }));
  return {
    store,
    deps,
    pass: (change: Partial<WatchDeps> = {}, maxHeights = 10_000): Promise<PassResult> =>
      watchPass({ ...deps, ...change }, maxHeights),
    cursor: async () => CursorRow.parse((await store.get(cursorKey(CHAIN)))?.body),
    coverage: () => Array.fromAsync(coverageBetween(store, CHAIN, 1, Number.MAX_SAFE_INTEGER)),
    anomalies: () => list(anomaliesPartition(CHAIN), (body) => AnomalyRow.parse(body)),
    /** Ids of stored events of a query, with how often each was written. */
    events: async (queryId: number | undefined) =>
      (await store.list<{ id: string }>(`events/${CHAIN}/${queryId ?? 'none'}`, { limit: 100_000 })).map(
        ({ body, version }) => ({ id: body.id, version }),
      ),
    /** Ids of messages that wait, with how often each was written. */
    messages: async () =>
      (await store.due<{ message: { id: string } }>(OUTBOX, Number.MAX_SAFE_INTEGER, 100_000)).map(
        ({ body, version }) => ({ id: body.message.id, version }),
      ),
  };
};
