import { type ApiDeps, DEFAULT_API_CONFIG } from '../../functions/api/deps.ts';
import { openDatabase } from '../../shared/adapters/local/sqlite.ts';
import { openSqliteQueue } from '../../shared/adapters/local/sqlite-queue.ts';
import { openSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import { cometEvidence } from '../../shared/chain/proof/comet-evidence.ts';
import type { RunRef } from '../../shared/messages/ids.ts';
import { toHex } from '../../shared/protocol/encoding.ts';
import { receiptsRoot } from '../../shared/protocol/receipt.ts';
import { type EventRow, eventKey } from '../../shared/rows/coverage.ts';
import { type RunRow, runKey, runsOfQuery } from '../../shared/rows/run.ts';
import { FakeClock, memoryBlobs, seededRandom } from '../contracts/fakes.ts';
import type { ChainWithModel } from './chain-with-model.ts';
import type { Played, Work } from './play-query.ts';

/** The API of an operator who runs the nodes of these addresses, after the watcher and the nodes have written their rows. */
export const apiOf = async (world: ChainWithModel, played: Played, operated: readonly string[]): Promise<ApiDeps> => {
  const { chain, comet } = world;
  const [clock, random] = [new FakeClock(), seededRandom(1)];
  const database = openDatabase(':memory:');
  const deps: ApiDeps = {
    store: openSqliteStore(database),
    queue: openSqliteQueue(database, { clock, random }),
    blobs: memoryBlobs(),
    chain,
    chainEvidence: cometEvidence(comet),
    clock,
    random,
    askSigner: undefined,
    checkWebhookUrl: () => undefined,
    config: { ...DEFAULT_API_CONFIG, publicUrl: 'http://localhost', defaultModel: undefined },
  };
  await deps.blobs.put(world.manifestBytes);
  await storeEvents(world, deps);
  for (const done of played.work) if (operated.includes(done.node)) await storeRun(world, deps, played.queryId, done);
  return deps;
};

const storeEvents = async ({ chain, height }: ChainWithModel, { store }: ApiDeps): Promise<void> => {
  for (let at = 1; at <= height; at++) {
    for (const { id, kind, queryId, txHash, attributes } of (await chain.block(at)).events) {
      const body: EventRow = {
        id,
        kind,
        txHash,
        attributes: { ...attributes },
        ...(queryId !== undefined && { queryId }),
      };
      await store.transact([{ kind: 'put', key: eventKey(chain.chainId, queryId, id), body, expect: 'absent' }]);
    }
  }
};

const storeRun = async (world: ChainWithModel, deps: ApiDeps, queryId: number, done: Work): Promise<void> => {
  const { chainId } = world.chain;
  const run: RunRef = { chainId, queryId, attempt: done.attempt, node: done.node };
  const body: RunRow = {
    run,
    queryHash: '0'.repeat(64),
    model: world.model,
    inputHash: '0'.repeat(64),
    state: 'final',
    result: {
      digest: toHex(done.digest),
      output: await deps.blobs.put(done.result),
      receiptsRoot: toHex(receiptsRoot(done.receipts)),
      receipts: await Promise.all(done.receipts.map((receipt) => deps.blobs.put(receipt))),
    },
    history: [],
  };
  const index = { pk: runsOfQuery(chainId, queryId), sk: `${done.attempt}/${done.node}` };
  await deps.store.transact([
    { kind: 'put', key: runKey(run), body, expect: 'absent' },
    { kind: 'put', key: index, body: run, expect: 'absent' },
  ]);
};
