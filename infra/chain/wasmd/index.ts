export { ensureWasmd, type Say, type Wasmd } from './ensure.ts';
export { type GenesisAccount, type Network, type NetworkOptions, startNetwork } from './network.ts';
export type { NetworkNode } from './node.ts';
