import { MsgExec } from 'cosmjs-types/cosmos/authz/v1beta1/tx';
import { MsgSend } from 'cosmjs-types/cosmos/bank/v1beta1/tx';
import { TxBody } from 'cosmjs-types/cosmos/tx/v1beta1/tx';
import { MsgExecuteContract } from 'cosmjs-types/cosmwasm/wasm/v1/tx';
import type { Any } from 'cosmjs-types/google/protobuf/any';
import { describe, expect, it } from 'vitest';
import type { ContractEvent } from '../ports/chain.ts';
import { utf8 } from '../protocol/encoding.ts';
import { txMessages } from './tx-contents.ts';

const OURS = 'quo1contract';

const execute = (sender: string, msg: unknown, contract = OURS): Any => ({
  typeUrl: '/cosmwasm.wasm.v1.MsgExecuteContract',
  value: MsgExecuteContract.encode(
    MsgExecuteContract.fromPartial({
      sender,
      contract,
      msg: utf8(typeof msg === 'string' ? msg : JSON.stringify(msg)),
    }),
  ).finish(),
});
const authorised = (...msgs: Any[]): Any => ({
  typeUrl: '/cosmos.authz.v1beta1.MsgExec',
  value: MsgExec.encode(MsgExec.fromPartial({ grantee: 'lane', msgs })).finish(),
});
const send: Any = {
  typeUrl: '/cosmos.bank.v1beta1.MsgSend',
  value: MsgSend.encode(MsgSend.fromPartial({})).finish(),
};
const asked = (message: number, queryId: number): ContractEvent => ({
  id: `c/5/0/${message}/${queryId}`,
  kind: 'asked',
  queryId,
  txHash: 'A',
  attributes: {},
});
const read = (messages: Any[], events: ContractEvent[] = []) =>
  txMessages(TxBody.fromPartial({ messages }), OURS, events);
const NONE = { sender: undefined, call: undefined, queryId: undefined };

describe('txMessages', () => {
  it('names call and query of each message, also without events', () => {
    expect(
      read([execute('n1', { commit: { query_id: 7 } }), send, execute('n1', { settle: { query_id: 8 } })]),
    ).toEqual([{ sender: 'n1', call: 'commit', queryId: 7 }, NONE, { sender: 'n1', call: 'settle', queryId: 8 }]);
    expect(read([execute('n1', { bond: {} })])).toEqual([{ sender: 'n1', call: 'bond', queryId: undefined }]);
  });

  it('looks into what was sent in the name of others', () => {
    const tx = authorised(execute('n1', { reveal: { query_id: 7 } }), authorised(execute('n2', { ask: {} })));
    expect(read([send, tx], [asked(1, 9)])).toEqual([
      NONE,
      { sender: 'n1', call: 'reveal', queryId: 7 },
      { sender: 'n2', call: 'ask', queryId: 9 },
    ]);
  });

  it('gives each ask the id of the event of its own message', () => {
    const ask = execute('a', { ask: {} });
    expect(read([ask, execute('a', { fold: {} }, 'quo1other'), ask], [asked(0, 4), asked(1, 5), asked(2, 6)])).toEqual([
      { sender: 'a', call: 'ask', queryId: 4 },
      { sender: 'quo1other', call: 'ask', queryId: 5 },
      { sender: 'a', call: 'ask', queryId: 6 },
    ]);
    expect(read([ask])).toEqual([{ sender: 'a', call: 'ask', queryId: undefined }]);
  });

  it.each([
    ['no JSON', '{'],
    ['no object', '[]'],
    ['a text', '"x"'],
  ])('takes %s for no call', (_, msg) => {
    expect(read([execute('a', msg)])).toEqual([NONE]);
  });

  it('does not take a query id that is no number', () => {
    expect(
      read([execute('a', { settle: { query_id: '7' } }), execute('a', { settle: null }), execute('a', {})]),
    ).toEqual([
      { sender: 'a', call: 'settle', queryId: undefined },
      { sender: 'a', call: 'settle', queryId: undefined },
      { sender: 'a', call: undefined, queryId: undefined },
    ]);
  });
});
