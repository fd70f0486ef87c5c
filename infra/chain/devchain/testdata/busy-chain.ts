import { writeSync } from 'node:fs';
import { TxRaw } from 'cosmjs-types/cosmos/tx/v1beta1/tx';
import { addressOf, DENOM, deployProbe, GENESIS_MS, openChain, signingClient } from './harness.ts';

/*
 * A process that makes blocks with transactions as fast as it can and prints each height once it is committed, until it is
 * killed. Usage: node busy-chain.ts <sqlite file>
 */
const chain = await openChain({ path: process.argv[2] ?? ':memory:' });
const sender = await addressOf(1);
const client = await signingClient(chain, 1);
const contracts = await client.getContracts(1).catch(() => []);
const contract = contracts[0] ?? (await deployProbe(client, sender)).contract;
const quiet = await signingClient(chain, 1, chain.rpc.handle);
const fee = { amount: [{ denom: DENOM, amount: '7500' }], gas: '300000' };

for (;;) {
  for (let i = 0; i < 3; i++) {
    const { accountNumber, sequence } = await quiet.getSequence(sender);
    const height = chain.head()?.height ?? 0;
    const msg = Buffer.from(JSON.stringify({ set: { key: `h${i}`, value: String(height) } }));
    const message = {
      typeUrl: '/cosmwasm.wasm.v1.MsgExecuteContract',
      value: { sender, contract, msg, funds: [] },
    };
    const signer = { accountNumber, sequence: sequence + i, chainId: chain.chainId };
    const tx = await quiet.sign(sender, [message], fee, '', signer);
    await quiet.broadcastTxSync(TxRaw.encode(tx).finish());
  }
  const { height } = chain.produceBlock((chain.head()?.timeMs ?? GENESIS_MS) + 1000);
  // Synchronous: nothing in this loop waits for I/O, so a stream would never be flushed.
  writeSync(1, `${height}\n`);
}
