import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CoverageRow } from '../../../shared/rows/coverage.ts';
import { coverageAt, coverageBetween } from '../../../shared/rows/read-coverage.ts';
import { startTestChain } from '../chain.ts';
import type { CloudDeployment } from '../deployment.ts';
import { type Cloud, startCloud, until } from '../harness.ts';
import { type ReverseProxy, startReverseProxy } from '../proxy/reverse-proxy.ts';
import { expectNothingTwice, messagesAbout } from './messages-on-chain.ts';
import { askOnChain, ended, expectBalanced, verified } from './verified-query.ts';

const OUTAGE_BLOCKS = 500;

/** On the embedded chain, which makes blocks when it is told to: 500 of a real one take four minutes. */
let cloud: Cloud;
let deployment: CloudDeployment;
let rpc: ReverseProxy;
let isDown = false;

beforeAll(async () => {
  cloud = await startCloud({ startChain: () => startTestChain('devchain') });
  const [behind = ''] = cloud.chain.rpcUrls;
  rpc = await startReverseProxy(async (_passing, forward) => (isDown ? undefined : await forward(behind)));
  deployment = await cloud.deploy({ name: 'outage', nodes: ['node-1', 'node-2', 'node-3'], rpcs: [rpc.url] });
});
afterAll(async () => {
  await cloud?.stop();
  await rpc?.close();
});

const height = async (): Promise<number> => (await cloud.chain.chain.head()).height;
const covered = (at: number): Promise<CoverageRow | undefined> => coverageAt(deployment.store, cloud.chain.chainId, at);

it('catches up with 500 blocks after its RPC was away: no gap, nothing twice, and a query asked meanwhile is answered', async () => {
  const before = await height();
  await until(
    'it has read up to here',
    async () => {
      await deployment.kick('watch-chain');
      return await covered(before);
    },
    60_000,
    1_000,
  );
  isDown = true;
  let timeMs = (await cloud.chain.chain.head()).timeMs;
  for (let i = 0; i < OUTAGE_BLOCKS; i++) {
    timeMs += 1;
    cloud.chain.devchain?.produceBlock(timeMs);
  }
  const queryId = await askOnChain(cloud, deployment);
  const after = await height();
  expect(after - before).toBeGreaterThan(OUTAGE_BLOCKS);
  expect(await covered(after)).toBeUndefined();
  isDown = false;
  await deployment.kick('watch-chain');
  const { opening } = await ended(cloud, queryId);
  await verified(cloud, deployment, queryId);
  const read = await Array.fromAsync(coverageBetween(deployment.store, cloud.chain.chainId, before, after));
  expect(read.map(({ height }) => height)).toEqual(Array.from({ length: after - before + 1 }, (_, i) => before + i));
  expect(read.filter(({ version }) => version > 1)).toEqual([]);
  const sent = await messagesAbout(cloud, queryId, opening?.height ?? after);
  expectNothingTwice(
    sent,
    deployment.config.nodes.map(({ address }) => address),
  );
  await expectBalanced(deployment, queryId);
});
