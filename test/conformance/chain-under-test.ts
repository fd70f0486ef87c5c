import type { NodeSigner } from '../../shared/ports/signer.ts';

/** A chain that the suites run on: new, with nothing uploaded, making blocks by itself. */
export interface ChainUnderTest {
  readonly name: string;
  readonly rpcUrl: string;
  readonly chainId: string;
  readonly denom: string;
  readonly prefix: string;
  /** Least price of a unit of gas, a decimal. */
  readonly minGasPrice: string;
  /** Funded accounts by name; each suite has its own, so that none disturbs another's sequences. */
  signer(name: string): NodeSigner;
  close(): Promise<void>;
}

export const SIGNER_NAMES = [
  ...['alice', 'bob', 'operator', 'agent'],
  ...['rpc', 'errors', 'other', 'admin', 'port', 'gas', 'granter', 'grantee'],
  ...['edge-0', 'edge-1', 'edge-2', 'edge-3'],
  ...['lanes', 'lane-1', 'lane-2'],
  ...['user', 'heir'],
] as const;

/** The same on both chains, so that what depends on it (query hashes, commitments) is the same too. */
export const CHAIN_ID = 'conformance-1';
export const DENOM = 'unes';
export const PREFIX = 'wasm';
export const MIN_GAS_PRICE = '0.025';
/** Balance of each account at genesis, unes. */
export const GENESIS_UNES = '1000000000';
