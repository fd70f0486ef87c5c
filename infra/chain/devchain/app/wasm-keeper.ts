import { gunzipSync } from 'node:zlib';
import { ContractCodeHistoryOperationType, ContractInfo } from 'cosmjs-types/cosmwasm/wasm/v1/types';
import { event } from '../comet/abci.ts';
import { sha256 } from '../comet/merkle.ts';
import { type AddressCodec, contractAddress } from '../vm/addresses.ts';
import { callContract, type EntryPoint } from '../vm/call.ts';
import { CodeCache, type CompiledCode } from '../vm/code.ts';
import { VmError } from '../vm/errors.ts';
import type { AuthKeeper } from './auth.ts';
import type { BankKeeper } from './bank.ts';
import type { Coin } from './coins.ts';
import type { Context } from './context.ts';
import { emitContractEvents } from './contract-events.ts';
import { type ContractResponse, contractResult, parseResponse } from './contract-response.ts';
import { contractFailure, sdkErrors, wasmErrors, wrapped } from './errors.ts';
import { asBinary, parseContractJson, writeContractJson } from './json.ts';
import { dispatchSubmessages, type SubmessageHost } from './submessages.ts';
import {
  codeBytes,
  contractStore,
  getCodeInfo,
  getContract,
  nextId,
  position,
  putCode,
  recordCreator,
  recordHistory,
  requireCodeInfo,
  setContract,
} from './wasm-store.ts';

/** wasmd v0.61 MaxWasmSize: of an upload, and of what it unpacks to. */
export const MAX_WASM_BYTES = 800 * 1024;
/** wasmd v0.61 defaults: how deep contracts may call each other. */
const MAX_CALL_DEPTH = 500;
const MAX_QUERY_DEPTH = 10;

const OPERATION = ContractCodeHistoryOperationType;

/** What the wasm keeper needs from the rest of the application; `dispatch` leads back to all message handlers. */
export interface WasmKeeperParts {
  readonly auth: AuthKeeper;
  readonly bank: BankKeeper;
  readonly addresses: AddressCodec;
  readonly dispatch: SubmessageHost['dispatch'];
  /** Answers a contract's query; the calling contract's address is not needed. */
  queryChain(ctx: Context, request: Uint8Array): Uint8Array;
  debug(message: string): void;
}

/** wasmd's x/wasm keeper on JavaScript's WebAssembly (v0.61 keeper/keeper.go): codes, contracts and their calls. */
export class WasmKeeper {
  readonly #parts: WasmKeeperParts;
  readonly #codes = new CodeCache();

  constructor(parts: WasmKeeperParts) {
    this.#parts = parts;
  }

  /** Stores wasm, raw or gzipped. Throws wasm code 2 for code the VM refuses. */
  storeCode(ctx: Context, creator: string, uploaded: Uint8Array): { codeId: bigint; checksum: Uint8Array } {
    const code = this.#compile(gunzip(uploaded));
    const codeId = putCode(ctx, code.compiled.checksum, code.bytes, creator);
    const checksum = Buffer.from(code.compiled.checksum).toString('hex');
    // wasmd means to list required capabilities here as well, but drops them (it ignores AppendAttributes' result).
    ctx.events.push(event('store_code', ['code_checksum', checksum], ['code_id', codeId.toString()]));
    return { codeId, checksum: code.compiled.checksum };
  }

  /** Creates a contract. Throws wasm codes 4, 28, 29 and what its messages throw, behind "dispatch". */
  instantiate(
    ctx: Context,
    request: {
      codeId: bigint;
      creator: Uint8Array;
      admin: string;
      msg: Uint8Array;
      label: string;
      funds: readonly Coin[];
    },
  ): { address: Uint8Array; data: Uint8Array | undefined } {
    const { auth, bank, addresses } = this.#parts;
    const { codeId, creator, msg } = request;
    const codeInfo = requireCodeInfo(ctx, codeId);
    const address = contractAddress(codeId, nextId(ctx, 'lastContractId'));
    const existing = auth.ensure(ctx, address);
    if (existing.sequence !== 0n || existing.pubKey !== undefined) {
      throw wasmErrors.accountExists('address is claimed by external account');
    }
    this.#moveFunds(ctx, bank, creator, address, request.funds);
    const args = [this.#env(ctx, address), this.#info(creator, request.funds), msg];
    const result = this.#call(ctx, address, codeInfo.codeHash, 'instantiate', args);
    if ('error' in result) throw contractFailure(wasmErrors.instantiateFailed, result.error);
    const text = addresses.toText(address);
    recordHistory(ctx, address, codeId, msg, OPERATION.CONTRACT_CODE_HISTORY_OPERATION_TYPE_INIT);
    recordCreator(ctx, creator, address);
    setContract(
      ctx,
      address,
      ContractInfo.fromPartial({
        codeId,
        creator: addresses.toText(creator),
        admin: request.admin,
        label: request.label,
        created: position(ctx),
        ibc2PortId: `wasm2${text.slice(addresses.prefix.length)}`,
      }),
    );
    ctx.events.push(event('instantiate', ['_contract_address', text], ['code_id', codeId.toString()]));
    const data = wrapped('dispatch', () => this.#finish(ctx, address, parseResponse(result.ok)));
    return { address, data };
  }

  /** Executes a contract and returns its data. Throws wasm codes 5, 22, 29 and what its messages throw. */
  execute(ctx: Context, contract: Uint8Array, caller: Uint8Array, msg: Uint8Array, funds: readonly Coin[]) {
    const codeHash = this.#codeHash(ctx, contract);
    this.#moveFunds(ctx, this.#parts.bank, caller, contract, funds);
    const result = this.#call(ctx, contract, codeHash, 'execute', [
      this.#env(ctx, contract),
      this.#info(caller, funds),
      msg,
    ]);
    if ('error' in result) throw contractFailure(wasmErrors.executeFailed, result.error);
    ctx.events.push(event('execute', ['_contract_address', this.#parts.addresses.toText(contract)]));
    return this.#finish(ctx, contract, parseResponse(result.ok));
  }

  /** Moves a contract to another code. Throws sdk codes 4 and 18, wasm codes 11 and 29. */
  migrate(ctx: Context, contract: Uint8Array, caller: Uint8Array, codeId: bigint, msg: Uint8Array) {
    const info = getContract(ctx, contract);
    if (info === undefined) throw sdkErrors.invalidRequest('unknown contract');
    const sender = this.#parts.addresses.toText(caller);
    if (info.admin === '' || info.admin !== sender) throw sdkErrors.unauthorized('can not migrate');
    const codeInfo = getCodeInfo(ctx, codeId);
    if (codeInfo === undefined) throw sdkErrors.invalidRequest('unknown code');
    const code = this.#load(ctx, codeInfo.codeHash);
    const oldVersion = this.#load(ctx, requireCodeInfo(ctx, info.codeId).codeHash).migrateVersion;
    let response: ContractResponse | undefined;
    // A contract that declares the same version before and after has nothing to migrate.
    if (oldVersion === undefined || code.migrateVersion !== oldVersion) {
      const migrateInfo = writeContractJson({ sender, old_migrate_version: oldVersion ?? null });
      const args = [this.#env(ctx, contract), msg, migrateInfo];
      const result = this.#call(ctx, contract, code.checksum, 'migrate', args);
      if ('error' in result) throw contractFailure(wasmErrors.migrationFailed, result.error);
      response = parseResponse(result.ok);
    }
    recordHistory(ctx, contract, codeId, msg, OPERATION.CONTRACT_CODE_HISTORY_OPERATION_TYPE_MIGRATE);
    setContract(ctx, contract, { ...info, codeId });
    const text = this.#parts.addresses.toText(contract);
    ctx.events.push(event('migrate', ['code_id', codeId.toString()], ['_contract_address', text]));
    return response && wrapped('dispatch', () => this.#finish(ctx, contract, response));
  }

  /** Sets or clears ('') the admin. Throws sdk codes 4 and 18. */
  updateAdmin(ctx: Context, contract: Uint8Array, caller: Uint8Array, admin: string): void {
    const info = getContract(ctx, contract);
    if (info === undefined) throw sdkErrors.invalidRequest('unknown contract');
    if (info.admin === '' || info.admin !== this.#parts.addresses.toText(caller)) {
      throw sdkErrors.unauthorized('can not modify contract');
    }
    setContract(ctx, contract, { ...info, admin });
    const text = this.#parts.addresses.toText(contract);
    ctx.events.push(event('update_contract_admin', ['_contract_address', text], ['new_admin_address', admin]));
  }

  /** A privileged call by the chain itself; no transaction reaches it. */
  sudo(ctx: Context, contract: Uint8Array, msg: Uint8Array): Uint8Array | undefined {
    const args = [this.#env(ctx, contract), msg];
    const result = this.#call(ctx, contract, this.#codeHash(ctx, contract), 'sudo', args);
    if ('error' in result) throw contractFailure(wasmErrors.executeFailed, result.error);
    ctx.events.push(event('sudo', ['_contract_address', this.#parts.addresses.toText(contract)]));
    return wrapped('dispatch', () => this.#finish(ctx, contract, parseResponse(result.ok)));
  }

  /** A contract's answer to a query, as bytes of its own making (JSON by custom). Throws wasm codes 9, 22, 27, 29. */
  querySmart(ctx: Context, contract: Uint8Array, msg: Uint8Array): Uint8Array {
    if (ctx.queryDepth >= MAX_QUERY_DEPTH) throw wasmErrors.exceedMaxQueryStackSize();
    const inner = ctx.deeper('query');
    const args = [this.#env(inner, contract), msg];
    const result = this.#call(inner, contract, this.#codeHash(ctx, contract), 'query', args);
    if ('error' in result) throw contractFailure(wasmErrors.queryFailed, result.error);
    return asBinary(result.ok, 'query result');
  }

  #reply(ctx: Context, contract: Uint8Array, reply: Uint8Array): Uint8Array | undefined {
    const args = [this.#env(ctx, contract), reply];
    const result = this.#call(ctx, contract, this.#codeHash(ctx, contract), 'reply', args);
    if ('error' in result) throw contractFailure(wasmErrors.executeFailed, result.error);
    ctx.events.push(event('reply', ['_contract_address', this.#parts.addresses.toText(contract)]));
    return wrapped('dispatch', () => this.#finish(ctx, contract, parseResponse(result.ok)));
  }

  /** Events, then messages, then the data that remains: wasmd's handleContractResponse. */
  #finish(ctx: Context, contract: Uint8Array, response: ContractResponse): Uint8Array | undefined {
    emitContractEvents(ctx, this.#parts.addresses.toText(contract), response);
    if (ctx.callDepth >= MAX_CALL_DEPTH) throw wasmErrors.exceedMaxCallDepth();
    const data = dispatchSubmessages(ctx.deeper('call'), contract, response.messages, {
      dispatch: this.#parts.dispatch,
      reply: (replyCtx, address, reply) => this.#reply(replyCtx, address, reply),
    });
    return data ?? response.data;
  }

  #call(ctx: Context, contract: Uint8Array, codeHash: Uint8Array, entry: EntryPoint, args: readonly Uint8Array[]) {
    const { addresses, queryChain, debug } = this.#parts;
    const code = this.#load(ctx, codeHash);
    try {
      const answer = callContract(code, entry, args, {
        storage: contractStore(ctx, contract),
        readOnly: entry === 'query',
        addresses,
        queryChain: (request) => queryChain(ctx, request),
        debug,
      });
      return contractResult(parseContractJson(answer));
    } catch (error) {
      throw error instanceof VmError ? wasmErrors.vmError(error.message) : error;
    }
  }

  #load(ctx: Context, checksum: Uint8Array): CompiledCode {
    return this.#codes.get(checksum, () => codeBytes(ctx, checksum));
  }

  #compile(bytes: Uint8Array): { bytes: Uint8Array; compiled: CompiledCode } {
    if (bytes.length > MAX_WASM_BYTES) {
      throw sdkErrors.invalidRequest(`code bytes cannot be longer than ${MAX_WASM_BYTES} bytes: exceeds limit`);
    }
    try {
      // Through the cache: the contract will be called soon.
      return { bytes, compiled: this.#codes.get(sha256(bytes), () => bytes) };
    } catch (error) {
      if (error instanceof VmError) throw wasmErrors.createFailed(error.message);
      throw error;
    }
  }

  #codeHash(ctx: Context, contract: Uint8Array): Uint8Array {
    const info = getContract(ctx, contract);
    if (info === undefined) throw wasmErrors.noSuchContract(`address ${this.#parts.addresses.toText(contract)}`);
    return requireCodeInfo(ctx, info.codeId).codeHash;
  }

  #moveFunds(ctx: Context, bank: BankKeeper, from: Uint8Array, to: Uint8Array, funds: readonly Coin[]): void {
    if (funds.length === 0) return;
    const own = ctx.withOwnEvents();
    bank.send(own, from, to, funds);
    ctx.events.push(...own.events.filter(({ type }) => type !== 'message'));
  }

  #env(ctx: Context, contract: Uint8Array): Uint8Array {
    const { height, timeMs, chainId } = ctx.block;
    const { tx } = ctx;
    return writeContractJson({
      block: { height, time: `${BigInt(timeMs) * 1_000_000n}`, chain_id: chainId },
      transaction: tx === undefined ? null : { index: tx.index, hash: Buffer.from(tx.hash).toString('base64') },
      contract: { address: this.#parts.addresses.toText(contract) },
    });
  }

  #info(sender: Uint8Array, funds: readonly Coin[]): Uint8Array {
    const coins = funds.map(({ denom, amount }) => ({ denom, amount }));
    return writeContractJson({ sender: this.#parts.addresses.toText(sender), funds: coins });
  }
}

function gunzip(uploaded: Uint8Array): Uint8Array {
  const isGzip = uploaded[0] === 0x1f && uploaded[1] === 0x8b && uploaded[2] === 0x08;
  if (!isGzip) return uploaded;
  try {
    return Uint8Array.from(gunzipSync(uploaded, { maxOutputLength: MAX_WASM_BYTES }));
  } catch (error) {
    throw wasmErrors.createFailed(`uncompress wasm archive: ${error instanceof Error ? error.message : String(error)}`);
  }
}
