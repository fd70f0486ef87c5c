import { MsgExec, MsgExecResponse } from 'cosmjs-types/cosmos/authz/v1beta1/tx';
import { TxMsgData } from 'cosmjs-types/cosmos/base/abci/v1beta1/abci';
import type { Coin } from 'cosmjs-types/cosmos/base/v1beta1/coin';
import { TxBody, TxRaw } from 'cosmjs-types/cosmos/tx/v1beta1/tx';
import { MsgExecuteContract, MsgExecuteContractResponse } from 'cosmjs-types/cosmwasm/wasm/v1/tx';
import type { Any } from 'cosmjs-types/google/protobuf/any';
import { ExecTxResult } from 'cosmjs-types/tendermint/abci/types';
import { equalBytes } from '../../protocol/encoding.ts';

/** One execution of a contract that a transaction carried, and what the contract answered. */
export interface Execution {
  /** bech32; the chain checked its signature or its grant, or the result's code would not be 0. */
  readonly sender: string;
  readonly contract: string;
  /** JSON bytes. */
  readonly msg: Uint8Array;
  readonly funds: readonly Coin[];
  /** `data` of the response. */
  readonly data: Uint8Array;
}

/** The part of a result that every node agrees on. Gas in gas units. */
export interface TxOutcome {
  readonly code: number;
  readonly data: Uint8Array;
  readonly gasWanted: bigint;
  readonly gasUsed: bigint;
}

/** The leaf under last_results_hash (CometBFT types/results.go deterministicExecTxResult). */
export const encodeOutcome = ({ code, data, gasWanted, gasUsed }: TxOutcome): Uint8Array =>
  ExecTxResult.encode(ExecTxResult.fromPartial({ code, data, gasWanted, gasUsed })).finish();

/** @throws {RangeError} unless the bytes are the canonical encoding of a deterministic result */
export const decodeOutcome = (bytes: Uint8Array): TxOutcome => {
  const { code, data, gasWanted, gasUsed } = ExecTxResult.decode(bytes);
  const outcome = { code, data, gasWanted, gasUsed };
  if (!equalBytes(encodeOutcome(outcome), bytes)) throw new RangeError('result is not a deterministic one');
  return outcome;
};

/**
 * The executions in a transaction that succeeded, in order; those that one account carried out for others (x/authz) among
 * them, each with the account it was carried out for. Messages of other types are passed over.
 * @param tx TxRaw @param outcome its result, code 0
 * @throws {RangeError} when messages and responses do not fit together, or the bytes do not decode
 */
export const executions = (tx: Uint8Array, outcome: TxOutcome): Execution[] => {
  const { messages } = TxBody.decode(TxRaw.decode(tx).bodyBytes);
  const { msgResponses } = TxMsgData.decode(outcome.data);
  const answers = msgResponses.map(({ typeUrl, value }, i) => {
    const expected = `${messages[i]?.typeUrl}Response`;
    if (typeUrl !== expected) throw new RangeError(`response ${i} is of type ${typeUrl}, expected ${expected}`);
    return value;
  });
  return executionsOf(messages, answers);
};

const executionsOf = (messages: readonly Any[], answers: readonly Uint8Array[]): Execution[] => {
  if (messages.length !== answers.length) {
    throw new RangeError(`${messages.length} messages with ${answers.length} responses`);
  }
  return messages.flatMap(({ typeUrl, value }, i) => {
    const answer = answers[i] ?? new Uint8Array();
    // x/authz executes its messages itself and keeps the bytes of each one's response.
    if (typeUrl === MsgExec.typeUrl)
      return executionsOf(MsgExec.decode(value).msgs, MsgExecResponse.decode(answer).results);
    if (typeUrl !== MsgExecuteContract.typeUrl) return [];
    const { sender, contract, msg, funds } = MsgExecuteContract.decode(value);
    return [{ sender, contract, msg, funds, data: MsgExecuteContractResponse.decode(answer).data }];
  });
};
