import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CloudDeployment } from '../deployment.ts';
import { type Cloud, startCloud } from '../harness.ts';
import { ask, expectBalanced, verified } from './verified-query.ts';

let cloud: Cloud;
let deployment: CloudDeployment;

beforeAll(async () => {
  cloud = await startCloud();
  deployment = await cloud.deploy({ name: 'scenario', nodes: ['node-1', 'node-2', 'node-3'] });
});
afterAll(() => cloud?.stop());

const jobs = () => cloud.batch.jobs().filter(({ children }) => children.length === 0);

it('answers a paid query by three nodes through Lambdas and Batch jobs, and its receipt holds offline', async () => {
  const queryId = await ask(deployment);
  const receipt = await verified(cloud, deployment, queryId);
  expect(receipt.committee.map(({ outcome }) => outcome)).toEqual(['majority', 'majority', 'majority']);
  expect(jobs().length).toBeGreaterThan(0);
  await expectBalanced(deployment, queryId);
});

it('answers the next on the worker that stayed, and starts no job', async () => {
  const before = jobs().length;
  await verified(cloud, deployment, await ask(deployment));
  expect(jobs()).toHaveLength(before);
});
