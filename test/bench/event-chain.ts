import type { Devchain, RpcHandle } from '../../infra/chain/devchain/index.ts';
import { inventEvents } from '../../infra/chain/devchain/rpc/faults.ts';
import { addressOf, autoBlock, DENOM, openChain, signingClient } from '../../infra/chain/devchain/testdata/harness.ts';

export const EVENT_CHAIN = { chainId: 'devchain-test', contract: 'contract-of-the-bench', denom: DENOM } as const;

/**
 * A devchain with `blocks` blocks, every `every`-th of which holds a transaction, to which the RPC adds `events` events of a
 * contract that is not there: what a busy contract's blocks look like to a watcher.
 */
export const eventChain = async (shape: {
  blocks: number;
  every: number;
  events: number;
}): Promise<{ chain: Devchain; handle: RpcHandle; height: number }> => {
  const chain = await openChain();
  const client = await signingClient(chain, 1, autoBlock(chain));
  const [from, to] = [await addressOf(1), await addressOf(2)];
  const fee = { amount: [{ denom: DENOM, amount: '7500' }], gas: '300000' };
  while ((chain.head()?.height ?? 0) < shape.blocks) {
    const height = (chain.head()?.height ?? 0) + 1;
    if (height % shape.every === 0) await client.sendTokens(from, to, [{ denom: DENOM, amount: '1' }], fee);
    else chain.produceBlock((chain.head()?.timeMs ?? 0) + 1_000);
  }
  const handle = inventEvents(chain.rpc.handle, ({ height }) =>
    Array.from({ length: shape.events }, (_, i) => ({
      type: 'wasm-quorate',
      attributes: [
        { key: '_contract_address', value: EVENT_CHAIN.contract },
        { key: 'kind', value: 'committed' },
        { key: 'query_id', value: String(height * 1_000 + (i % 100)) },
        { key: 'attempt', value: '0' },
        { key: 'node', value: to },
        { key: 'commitment', value: Buffer.alloc(32, i).toString('base64') },
        { key: 'msg_index', value: String(i) },
      ],
    })),
  );
  return { chain, handle, height: chain.head()?.height ?? 0 };
};
