import {
  type AbsoluteTxPosition,
  AccessType,
  CodeInfo,
  ContractCodeHistoryEntry,
  type ContractCodeHistoryOperationType,
  ContractInfo,
} from 'cosmjs-types/cosmwasm/wasm/v1/types';
import { concatBytes, readU64BigEndian, u64BigEndian } from '../state/kv.ts';
import { CODE_PREFIX, type Context } from './context.ts';
import { wasmErrors } from './errors.ts';
import type { MeteredStore } from './gas.ts';

/* Keys of wasmd v0.61 x/wasm/types/keys.go. */
const CODE = Uint8Array.of(1);
const CONTRACT = Uint8Array.of(2);
const CONTRACT_STORE = Uint8Array.of(3);
const SEQUENCE = Uint8Array.of(4);
const HISTORY = Uint8Array.of(5);
const BY_CODE = Uint8Array.of(6);
const BY_CREATOR = Uint8Array.of(9);
/** Stores cannot hold empty values. */
const PRESENT = Uint8Array.of(1);

/** Bytes of a position (height, transaction index) in index keys; the contract's address follows them. */
export const POSITION_BYTES = 16;

const utf8 = new TextEncoder();

/** The next number of a counter that starts at 1. */
export function nextId(ctx: Context, name: 'lastCodeId' | 'lastContractId'): bigint {
  const key = concatBytes(SEQUENCE, utf8.encode(name));
  const stored = ctx.store('wasm').get(key);
  const id = stored === undefined ? 1n : readU64BigEndian(stored);
  ctx.store('wasm').set(key, u64BigEndian(id + 1n));
  return id;
}

/** Stores a code's bytes once per checksum and its info under a new id. */
export function putCode(ctx: Context, checksum: Uint8Array, bytes: Uint8Array, creator: string): bigint {
  const codeId = nextId(ctx, 'lastCodeId');
  const info = CodeInfo.fromPartial({
    codeHash: checksum,
    creator,
    instantiateConfig: { permission: AccessType.ACCESS_TYPE_EVERYBODY, addresses: [] },
  });
  ctx.store('wasm').set(concatBytes(CODE, u64BigEndian(codeId)), CodeInfo.encode(info).finish());
  const bytesKey = concatBytes(CODE_PREFIX, checksum);
  if (ctx.cache.get(bytesKey) === undefined) ctx.cache.set(bytesKey, bytes);
  return codeId;
}

export function getCodeInfo(ctx: Context, codeId: bigint): CodeInfo | undefined {
  const stored = ctx.store('wasm').get(concatBytes(CODE, u64BigEndian(codeId)));
  return stored && CodeInfo.decode(stored);
}

/** The stored code info. Throws wasm code 28. */
export function requireCodeInfo(ctx: Context, codeId: bigint): CodeInfo {
  const info = getCodeInfo(ctx, codeId);
  if (info === undefined) throw wasmErrors.noSuchCode(`code id ${codeId}`);
  return info;
}

/** The uncompressed wasm with this checksum; empty if the chain has none. */
export function codeBytes(ctx: Context, checksum: Uint8Array): Uint8Array {
  return ctx.cache.get(concatBytes(CODE_PREFIX, checksum)) ?? new Uint8Array(0);
}

export function getContract(ctx: Context, address: Uint8Array): ContractInfo | undefined {
  const stored = ctx.store('wasm').get(concatBytes(CONTRACT, address));
  return stored && ContractInfo.decode(stored);
}

export function setContract(ctx: Context, address: Uint8Array, info: ContractInfo): void {
  ctx.store('wasm').set(concatBytes(CONTRACT, address), ContractInfo.encode(info).finish());
}

/** A contract's own storage. */
export function contractStore(ctx: Context, address: Uint8Array): MeteredStore {
  return ctx.store('wasm').under(concatBytes(CONTRACT_STORE, address));
}

/** Where in the chain something happened; the transaction index stands in for wasmd's block gas counter. */
export function position(ctx: Context): AbsoluteTxPosition {
  return { blockHeight: BigInt(ctx.block.height), txIndex: BigInt(ctx.tx?.index ?? 0) };
}

/** Adds a history entry and moves the contract in the by-code index; the newest entry says where it stood before. */
export function recordHistory(
  ctx: Context,
  address: Uint8Array,
  codeId: bigint,
  msg: Uint8Array,
  operation: ContractCodeHistoryOperationType,
): void {
  const history = historyStore(ctx, address);
  let place = 1n;
  for (const [key, value] of history.scan(undefined, undefined, 'descending')) {
    place = readU64BigEndian(key) + 1n;
    const before = ContractCodeHistoryEntry.decode(value);
    ctx.store('wasm').remove(byCodeKey(before.codeId, before.updated ?? position(ctx), address));
    break;
  }
  const updated = position(ctx);
  const entry = ContractCodeHistoryEntry.fromPartial({ operation, codeId, updated, msg });
  history.set(u64BigEndian(place), ContractCodeHistoryEntry.encode(entry).finish());
  ctx.store('wasm').set(byCodeKey(codeId, updated, address), PRESENT);
}

export function recordCreator(ctx: Context, creator: Uint8Array, address: Uint8Array): void {
  ctx.store('wasm').set(concatBytes(creatorPrefix(creator), positionKey(position(ctx)), address), PRESENT);
}

/** Views that list queries page through: keys are positions followed by an address, or ids. */
export function codeInfoStore(ctx: Context): MeteredStore {
  return ctx.store('wasm').under(CODE);
}
export function historyStore(ctx: Context, address: Uint8Array): MeteredStore {
  return ctx.store('wasm').under(concatBytes(HISTORY, address));
}
export function byCodeStore(ctx: Context, codeId: bigint): MeteredStore {
  return ctx.store('wasm').under(concatBytes(BY_CODE, u64BigEndian(codeId)));
}
export function byCreatorStore(ctx: Context, creator: Uint8Array): MeteredStore {
  return ctx.store('wasm').under(creatorPrefix(creator));
}

function creatorPrefix(creator: Uint8Array): Uint8Array {
  return concatBytes(BY_CREATOR, Uint8Array.of(creator.length), creator);
}

function byCodeKey(codeId: bigint, at: AbsoluteTxPosition, address: Uint8Array): Uint8Array {
  return concatBytes(BY_CODE, u64BigEndian(codeId), positionKey(at), address);
}

function positionKey(at: AbsoluteTxPosition): Uint8Array {
  return concatBytes(u64BigEndian(at.blockHeight), u64BigEndian(at.txIndex));
}
