import { writeFileSync } from 'node:fs';
import { type MeasuredUsage, MeasuredUsage as Usage } from '../../../infra/aws/cost-model.ts';
import { systemClock, systemRandom } from '../../../shared/adapters/system/clock.ts';
import { FUNCTION_QUEUES } from '../../../shared/messages/queues.ts';
import { TINY_CUTS } from '../../../shared/model/onnx/testdata/tiny-onnx.ts';
import type { Blobs } from '../../../shared/ports/blobs.ts';
import { installTinyModel } from '../../../workers/inference/testdata/tiny-model.ts';
import type { CloudDeployment } from '../../cloud/deployment.ts';
import { type Cloud, startCloud } from '../../cloud/harness.ts';
import { ended } from '../../cloud/scenarios/verified-query.ts';
import { type FunctionUse, functionUse } from './function-logs.ts';
import { UsageCounter } from './usage-counter.ts';

const QUERIES = 20;
const COMMITTEE = 5;
/** Between two asks: they neither crowd each other nor keep the watcher to themselves. */
const EVERY_MS = 5_000;
const IDLE_MS = 180_000;
const SETTLE_MS = 80_000;
const NODES = ['node-1', 'node-2', 'node-3', 'node-4', 'node-5'];

/**
 * `npm run bench -- usage FILE STAGES [QUERIES]`: what queries use of AWS, counted before the emulator, for `npm run bench -- cost FILE`.
 * One deployment runs all five members of each committee: the sum of what the operators of a committee pay. Warm workers.
 */
export const usage = async ([file, stages = '1', count = String(QUERIES)]: readonly string[]): Promise<void> => {
  if (file === undefined || !['1', '4'].includes(stages)) throw new Error('bench -- usage FILE 1|4 [QUERIES]');
  const cloud = await startCloud({ functionsAtOnce: 30 });
  const cuts = stages === '1' ? [] : TINY_CUTS;
  const install = (blobs: Blobs) => installTinyModel(blobs, cuts);
  const deployment = await cloud.deploy({ name: 'usage', nodes: NODES, install, lingerMs: 900_000 });
  const counter = new UsageCounter();
  cloud.proxy.onCall = counter.onCall;
  const idle = await measureIdle(cloud, deployment, counter);
  // A worker that stays, and functions that have been called.
  for (let i = 0; i < 2; i++) await ended(cloud, await askOnce(deployment), 240_000);
  await systemClock.sleep(SETTLE_MS);
  counter.take();

  const beganMs = systemClock.nowMs();
  const asked: number[] = [];
  await deployment.kick('watch-chain');
  for (let i = 0; i < Number(count); i++) {
    const next = systemClock.sleep(EVERY_MS);
    asked.push(await askOnce(deployment));
    await next;
  }
  for (const queryId of asked) {
    await ended(cloud, queryId, 300_000);
    await deployment.client.wait(queryId, { timeoutMs: 120_000 });
  }
  // A watcher that attends is counted when it ends.
  await systemClock.sleep(SETTLE_MS);
  const seconds = (systemClock.nowMs() - beganMs) / 1_000;
  const { counts, calls } = counter.take();
  const functions = await functionUse(cloud.emulator, deployment.config.name, beganMs);
  const written = asUsage(functions, counts, {
    queries: asked.length,
    stages: Number(stages),
    seconds,
    idle,
    measured: `${asked.length} queries, one each ${EVERY_MS} ms, warm, emulated (ministack), Batch simulated, chain ${cloud.chain.kind}`,
  });
  writeFileSync(file, `${JSON.stringify(written, undefined, 2)}\n`);
  for (const [name, times] of [...calls].sort(([a], [b]) => (a < b ? -1 : 1))) {
    process.stdout.write(`${name.padEnd(40)} ${(times / asked.length).toFixed(2).padStart(8)} per query\n`);
  }
  for (const [name, { requests, gbMs }] of functions) {
    const perQuery = `${(requests / asked.length).toFixed(2)} calls, ${(gbMs / 1_000 / asked.length).toFixed(3)} GB-s`;
    process.stdout.write(`${`function ${name}`.padEnd(40)} ${perQuery} per query\n`);
  }
  await cloud.stop();
};

/** By the API and a wallet, as a user does; the schedule's next watcher finds it, unless one attends. */
const askOnce = async ({ client, model }: CloudDeployment): Promise<number> => {
  const { queryId } = await client.ask(systemRandom.bytes(64), { model: model.model, seats: COMMITTEE });
  return queryId;
};

type Idle = NonNullable<MeasuredUsage['idle']>;

/** Before anybody asks, and before a worker stays. */
const measureIdle = async (cloud: Cloud, { config }: CloudDeployment, counter: UsageCounter): Promise<Idle> => {
  // Each schedule has called once.
  await systemClock.sleep(SETTLE_MS);
  counter.take();
  const beganMs = systemClock.nowMs();
  await systemClock.sleep(IDLE_MS);
  const { counts } = counter.take();
  const functions = await functionUse(cloud.emulator, config.name, beganMs);
  return {
    seconds: (systemClock.nowMs() - beganMs) / 1_000,
    lambda: lambdaOf(functions),
    table: counts.table,
    logBytes: logBytesOf(functions),
  };
};

const lambdaOf = (functions: ReadonlyMap<string, FunctionUse>): MeasuredUsage['lambda'] =>
  Object.fromEntries([...functions].map(([name, { requests, gbMs }]) => [name, { requests, gbMs }]));

const logBytesOf = (functions: ReadonlyMap<string, FunctionUse>): number =>
  [...functions.values()].reduce((sum, { logBytes }) => sum + logBytes, 0);

interface Run extends Pick<MeasuredUsage, 'queries' | 'stages' | 'measured'> {
  readonly seconds: number;
  readonly idle: Idle;
}

/** Without what the schedules did in that time anyway. */
const asUsage = (
  functions: ReadonlyMap<string, FunctionUse>,
  counts: ReturnType<UsageCounter['take']>['counts'],
  { queries, stages, measured, seconds, idle }: Run,
): MeasuredUsage => {
  const share = seconds / idle.seconds;
  const less = (whole: number, idly: number): number => Math.max(0, whole - share * idly);
  const lambda = Object.fromEntries(
    [...functions].map(([name, { requests, gbMs }]) => {
      const idly = idle.lambda[name] ?? { requests: 0, gbMs: 0 };
      return [name, { requests: less(requests, idly.requests), gbMs: less(gbMs, idly.gbMs) }];
    }),
  );
  const called = (name: string): number => functions.get(name)?.requests ?? 0;
  // Lambda's own: a receive and a delete for each invocation that a queue caused.
  const mapped = (name: string): number => 2 * called(name);
  const standard = FUNCTION_QUEUES.filter((name) => name !== 'send-transaction').map(mapped);
  return Usage.parse({
    format: 'quorate-usage/1',
    measured,
    queries,
    committee: COMMITTEE,
    stages,
    lambda,
    table: {
      writeUnits: less(counts.table.writeUnits, idle.table.writeUnits),
      readUnits: less(counts.table.readUnits, idle.table.readUnits),
    },
    queues: {
      standard: standard.reduce((sum, each) => sum + each, counts.queues.standard),
      fifo: counts.queues.fifo + mapped('send-transaction'),
    },
    blobs: counts.blobs,
    signatures: counts.signatures,
    secretCalls: counts.secretCalls,
    httpRequests: called('api'),
    logBytes: less(logBytesOf(functions), idle.logBytes),
    traces: Object.values(lambda).reduce((sum, { requests }) => sum + requests, 0),
    idle,
  });
};
