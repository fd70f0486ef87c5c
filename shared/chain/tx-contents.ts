import { MsgExec } from 'cosmjs-types/cosmos/authz/v1beta1/tx';
import type { TxBody } from 'cosmjs-types/cosmos/tx/v1beta1/tx';
import { MsgExecuteContract } from 'cosmjs-types/cosmwasm/wasm/v1/tx';
import type { Any } from 'cosmjs-types/google/protobuf/any';
import type { ContractEvent, TxMessage } from '../ports/chain.ts';

/** What a transaction carries, read from its own bytes: a failed one has no events that would tell. */

const OTHER: TxMessage = { sender: undefined, call: undefined, queryId: undefined };

const parsed = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Message index of an event's id, `chain/height/tx/msg/event`. */
const messageIndex = ({ id }: ContractEvent): number => Number(id.split('/').at(-2));

const flat = (message: Any): Any[] =>
  message.typeUrl === MsgExec.typeUrl ? MsgExec.decode(message.value).msgs.flatMap(flat) : [message];

/**
 * The messages of a transaction in order, those inside authz's MsgExec in its place. An `ask` names no query: it takes the id of
 * the `asked` event of its place. So does a call of another contract that asked on its own account.
 */
export const txMessages = (body: TxBody, contract: string, events: readonly ContractEvent[]): TxMessage[] =>
  body.messages.flatMap((outer, index) => {
    const asked = events
      .filter((event) => event.kind === 'asked' && messageIndex(event) === index)
      .map(({ queryId }) => queryId);
    return flat(outer).map(({ typeUrl, value }): TxMessage => {
      if (typeUrl !== MsgExecuteContract.typeUrl) return OTHER;
      const execution = MsgExecuteContract.decode(value);
      const msg = parsed(execution.msg);
      if (execution.contract !== contract) {
        return asked.length > 0 ? { sender: execution.contract, call: 'ask', queryId: asked.shift() } : OTHER;
      }
      if (!isRecord(msg)) return OTHER;
      const [[call, content] = []] = Object.entries(msg);
      const named = isRecord(content) && typeof content.query_id === 'number' ? content.query_id : undefined;
      return { sender: execution.sender, call, queryId: call === 'ask' ? asked.shift() : named };
    });
  });
