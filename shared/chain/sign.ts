import { MsgExec } from 'cosmjs-types/cosmos/authz/v1beta1/tx';
import { PubKey } from 'cosmjs-types/cosmos/crypto/secp256k1/keys';
import { SignMode } from 'cosmjs-types/cosmos/tx/signing/v1beta1/signing';
import { AuthInfo, SignDoc, TxBody, TxRaw } from 'cosmjs-types/cosmos/tx/v1beta1/tx';
import { MsgExecuteContract } from 'cosmjs-types/cosmwasm/wasm/v1/tx';
import type { Any } from 'cosmjs-types/google/protobuf/any';
import type { AccountState, ContractCall } from '../ports/chain.ts';
import type { AccountSigner } from '../ports/signer.ts';
import { toHex, utf8 } from '../protocol/encoding.ts';
import { sha256 } from '../protocol/sha2.ts';

/** What a transaction is for and under: all but its gas, fee and signature. */
export interface TxFrame {
  readonly contract: string;
  readonly denom: string;
  /** Last height at which it may be included: after it the bytes are dead. */
  readonly timeoutHeight: number;
  /** Pays the fee by a grant; the signer if absent. */
  readonly feeGranter?: string;
  /** Unordered (ADR-070): no sequence, and this time stands for it: unique, later than the block's, at most 10 minutes. */
  readonly unorderedUntil?: { readonly seconds: bigint; readonly nanos: number };
}

export interface TxTerms extends TxFrame {
  readonly chainId: string;
  readonly gasLimit: number;
  readonly feeUnes: string;
}

export interface SignedTx {
  /** TxRaw, what is broadcast. */
  readonly bytes: Uint8Array;
  /** SHA-256 of the bytes in upper-case hex: how the chain names it. */
  readonly hash: string;
}

/** Executions of the contract as messages; one MsgExec for each call of another sender, so that a failure names it by its index. */
export const callMessages = (signer: string, calls: readonly ContractCall[], frame: TxFrame): Any[] =>
  calls.map(({ msg, fundsUnes, sender }) => {
    const execution = MsgExecuteContract.fromPartial({
      sender: sender ?? signer,
      contract: frame.contract,
      msg: utf8(JSON.stringify(msg)),
      funds: fundsUnes === '0' ? [] : [{ denom: frame.denom, amount: fundsUnes }],
    });
    const any = { typeUrl: MsgExecuteContract.typeUrl, value: MsgExecuteContract.encode(execution).finish() };
    if (sender === undefined || sender === signer) return any;
    return { typeUrl: MsgExec.typeUrl, value: MsgExec.encode({ grantee: signer, msgs: [any] }).finish() };
  });

const bodyOf = (messages: readonly Any[], { timeoutHeight, unorderedUntil }: TxFrame): Uint8Array =>
  TxBody.encode(
    TxBody.fromPartial({
      messages: [...messages],
      timeoutHeight: BigInt(timeoutHeight),
      ...(unorderedUntil && { unordered: true, timeoutTimestamp: unorderedUntil }),
    }),
  ).finish();

const authOf = (
  signer: AccountSigner,
  account: AccountState,
  frame: TxFrame,
  fee: { readonly gasLimit: number; readonly feeUnes: string },
): Uint8Array =>
  AuthInfo.encode(
    AuthInfo.fromPartial({
      signerInfos: [
        {
          // 72 bytes that the chain needs only once; but cosmos-sdk v0.53.6 panics where they are left out (x/auth/tx/adapter.go:64).
          publicKey: { typeUrl: PubKey.typeUrl, value: PubKey.encode({ key: signer.publicKey }).finish() },
          modeInfo: { single: { mode: SignMode.SIGN_MODE_DIRECT } },
          sequence: frame.unorderedUntil ? 0n : BigInt(account.sequence),
        },
      ],
      fee: {
        amount: fee.feeUnes === '0' ? [] : [{ denom: frame.denom, amount: fee.feeUnes }],
        gasLimit: BigInt(fee.gasLimit),
        granter: frame.feeGranter ?? '',
      },
    }),
  ).finish();

/** The transaction as a simulation takes it: no signature, no fee. */
export const simulationBytes = (
  signer: AccountSigner,
  account: AccountState,
  messages: readonly Any[],
  frame: TxFrame,
): Uint8Array =>
  TxRaw.encode({
    bodyBytes: bodyOf(messages, frame),
    authInfoBytes: authOf(signer, account, frame, { gasLimit: 0, feeUnes: '0' }),
    signatures: [new Uint8Array(0)],
  }).finish();

/** Signs messages (SIGN_MODE_DIRECT). Deterministic: the same messages, account state and terms give the same bytes. */
export const signMessages = async (
  signer: AccountSigner,
  account: AccountState,
  messages: readonly Any[],
  terms: TxTerms,
): Promise<SignedTx> => {
  const bodyBytes = bodyOf(messages, terms);
  const authInfoBytes = authOf(signer, account, terms, terms);
  const { chainId } = terms;
  const doc = SignDoc.encode({ bodyBytes, authInfoBytes, chainId, accountNumber: BigInt(account.accountNumber) });
  const signature = await signer.signDigest(sha256(doc.finish()));
  const bytes = TxRaw.encode({ bodyBytes, authInfoBytes, signatures: [signature] }).finish();
  return { bytes, hash: toHex(sha256(bytes)).toUpperCase() };
};

/** Signs executions of the contract. */
export const signCalls = (
  signer: AccountSigner,
  account: AccountState,
  calls: readonly ContractCall[],
  terms: TxTerms,
): Promise<SignedTx> => signMessages(signer, account, callMessages(signer.address, calls, terms), terms);
