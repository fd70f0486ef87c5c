import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureWasmd, type Network, startNetwork } from '../../infra/chain/wasmd/index.ts';
import { genesisAccounts, namedSigner } from './accounts.ts';
import { CHAIN_ID, type ChainUnderTest, DENOM, MIN_GAS_PRICE, PREFIX } from './chain-under-test.ts';

const BLOCK_MS = 150;

export const wasmdNetwork = async (nodes: 1 | 2): Promise<Network> =>
  await startNetwork({
    wasmd: await ensureWasmd((line) => void process.stderr.write(`${line}\n`)),
    dir: mkdtempSync(join(tmpdir(), 'quorate-wasmd-')),
    nodes,
    chainId: CHAIN_ID,
    accounts: genesisAccounts(),
    denom: DENOM,
    blockMs: BLOCK_MS,
    minGasPrice: MIN_GAS_PRICE,
  });

export const asChainUnderTest = (network: Network, node = 0): ChainUnderTest => ({
  name: 'wasmd',
  rpcUrl: network.rpcUrls[node] ?? '',
  chainId: CHAIN_ID,
  denom: DENOM,
  prefix: PREFIX,
  minGasPrice: MIN_GAS_PRICE,
  signer: namedSigner,
  close: () => network.stop(),
});
