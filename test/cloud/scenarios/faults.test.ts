import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { installModel } from '../../../infra/aws/operator/model.ts';
import { clients } from '../../../infra/aws/operator/operation.ts';
import { redrive } from '../../../infra/aws/operator/redrive.ts';
import { StageState, stageKey } from '../../../shared/messages/stage-job.ts';
import { OUTBOX } from '../../../shared/outbox.ts';
import type { CloudDeployment } from '../deployment.ts';
import { type Cloud, startCloud, until } from '../harness.ts';
import { cutStream, dieAfter, sendTwice } from './faults.ts';
import { expectNothingTwice, messagesAbout } from './messages-on-chain.ts';
import { ask, askOnChain, ended, expectBalanced, verified } from './verified-query.ts';

let cloud: Cloud;
let deployment: CloudDeployment;

beforeAll(async () => {
  cloud = await startCloud();
  deployment = await cloud.deploy({ name: 'faults', nodes: ['node-1', 'node-2', 'node-3'] });
});
afterAll(() => cloud?.stop());
afterEach(() => {
  cloud.proxy.fault = undefined;
  cloud.batch.events.copies = 1;
});

const expectAllAgree = async (queryId: number): Promise<void> => {
  const { committee } = await verified(cloud, deployment, queryId);
  expect(committee.map(({ outcome }) => outcome)).toEqual(['majority', 'majority', 'majority']);
  await expectBalanced(deployment, queryId);
};

const health = async (): Promise<{ status: string; reasons: string[] }> =>
  (await (await fetch(`${deployment.apiUrl}/v1/health`)).json()) as never;

it('is verified although Spot takes the worker in the middle of a stage', async () => {
  const queryId = await ask(deployment);
  const { chainId } = cloud.chain;
  const claimed = await until('a stage is claimed', async () => {
    for (const { address: node } of deployment.config.nodes) {
      for (const stage of [0, 1, 2]) {
        const row = await deployment.store.get(stageKey({ chainId, queryId, attempt: 0, node }, stage));
        const state = row && StageState.parse(row.body);
        if (state?.state === 'claimed') return state;
      }
    }
    return undefined;
  });
  const running = cloud.batch.jobs().filter((job) => job.status === 'RUNNING' && job.children.length === 0);
  const [job] = running.filter(({ id }) => claimed.worker.includes(id));
  if (!job) throw new Error(`no job runs worker ${claimed.worker}`);
  cloud.batch.reclaim(job);
  await expectAllAgree(queryId);
});

it('comes to the same end when every message and every event comes twice: nothing is on chain twice', async () => {
  cloud.proxy.fault = sendTwice;
  cloud.batch.events.copies = 2;
  const queryId = await ask(deployment);
  await expectAllAgree(queryId);
  const query = await ended(cloud, queryId);
  const sent = await messagesAbout(cloud, queryId, query.opening?.height ?? 1);
  expectNothingTwice(
    sent,
    deployment.config.nodes.map(({ address }) => address),
  );
});

it('sends what the stream lost by the sweep', async () => {
  const join = await cutStream(cloud, deployment);
  const queryId = await ask(deployment);
  const unsent = await until(
    'an effect waits',
    async () => (await deployment.store.due(OUTBOX, Number.MAX_SAFE_INTEGER, 10))[0],
  );
  await join();
  // Each call is the sweep of a minute. What came while the stream was joined again is lost to it too.
  const sweep = async () => {
    await deployment.kick('reconcile');
    const isSent = (await deployment.store.get(unsent)) === undefined;
    return isSent ? (await cloud.chain.chain.query(queryId))?.outcome : undefined;
  };
  await until('sweeps send what was lost, and the query ends', sweep, 120_000, 2_000);
  await expectAllAgree(queryId);
});

it('parks a message that cannot be handled, tells of it, and is done after the cause is mended and it is redriven', async () => {
  const url = await deployment.operation.output('control', 'QueueUrlstartjob');
  await dieAfter(cloud, url, 2);
  const Bucket = await deployment.operation.output('data', 'BlobsBucket');
  const s3 = clients.s3(cloud.emulator.clientConfig);
  await s3.send(new PutObjectCommand({ Bucket, Key: deployment.model.model, Body: 'written by somebody else' }));
  // Not through the API, which reads the same bytes.
  const queryId = await askOnChain(cloud, deployment);
  const dead = await until('all three are dead letters', async () => {
    const { reasons } = await health();
    return reasons.find((reason) => reason.includes('queue start-job has 3 dead letters'));
  });
  expect(dead).toContain('redrive');
  await installModel(deployment.operation);
  expect(await redrive(deployment.operation, 'start-job')).toBe(3);
  await expectAllAgree(queryId);
  expect((await health()).reasons.filter((reason) => reason.includes('dead letters'))).toEqual([]);
});
