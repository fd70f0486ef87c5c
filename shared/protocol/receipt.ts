import { bigEndian, equalBytes, frame, readFrame, u32, u64, utf8 } from './encoding.ts';
import { merkleRoot } from './merkle.ts';

/** A worker's statement of what went into and came out of one stage (docs/protocol.md sections 1 and 8). Hashes are 32 bytes. */
export interface Receipt {
  readonly queryHash: Uint8Array;
  readonly attempt: number;
  /** bech32 address of the node. */
  readonly node: string;
  readonly stage: number;
  readonly stages: number;
  readonly shard: Uint8Array;
  readonly inRoot: Uint8Array;
  readonly outRoot: Uint8Array;
  readonly runtimeClass: string;
  /** Work done: runs of the stage's graph. */
  readonly units: number;
  readonly startedMs: number;
  readonly endedMs: number;
}

export interface SignedReceipt {
  readonly receipt: Receipt;
  /** Ed25519 over {@link encodeReceipt}, 64 bytes. */
  readonly signature: Uint8Array;
}

const RECEIPT = 'quorate/receipt/v1';
const SIGNED = 'quorate/signed-receipt/v1';

/** The bytes that are signed. */
export const encodeReceipt = (r: Receipt): Uint8Array =>
  frame(RECEIPT, [
    r.queryHash,
    u32(r.attempt),
    utf8(r.node),
    u32(r.stage),
    u32(r.stages),
    r.shard,
    r.inRoot,
    r.outRoot,
    utf8(r.runtimeClass),
    u64(r.units),
    u64(r.startedMs),
    u64(r.endedMs),
  ]);

export const encodeSignedReceipt = ({ receipt, signature }: SignedReceipt): Uint8Array =>
  frame(SIGNED, [encodeReceipt(receipt), signature]);

/** @throws {RangeError} when the bytes are not exactly one signed receipt */
export const decodeSignedReceipt = (bytes: Uint8Array): SignedReceipt => {
  const [body, signature] = readFrame(SIGNED, 2, bytes) as [Uint8Array, Uint8Array];
  const [queryHash, attempt, node, stage, stages, shard, inRoot, outRoot, runtimeClass, units, startedMs, endedMs] =
    readFrame(RECEIPT, 12, body) as Fields12;
  const number = (value: Uint8Array): number => Number(bigEndian(value));
  const text = (value: Uint8Array): string => new TextDecoder().decode(value);
  const receipt: Receipt = {
    queryHash,
    attempt: number(attempt),
    node: text(node),
    stage: number(stage),
    stages: number(stages),
    shard,
    inRoot,
    outRoot,
    runtimeClass: text(runtimeClass),
    units: number(units),
    startedMs: number(startedMs),
    endedMs: number(endedMs),
  };
  if (!equalBytes(encodeSignedReceipt({ receipt, signature }), bytes)) throw new RangeError('receipt is not canonical');
  return { receipt, signature };
};

type Fields12 = [
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
];

/** Merkle root over encoded signed receipts, in stage order: what the commitment binds. */
export const receiptsRoot = (signed: readonly Uint8Array[]): Uint8Array => merkleRoot(signed);
