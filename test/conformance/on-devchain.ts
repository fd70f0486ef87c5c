import { openDevchain } from '../../infra/chain/devchain/index.ts';
import { genesisAccounts, namedSigner } from './accounts.ts';
import { CHAIN_ID, type ChainUnderTest, DENOM, MIN_GAS_PRICE, PREFIX } from './chain-under-test.ts';

const BLOCK_MS = 100;

/** The embedded chain over HTTP, with blocks by the clock as a real one makes them. */
export const onDevchain = async (): Promise<ChainUnderTest> => {
  const chain = openDevchain({
    path: ':memory:',
    chainId: CHAIN_ID,
    genesis: { timeMs: Date.now(), balances: genesisAccounts(), validatorSeed: new Uint8Array(32).fill(9) },
    denom: DENOM,
    minGasPrice: MIN_GAS_PRICE,
    bech32Prefix: PREFIX,
  });
  chain.produceBlock(Date.now());
  const blocks = setInterval(() => chain.produceBlock(Date.now()), BLOCK_MS);
  const { url } = await chain.serve({ host: '127.0.0.1', port: 0 });
  return {
    name: 'devchain',
    rpcUrl: url,
    chainId: CHAIN_ID,
    denom: DENOM,
    prefix: PREFIX,
    minGasPrice: MIN_GAS_PRICE,
    signer: namedSigner,
    close: async () => {
      clearInterval(blocks);
      await chain.close();
    },
  };
};
