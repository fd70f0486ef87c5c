import { BaseAccount } from 'cosmjs-types/cosmos/auth/v1beta1/auth';
import { QueryAccountRequest, QueryAccountResponse } from 'cosmjs-types/cosmos/auth/v1beta1/query';
import {
  QueryAllBalancesRequest,
  QueryAllBalancesResponse,
  QueryBalanceRequest,
  QueryBalanceResponse,
  QuerySupplyOfRequest,
  QuerySupplyOfResponse,
} from 'cosmjs-types/cosmos/bank/v1beta1/query';
import type { Application } from './application.ts';
import { GrpcStatusError, sdkErrors } from './errors.ts';
import { bankWords } from './messages.ts';
import { type GrpcQuery, WASM_QUERIES } from './wasm-grpc-queries.ts';

const CHAIN_QUERIES: Readonly<Record<string, GrpcQuery>> = {
  '/cosmos.auth.v1beta1.Query/Account': (app, ctx, request) => {
    const { address } = QueryAccountRequest.decode(request);
    const account = app.auth.get(ctx, app.addresses.toBytes(address));
    if (account === undefined) {
      // CosmJS recognizes a missing account by exactly this wording.
      throw sdkErrors.keyNotFound(`rpc error: code = NotFound desc = account ${address} not found`);
    }
    const any = { typeUrl: BaseAccount.typeUrl, value: BaseAccount.encode(account).finish() };
    return QueryAccountResponse.encode({ account: any }).finish();
  },
  '/cosmos.bank.v1beta1.Query/Balance': (app, ctx, request) => {
    const { address, denom } = QueryBalanceRequest.decode(request);
    const amount = app.bank.balance(ctx, bankAddress(app, address), denom).toString();
    return QueryBalanceResponse.encode({ balance: { denom, amount } }).finish();
  },
  '/cosmos.bank.v1beta1.Query/AllBalances': (app, ctx, request) => {
    const { address } = QueryAllBalancesRequest.decode(request);
    const balances = app.bank.balances(ctx, bankAddress(app, address));
    // All of them on one page: an account of a development chain holds a handful of denominations.
    const pagination = { nextKey: new Uint8Array(0), total: BigInt(balances.length) };
    return QueryAllBalancesResponse.encode({ balances, pagination }).finish();
  },
  '/cosmos.bank.v1beta1.Query/SupplyOf': (app, ctx, request) => {
    const { denom } = QuerySupplyOfRequest.decode(request);
    return QuerySupplyOfResponse.encode({ amount: { denom, amount: app.bank.supply(ctx, denom).toString() } }).finish();
  },
};

/** Every query that needs nothing but the state, by path. */
export const GRPC_QUERIES: Readonly<Record<string, GrpcQuery>> = { ...CHAIN_QUERIES, ...WASM_QUERIES };

function bankAddress(app: Application, text: string): Uint8Array {
  try {
    return app.addresses.toBytes(text);
  } catch (error) {
    throw new GrpcStatusError('InvalidArgument', `invalid address: ${bankWords(error)}`);
  }
}
