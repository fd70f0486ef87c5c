// One of several processes that share lanes and a store: plans its messages, brings each to its end and prints how that went.

import { openSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import { systemClock, systemRandom } from '../../shared/adapters/system/clock.ts';
import { connectChain } from '../../shared/chain/comet-chain.ts';
import { DEFAULT_LANE_TERMS, type LaneDeps } from '../../shared/chain/lanes/deps.ts';
import { driveIntent } from '../../shared/chain/lanes/drive.ts';
import { planIntent, type TxIntent, TxRow, txKey } from '../../shared/chain/lanes/rows.ts';
import { namedSigner } from '../conformance/accounts.ts';
import type { ChildReport, ChildTask } from './parallel-sends.ts';

const task: ChildTask = JSON.parse(process.argv[2] ?? '');
const { rpcUrl, chainId, denom, contract } = task;
const store = openSqliteStore(task.storeFile);
const signers = [task.principal, ...task.lanes].map(namedSigner);
const principal = namedSigner(task.principal).address;
const deps: LaneDeps = {
  store,
  chain: await connectChain({ rpc: rpcUrl, chainId, contract, denom }),
  clock: systemClock,
  random: systemRandom,
  signers: new Map(signers.map((signer) => [signer.address, signer])),
  lanes: new Map([[principal, task.lanes.map((name) => ({ address: namedSigner(name).address }))]]),
  terms: {
    ...DEFAULT_LANE_TERMS,
    denom,
    gasPrice: `${task.minGasPrice}${denom}`,
    maxMessages: task.maxMessages,
    pollMs: 50,
    maxPolls: 2_000,
  },
};

const { height } = await deps.chain.head();
const intents = task.keys.map(
  (key): TxIntent => ({
    txId: key,
    signer: principal,
    msg: { set: { key, value: 'v' } },
    fundsUnes: '0',
    deadlineHeight: height + 500,
  }),
);
await store.transact(intents.flatMap((intent) => planIntent(intent, systemClock.nowMs())));
const problems: string[] = [];
await Promise.all(
  intents.map(({ txId }) => driveIntent(deps, txId).catch((error: unknown) => void problems.push(String(error)))),
);
const rows = await Promise.all(intents.map(async ({ txId }) => TxRow.parse((await store.get(txKey(txId)))?.body)));
const report: ChildReport = {
  problems,
  ended: rows.map((row) => (row.state === 'included' ? `included ${row.code} ${row.log}`.trim() : JSON.stringify(row))),
};
process.stdout.write(JSON.stringify(report));
store.close();
