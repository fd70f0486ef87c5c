import { expect, it } from 'vitest';
import { onDevchain } from '../conformance/on-devchain.ts';
import { checkParallelSends } from './parallel-sends.ts';

it('lands 12 sends of 4 processes that share lanes and a store, each exactly once', async () => {
  const chain = await onDevchain();
  try {
    await checkParallelSends(chain, 4, 3);
  } finally {
    await chain.close();
  }
  expect.hasAssertions();
});
