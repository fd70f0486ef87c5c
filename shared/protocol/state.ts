/** What the contract answers, as domain types. Hashes are lower-case hex of 32 bytes unless said; amounts are in unes. */

export type Rule =
  | { readonly exact: Record<string, never> }
  | { readonly tolerant: { readonly tolerance: number; readonly sketch_len: number } }
  | {
      readonly custom: {
        readonly function: RuleFunction;
        readonly tolerance: number;
        readonly sketch_len: number;
      };
    };

/** Statistics over sketches, element by element (docs/protocol.md section 5). */
export type RuleFunction =
  | { readonly mean: Record<string, never> }
  | { readonly median: Record<string, never> }
  | { readonly trimmed_mean: { readonly trim_ppm: number } };

/** Expected time = clamp(k1 x input units + k2 x output units, min, max). */
export interface Timing {
  readonly k1Us: number;
  readonly k2Us: number;
  readonly minMs: number;
  readonly maxMs: number;
}

export interface ModelState {
  /** Manifest hash: the model's id. */
  readonly id: string;
  readonly owner: string;
  readonly priceUnes: bigint;
  readonly rule: Rule;
  readonly windows: { readonly roundBlocks: number; readonly commitBlocks: number; readonly revealBlocks: number };
  readonly withdrawn: boolean;
  readonly totalWeight: bigint;
  /** Digest of the known answer that a node must compute before it serves, if the model has one. */
  readonly trial: string | undefined;
  readonly timing: Timing | undefined;
}

export interface NodeState {
  readonly address: string;
  readonly vrfPublicKey: string;
  readonly bondUnes: bigint;
  readonly unbonding: readonly { readonly amountUnes: bigint; readonly releaseHeight: number }[];
  /** R in thousandths, 100 to 10,000. */
  readonly reputation: number;
  readonly models: readonly string[];
  readonly tier: Tier;
  readonly seatsSettled: number;
  /** Seats in a majority, in time: what tiers count. */
  readonly seatsWon: number;
}

export type Tier = 'probation' | 'standard' | 'trusted';

export type QueryInput = { readonly uri: string } | { readonly inline: Uint8Array };

/** An attempt that is, or was, open. Heights are inclusive ends of windows. */
export interface OpeningState {
  readonly height: number;
  readonly timeNs: bigint;
  readonly seed: string;
  readonly totalWeight: bigint;
  /** Current round, or the round at which the seats were filled. */
  readonly round: number;
  readonly committed: number;
  readonly revealed: number;
  readonly commitClose: number;
  /** Unknown while the commit window can still close early. */
  readonly revealClose: number | undefined;
}

export interface QueryOutcome {
  readonly kind: 'verified' | 'refunded';
  readonly digest: string | undefined;
  readonly votes: number;
  readonly committed: number;
  readonly height: number;
  readonly reason: 'expired_in_queue' | 'no_commits' | 'no_majority' | undefined;
  /** The aggregate of a custom rule; empty for others. */
  readonly value: readonly number[];
}

/** As the contract computes it at the height of the answer. */
export type QueryPhase = 'queued' | 'commit' | 'reveal' | 'settle' | 'expire' | 'verified' | 'refunded';

export interface QueryState {
  readonly id: number;
  readonly queryHash: string;
  readonly asker: string;
  readonly model: string;
  readonly inputHash: string;
  readonly input: QueryInput;
  readonly seats: number;
  readonly privacy: string;
  readonly maxUnits: number;
  readonly feeUnes: bigint;
  readonly agent: string | undefined;
  readonly callback: string | undefined;
  readonly askedHeight: number;
  readonly attempt: number;
  readonly phase: QueryPhase;
  readonly opening: OpeningState | undefined;
  readonly queueDeadline: number | undefined;
  readonly outcome: QueryOutcome | undefined;
  /** Bytes of an inline input; of one that lies elsewhere, what its asker said. */
  readonly inputUnits: number;
}

export type SeatOutcome = 'committed' | 'revealed' | 'majority' | 'minority' | 'mismatch' | 'late' | 'absent';

export interface SeatState {
  readonly node: string;
  readonly attempt: number;
  readonly round: number;
  /** VRF output, 64 bytes in hex. */
  readonly beta: string;
  readonly commitment: string;
  readonly committedHeight: number;
  readonly outcome: SeatOutcome;
  readonly digest: string | undefined;
  readonly receiptsRoot: string | undefined;
  readonly paidUnes: bigint;
  readonly slashedUnes: bigint;
}

export interface DrawState {
  readonly attempt: number;
  readonly round: number;
  readonly seed: string;
  readonly seats: number;
  readonly weight: bigint;
  readonly totalWeight: bigint;
}

export interface ContractTotals {
  readonly bondsUnes: bigint;
  readonly feesUnes: bigint;
  readonly poolUnes: bigint;
  /** Locks of open sessions, and fees of challenges that await an opening. */
  readonly sessionsUnes: bigint;
}

/** Parameters of the contract that decide what a node can win and lose. */
export interface ContractParams {
  readonly maxSeats: number;
  readonly bondCapUnes: bigint;
  readonly minBondUnes: bigint;
  /** Part of the stake that a fault costs, in millionths. */
  readonly slashPpm: number;
}
