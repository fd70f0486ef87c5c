import { standsAfter } from '../../shared/chain/compare-events.ts';
import { InvariantError } from '../../shared/errors.ts';
import type { ContractEvent } from '../../shared/ports/chain.ts';
import { MAX_TRANSACTION_WRITES, type Row, type Write } from '../../shared/ports/store.ts';
import {
  type AnomalyRow,
  anomalyWrite,
  type CoverageRow,
  CursorRow,
  coverageWrite,
  cursorKey,
  eventWrite,
} from '../../shared/rows/coverage.ts';
import { wakeQuery } from '../../shared/rows/wake-query.ts';
import type { WatchDeps } from './deps.ts';
import type { Reading } from './read-block.ts';

export interface Cursor {
  readonly body: CursorRow;
  /** 0: not stored yet. */
  readonly version: number;
}

export const readCursor = async ({ store, chain, startHeight }: WatchDeps): Promise<Cursor> => {
  const row: Row | undefined = await store.get(cursorKey(chain.chainId));
  return row
    ? { body: CursorRow.parse(row.body), version: row.version }
    : { body: { next: startHeight, offset: 0 }, version: 0 };
};

/** Cursor and coverage take one write each of a transaction. */
const MAX_WRITES = MAX_TRANSACTION_WRITES - 2;
/** Most JSON of events and coverage in one transaction: the store takes 4 MiB with everything. */
const MAX_BYTES = 2 * 1024 * 1024;
/** Most heights of one transaction, which are one row of coverage. */
const MAX_HEIGHTS = 50;

/**
 * Stores readings in order, as many as fit in each transaction, or one reading over several. Each transaction moves the cursor
 * to exactly what it stores, has one row for all the heights that end in it, and is refused if another watcher has moved it.
 */
export class BlockStorer {
  readonly #deps: WatchDeps;
  readonly #passId: string;
  #stored: Cursor;
  #moved: CursorRow;
  #writes: Write[] = [];
  #bytes = 0;
  /** What ends in this transaction: heights up to the cursor's. */
  #covered: CoverageRow[] = [];

  constructor(deps: WatchDeps, cursor: Cursor, passId: string) {
    this.#deps = deps;
    this.#passId = passId;
    this.#stored = cursor;
    this.#moved = cursor.body;
  }

  /** What is durable. */
  get cursor(): CursorRow {
    return this.#stored.body;
  }

  /**
   * @throws {InvariantError} `parent-hash`, `block-hash` after storing what came before, and an anomaly
   * @throws {ConditionFailedError} when another watcher has moved the cursor
   */
  async add(reading: Reading): Promise<void> {
    const { block, anomalies } = reading;
    await this.#refuse(reading);
    const { chainId } = this.#deps.chain;
    const nowMs = this.#deps.clock.nowMs();
    const wakes = wakesOf(chainId, block, nowMs);
    for (const event of remaining(this.#moved, block.events)) {
      const wake = wakes.get(event);
      await this.#put([eventWrite(chainId, event), ...(wake ? [wake] : [])]);
      const { next, offset, parentHash } = this.#moved;
      this.#moved = {
        next,
        offset: offset + 1,
        hash: block.hash,
        after: event.id,
        ...(parentHash !== undefined && { parentHash }),
      };
    }
    const covered = this.#coverage(reading, nowMs);
    await this.#put(
      anomalies.map((row) => anomalyWrite(chainId, row)),
      [covered],
    );
    this.#moved = { next: block.height + 1, parentHash: block.hash, offset: 0 };
    if (this.#covered.length >= MAX_HEIGHTS) await this.flush();
  }

  /** Makes everything added durable. @throws {ConditionFailedError} */
  async flush(): Promise<void> {
    if (this.#writes.length + this.#covered.length === 0) return;
    const { store, chain } = this.#deps;
    const { version } = this.#stored;
    const expect = version === 0 ? ('absent' as const) : { version };
    await store.transact([
      { kind: 'put', key: cursorKey(chain.chainId), body: this.#moved, expect },
      ...(this.#covered.length > 0 ? [coverageWrite(chain.chainId, this.#covered)] : []),
      ...this.#writes,
    ]);
    this.#stored = { body: this.#moved, version: version + 1 };
    this.#writes = [];
    this.#bytes = 0;
    this.#covered = [];
  }

  async #put(writes: readonly Write[], covered: readonly CoverageRow[] = []): Promise<void> {
    const bodies = [...writes.flatMap((write) => (write.kind === 'put' ? [write.body] : [])), ...covered];
    const bytes = bodies.reduce<number>((sum, body) => sum + JSON.stringify(body).length, 0);
    if (this.#writes.length + writes.length > MAX_WRITES || this.#bytes + bytes > MAX_BYTES) await this.flush();
    this.#writes.push(...writes);
    this.#covered.push(...covered);
    this.#bytes += bytes;
  }

  #coverage({ block, source, witness }: Reading, atMs: number): CoverageRow {
    const { height, hash, parentHash, events } = block;
    return {
      height,
      hash,
      parentHash,
      events: events.length,
      passId: this.#passId,
      atMs,
      ...(source !== undefined && { source }),
      ...(witness !== undefined && { witness }),
    };
  }

  /** Blocks are final at once on CometBFT: another hash or parent means that a node is on another chain, or lies. */
  async #refuse({ block, fork, source }: Reading): Promise<void> {
    const { parentHash, hash } = this.#moved;
    const from = source === undefined ? '' : ` (from ${source})`;
    const { height } = block;
    const atMs = this.#deps.clock.nowMs();
    let anomaly: AnomalyRow | undefined = fork;
    if (parentHash !== undefined && block.parentHash !== parentHash) {
      const detail = `block ${height}${from} names parent ${block.parentHash}, stored is ${parentHash}`;
      anomaly = { kind: 'parent-hash', height, detail, atMs };
    } else if (hash !== undefined && block.hash !== hash) {
      const detail = `block ${height}${from} is ${block.hash}, half of it is stored as ${hash}`;
      anomaly = { kind: 'block-hash', height, detail, atMs };
    }
    if (!anomaly) return;
    await this.flush();
    await this.#deps.store.transact([anomalyWrite(this.#deps.chain.chainId, anomaly)]);
    throw new InvariantError(anomaly.kind, anomaly.detail, {
      next: 'compare the RPC endpoints with another node of the chain, and take out the one that is wrong',
    });
  }
}

/** What of the block is not stored yet. A cursor of the release before knows only how many events are. */
const remaining = ({ offset, after }: CursorRow, events: readonly ContractEvent[]): readonly ContractEvent[] =>
  after === undefined ? events.slice(offset) : events.filter((event) => standsAfter(event, after));

/** With the first event of each query, the write that wakes it: a query is looked at once for each block that names it. */
const wakesOf = (
  chainId: string,
  { height, events }: Reading['block'],
  nowMs: number,
): ReadonlyMap<ContractEvent, Write> => {
  const wakes = new Map<ContractEvent, Write>();
  const seen = new Set<number>();
  for (const event of events) {
    const { queryId, id: eventId } = event;
    if (queryId === undefined || seen.has(queryId)) continue;
    seen.add(queryId);
    const message = { kind: 'query', query: { chainId, queryId }, eventId } as const;
    wakes.set(event, wakeQuery(`query/${chainId}/${queryId}/${height}`, message, nowMs));
  }
  return wakes;
};
