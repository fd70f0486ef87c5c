import { DEVNET } from '../../infra/local/settings.ts';
import { openSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import { signCalls } from '../../shared/chain/sign.ts';
import { TxRow, txKey } from '../../shared/rows/transaction.ts';
import { Gate } from '../simulation/crash.ts';
import { World } from '../simulation/world.ts';
import { type ChainFixture, chainContract } from './chain.ts';

const onDevchain = async (): Promise<ChainFixture> => {
  const world = await World.open({ nodes: 2 });
  await world.ask();
  const { deployment } = await world.process(new Gate());
  // The ask goes out and into a block; nothing of what follows does.
  await deployment.relay();
  await deployment.consume('send-transaction', 1);
  world.block();
  const row = await openSqliteStore(world.database).get(txKey('ask/1'));
  const ask = TxRow.parse(row?.body);
  if (ask.state !== 'batched') throw new Error(`the ask is ${ask.state}`);
  const [signer] = world.nodes;
  if (!signer) throw new Error('a world without nodes');
  const { chain } = world;
  const terms = {
    chainId: DEVNET.chainId,
    contract: chain.contract,
    denom: DEVNET.denom,
    gasLimit: DEVNET.gasLimit,
    feeUnes: DEVNET.feeUnes,
    timeoutHeight: 1_000_000,
  };
  return {
    chain,
    model: world.model,
    nodes: world.nodes.map(({ address }) => address),
    queryId: 1,
    askHash: ask.hash,
    signed: async (at) => {
      const account = (await chain.account(signer.address)) ?? { accountNumber: 0, sequence: 0 };
      const sequence = at === 'now' ? account.sequence : account.sequence - 1;
      const call = { msg: { bond: {} }, fundsUnes: at === 'now' ? '1' : '2' };
      return await signCalls(signer, { ...account, sequence }, [call], terms);
    },
    block: async () => {
      world.block();
    },
    close: () => world.close(),
  };
};

chainContract('CosmJS on the devchain', onDevchain);
