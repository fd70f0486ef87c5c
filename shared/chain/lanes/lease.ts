import { TransientError } from '../../errors.ts';
import type { Key, Write } from '../../ports/store.ts';
import { ConditionFailedError } from '../../ports/store-errors.ts';
import { toHex } from '../../protocol/encoding.ts';
import type { LaneAccount, LaneDeps } from './deps.ts';
import { LaneRow, laneKey } from './rows.ts';

const EMPTY: LaneRow = { holder: '', epoch: 0, untilMs: 0, bump: 0, waitHeight: 0, batches: [] };

type Change = Partial<Pick<LaneRow, 'bump' | 'waitHeight' | 'batches'>>;

/**
 * A lane while this caller holds its lease. The lease keeps others from working in vain; what keeps them from harm is that every
 * write carries the lane row at the version read last, so whoever lost the lease can change nothing.
 */
export class HeldLane {
  readonly account: LaneAccount;
  row: LaneRow;
  released = false;
  /** The intent that it was taken for has ended; the write that ended it gave the lane back. */
  wantedEnded = false;
  /** Height of the last look for sent batches: nothing new can be in the chain while no block came. */
  lookedHeight = 0;
  readonly #deps: LaneDeps;
  readonly #key: Key;
  readonly #wanted: string;
  #version: number;

  /** @param wanted the intent for whose sake it is held */
  constructor(deps: LaneDeps, account: LaneAccount, row: LaneRow, version: number, wanted: string) {
    this.#deps = deps;
    this.account = account;
    this.row = row;
    this.#key = laneKey(deps.chain.chainId, account.address);
    this.#version = version;
    this.#wanted = wanted;
  }

  /**
   * One step: the lane's change and the writes that belong to it, all or nothing. Renews the lease, or gives it back with the
   * end of the intent it was taken for.
   * @throws {TransientError} `lease-lost`; {@link ConditionFailedError} when only the other writes clash
   */
  async save(change: Change, writes: readonly Write[] = [], ended: readonly string[] = []): Promise<void> {
    const { store, clock, terms } = this.#deps;
    const over = ended.includes(this.#wanted);
    const body: LaneRow = { ...this.row, ...change, untilMs: over ? 0 : clock.nowMs() + terms.leaseMs };
    await this.#write(store, body, writes);
    this.released = over;
    this.wantedEnded = over;
  }

  /** Renews the lease when half of it is gone. */
  async renew(): Promise<void> {
    const { clock, terms } = this.#deps;
    if (this.row.untilMs - clock.nowMs() < terms.leaseMs / 2) await this.save({});
  }

  async release(): Promise<void> {
    if (this.released) return;
    await this.#write(this.#deps.store, { ...this.row, untilMs: 0 }, []);
    this.released = true;
  }

  async #write(store: LaneDeps['store'], body: LaneRow, writes: readonly Write[]): Promise<void> {
    const own: Write = { kind: 'put', key: this.#key, body, expect: { version: this.#version } };
    try {
      await store.transact([own, ...writes]);
    } catch (error) {
      if (error instanceof ConditionFailedError && error.conflicts.some(({ key }) => key.pk === this.#key.pk)) {
        this.released = true;
        throw new TransientError('lease-lost', `another process holds the lane of ${this.account.address} now`);
      }
      throw error;
    }
    this.row = body;
    this.#version += 1;
  }
}

/** The lane, or undefined while another holds it. */
export const acquireLane = async (
  deps: LaneDeps,
  account: LaneAccount,
  wanted: string,
): Promise<HeldLane | undefined> => {
  const { store, chain, clock, random, terms } = deps;
  const key = laneKey(chain.chainId, account.address);
  const stored = await store.get(key);
  const row = stored ? LaneRow.parse(stored.body) : EMPTY;
  const nowMs = clock.nowMs();
  if (row.untilMs > nowMs) return undefined;
  // Each call is a holder of its own: two loops of one process are as strange to each other as two processes.
  const holder = toHex(random.bytes(8));
  const body: LaneRow = { ...row, holder, epoch: row.epoch + 1, untilMs: nowMs + terms.leaseMs };
  try {
    await store.transact([{ kind: 'put', key, body, expect: stored ? { version: stored.version } : 'absent' }]);
  } catch (error) {
    if (error instanceof ConditionFailedError) return undefined;
    throw error;
  }
  return new HeldLane(deps, account, body, (stored?.version ?? 0) + 1, wanted);
};
