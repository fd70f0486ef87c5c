import { TxMsgData } from 'cosmjs-types/cosmos/base/abci/v1beta1/abci';
import { TxBody, TxRaw } from 'cosmjs-types/cosmos/tx/v1beta1/tx';
import { MsgExecuteContract, MsgExecuteContractResponse } from 'cosmjs-types/cosmwasm/wasm/v1/tx';
import { decodeOutcome, encodeOutcome } from '../../shared/chain/proof/execution.ts';
import { decodeHeader, encodeHeader, headerHash } from '../../shared/chain/proof/header.ts';
import { siblings, sidesOf, txId } from '../../shared/chain/proof/inclusion.ts';
import type { ProvedTx, ReceiptFile } from '../../shared/chain/proof/receipt-file.ts';
import { concat, field, readFields, toHex, utf8 } from '../../shared/protocol/encoding.ts';
import { merkleRoot } from '../../shared/protocol/merkle.ts';

/** A chain, or a contract, that lies: its headers fit together, but what they commit to breaks the protocol. */

/** One execution, taken apart to be changed. */
export interface Parts {
  readonly kind: string;
  /** Of this kind, which one. */
  readonly nth: number;
  /** The message's content, to be changed in place. */
  readonly msg: Record<string, unknown>;
  readonly funds: { denom: string; amount: string }[];
  /** Fields of the answer's frame, the tag first; to be changed in place. */
  readonly answer: Uint8Array[];
}

/** Rewrites the executions of a file and then all headers, so that everything is included again. */
export const lie = (file: ReceiptFile, edit: (parts: Parts) => void): ReceiptFile => {
  const seen = new Map<string, number>();
  const edited = file.txs.map((tx) => editTx(tx, seen, edit));
  const first = file.anchor.height - file.headers.length + 1;
  const at = (height: number): ProvedTx[] => edited.filter((tx) => tx.height === height);
  let parent: Uint8Array | undefined;
  const headers = file.headers.map((bytes, i) => {
    const header = decodeHeader(bytes);
    const [here, before] = [at(first + i), at(first + i - 1)];
    const changed = {
      ...header,
      lastBlockId: { ...header.lastBlockId, hash: parent ?? header.lastBlockId.hash },
      dataHash: merkleRoot(here.map(({ tx }) => txId(tx))),
      lastResultsHash: merkleRoot(before.map(({ result }) => result)),
    };
    parent = headerHash(changed);
    return encodeHeader(changed);
  });
  const txs = edited.map((tx): ProvedTx => {
    const block = at(tx.height);
    const place = block.indexOf(tx);
    const txPath = siblings(
      block.map((one) => txId(one.tx)),
      place,
    );
    const resultPath = siblings(
      block.map((one) => one.result),
      place,
    );
    return { ...tx, sides: sidesOf(place, block.length), txPath, resultPath };
  });
  return { ...file, headers, txs, anchor: { ...file.anchor, hash: toHex(parent!).toUpperCase() } };
};

const editTx = (proved: ProvedTx, seen: Map<string, number>, edit: (parts: Parts) => void): ProvedTx => {
  const raw = TxRaw.decode(proved.tx);
  const body = TxBody.decode(raw.bodyBytes);
  const execute = MsgExecuteContract.decode(body.messages[0]!.value);
  const outcome = decodeOutcome(proved.result);
  const data = TxMsgData.decode(outcome.data);
  const response = MsgExecuteContractResponse.decode(data.msgResponses[0]!.value);
  const json = JSON.parse(new TextDecoder().decode(execute.msg)) as Record<string, Record<string, unknown>>;
  const [kind] = Object.keys(json) as [string];
  const nth = seen.get(kind) ?? 0;
  seen.set(kind, nth + 1);
  const answer = readFields(response.data);
  edit({ kind, nth, msg: json[kind]!, funds: execute.funds, answer });
  execute.msg = utf8(JSON.stringify(json));
  response.data = concat(answer.map(field));
  body.messages[0]!.value = MsgExecuteContract.encode(execute).finish();
  data.msgResponses[0]!.value = MsgExecuteContractResponse.encode(response).finish();
  return {
    ...proved,
    tx: TxRaw.encode({ ...raw, bodyBytes: TxBody.encode(body).finish() }).finish(),
    result: encodeOutcome({ ...outcome, data: TxMsgData.encode(data).finish() }),
  };
};
