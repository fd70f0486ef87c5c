import { AuthInfo, type Fee, SignDoc, TxBody, TxRaw } from 'cosmjs-types/cosmos/tx/v1beta1/tx';
import type { Any } from 'cosmjs-types/google/protobuf/any';
import { sha256 } from '../comet/merkle.ts';
import { sdkErrors } from './errors.ts';

const MAX_INT64 = (1n << 63n) - 1n;

/** A transaction taken apart; nothing about it has been checked but its form. */
export interface DecodedTx {
  readonly raw: TxRaw;
  readonly body: TxBody;
  readonly authInfo: AuthInfo;
  readonly fee: Fee;
  readonly messages: readonly Any[];
  readonly bytes: Uint8Array;
  /** SHA-256 of the bytes: the transaction's hash. */
  readonly hash: Uint8Array;
}

/** Decodes TxRaw bytes. Throws sdk code 2 (not a transaction) or 18 (no messages, impossible gas limit). */
export function decodeTx(bytes: Uint8Array): DecodedTx {
  let raw: TxRaw;
  let body: TxBody;
  let authInfo: AuthInfo;
  try {
    raw = TxRaw.decode(bytes);
    body = TxBody.decode(raw.bodyBytes);
    authInfo = AuthInfo.decode(raw.authInfoBytes);
  } catch (error) {
    throw sdkErrors.txDecode(error instanceof Error ? error.message : String(error));
  }
  const { fee } = authInfo;
  if (body.messages.length === 0) throw sdkErrors.invalidRequest('must contain at least one message');
  if (fee === undefined) throw sdkErrors.txDecode('fee is missing');
  if (fee.gasLimit > MAX_INT64) throw sdkErrors.invalidRequest(`invalid gas supplied; ${fee.gasLimit} > ${MAX_INT64}`);
  return { raw, body, authInfo, fee, messages: body.messages, bytes, hash: sha256(bytes) };
}

/** The bytes a SIGN_MODE_DIRECT signature covers; its SHA-256 is what is signed. */
export function directSignBytes(tx: DecodedTx, chainId: string, accountNumber: bigint): Uint8Array {
  const { bodyBytes, authInfoBytes } = tx.raw;
  return SignDoc.encode({ bodyBytes, authInfoBytes, chainId, accountNumber }).finish();
}
