import { BadInputError } from '../../../../shared/errors.ts';
import type { AddressCodec } from '../vm/addresses.ts';
import type { BankKeeper } from './bank.ts';
import type { Context } from './context.ts';
import { AbciError, OutOfGasError, sdkErrors } from './errors.ts';
import {
  asBinary,
  asObject,
  asString,
  asUint64,
  type JsonObject,
  parseContractJson,
  writeContractJson,
} from './json.ts';
import type { WasmKeeper } from './wasm-keeper.ts';
import { contractStore, getCodeInfo, getContract } from './wasm-store.ts';

/** Keepers a contract's query may end in. */
export interface ContractQueryParts {
  readonly bank: BankKeeper;
  readonly wasm: WasmKeeper;
  readonly addresses: AddressCodec;
}

/** An error of the system rather than of what was asked: cosmwasm-std SystemError, shown to the contract as it is. */
class SystemError extends BadInputError {
  readonly json: unknown;
  constructor(json: unknown) {
    super('system-error', 'contract query failed in the system');
    this.json = json;
  }
}

/**
 * Answers `query_chain` (wasmd v0.61 keeper/query_plugins.go): bank balance and supply, wasm smart, raw, contract_info and
 * code_info; every other query is an unsupported_request. JSON QueryRequest in, SystemResult out; never throws but for out of
 * gas and broken invariants.
 */
export function answerContractQuery(parts: ContractQueryParts, ctx: Context, request: Uint8Array): Uint8Array {
  try {
    const answer = route(parts, ctx, request);
    return writeContractJson({ ok: { ok: Buffer.from(answer).toString('base64') } });
  } catch (error) {
    if (error instanceof SystemError) return writeContractJson({ error: error.json });
    if (error instanceof AbciError && !(error instanceof OutOfGasError)) {
      const text = error.deterministic ? error.message : `codespace: ${error.codespace}, code: ${error.abciCode}`;
      return writeContractJson({ ok: { error: text } });
    }
    throw error;
  }
}

function route(parts: ContractQueryParts, ctx: Context, request: Uint8Array): Uint8Array {
  const [module, body] = variantOf(request, () => asObject(parseContractJson(request), 'query'));
  if (module !== 'bank' && module !== 'wasm') {
    const kinds = ['custom', 'staking', 'distribution', 'ibc', 'stargate', 'grpc'];
    throw new SystemError(kinds.includes(module) ? { unsupported_request: { kind: module } } : { unknown: {} });
  }
  const [name, query] = variantOf(request, () => body);
  const answer = module === 'bank' ? bankQuery(parts, ctx, name, query) : wasmQuery(parts, ctx, name, query);
  if (answer === undefined) {
    const kind = `unknown ${module === 'bank' ? 'BankQuery' : 'WasmQuery'} variant`;
    throw new SystemError({ unsupported_request: { kind } });
  }
  return answer;
}

function variantOf(request: Uint8Array, read: () => JsonObject): [name: string, body: JsonObject] {
  try {
    const [entry] = Object.entries(read());
    return entry === undefined ? ['', {}] : [entry[0], asObject(entry[1], entry[0])];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SystemError({ invalid_request: { error: reason, request: Buffer.from(request).toString('base64') } });
  }
}

function bankQuery(parts: ContractQueryParts, ctx: Context, name: string, query: JsonObject): Uint8Array | undefined {
  const denom = () => asString(query.denom, 'denom');
  switch (name) {
    case 'balance': {
      const amount = parts.bank.balance(ctx, addressOf(parts, query.address), denom());
      return writeContractJson({ amount: { denom: denom(), amount: amount.toString() } });
    }
    case 'all_balances':
      return writeContractJson({ amount: parts.bank.balances(ctx, addressOf(parts, query.address)) });
    case 'supply':
      return writeContractJson({ amount: { denom: denom(), amount: parts.bank.supply(ctx, denom()).toString() } });
    default:
      return undefined;
  }
}

function wasmQuery(parts: ContractQueryParts, ctx: Context, name: string, query: JsonObject): Uint8Array | undefined {
  switch (name) {
    case 'smart': {
      const { address, text } = contractOf(parts, query);
      if (getContract(ctx, address) === undefined) throw new SystemError({ no_such_contract: { addr: text } });
      return parts.wasm.querySmart(ctx, address, asBinary(query.msg, 'msg'));
    }
    case 'raw': {
      const { address } = contractOf(parts, query);
      return contractStore(ctx, address).get(asBinary(query.key, 'key')) ?? new Uint8Array(0);
    }
    case 'contract_info': {
      const { address, text } = contractOf(parts, query);
      const info = getContract(ctx, address);
      if (info === undefined) throw new SystemError({ no_such_contract: { addr: text } });
      const { codeId, creator, admin, ibcPortId, ibc2PortId } = info;
      return writeContractJson({
        code_id: codeId,
        creator,
        admin: admin === '' ? null : admin,
        pinned: false,
        ibc_port: ibcPortId === '' ? null : ibcPortId,
        ibc2_port: ibc2PortId === '' ? null : ibc2PortId,
      });
    }
    case 'code_info': {
      const codeId = asUint64(query.code_id, 'code_id');
      const info = getCodeInfo(ctx, codeId);
      if (info === undefined) throw new SystemError({ no_such_code: { code_id: codeId } });
      const checksum = Buffer.from(info.codeHash).toString('hex');
      return writeContractJson({ code_id: codeId, creator: info.creator, checksum });
    }
    default:
      return undefined;
  }
}

function contractOf(parts: ContractQueryParts, query: JsonObject): { address: Uint8Array; text: string } {
  const text = asString(query.contract_addr, 'contract_addr');
  return { address: addressOf(parts, text), text };
}

function addressOf(parts: ContractQueryParts, json: JsonObject[string] | undefined): Uint8Array {
  const text = asString(json, 'address');
  try {
    return parts.addresses.toBytes(text);
  } catch {
    throw sdkErrors.invalidAddress(text);
  }
}
