import type { KvStore } from '../state/kv.ts';
import type { AddressCodec } from './addresses.ts';

/** What a running contract may reach outside of its memory; one per call. */
export interface VmHost {
  /** The contract's own storage. */
  readonly storage: KvStore;
  /** True in a query: a write is refused. */
  readonly readOnly: boolean;
  readonly addresses: AddressCodec;
  /** Answers a query to the chain: JSON `QueryRequest` in, JSON `SystemResult<ContractResult<Binary>>` out. */
  queryChain(request: Uint8Array): Uint8Array;
  /** Receives what the contract prints; a production chain drops it. */
  debug(message: string): void;
}
