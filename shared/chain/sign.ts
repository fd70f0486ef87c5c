import { encodeSecp256k1Pubkey } from '@cosmjs/amino';
import { wasmTypes } from '@cosmjs/cosmwasm';
import { encodePubkey, makeAuthInfoBytes, makeSignBytes, makeSignDoc, Registry } from '@cosmjs/proto-signing';
import { TxRaw } from 'cosmjs-types/cosmos/tx/v1beta1/tx';
import type { AccountState, ContractCall } from '../ports/chain.ts';
import type { AccountSigner } from '../ports/signer.ts';
import { toHex, utf8 } from '../protocol/encoding.ts';
import { sha256 } from '../protocol/sha2.ts';

/** Gas and fee of a transaction, and the chain that it is for. */
export interface TxTerms {
  readonly chainId: string;
  readonly contract: string;
  readonly denom: string;
  readonly gasLimit: number;
  readonly feeUnes: string;
  /** Last height at which it may be included: after it the bytes are dead. */
  readonly timeoutHeight: number;
}

export interface SignedTx {
  /** TxRaw, what is broadcast. */
  readonly bytes: Uint8Array;
  /** SHA-256 of the bytes in upper-case hex: how the chain names it. */
  readonly hash: string;
}

const registry = new Registry(wasmTypes);

/** Signs executions of the contract (SIGN_MODE_DIRECT). Deterministic: the same call and account state give the same bytes. */
export const signCalls = async (
  signer: AccountSigner,
  account: AccountState,
  calls: readonly ContractCall[],
  terms: TxTerms,
): Promise<SignedTx> => {
  const messages = calls.map(({ msg, fundsUnes }) => ({
    typeUrl: '/cosmwasm.wasm.v1.MsgExecuteContract',
    value: {
      sender: signer.address,
      contract: terms.contract,
      msg: utf8(JSON.stringify(msg)),
      funds: fundsUnes === '0' ? [] : [{ denom: terms.denom, amount: fundsUnes }],
    },
  }));
  const bodyBytes = registry.encodeTxBody({ messages, memo: '', timeoutHeight: BigInt(terms.timeoutHeight) });
  const pubkey = encodePubkey(encodeSecp256k1Pubkey(signer.publicKey));
  const fee = terms.feeUnes === '0' ? [] : [{ denom: terms.denom, amount: terms.feeUnes }];
  const authInfoBytes = makeAuthInfoBytes(
    [{ pubkey, sequence: account.sequence }],
    fee,
    terms.gasLimit,
    undefined,
    undefined,
  );
  const doc = makeSignDoc(bodyBytes, authInfoBytes, terms.chainId, account.accountNumber);
  const signature = await signer.signDigest(sha256(makeSignBytes(doc)));
  const bytes = TxRaw.encode({ bodyBytes, authInfoBytes, signatures: [signature] }).finish();
  return { bytes, hash: toHex(sha256(bytes)).toUpperCase() };
};
