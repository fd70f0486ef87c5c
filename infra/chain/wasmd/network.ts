import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BadInputError } from '../../../shared/errors.ts';
import type { Wasmd } from './ensure.ts';
import { type GenesisAccount, initNode, writeGenesis } from './genesis.ts';
import { type NetworkNode, NodeProcess } from './node.ts';
import { freePorts } from './ports.ts';

export type { GenesisAccount } from './genesis.ts';

export interface NetworkOptions {
  readonly wasmd: Wasmd;
  /** Absent or empty: the network makes it and takes it away again, with all that is in it. */
  readonly dir: string;
  /**
   * 1: a validator. 2: a validator and a full node behind it. A second validator would be no use here: with a third or more of
   * the power paused no block is made, so nobody could lag; a full node that is paused lags and catches up.
   */
  readonly nodes: 1 | 2;
  readonly chainId: string;
  /** Addresses with prefix `wasm`. */
  readonly accounts: readonly GenesisAccount[];
  readonly denom: string;
  /** Pause between blocks in milliseconds (timeout_commit); a block takes a few more. */
  readonly blockMs: number;
  /** Least price of a unit of gas in `denom`, a decimal. */
  readonly minGasPrice: string;
}

export interface Network {
  readonly chainId: string;
  /** One per node; the validator's first. */
  readonly rpcUrls: readonly string[];
  readonly nodes: readonly NetworkNode[];
  /** Ends all nodes and removes the folder. */
  stop(): Promise<void>;
}

/**
 * Starts a wasmd network on free ports of loopback; all nodes answer and have a block. It dies with this process.
 * @throws {BadInputError} `folder-not-empty`
 * @throws {TransientError} `command-failed`, `wasmd-not-ready`
 */
export const startNetwork = async (options: NetworkOptions): Promise<Network> => {
  const { wasmd, dir, chainId, denom } = options;
  if (existsSync(dir) && readdirSync(dir).length > 0) {
    throw new BadInputError(
      'folder-not-empty',
      `a network takes its folder away when it stops, and ${dir} holds files`,
    );
  }
  mkdirSync(dir, { recursive: true });
  const homes = Array.from({ length: options.nodes }, (_, i) => join(dir, `node-${i}`));
  const ports = await freePorts(3 * homes.length);
  const [validatorHome = '', ...others] = homes;
  const started: NodeProcess[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((node) => node.kill()));
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    const [validatorId] = await Promise.all(homes.map((home) => initNode(wasmd, home, chainId, denom)));
    const genesis = await writeGenesis(wasmd, validatorHome, options);
    for (const home of others) writeFileSync(join(home, 'config', 'genesis.json'), genesis);
    const peer = `${validatorId}@127.0.0.1:${ports[1]}`;
    for (const [i, home] of homes.entries()) {
      const [rpc = 0, p2p = 0, grpc = 0] = ports.slice(3 * i, 3 * i + 3);
      const node = new NodeProcess({
        wasmd,
        args: startArgs(options, home, { rpc, p2p, grpc }, i === 0 ? '' : peer),
        // Who only follows must not wait between blocks: it would never catch up.
        env: nodeEnv(i === 0 ? options.blockMs : 0),
        rpcUrl: `http://127.0.0.1:${rpc}`,
        logPath: join(dir, `node-${i}.log`),
        folder: dir,
      });
      started.push(node);
    }
    await Promise.all(started.map((node) => node.start()));
    return { chainId, rpcUrls: started.map(({ rpcUrl }) => rpcUrl), nodes: started, stop };
  } catch (error) {
    await stop();
    throw error;
  }
};

interface NodePorts {
  readonly rpc: number;
  readonly p2p: number;
  readonly grpc: number;
}

const startArgs = (options: NetworkOptions, home: string, { rpc, p2p, grpc }: NodePorts, peers: string): string[] => [
  'start',
  ...['--home', home, '--log_format', 'plain', '--log_no_color', '--log_level', 'error'],
  ...['--rpc.laddr', `tcp://127.0.0.1:${rpc}`, '--p2p.laddr', `tcp://127.0.0.1:${p2p}`, '--rpc.pprof_laddr='],
  ...['--p2p.persistent_peers', peers, '--p2p.pex=false'],
  // Without a gRPC server the SDK does not register its tx service, and nothing can be simulated (server/start.go).
  ...['--grpc.enable=true', '--grpc.address', `127.0.0.1:${grpc}`, '--grpc-web.enable=false', '--api.enable=false'],
  ...['--minimum-gas-prices', `${options.minGasPrice}${options.denom}`],
  ...['--wasm.memory_cache_size', '64', '--iavl-disable-fastnode'],
];

/** What has no flag of its own. */
const nodeEnv = (timeoutCommitMs: number): Record<string, string> => ({
  WASMD_CONSENSUS_TIMEOUT_COMMIT: `${timeoutCommitMs}ms`,
  WASMD_CONSENSUS_PEER_GOSSIP_SLEEP_DURATION: '10ms',
  WASMD_P2P_FLUSH_THROTTLE_TIMEOUT: '5ms',
  WASMD_P2P_ADDR_BOOK_STRICT: 'false',
  WASMD_P2P_ALLOW_DUPLICATE_IP: 'true',
  WASMD_TX_INDEX_INDEXER: 'kv',
  WASMD_IAVL_CACHE_SIZE: '20000',
});
