import { decodeTxRaw } from '@cosmjs/proto-signing';
import type { Comet38Client } from '@cosmjs/tendermint-rpc';
import { MsgExec } from 'cosmjs-types/cosmos/authz/v1beta1/tx';
import { MsgExecuteContract } from 'cosmjs-types/cosmwasm/wasm/v1/tx';
import type { Any } from 'cosmjs-types/google/protobuf/any';

export interface Delivered {
  readonly messages: readonly { readonly set?: { readonly key: string } }[];
  readonly code: number;
  readonly sizeBytes: number;
}

const executions = ({ typeUrl, value }: Any): Delivered['messages'] => {
  if (typeUrl === MsgExec.typeUrl) return MsgExec.decode(value).msgs.flatMap(executions);
  if (typeUrl !== MsgExecuteContract.typeUrl) return [];
  return [JSON.parse(new TextDecoder().decode(MsgExecuteContract.decode(value).msg))];
};

/** Transactions in these blocks, both included, as the chain tells them and no row of ours. */
export const deliveredIn = async (comet: Comet38Client, from: number, to: number): Promise<Delivered[]> => {
  const found: Delivered[] = [];
  for (let height = from; height <= to; height++) {
    const [{ block }, { results }] = await Promise.all([comet.block(height), comet.blockResults(height)]);
    block.txs.forEach((bytes, i) => {
      const { body } = decodeTxRaw(bytes);
      found.push({
        messages: body.messages.flatMap(executions),
        code: results[i]?.code ?? -1,
        sizeBytes: bytes.length,
      });
    });
  }
  return found;
};

/** How often each key of the probe contract was set by a transaction that succeeded. */
export const effectsOf = (delivered: readonly Delivered[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { messages, code } of delivered) {
    if (code !== 0) continue;
    for (const { set } of messages) if (set) counts[set.key] = (counts[set.key] ?? 0) + 1;
  }
  return counts;
};
