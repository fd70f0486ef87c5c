import type { Keystore } from '../../shared/adapters/local/keystore.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import { type BlockFeed, type Devchain, openDevchain } from '../chain/devchain/index.ts';
import { paths } from './node.ts';
import { CHAINS, DEVNET } from './settings.ts';
import type { Loop } from './supervisor.ts';

/** Identities of a devnet's keystore that are not nodes. */
export const ACCOUNTS = ['operator', 'faucet', 'api', 'asker', 'validator'] as const;

export const nodeNames = (count: number): string[] => Array.from({ length: count }, (_, i) => `node-${i + 1}`);

/** The chain under the house. */
export interface LocalChain {
  readonly chainId: string;
  /** One per node. */
  readonly rpcUrls: readonly string[];
  /** The embedded chain, before whose RPC faults stand; undefined for real nodes. */
  readonly devchain: Devchain | undefined;
  /** What this process does for there to be blocks. */
  readonly loops: readonly Loop[];
  close(): Promise<void>;
}

export interface LocalChainOptions {
  readonly dataDir: string;
  readonly keystore: Keystore;
  readonly clock: Clock;
  readonly rpcPort: number;
  /** Stands between the embedded chain's blocks and its websocket. */
  readonly feedOf?: (blocks: BlockFeed) => BlockFeed;
}

/** Every identity of the keystore has money from the start. */
export const genesisBalances = (keystore: Keystore) =>
  keystore.names.map((name) => ({
    address: keystore.account(name).address,
    coins: [{ denom: DEVNET.denom, amount: String(DEVNET.genesisUnes) }],
  }));

/** The embedded chain on loopback, begun with funded accounts or continued from its file. */
export const startDevchain = async (options: LocalChainOptions): Promise<LocalChain> => {
  const { dataDir, keystore, clock, rpcPort, feedOf } = options;
  const { chainId, bech32Prefix } = CHAINS.devchain;
  const balances = genesisBalances(keystore);
  const chain = openDevchain({
    path: paths(dataDir).chain,
    chainId,
    genesis: { timeMs: clock.nowMs(), balances, validatorSeed: keystore.receiptSeed('validator') },
    denom: DEVNET.denom,
    minGasPrice: DEVNET.gasPrice.replace(DEVNET.denom, ''),
    bech32Prefix,
  });
  chain.produceBlock(clock.nowMs());
  const rpc = await chain.serve({ host: '127.0.0.1', port: rpcPort, ...(feedOf && { feedOf }) });
  const blocks: Loop = {
    name: 'blocks',
    turn: async () => {
      chain.produceBlock(clock.nowMs());
      return false;
    },
    idleMs: DEVNET.blockMs,
  };
  return { chainId, rpcUrls: [rpc.url], devchain: chain, loops: [blocks], close: () => chain.close() };
};
