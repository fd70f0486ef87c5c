import { writeSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { TxRaw } from 'cosmjs-types/cosmos/tx/v1beta1/tx';
import { addressOf, DENOM, deployProbe, GENESIS_MS, openChain, signingClient } from './harness.ts';

/* Measures this chain. Usage: node infra/chain/devchain/testdata/measure.ts [sqlite file] */

const EXECUTES = 1000;
const EMPTY_BLOCKS = 500;

const chain = await openChain({ path: process.argv[2] ?? ':memory:' });
const sender = await addressOf(1);
const { contract } = await deployProbe(await signingClient(chain, 1), sender);
const client = await signingClient(chain, 1, chain.rpc.handle);
const fee = { amount: [{ denom: DENOM, amount: '7500' }], gas: '300000' };
const { accountNumber, sequence } = await client.getSequence(sender);
const print = (line: string) => writeSync(1, `${line}\n`);

const txs: Uint8Array[] = [];
for (let i = 0; i < EXECUTES; i++) {
  const msg = Buffer.from(JSON.stringify({ set: { key: `key-${i}`, value: 'value' } }));
  const message = { typeUrl: '/cosmwasm.wasm.v1.MsgExecuteContract', value: { sender, contract, msg, funds: [] } };
  const signer = { accountNumber, sequence: sequence + i, chainId: chain.chainId };
  txs.push(TxRaw.encode(await client.sign(sender, [message], fee, '', signer)).finish());
}

let start = performance.now();
for (const tx of txs) await client.broadcastTxSync(tx);
const checkMs = performance.now() - start;
start = performance.now();
const block = chain.produceBlock(GENESIS_MS + 1_000_000);
const blockMs = performance.now() - start;
print(
  `CheckTx: ${(checkMs / EXECUTES).toFixed(3)} ms each; block of ${block.txCount} executes (${block.failedTxCount} failed): ${blockMs.toFixed(0)} ms`,
);
print(
  `executes per second, delivery only: ${Math.round((EXECUTES / blockMs) * 1000)}, with CheckTx: ${Math.round((EXECUTES / (blockMs + checkMs)) * 1000)}`,
);

start = performance.now();
for (let i = 0; i < EMPTY_BLOCKS; i++) chain.produceBlock(GENESIS_MS + 2_000_000 + i);
print(`empty block: ${((performance.now() - start) / EMPTY_BLOCKS).toFixed(3)} ms`);

start = performance.now();
for (let i = 0; i < 1000; i++) await client.queryContractSmart(contract, { get: { key: 'key-1' } });
print(`smart query in process: ${((performance.now() - start) / 1000).toFixed(3)} ms`);
await chain.close();
