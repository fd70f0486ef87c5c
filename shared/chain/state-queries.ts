import type { Comet38Client } from '@cosmjs/tendermint-rpc';
import { BaseAccount } from 'cosmjs-types/cosmos/auth/v1beta1/auth';
import { QueryAccountRequest, QueryAccountResponse } from 'cosmjs-types/cosmos/auth/v1beta1/query';
import { QueryBalanceRequest, QueryBalanceResponse } from 'cosmjs-types/cosmos/bank/v1beta1/query';
import {
  BaseVestingAccount,
  ContinuousVestingAccount,
  DelayedVestingAccount,
  PeriodicVestingAccount,
} from 'cosmjs-types/cosmos/vesting/v1beta1/vesting';
import { QuerySmartContractStateRequest, QuerySmartContractStateResponse } from 'cosmjs-types/cosmwasm/wasm/v1/query';
import type { Any } from 'cosmjs-types/google/protobuf/any';
import type { AccountState } from '../ports/chain.ts';
import { utf8 } from '../protocol/encoding.ts';

/**
 * The three queries of the chain's state that we need, over `abci_query`. CosmJS's own query client does the same, but brings every
 * module's messages: four fifths of a function's start.
 */
export interface StateQueries {
  /** JSON that the contract answers with. */
  smart(contract: string, query: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** Whole units in decimal digits. */
  balance(address: string, denom: string): Promise<string>;
  account(address: string): Promise<AccountState | undefined>;
}

export const stateQueries = (comet: Pick<Comet38Client, 'abciQuery'>): StateQueries => {
  /** What a module refuses is an error in CosmJS's words, so that readers of its texts need not know who asked. */
  const query = async (path: string, data: Uint8Array): Promise<Uint8Array> => {
    const { code, log, value } = await comet.abciQuery({ path, data, prove: false });
    if (code) throw new Error(`Query failed with (${code}): ${log}`);
    return value;
  };
  return {
    smart: async (address, message) => {
      const request = QuerySmartContractStateRequest.fromPartial({ address, queryData: utf8(JSON.stringify(message)) });
      const path = '/cosmwasm.wasm.v1.Query/SmartContractState';
      const answer = await query(path, QuerySmartContractStateRequest.encode(request).finish());
      const { data } = QuerySmartContractStateResponse.decode(answer);
      return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(data));
    },
    balance: async (address, denom) => {
      const request = QueryBalanceRequest.encode({ address, denom }).finish();
      const { balance } = QueryBalanceResponse.decode(await query('/cosmos.bank.v1beta1.Query/Balance', request));
      if (!balance) throw new Error(`no balance of ${denom} in the answer`);
      return balance.amount;
    },
    account: async (address) => {
      const request = QueryAccountRequest.encode({ address }).finish();
      const { account } = QueryAccountResponse.decode(await query('/cosmos.auth.v1beta1.Query/Account', request));
      if (!account) return undefined;
      const { accountNumber, sequence } = baseOf(account);
      return { accountNumber: Number(accountNumber), sequence: Number(sequence) };
    },
  };
};

/** The kinds of account that can sign: plain ones, and those that hold vesting coins. */
const baseOf = ({ typeUrl, value }: Any): BaseAccount => {
  const base = decodeBase(typeUrl, value);
  if (base) return base;
  throw new Error(`an account of type '${typeUrl}' signs nothing`);
};

const decodeBase = (typeUrl: string, value: Uint8Array): BaseAccount | undefined => {
  switch (typeUrl) {
    case BaseAccount.typeUrl:
      return BaseAccount.decode(value);
    case BaseVestingAccount.typeUrl:
      return BaseVestingAccount.decode(value).baseAccount;
    case ContinuousVestingAccount.typeUrl:
      return ContinuousVestingAccount.decode(value).baseVestingAccount?.baseAccount;
    case DelayedVestingAccount.typeUrl:
      return DelayedVestingAccount.decode(value).baseVestingAccount?.baseAccount;
    case PeriodicVestingAccount.typeUrl:
      return PeriodicVestingAccount.decode(value).baseVestingAccount?.baseAccount;
    default:
      return undefined;
  }
};
