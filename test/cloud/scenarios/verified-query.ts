import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { signingClient } from '../../../infra/local/bootstrap.ts';
import { DEVNET } from '../../../infra/local/settings.ts';
import { askMessage } from '../../../shared/chain/contract-messages.ts';
import { type VerifiedReceipt, verifyReceipt } from '../../../shared/client/receipt/verify.ts';
import { toHex } from '../../../shared/protocol/encoding.ts';
import type { QueryState } from '../../../shared/protocol/state.ts';
import type { CloudDeployment } from '../deployment.ts';
import { type Cloud, until } from '../harness.ts';

const TESTDATA = new URL('../../../workers/inference/testdata/', import.meta.url);
export const INVOICE = readFileSync(new URL('invoice.png', TESTDATA));
export const INVOICE_SAYS = readFileSync(new URL('invoice.txt', TESTDATA), 'utf8').trim();

/** Asks about the invoice, and lets the watcher look now instead of within a minute. @returns the query's id */
export const ask = async (deployment: CloudDeployment, seats = 3): Promise<number> => {
  const { queryId } = await deployment.client.ask(INVOICE, { model: deployment.model.model, seats });
  await deployment.kick('watch-chain');
  return queryId;
};

/** Asks the contract itself about an input that the deployment has. */
export const askOnChain = async (cloud: Cloud, deployment: CloudDeployment, seats = 3): Promise<number> => {
  const { comet, contract, keystore } = cloud.chain;
  const { model, manifest } = deployment.model;
  const inputHash = await (await deployment.operation.blobs()).put(INVOICE);
  const msg = askMessage({ model, inputHash, input: { uri: `quorate:${inputHash}` }, seats, maxUnits: 1_000_000 });
  const asker = keystore.account('asker');
  const fee = [{ denom: DEVNET.denom, amount: String(BigInt(manifest.price) * BigInt(seats)) }];
  const done = await signingClient(comet, asker).execute(asker.address, contract, msg, 'auto', '', fee);
  await deployment.kick('watch-chain');
  const ids = done.events.flatMap(({ attributes }) => attributes.filter(({ key }) => key === 'query_id'));
  return Number(ids[0]?.value);
};

/** Until the contract itself says how the query ended. */
export const ended = async ({ chain }: Cloud, queryId: number, timeoutMs = 120_000): Promise<QueryState> =>
  await until(
    `query ${queryId} ends`,
    async () => {
      const query = await chain.chain.query(queryId);
      return query?.outcome && query;
    },
    timeoutMs,
  );

/** Until it is verified with the known text, and its receipt holds offline against a header of the chain's own. */
export const verified = async (
  cloud: Cloud,
  deployment: CloudDeployment,
  queryId: number,
): Promise<VerifiedReceipt> => {
  const { outcome } = await ended(cloud, queryId);
  expect(outcome).toMatchObject({ kind: 'verified', digest: deployment.model.manifest.knownAnswer.digest });
  const { client } = deployment;
  await deployment.kick('watch-chain');
  await client.wait(queryId, { timeoutMs: 60_000 });
  expect((await client.result(queryId)).text.trim()).toBe(INVOICE_SAYS);
  // The header after the settlement commits to its outcome: one more block.
  await until(
    'the block after',
    async () => (await cloud.chain.chain.head()).height > (outcome?.height ?? 0) || undefined,
  );
  const file = await client.receipt(queryId);
  const { blockId } = await cloud.chain.comet.block(verifyReceipt(file).anchor.height);
  return verifyReceipt(file, { trustedHeaderHash: toHex(blockId.hash).toUpperCase() });
};

/** Nobody was paid twice and nothing was lost: all movements of the query's money add up to nothing. */
export const expectBalanced = async ({ client }: CloudDeployment, queryId: number): Promise<void> => {
  expect((await client.money(queryId)).sumUnes).toBe(0n);
};
