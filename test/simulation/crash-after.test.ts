import { expect, it } from 'vitest';
import { crashMatrix } from './crash-matrix.ts';

it('ends the same when the process dies after the effect of any port call', { timeout: 600_000 }, async ({
  annotate,
}) => {
  const { points, names, differences } = await crashMatrix({ nodes: 2 }, 'after');
  await annotate(`crash points after an effect: ${points}, differences: ${differences.length}`);
  expect(differences).toEqual([]);
  expect([...names].sort()).toMatchInlineSnapshot(`
    [
      "blobs.get",
      "blobs.has",
      "blobs.put",
      "chain.account",
      "chain.block",
      "chain.broadcast",
      "chain.draw",
      "chain.head",
      "chain.live",
      "chain.model",
      "chain.query",
      "chain.seats",
      "chain.transaction",
      "host.start",
      "queue.ack",
      "queue.receive",
      "queue.retry",
      "queue.send",
      "signer.prove",
      "signer.seal",
      "signer.signDigest",
      "signer.signReceipt",
      "store.due",
      "store.get",
      "store.list",
      "store.transact",
    ]
  `);
});
