import type { Entry } from '../state/kv.ts';
import { addressCodecErrorText, validateHumanAddress } from './addresses.ts';
import { ed25519BatchVerify, ed25519Verify, secp256k1Recover, secp256k1Verify } from './crypto.ts';
import { runtimeError } from './errors.ts';
import type { VmHost } from './host.ts';
import { type ContractMemory, decodeSections, encodeSections } from './memory.ts';
import type { WasmFunction } from './webassembly.ts';

const KIB = 1024;
/** Limits of cosmwasm-vm 3.0 src/imports.rs, in bytes. */
const MAX_DB_KEY = 64 * KIB;
const MAX_DB_VALUE = 128 * KIB;
const MAX_HUMAN_ADDRESS = 256;
const MAX_CANONICAL_ADDRESS = 64;
const MAX_CRYPTO_INPUT = 128 * KIB;
const MAX_QUERY_REQUEST = 64 * KIB;
const MAX_DEBUG = 2 * 1024 * KIB;

const EMPTY = new Uint8Array(0);

/** Names of every import this VM offers; a contract that needs another one is refused when it is stored. */
export const SUPPORTED_IMPORTS: ReadonlySet<string> = new Set([
  'abort',
  'addr_canonicalize',
  'addr_humanize',
  'addr_validate',
  'db_next',
  'db_next_key',
  'db_next_value',
  'db_read',
  'db_remove',
  'db_scan',
  'db_write',
  'debug',
  'ed25519_batch_verify',
  'ed25519_verify',
  'query_chain',
  'secp256k1_recover_pubkey',
  'secp256k1_verify',
]);

/** Builds the `env` imports of one call. `memory` is read late because the instance exists only after its imports. */
export function hostImports(host: VmHost, memory: () => ContractMemory): Record<string, WasmFunction> {
  return {
    ...storageImports(host, memory),
    ...addressImports(host, memory),
    ...cryptoImports(memory),
    ...miscImports(host, memory),
  };
}

function storageImports(host: VmHost, memory: () => ContractMemory): Record<string, WasmFunction> {
  const iterators: Iterator<Entry>[] = [];
  const step = (id: number): Entry | undefined => {
    const iterator = iterators[id - 1];
    if (iterator === undefined) throw runtimeError(`Iterator with ID ${id} does not exist`);
    const next = iterator.next();
    return next.done === true ? undefined : next.value;
  };
  const refuseInQuery = () => {
    if (host.readOnly) throw runtimeError('A write attempt was made in a read-only context');
  };
  return {
    db_read: (key = 0) => {
      const value = host.storage.get(memory().read(key, MAX_DB_KEY));
      return value === undefined ? 0 : memory().give(value);
    },
    db_write: (key = 0, value = 0) => {
      refuseInQuery();
      host.storage.set(memory().read(key, MAX_DB_KEY), memory().read(value, MAX_DB_VALUE));
      return undefined;
    },
    db_remove: (key = 0) => {
      refuseInQuery();
      host.storage.remove(memory().read(key, MAX_DB_KEY));
      return undefined;
    },
    db_scan: (start = 0, end = 0, order = 0) => {
      if (order !== 1 && order !== 2) throw runtimeError(`Invalid Order: ${order}`);
      const low = memory().readOptional(start, MAX_DB_KEY);
      const high = memory().readOptional(end, MAX_DB_KEY);
      return iterators.push(host.storage.scan(low, high, order === 1 ? 'ascending' : 'descending'));
    },
    db_next: (id = 0) => {
      const [key, value] = step(id) ?? [EMPTY, EMPTY];
      return memory().give(encodeSections(key, value));
    },
    db_next_key: (id = 0) => {
      const entry = step(id);
      return entry === undefined ? 0 : memory().give(entry[0]);
    },
    db_next_value: (id = 0) => {
      const entry = step(id);
      return entry === undefined ? 0 : memory().give(entry[1]);
    },
  };
}

function addressImports(host: VmHost, memory: () => ContractMemory): Record<string, WasmFunction> {
  const text = new TextEncoder();
  /** 0, or a region with the reason: what a contract turns into an error of its own. */
  const answer = (work: () => void): number => {
    try {
      work();
      return 0;
    } catch (error) {
      return memory().give(text.encode(addressCodecErrorText(error)));
    }
  };
  const readHuman = (pointer: number) =>
    new TextDecoder('utf-8', { fatal: true }).decode(memory().read(pointer, MAX_HUMAN_ADDRESS));
  return {
    addr_validate: (source = 0) => answer(() => void validateHumanAddress(host.addresses, readHuman(source))),
    addr_canonicalize: (source = 0, destination = 0) =>
      answer(() => memory().fill(destination, host.addresses.toBytes(readHuman(source)))),
    addr_humanize: (source = 0, destination = 0) =>
      answer(() => {
        const canonical = memory().read(source, MAX_CANONICAL_ADDRESS);
        memory().fill(destination, text.encode(host.addresses.toText(canonical)));
      }),
  };
}

function cryptoImports(memory: () => ContractMemory): Record<string, WasmFunction> {
  const read = (pointer: number) => memory().read(pointer, MAX_CRYPTO_INPUT);
  return {
    secp256k1_verify: (hash = 0, signature = 0, key = 0) => secp256k1Verify(read(hash), read(signature), read(key)),
    secp256k1_recover_pubkey: (hash = 0, signature = 0, recovery = 0) => {
      const result = secp256k1Recover(read(hash), read(signature), recovery);
      // The error code travels in the high half of the u64, a region pointer in the low half.
      return typeof result === 'number' ? BigInt(result) << 32n : BigInt(memory().give(result));
    },
    ed25519_verify: (message = 0, signature = 0, key = 0) => ed25519Verify(read(message), read(signature), read(key)),
    ed25519_batch_verify: (messages = 0, signatures = 0, keys = 0) =>
      ed25519BatchVerify(decodeSections(read(messages)), decodeSections(read(signatures)), decodeSections(read(keys))),
  };
}

function miscImports(host: VmHost, memory: () => ContractMemory): Record<string, WasmFunction> {
  const utf8 = new TextDecoder();
  return {
    query_chain: (request = 0) => memory().give(host.queryChain(memory().read(request, MAX_QUERY_REQUEST))),
    debug: (source = 0) => {
      host.debug(utf8.decode(memory().read(source, MAX_DEBUG)));
      return undefined;
    },
    abort: (source = 0) => {
      throw runtimeError(`Aborted: ${utf8.decode(memory().read(source, MAX_DEBUG))}`);
    },
  };
}
