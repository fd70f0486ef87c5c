import { TxMsgData } from 'cosmjs-types/cosmos/base/abci/v1beta1/abci';
import type { Coin } from 'cosmjs-types/cosmos/base/v1beta1/coin';
import { TxBody, TxRaw } from 'cosmjs-types/cosmos/tx/v1beta1/tx';
import { MsgExecuteContract, MsgExecuteContractResponse } from 'cosmjs-types/cosmwasm/wasm/v1/tx';
import { ExecTxResult } from 'cosmjs-types/tendermint/abci/types';
import { equalBytes } from '../../protocol/encoding.ts';

/** One execution of a contract that a transaction carried, and what the contract answered. */
export interface Execution {
  /** bech32; its signature was checked by the chain, or the result's code would not be 0. */
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

const EXECUTE = '/cosmwasm.wasm.v1.MsgExecuteContract';
const RESPONSE = '/cosmwasm.wasm.v1.MsgExecuteContractResponse';

/**
 * The executions in a transaction that succeeded, in order. Messages of other types are passed over.
 * @param tx TxRaw @param outcome its result, code 0
 * @throws {RangeError} when messages and responses do not fit together, or the bytes do not decode
 */
export const executions = (tx: Uint8Array, outcome: TxOutcome): Execution[] => {
  const { messages } = TxBody.decode(TxRaw.decode(tx).bodyBytes);
  const { msgResponses } = TxMsgData.decode(outcome.data);
  if (messages.length !== msgResponses.length) {
    throw new RangeError(`${messages.length} messages with ${msgResponses.length} responses`);
  }
  return messages.flatMap((message, i) => {
    const response = msgResponses[i];
    if (message.typeUrl !== EXECUTE) return [];
    if (response?.typeUrl !== RESPONSE) throw new RangeError(`response ${i} is of type ${response?.typeUrl}`);
    const { sender, contract, msg, funds } = MsgExecuteContract.decode(message.value);
    return [{ sender, contract, msg, funds, data: MsgExecuteContractResponse.decode(response.value).data }];
  });
};
