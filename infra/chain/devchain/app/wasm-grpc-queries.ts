import {
  QueryCodeRequest,
  QueryCodeResponse,
  QueryCodesRequest,
  QueryCodesResponse,
  QueryContractHistoryRequest,
  QueryContractHistoryResponse,
  QueryContractInfoRequest,
  QueryContractInfoResponse,
  QueryContractsByCodeRequest,
  QueryContractsByCodeResponse,
  QueryContractsByCreatorRequest,
  QueryContractsByCreatorResponse,
  QueryRawContractStateRequest,
  QueryRawContractStateResponse,
  QuerySmartContractStateRequest,
  QuerySmartContractStateResponse,
} from 'cosmjs-types/cosmwasm/wasm/v1/query';
import { CodeInfo, ContractCodeHistoryEntry, type ContractInfo } from 'cosmjs-types/cosmwasm/wasm/v1/types';
import { readU64BigEndian } from '../state/kv.ts';
import type { Application } from './application.ts';
import type { Context } from './context.ts';
import { wasmErrors } from './errors.ts';
import { paginate } from './pagination.ts';
import {
  byCodeStore,
  byCreatorStore,
  codeBytes,
  codeInfoStore,
  contractStore,
  getContract,
  historyStore,
  POSITION_BYTES,
  requireCodeInfo,
} from './wasm-store.ts';

/** One gRPC method served through abci_query: protobuf request in, protobuf response out; throws AbciError. */
export type GrpcQuery = (app: Application, ctx: Context, request: Uint8Array) => Uint8Array;

const SERVICE = '/cosmwasm.wasm.v1.Query/';

/** wasmd's query service (v0.61 keeper/querier.go), as far as CosmJS and our reader use it. */
export const WASM_QUERIES: Readonly<Record<string, GrpcQuery>> = {
  [`${SERVICE}SmartContractState`]: (app, ctx, request) => {
    const { address, queryData } = QuerySmartContractStateRequest.decode(request);
    const data = app.wasm.querySmart(ctx, app.addresses.toBytes(address), queryData);
    return QuerySmartContractStateResponse.encode({ data }).finish();
  },
  [`${SERVICE}RawContractState`]: (app, ctx, request) => {
    const { address, queryData } = QueryRawContractStateRequest.decode(request);
    const { bytes } = existing(app, ctx, address);
    const data = contractStore(ctx, bytes).get(queryData) ?? new Uint8Array(0);
    return QueryRawContractStateResponse.encode({ data }).finish();
  },
  [`${SERVICE}ContractInfo`]: (app, ctx, request) => {
    const { address } = QueryContractInfoRequest.decode(request);
    const { contractInfo } = existing(app, ctx, address);
    return QueryContractInfoResponse.encode({ address, contractInfo }).finish();
  },
  [`${SERVICE}ContractHistory`]: (app, ctx, request) => {
    const { address, pagination: page } = QueryContractHistoryRequest.decode(request);
    const { entries, pagination } = paginate(historyStore(ctx, app.addresses.toBytes(address)), page);
    const decoded = entries.map(([, value]) => ContractCodeHistoryEntry.decode(value));
    return QueryContractHistoryResponse.encode({ entries: decoded, pagination }).finish();
  },
  [`${SERVICE}ContractsByCode`]: (app, ctx, request) => {
    const { codeId, pagination: page } = QueryContractsByCodeRequest.decode(request);
    if (codeId === 0n) throw wasmErrors.invalid('code id');
    const { entries, pagination } = paginate(byCodeStore(ctx, codeId), page);
    const contracts = entries.map(([key]) => app.addresses.toText(key.slice(POSITION_BYTES)));
    return QueryContractsByCodeResponse.encode({ contracts, pagination }).finish();
  },
  [`${SERVICE}ContractsByCreator`]: (app, ctx, request) => {
    const { creatorAddress, pagination: page } = QueryContractsByCreatorRequest.decode(request);
    const { entries, pagination } = paginate(byCreatorStore(ctx, app.addresses.toBytes(creatorAddress)), page);
    const contractAddresses = entries.map(([key]) => app.addresses.toText(key.slice(POSITION_BYTES)));
    return QueryContractsByCreatorResponse.encode({ contractAddresses, pagination }).finish();
  },
  [`${SERVICE}Code`]: (_app, ctx, request) => {
    const { codeId } = QueryCodeRequest.decode(request);
    if (codeId === 0n) throw wasmErrors.invalid('code id');
    const info = requireCodeInfo(ctx, codeId);
    const data = codeBytes(ctx, info.codeHash);
    return QueryCodeResponse.encode({ codeInfo: codeInfoResponse(codeId, info), data }).finish();
  },
  [`${SERVICE}Codes`]: (_app, ctx, request) => {
    const { pagination: page } = QueryCodesRequest.decode(request);
    const { entries, pagination } = paginate(codeInfoStore(ctx), page);
    const codeInfos = entries.map(([key, value]) => codeInfoResponse(readU64BigEndian(key), CodeInfo.decode(value)));
    return QueryCodesResponse.encode({ codeInfos, pagination }).finish();
  },
};

function codeInfoResponse(codeId: bigint, info: CodeInfo) {
  const { creator, codeHash, instantiateConfig } = info;
  return { codeId, creator, dataHash: codeHash, instantiatePermission: instantiateConfig };
}

function existing(app: Application, ctx: Context, address: string): { bytes: Uint8Array; contractInfo: ContractInfo } {
  const bytes = app.addresses.toBytes(address);
  const contractInfo = getContract(ctx, bytes);
  if (contractInfo === undefined) throw wasmErrors.noSuchContract(`address ${address}`);
  return { bytes, contractInfo };
}
