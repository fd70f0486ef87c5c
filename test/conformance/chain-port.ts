import { DEVNET } from '../../infra/local/settings.ts';
import { signCalls } from '../../shared/chain/sign.ts';
import type { ChainFixture } from '../contracts/chain.ts';
import type { ChainUnderTest } from './chain-under-test.ts';
import { PARAMS, uploadQuorate } from './quorate-script.ts';
import { MODEL, Stage } from './stage.ts';

/** Longer than the suite looks at the query. */
const WINDOWS = { roundBlocks: 500, commitBlocks: 500, revealBlocks: 500 };

/** What the suite of the Chain port needs, on a chain that makes blocks by itself. */
export const chainFixture = async (under: ChainUnderTest): Promise<ChainFixture> => {
  const { codeId } = await uploadQuorate(under);
  const init = { denom: DEVNET.denom, params: PARAMS };
  const stage = await Stage.open(under, { codeId, windows: WINDOWS, init });
  const { chain, operator } = stage;
  const { id: askHash, queryId } = await stage.asked('ask');
  const [node] = stage.nodes;
  if (!node) throw new Error('a stage without nodes');
  const terms = {
    chainId: under.chainId,
    contract: chain.contract,
    denom: under.denom,
    gasLimit: DEVNET.gasLimit,
    feeUnes: DEVNET.feeUnes,
    timeoutHeight: 1_000_000,
  };
  return {
    chain,
    model: MODEL,
    nodes: stage.nodes.map(({ address }) => address),
    queryId,
    askHash,
    signed: async (at) => {
      const account = (await chain.account(node.address)) ?? { accountNumber: 0, sequence: 0 };
      const sequence = at === 'now' ? account.sequence : account.sequence - 1;
      const call = { msg: { bond: {} }, fundsUnes: at === 'now' ? '1' : '2' };
      const signed = await signCalls(node.signer, { ...account, sequence }, [call], terms);
      // A whole block time is left in which the transaction is accepted and in no block yet.
      await operator.nextBlock();
      return signed;
    },
    block: async () => {
      const height = await operator.height();
      // The index of transactions follows a block at a distance.
      await operator.reach(height + 2);
    },
    close: () => under.close(),
  };
};
