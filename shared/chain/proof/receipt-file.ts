import { z } from 'zod';
import { BadInputError } from '../../errors.ts';
import { fromBase64, toBase64, utf8 } from '../../protocol/encoding.ts';
import { MAX_DEPTH } from './inclusion.ts';

/**
 * The receipt file (docs/receipt.md): JSON in UTF-8 with one canonical form. Only what cannot be computed from the rest is in
 * it, so that no byte of it can change unnoticed.
 */

export const RECEIPT_FORMAT = 'quorate/receipt-file/v1';
export const MAX_FILE_BYTES = 4 * 1024 * 1024;
export const MAX_RESULT_BYTES = 1024 * 1024;
/** From the ask to one block after the settlement. */
export const MAX_HEADERS = 4_096;
/** Seats of a committee (docs/protocol.md section 3). */
export const MAX_COMMITTEE = 21;
/** Ask, opening, settlement, and a commit and a reveal for each seat. */
export const MAX_TXS = 3 + 2 * MAX_COMMITTEE;
export const MAX_STAGES = 64;

const base64 = z.string();
const path = z.array(base64).max(MAX_DEPTH);

const Shape = z.strictObject({
  format: z.literal(RECEIPT_FORMAT),
  chain_id: z.string().min(1).max(100),
  contract: z.string().min(1).max(200),
  query_id: z.int().nonnegative(),
  attempt: z.int().min(0).max(2),
  /** The block after the settlement: who trusts this hash (upper-case hex, as CometBFT writes it) need trust nothing else. */
  anchor: z.strictObject({ height: z.int().positive(), hash: z.string().regex(/^[0-9A-F]{64}$/) }),
  headers: z.array(base64).min(2).max(MAX_HEADERS),
  txs: z
    .array(
      z.strictObject({
        height: z.int().positive(),
        sides: z
          .string()
          .regex(/^[lr]*$/)
          .max(MAX_DEPTH),
        tx: base64,
        tx_path: path,
        result: base64,
        result_path: path,
      }),
    )
    .min(1)
    .max(MAX_TXS),
  receipts: z
    .array(z.strictObject({ node: z.string().min(1).max(200), stages: z.array(base64).min(1).max(MAX_STAGES) }))
    .max(MAX_COMMITTEE),
  manifest: base64,
  result: base64.nullable(),
});

/** A transaction, its result and the proofs that the block of `height` and its successor commit to them. */
export interface ProvedTx {
  readonly height: number;
  /** Place in the block: see inclusion.ts. */
  readonly sides: string;
  /** TxRaw. */
  readonly tx: Uint8Array;
  readonly txPath: readonly Uint8Array[];
  /** Protobuf ExecTxResult with its deterministic fields. */
  readonly result: Uint8Array;
  readonly resultPath: readonly Uint8Array[];
}

/** What a receipt file says, as bytes. */
export interface ReceiptFile {
  readonly chainId: string;
  readonly contract: string;
  readonly queryId: number;
  /** The attempt that was settled. */
  readonly attempt: number;
  readonly anchor: { readonly height: number; readonly hash: string };
  /** Protobuf headers of consecutive heights, from the ask's to the anchor's. */
  readonly headers: readonly Uint8Array[];
  /** In the order in which the chain executed them. */
  readonly txs: readonly ProvedTx[];
  /** Encoded signed receipts in stage order, of members of the majority in seat order; others' are not at hand. */
  readonly receipts: readonly { readonly node: string; readonly stages: readonly Uint8Array[] }[];
  /** The model's manifest, whose hash is its id. */
  readonly manifest: Uint8Array;
  /** Undefined when too large for a file. */
  readonly result: Uint8Array | undefined;
}

const render = (shape: z.infer<typeof Shape>): Uint8Array => utf8(`${JSON.stringify(shape, null, 1)}\n`);

/** The one canonical form. @throws {BadInputError} `receipt-too-large` over 4 MiB */
export const encodeReceiptFile = (file: ReceiptFile): Uint8Array => {
  const bytes = render({
    format: RECEIPT_FORMAT,
    chain_id: file.chainId,
    contract: file.contract,
    query_id: file.queryId,
    attempt: file.attempt,
    anchor: { height: file.anchor.height, hash: file.anchor.hash },
    headers: file.headers.map(toBase64),
    txs: file.txs.map((tx) => ({
      height: tx.height,
      sides: tx.sides,
      tx: toBase64(tx.tx),
      tx_path: tx.txPath.map(toBase64),
      result: toBase64(tx.result),
      result_path: tx.resultPath.map(toBase64),
    })),
    receipts: file.receipts.map(({ node, stages }) => ({ node, stages: stages.map(toBase64) })),
    manifest: toBase64(file.manifest),
    result: file.result === undefined ? null : toBase64(file.result),
  });
  if (bytes.length > MAX_FILE_BYTES) {
    throw new BadInputError('receipt-too-large', `${bytes.length} bytes; a receipt file has at most ${MAX_FILE_BYTES}`);
  }
  return bytes;
};

const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** @throws {RangeError | SyntaxError | TypeError | z.ZodError} unless the bytes are a receipt file in its canonical form */
export const decodeReceiptFile = (bytes: Uint8Array): ReceiptFile => {
  if (bytes.length > MAX_FILE_BYTES) throw new RangeError(`${bytes.length} bytes, at most ${MAX_FILE_BYTES} allowed`);
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  const shape = Shape.parse(JSON.parse(text), { jitless: true });
  if (!equal(render(shape), bytes)) throw new RangeError('not the canonical form');
  return {
    chainId: shape.chain_id,
    contract: shape.contract,
    queryId: shape.query_id,
    attempt: shape.attempt,
    anchor: shape.anchor,
    headers: shape.headers.map(fromBase64),
    txs: shape.txs.map((tx) => ({
      height: tx.height,
      sides: tx.sides,
      tx: fromBase64(tx.tx),
      txPath: tx.tx_path.map(fromBase64),
      result: fromBase64(tx.result),
      resultPath: tx.result_path.map(fromBase64),
    })),
    receipts: shape.receipts.map(({ node, stages }) => ({ node, stages: stages.map(fromBase64) })),
    manifest: fromBase64(shape.manifest),
    result: shape.result === null ? undefined : fromBase64(shape.result),
  };
};
