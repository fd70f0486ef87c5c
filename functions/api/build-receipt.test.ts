import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifyReceipt } from '../../shared/client/receipt/verify.ts';
import type { ChainEvidence } from '../../shared/ports/chain-evidence.ts';
import { eventsPartition } from '../../shared/rows/coverage.ts';
import { apiOf } from '../../test/receipts/api-of.ts';
import { ChainWithModel } from '../../test/receipts/chain-with-model.ts';
import { type Played, playQuery } from '../../test/receipts/play-query.ts';
import { buildReceipt } from './build-receipt.ts';
import type { ApiDeps } from './deps.ts';

let world: ChainWithModel;
let played: Played;
let deps: ApiDeps;

beforeAll(async () => {
  world = await ChainWithModel.open(3);
  played = await playQuery(world);
  deps = await apiOf(
    world,
    played,
    world.nodes.map(({ address }) => address),
  );
});
afterAll(() => world.devchain.close());

const lying = (lies: Partial<ChainEvidence>): ApiDeps => ({
  ...deps,
  chainEvidence: { ...deps.chainEvidence, ...lies },
});

test('gives a file that verifies, the same bytes each time', async () => {
  const file = await buildReceipt(deps, played.queryId);
  expect(verifyReceipt(file).query.id).toBe(played.queryId);
  expect(await buildReceipt(deps, played.queryId)).toEqual(file);
});

test('a query that is unknown, or was refunded, has none', async () => {
  await expect(buildReceipt(deps, 99)).rejects.toMatchObject({ code: 'unknown-query', family: 'bad-input' });
  const refunded = await playQuery(world, { conduct: Array(3).fill(Array(3).fill('mismatch')) });
  await expect(buildReceipt(deps, refunded.queryId)).rejects.toMatchObject({ code: 'query-refunded' });
});

test('events that the watcher has not read yet are waited for', async () => {
  const rows = await deps.store.list(eventsPartition(world.chain.chainId, played.queryId), { limit: 500 });
  const behind: ApiDeps = {
    ...deps,
    store: {
      ...deps.store,
      get: (key) => deps.store.get(key),
      list: async (pk, page) => {
        const all = await deps.store.list<never>(pk, page);
        return pk === rows[0]?.pk ? all.slice(0, 4) : all;
      },
    },
  };
  await expect(buildReceipt(behind, played.queryId)).rejects.toMatchObject({
    code: 'events-incomplete',
    family: 'transient',
  });
});

test('a node of the chain that contradicts itself is found out before a stranger does', async () => {
  const { header, txs, results } = deps.chainEvidence;
  const lies: Partial<ChainEvidence>[] = [
    { header: (height) => header(height + 1) },
    { results: async (height) => (await results(height)).slice(1) },
    {
      txs: async (height) => [...(await txs(height)), new Uint8Array(3)],
      results: async (h) => [...(await results(h)), new Uint8Array()],
    },
  ];
  for (const lie of lies) {
    await expect(buildReceipt(lying(lie), played.queryId)).rejects.toMatchObject({
      code: 'evidence-inconsistent',
      family: 'transient',
    });
  }
});

test('blocks that the node does not have are a passing trouble', async () => {
  await expect(deps.chainEvidence.header(1_000_000)).rejects.toMatchObject({ code: 'rpc-unavailable' });
  await expect(deps.chainEvidence.results(1_000_000)).rejects.toMatchObject({ code: 'rpc-unavailable' });
});
