import { expect, it } from 'vitest';
import { checkParallelSends } from '../lanes/parallel-sends.ts';
import { asChainUnderTest, wasmdNetwork } from './on-wasmd.ts';

it('lands 50 sends of 10 processes that share lanes and a store, each exactly once, on wasmd', {
  timeout: 300_000,
}, async () => {
  const network = await wasmdNetwork(1);
  try {
    await checkParallelSends(asChainUnderTest(network), 10, 5);
  } finally {
    await network.stop();
  }
  expect.hasAssertions();
});
