import { bigEndian, hashFrame, type U64, u32, u64, utf8 } from './encoding.ts';

/** Drawing of committees (docs/protocol.md section 3). */

/** Rounds stop widening here: 2^16 times the first threshold admits every eligible node. */
export const MAX_ROUND = 16;

export interface Opening {
  readonly chainId: string;
  readonly contract: string;
  readonly moduleSeed: Uint8Array;
  readonly queryId: U64;
  readonly attempt: number;
  readonly height: U64;
  readonly timeNs: bigint;
}

export const seedOf = (o: Opening): Uint8Array =>
  hashFrame('quorate/seed/v1', [
    utf8(o.chainId),
    utf8(o.contract),
    o.moduleSeed,
    u64(o.queryId),
    u32(o.attempt),
    u64(o.height),
    u64(o.timeNs),
  ]);

const MODULE_SEED = 'quorate/module-seed/v1';
export const firstModuleSeed = (chainId: string, contract: string): Uint8Array =>
  hashFrame(MODULE_SEED, [utf8(chainId), utf8(contract)]);
/** @param beta VRF output, 64 bytes */
export const nextModuleSeed = (moduleSeed: Uint8Array, beta: Uint8Array): Uint8Array =>
  hashFrame(MODULE_SEED, [moduleSeed, beta]);

/** VRF input of a round, 32 bytes. */
export const alphaOf = (seed: Uint8Array, round: number): Uint8Array =>
  hashFrame('quorate/draw/v1', [seed, u32(round)]);

/** `min(bond, cap) * R`, R in thousandths; 0 below the least bond. */
export const weightOf = (bond: bigint, minBond: bigint, bondCap: bigint, reputation: number): bigint =>
  bond < minBond ? 0n : (bond < bondCap ? bond : bondCap) * BigInt(reputation);

/**
 * Whether a node has a seat: `u64be(beta[0..8]) * total < seats * weight * 2^round * 2^64`, in exact integers.
 * @param beta VRF output, 64 bytes
 */
export const qualifies = (
  beta: Uint8Array,
  draw: { weight: bigint; totalWeight: bigint; seats: number; round: number },
): boolean =>
  bigEndian(beta.subarray(0, 8)) * draw.totalWeight < (BigInt(draw.seats) * draw.weight) << BigInt(64 + draw.round);
