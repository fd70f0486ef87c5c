import { join } from 'node:path';
import { ensureWasmd, startNetwork } from '../chain/wasmd/index.ts';
import { genesisBalances, type LocalChain, type LocalChainOptions } from './devnet.ts';
import { CHAINS, DEVNET } from './settings.ts';

/** Two real nodes on loopback, a validator and a full node behind it; the chain is new at each start and goes with it. */
export const startWasmdChain = async (
  { dataDir, keystore }: LocalChainOptions,
  say: (line: string) => void,
): Promise<LocalChain> => {
  const { chainId } = CHAINS.wasmd;
  const network = await startNetwork({
    wasmd: await ensureWasmd(say),
    dir: join(dataDir, 'wasmd'),
    nodes: 2,
    chainId,
    accounts: genesisBalances(keystore),
    denom: DEVNET.denom,
    blockMs: DEVNET.blockMs,
    minGasPrice: DEVNET.gasPrice.replace(DEVNET.denom, ''),
  });
  return { chainId, rpcUrls: network.rpcUrls, devchain: undefined, loops: [], close: () => network.stop() };
};
