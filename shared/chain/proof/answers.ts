import { bigEndian, readFields, readFrame } from '../../protocol/encoding.ts';
import type { SeatOutcome } from '../../protocol/state.ts';

/**
 * What the contract returns as a response's `data` (docs/protocol.md section 7), decoded. Hashes are 32 bytes, amounts in
 * unes. Every reader throws {RangeError} unless the bytes are exactly one such frame.
 */

export interface Opened {
  readonly queryId: number;
  readonly attempt: number;
  readonly queryHash: Uint8Array;
  readonly seed: Uint8Array;
  readonly openedHeight: number;
  readonly seats: number;
  readonly totalWeight: bigint;
}

export interface Asked {
  readonly queryId: number;
  readonly queryHash: Uint8Array;
  /** Absent while the query waits in the queue. */
  readonly opened: Opened | undefined;
}

export interface Committed {
  readonly queryId: number;
  readonly attempt: number;
  readonly node: string;
  readonly vrfPublicKey: Uint8Array;
  readonly weight: bigint;
  readonly round: number;
  readonly commitment: Uint8Array;
}

export interface Revealed {
  readonly queryId: number;
  readonly attempt: number;
  readonly node: string;
  readonly outcome: SeatOutcome;
}

export interface SettledSeat {
  readonly node: string;
  readonly outcome: SeatOutcome;
  readonly paidUnes: bigint;
  readonly slashedUnes: bigint;
}

export interface Settled {
  readonly queryId: number;
  readonly attempt: number;
  readonly outcome: 'verified' | 'reopened' | 'refunded' | 'noop';
  readonly digest: Uint8Array | undefined;
  /** Seats that revealed rightly, whatever they said. */
  readonly votes: number;
  readonly committed: number;
  /** In commit order. */
  readonly seats: readonly SettledSeat[];
  /** Attempts, of any query, that this message opened. */
  readonly opened: readonly Opened[];
}

const SEAT_OUTCOMES = ['committed', 'revealed', 'majority', 'minority', 'mismatch', 'late', 'absent'] as const;
const QUERY_OUTCOMES = ['verified', 'reopened', 'refunded', 'noop'] as const;

const sized = (bytes: Uint8Array, length: number): Uint8Array => {
  if (bytes.length !== length) throw new RangeError(`expected ${length} bytes, received ${bytes.length}`);
  return bytes;
};
const wide = (bytes: Uint8Array, length: number): bigint => bigEndian(sized(bytes, length));
const number = (bytes: Uint8Array, length: 4 | 8): number => {
  const value = wide(bytes, length);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new RangeError(`${value} is above 2^53 - 1`);
  return Number(value);
};
const text = (bytes: Uint8Array): string => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
const oneOf = <T extends string>(allowed: readonly T[], bytes: Uint8Array): T => {
  const found = text(bytes);
  const known = allowed.find((name) => name === found);
  if (known === undefined) throw new RangeError(`'${found.slice(0, 40)}' is none of ${allowed.join(', ')}`);
  return known;
};

type Fields<N extends number, T extends Uint8Array[] = []> = T['length'] extends N ? T : Fields<N, [...T, Uint8Array]>;
const fields = <N extends number>(tag: string, count: N, bytes: Uint8Array): Fields<N> =>
  readFrame(tag, count, bytes) as Fields<N>;

export const readOpened = (bytes: Uint8Array): Opened => {
  const [queryId, attempt, queryHash, seed, height, seats, totalWeight] = fields('quorate/opened/v1', 7, bytes);
  return {
    queryId: number(queryId, 8),
    attempt: number(attempt, 4),
    queryHash: sized(queryHash, 32),
    seed: sized(seed, 32),
    openedHeight: number(height, 8),
    seats: number(seats, 4),
    totalWeight: wide(totalWeight, 16),
  };
};

export const readAsked = (bytes: Uint8Array): Asked => {
  const [queryId, queryHash, opened] = fields('quorate/asked/v1', 3, bytes);
  return {
    queryId: number(queryId, 8),
    queryHash: sized(queryHash, 32),
    opened: opened.length === 0 ? undefined : readOpened(opened),
  };
};

export const readCommitted = (bytes: Uint8Array): Committed => {
  const [queryId, attempt, node, vrfPublicKey, weight, round, hash] = fields('quorate/committed/v1', 7, bytes);
  return {
    queryId: number(queryId, 8),
    attempt: number(attempt, 4),
    node: text(node),
    vrfPublicKey: sized(vrfPublicKey, 32),
    weight: wide(weight, 16),
    round: number(round, 4),
    commitment: sized(hash, 32),
  };
};

export const readRevealed = (bytes: Uint8Array): Revealed => {
  const [queryId, attempt, node, outcome] = fields('quorate/revealed/v1', 4, bytes);
  return {
    queryId: number(queryId, 8),
    attempt: number(attempt, 4),
    node: text(node),
    outcome: oneOf(SEAT_OUTCOMES, outcome),
  };
};

const readSeats = (bytes: Uint8Array): SettledSeat[] => {
  const parts = readFields(bytes);
  if (parts.length % 4 !== 0) throw new RangeError(`a seat has 4 fields, received ${parts.length} in all`);
  return Array.from({ length: parts.length / 4 }, (_, i) => {
    const [node, outcome, paid, slashed] = parts.slice(4 * i, 4 * i + 4) as Fields<4>;
    return {
      node: text(node),
      outcome: oneOf(SEAT_OUTCOMES, outcome),
      paidUnes: wide(paid, 16),
      slashedUnes: wide(slashed, 16),
    };
  });
};

export const readSettled = (bytes: Uint8Array): Settled => {
  const [queryId, attempt, outcome, digest, votes, committed, seats, opened] = fields('quorate/settled/v1', 8, bytes);
  return {
    queryId: number(queryId, 8),
    attempt: number(attempt, 4),
    outcome: oneOf(QUERY_OUTCOMES, outcome),
    digest: digest.length === 0 ? undefined : sized(digest, 32),
    votes: number(votes, 4),
    committed: number(committed, 4),
    seats: readSeats(seats),
    opened: readFields(opened).map(readOpened),
  };
};
