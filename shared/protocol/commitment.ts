import { concat, frame, hashFrame, type U64, u32, u64, u128, utf8 } from './encoding.ts';

/** Hashes that tie a query, its result and its node together (docs/protocol.md section 1). Hash fields are 32 bytes. */

export interface QueryIdentity {
  readonly chainId: string;
  readonly contract: string;
  readonly queryId: U64;
  readonly asker: string;
  readonly model: Uint8Array;
  readonly inputHash: Uint8Array;
  readonly seats: number;
  readonly privacy: string;
  readonly maxUnits: U64;
  readonly feeUnes: bigint;
}

export const queryHash = (q: QueryIdentity): Uint8Array =>
  hashFrame('quorate/query/v1', [
    utf8(q.chainId),
    utf8(q.contract),
    u64(q.queryId),
    utf8(q.asker),
    q.model,
    q.inputHash,
    u32(q.seats),
    utf8(q.privacy),
    u64(q.maxUnits),
    u128(q.feeUnes),
  ]);

/** Numbers are signed 32-bit fixed point; empty for exact models. */
export const sketchHash = (sketch: readonly number[]): Uint8Array =>
  hashFrame('quorate/sketch/v1', [concat(sketch.map((value) => u32(value >>> 0)))]);

export interface AttemptRef {
  readonly chainId: string;
  readonly contract: string;
  readonly queryId: U64;
  readonly attempt: number;
}

const attemptFields = (a: AttemptRef): Uint8Array[] => [
  utf8(a.chainId),
  utf8(a.contract),
  u64(a.queryId),
  u32(a.attempt),
];

export interface Opened {
  readonly node: string;
  readonly digest: Uint8Array;
  readonly sketchHash: Uint8Array;
  readonly receiptsRoot: Uint8Array;
  readonly salt: Uint8Array;
}

/** Binds the node's address, so that a copied commitment cannot be opened by another. */
export const commitment = (attempt: AttemptRef, o: Opened): Uint8Array =>
  hashFrame('quorate/commit/v1', [
    ...attemptFields(attempt),
    utf8(o.node),
    o.digest,
    o.sketchHash,
    o.receiptsRoot,
    o.salt,
  ]);

/** What a node's sealing key is applied to: the salt is derived, so a crash between sending and saving loses nothing. */
export const saltMessage = (attempt: AttemptRef): Uint8Array => frame('quorate/salt/v1', attemptFields(attempt));
