import type { AbciEvent } from '../comet/abci.ts';
import { CacheStore } from '../state/cache-store.ts';
import { type GasMeter, MeteredStore } from './gas.ts';

/** The block a transaction runs in; `timeMs` is the block's time in milliseconds since the epoch. */
export interface BlockInfo {
  readonly chainId: string;
  readonly height: number;
  readonly timeMs: number;
}

/** The transaction a message belongs to; absent in queries. */
export interface TxInfo {
  readonly index: number;
  /** SHA-256 of the raw transaction. */
  readonly hash: Uint8Array;
}

/** Names of the SDK's stores; here a prefix of one key space. */
export type ModuleName = 'acc' | 'authz' | 'bank' | 'feegrant' | 'wasm';

/** Everything one piece of execution may read or change: the SDK's Context. */
export class Context {
  readonly block: BlockInfo;
  readonly tx: TxInfo | undefined;
  readonly gas: GasMeter;
  readonly cache: CacheStore;
  readonly events: AbciEvent[];
  /** How deep contracts have called contracts by messages, and by queries. */
  readonly callDepth: number;
  readonly queryDepth: number;

  constructor(parts: {
    block: BlockInfo;
    tx?: TxInfo | undefined;
    gas: GasMeter;
    cache: CacheStore;
    events?: AbciEvent[];
    callDepth?: number;
    queryDepth?: number;
  }) {
    this.block = parts.block;
    this.tx = parts.tx;
    this.gas = parts.gas;
    this.cache = parts.cache;
    this.events = parts.events ?? [];
    this.callDepth = parts.callDepth ?? 0;
    this.queryDepth = parts.queryDepth ?? 0;
  }

  /** A module's metered store. */
  store(module: ModuleName): MeteredStore {
    const prefix = MODULE_PREFIXES[module];
    return new MeteredStore(this.cache, prefix, prefix.length, this.gas);
  }

  /** A sandbox with its own writes and events; drop it, or flush `branch.cache` to keep them. */
  branch(): Context {
    return new Context({ ...this, cache: new CacheStore(this.cache), events: [] });
  }

  /** The same state with an empty event list: the SDK's WithEventManager. */
  withOwnEvents(): Context {
    return new Context({ ...this, events: [] });
  }

  /** One call deeper. */
  deeper(kind: 'call' | 'query'): Context {
    const { callDepth, queryDepth } = this;
    return new Context({
      ...this,
      callDepth: kind === 'call' ? callDepth + 1 : callDepth,
      queryDepth: kind === 'query' ? queryDepth + 1 : queryDepth,
    });
  }
}

const utf8 = new TextEncoder();
const MODULE_PREFIXES: Readonly<Record<ModuleName, Uint8Array>> = {
  acc: utf8.encode('acc/'),
  authz: utf8.encode('authz/'),
  bank: utf8.encode('bank/'),
  feegrant: utf8.encode('feegrant/'),
  wasm: utf8.encode('wasm/'),
};
/** Contract code by checksum; outside of the metered stores, as wasmd keeps it outside of its state tree. */
export const CODE_PREFIX: Uint8Array = utf8.encode('code/');
