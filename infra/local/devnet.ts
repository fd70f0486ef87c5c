import type { Keystore } from '../../shared/adapters/local/keystore.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import { type Devchain, openDevchain, type RpcServer } from '../chain/devchain/index.ts';
import { paths } from './node.ts';
import { DEVNET } from './settings.ts';
import type { Loop } from './supervisor.ts';

/** Identities of a devnet's keystore that are not nodes. */
export const ACCOUNTS = ['operator', 'faucet', 'api', 'asker', 'validator'] as const;

export const nodeNames = (count: number): string[] => Array.from({ length: count }, (_, i) => `node-${i + 1}`);

export interface Devnet {
  readonly chain: Devchain;
  readonly rpc: RpcServer;
  /** Makes a block every block time. */
  readonly blocks: Loop;
  close(): Promise<void>;
}

export interface DevnetOptions {
  readonly dataDir: string;
  readonly keystore: Keystore;
  readonly clock: Clock;
  readonly rpcPort: number;
}

/** The embedded chain on loopback, begun with funded accounts or continued from its file. */
export const startDevnet = async ({ dataDir, keystore, clock, rpcPort }: DevnetOptions): Promise<Devnet> => {
  const balances = keystore.names.map((name) => ({
    address: keystore.account(name).address,
    coins: [{ denom: DEVNET.denom, amount: String(DEVNET.genesisUnes) }],
  }));
  const chain = openDevchain({
    path: paths(dataDir).chain,
    chainId: DEVNET.chainId,
    genesis: { timeMs: clock.nowMs(), balances, validatorSeed: keystore.receiptSeed('validator') },
    denom: DEVNET.denom,
    minGasPrice: DEVNET.gasPrice.replace(DEVNET.denom, ''),
    bech32Prefix: DEVNET.bech32Prefix,
  });
  chain.produceBlock(clock.nowMs());
  const rpc = await chain.serve({ host: '127.0.0.1', port: rpcPort });
  return {
    chain,
    rpc,
    blocks: {
      name: 'blocks',
      turn: async () => {
        chain.produceBlock(clock.nowMs());
        return false;
      },
      idleMs: DEVNET.blockMs,
    },
    close: () => chain.close(),
  };
};
