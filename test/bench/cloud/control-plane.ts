import { Comet38Client } from '@cosmjs/tendermint-rpc';
import { systemClock } from '../../../shared/adapters/system/clock.ts';
import type { CloudDeployment } from '../../cloud/deployment.ts';
import { type Cloud, startCloud } from '../../cloud/harness.ts';
import { askOnChain, ended } from '../../cloud/scenarios/verified-query.ts';
import { summary } from '../quantile.ts';
import { queryIdOf, type SentMessage, sentMessages } from './sent-messages.ts';

/** Between two asks: emulator, functions, workers and chain share the machine, and more would measure how they crowd each other. */
const EVERY_MS = 2_500;
const WARM_UP = 5;

const HOPS = ['event visible', 'advance-run sent', 'start-job sent', 'stage job sent'] as const;

/**
 * Event visible at the RPC -> stage job sent, on deployed functions in the emulator, warm: from the new block's message on the RPC's
 * websocket, to the call that sends the first StageJobsMessage of the query (or submits its Batch job). Between: watcher, stream, relay,
 * queue, contract state read, VRF draw, stream, relay, queue, choice of workers.
 */
export const cloudControlPlane = async (queries: number): Promise<void> => {
  const cloud = await startCloud();
  const deployment = await cloud.deploy({ name: 'bench', nodes: ['node-1', 'node-2', 'node-3'], lingerMs: 600_000 });
  const blocks = await blockTimes(cloud);
  const sent: SentMessage[] = [];
  cloud.proxy.onCall = (call) => {
    sent.push(...sentMessages(deployment.config.name, call));
    if (call.operation.endsWith('/submitjob')) sent.push(submitted(call.passing.body, call.atMs));
  };
  await warmUp(cloud, deployment);

  const asked: number[] = [];
  for (let i = 0; i < queries; i++) {
    const next = systemClock.sleep(EVERY_MS);
    asked.push(await askOnChain(cloud, deployment, 1));
    await next;
  }
  let [verified, inRoundZero] = [0, 0];
  const samples: number[][] = [[], [], [], []];
  for (const queryId of asked) {
    const query = await ended(cloud, queryId, 300_000);
    if (query.outcome?.kind === 'verified') verified += 1;
    const seats = await cloud.chain.chain.seats(queryId, query.attempt);
    // A node drawn in a later round waits for that round, not for us.
    if (query.attempt !== 0 || !seats.some(({ round }) => round === 0)) continue;
    inRoundZero += 1;
    const visibleMs = blocks.get(query.opening?.height ?? 0);
    const first = (queue: string) => sent.find((each) => each.queue === queue && queryIdOf(each) === queryId)?.atMs;
    const times = [visibleMs, first('advance-run'), first('start-job'), first('stage-jobs')];
    if (times.some((time) => time === undefined)) continue;
    const [visible = 0, advance = 0, start = 0, stage = 0] = times as number[];
    for (const [i, ms] of [stage - visible, advance - visible, start - advance, stage - start].entries()) {
      samples[i]?.push(ms);
    }
  }
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  say(`chain: ${cloud.chain.kind}; emulator: ministack; Batch: batch-simulator; one query each ${EVERY_MS} ms`);
  say(`queries ${queries}, verified ${verified}, drawn in round 0: ${inRoundZero}, timed: ${samples[0]?.length}`);
  say(`${HOPS[0]} -> ${HOPS[3]}: ${summary(samples[0] ?? [], 'ms')}`);
  for (const i of [1, 2, 3]) say(`  ${HOPS[i - 1]} -> ${HOPS[i]}: ${summary(samples[i] ?? [], 'ms')}`);
  blocks.stop();
  await cloud.stop();
};

/** Arrival of each block's message, by height. */
const blockTimes = async ({ chain }: Cloud): Promise<{ get(height: number): number | undefined; stop(): void }> => {
  const atMs = new Map<number, number>();
  const socket = await Comet38Client.connect((chain.rpcUrls[0] ?? '').replace('http', 'ws'));
  const subscription = socket.subscribeNewBlock().subscribe({
    next: ({ header }) => void atMs.set(header.height, performance.now()),
  });
  return {
    get: (height) => atMs.get(height),
    stop: () => {
      subscription.unsubscribe();
      socket.disconnect();
    },
  };
};

/** Until a worker stays and every function has been called. */
const warmUp = async (cloud: Cloud, deployment: CloudDeployment): Promise<void> => {
  for (let i = 0; i < WARM_UP; i++) await ended(cloud, await askOnChain(cloud, deployment, 1), 180_000);
};

interface Submit {
  readonly containerOverrides?: { readonly environment?: readonly { readonly value: string }[] };
}

const submitted = (body: Buffer, atMs: number): SentMessage => {
  const { containerOverrides }: Submit = JSON.parse(body.toString());
  return { queue: 'stage-jobs', body: JSON.parse(containerOverrides?.environment?.[0]?.value ?? '{}'), atMs };
};
