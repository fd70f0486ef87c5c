import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CloudDeployment } from '../deployment.ts';
import { type Cloud, startCloud } from '../harness.ts';
import { expectNothingTwice, messagesAbout } from './messages-on-chain.ts';
import { ask, ended, expectBalanced, verified } from './verified-query.ts';

/**
 * Two operators: stacks, tables, buckets, keys, lanes and nodes of their own, and nothing between them but the chain and each other's
 * public API. The emulator has one account for both; that they name nothing in common is what two accounts would enforce.
 */
let cloud: Cloud;
let [one, other]: CloudDeployment[] = [];

/** They share the simulator's two vCPUs, as two accounts do not: a worker that stays for one would keep the other from starting any. */
const LINGER_MS = 1_000;

beforeAll(async () => {
  cloud = await startCloud();
  one = await cloud.deploy({ name: 'one', nodes: ['node-1', 'node-2'], lingerMs: LINGER_MS });
  other = await cloud.deploy({ name: 'other', nodes: ['node-3', 'node-4', 'node-5'], lingerMs: LINGER_MS });
});
afterAll(() => cloud?.stop());

it('serves one committee from two deployments, whichever was asked, and each pays for its own nodes only', async () => {
  if (!one || !other) throw new Error('not deployed');
  const queryId = await ask(one, 5);
  await other.kick('watch-chain');
  const { committee } = await verified(cloud, one, queryId);
  expect(committee.map(({ outcome }) => outcome)).toEqual(Array(5).fill('majority'));
  await expectBalanced(one, queryId);
  const query = await ended(cloud, queryId);
  const sent = await messagesAbout(cloud, queryId, query.opening?.height ?? 1);
  const parties = [one, other].map(({ config }) => ({
    lane: config.lane?.address ?? '',
    nodes: config.nodes.map(({ address }) => address),
  }));
  expectNothingTwice(
    sent,
    parties.flatMap(({ nodes }) => nodes),
    parties.length,
  );
  for (const { lane, nodes } of parties) {
    const payers = sent.filter(({ sender }) => nodes.includes(sender)).map(({ feePayer }) => feePayer);
    expect(new Set(payers)).toEqual(new Set([lane]));
  }
  // The other tells of it too, from its own reading of the chain.
  await verified(cloud, other, queryId);
});
