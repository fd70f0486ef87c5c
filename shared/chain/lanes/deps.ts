import type { Chain } from '../../ports/chain.ts';
import type { Clock, Random } from '../../ports/clock.ts';
import type { AccountSigner } from '../../ports/signer.ts';
import type { Store, Write } from '../../ports/store.ts';
import type { Ended } from './rows.ts';

/** An account that signs. For other principals than itself it needs their authz grant of MsgExecuteContract. */
export interface LaneAccount {
  readonly address: string;
  /** Who pays its fees by a fee grant; itself if absent. */
  readonly feeGranter?: string;
}

export interface LaneTerms {
  /** Of attached funds. */
  readonly denom: string;
  /** A decimal and its denomination: '0.025unes'. */
  readonly gasPrice: string;
  /** Most that urgency and refusals may multiply the price by. */
  readonly maxPriceFactor: number;
  readonly gasAdjustment: number;
  readonly minGas: number;
  /** Of one transaction: what a block has, or less. */
  readonly maxGas: number;
  /** Of one transaction's messages. */
  readonly maxBytes: number;
  /** Of one transaction: 1 to {@link MAX_MESSAGES}. */
  readonly maxMessages: number;
  /** A signature is good for this many blocks, or until the nearest deadline if that is sooner. */
  readonly timeoutBlocks: number;
  /** Wait for company before a batch is signed. */
  readonly gatherMs: number;
  readonly leaseMs: number;
  /** Between two looks for a transaction in a block. */
  readonly pollMs: number;
  /** Looks of one call; after them the caller comes again. */
  readonly maxPolls: number;
  /** Unordered batches in flight at once on a chain that takes them; 0: never ask for them. */
  readonly maxUnordered: number;
}

export const DEFAULT_LANE_TERMS = {
  maxPriceFactor: 8,
  gasAdjustment: 1.3,
  minGas: 100_000,
  maxGas: 20_000_000,
  maxBytes: 60_000,
  maxMessages: 32,
  timeoutBlocks: 20,
  gatherMs: 0,
  leaseMs: 10_000,
  maxUnordered: 4,
} as const satisfies Partial<LaneTerms>;

export interface LaneDeps {
  readonly store: Store;
  readonly chain: Chain;
  readonly clock: Clock;
  readonly random: Random;
  /** Accounts that this deployment may sign with, by address. */
  readonly signers: ReadonlyMap<string, AccountSigner>;
  /** Which accounts sign for a principal. One that is not named signs for itself. */
  readonly lanes?: ReadonlyMap<string, readonly LaneAccount[]>;
  readonly terms: LaneTerms;
  /** Writes that tell somebody of an intent's end, in the transaction that ends it; at most one. */
  readonly onEnded?: (row: Ended, nowMs: number) => readonly Write[];
}

/** With three writes for each message and one for the lane, a store transaction stays below its limit. */
export const MAX_MESSAGES = 32;
/** Most signatures of one intent that die by their time-out (promise P7). */
export const MAX_SIGNATURES = 4;
/** Most batches of one intent that run out of gas before it is sent alone, and then ends. */
export const MAX_OUT_OF_GAS = 2;

export const lanesOf = ({ lanes }: Pick<LaneDeps, 'lanes'>, principal: string): readonly LaneAccount[] => {
  const named = lanes?.get(principal) ?? [];
  return named.length > 0 ? named : [{ address: principal }];
};

/** Everybody whose intents this account may take. */
export const principalsOf = (deps: Pick<LaneDeps, 'lanes'>, address: string): string[] => {
  const named = [...(deps.lanes ?? [])].filter(([, lanes]) => lanes.some((lane) => lane.address === address));
  const own = lanesOf(deps, address).some((lane) => lane.address === address);
  return [...new Set([...(own ? [address] : []), ...named.map(([principal]) => principal)])];
};
