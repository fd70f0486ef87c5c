import { beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../shared/adapters/local/sqlite.ts';
import { openSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import { TransientError } from '../../shared/errors.ts';
import type { StartJobMessage } from '../../shared/messages/advance.ts';
import type { StageJob } from '../../shared/messages/stage-job.ts';
import type { Chain } from '../../shared/ports/chain.ts';
import type { JobStart } from '../../shared/ports/job-host.ts';
import { toHex, utf8 } from '../../shared/protocol/encoding.ts';
import { sha256 } from '../../shared/protocol/sha2.ts';
import { PlacementRow, placementKey } from '../../shared/rows/placement.ts';
import { FakeClock, memoryBlobs } from '../../test/contracts/fakes.ts';
import { installTinyModel } from '../../workers/inference/testdata/tiny-model.ts';
import type { StartJobDeps } from './deps.ts';
import { startJob } from './use-case.ts';

const INPUT = utf8('an input somewhere else');
const run = { chainId: 'chain', queryId: 1, attempt: 0, node: 'quo1node' };
let message: StartJobMessage;
let deps: StartJobDeps;
let started: (readonly StageJob[])[];
let answer: JobStart;
let fetched: () => Promise<Uint8Array>;

beforeEach(async () => {
  const blobs = memoryBlobs();
  const { model } = await installTinyModel(blobs);
  message = { run, queryHash: 'ab'.repeat(32), model, input: toHex(sha256(INPUT)) };
  started = [];
  answer = { outcome: 'started' };
  fetched = async () => INPUT;
  const start = async (jobs: readonly StageJob[]): Promise<JobStart> => {
    started.push(jobs);
    return answer;
  };
  deps = {
    store: openSqliteStore(openDatabase(':memory:')),
    blobs,
    chain: { query: async () => ({ input: { uri: 'https://example.org/input' } }) } as unknown as Chain,
    clock: new FakeClock(),
    places: new Map([[run.node, { threads: { start } }]]),
    fetchInput: () => fetched(),
    claimWithinMs: 5_000,
  };
});

const placement = async (): Promise<PlacementRow> =>
  PlacementRow.parse((await deps.store.get(placementKey(run)))?.body ?? expect.fail('no placement'));

describe('start-job', () => {
  it('fetches an input that is not here, checks its hash, and places all stages as one chain', async () => {
    await startJob(deps, message);
    expect(started).toHaveLength(1);
    expect(started[0]?.map(({ stage, input }) => [stage, input.from])).toEqual([
      [0, 'blob'],
      [1, 'previous'],
    ]);
    expect(await deps.blobs.has(message.input)).toBe(true);
  });

  it('places once, however often the message comes', async () => {
    await startJob(deps, message);
    await startJob(deps, message);
    expect(new Set(started.map((jobs) => JSON.stringify(jobs))).size).toBe(1);
    expect((await placement()).epoch).toBe(1);
  });

  it.each([
    [
      'an input that cannot be fetched',
      async () => Promise.reject(new TransientError('http-unreachable', 'example.org could not be reached')),
      /could not be reached/,
    ],
    ['an input of another hash', async () => utf8('something else'), /asked was/],
  ])('keeps the reason for %s, starts nothing, and tries again in the next epoch', async (_what, fetch, reason) => {
    fetched = fetch;
    await startJob(deps, message);
    expect(started).toEqual([]);
    expect(await placement()).toMatchObject({ epoch: 1, jobs: [], waitingFor: expect.stringMatching(reason) });
    fetched = async () => INPUT;
    await startJob(deps, { ...message, lost: { stage: 0, epoch: 1 } });
    expect(started).toHaveLength(1);
    expect(await placement()).toMatchObject({ epoch: 2 });
    expect((await placement()).waitingFor).toBeUndefined();
  });

  it('keeps why a host refused', async () => {
    answer = { outcome: 'refused', reason: '32 runs are waiting or running' };
    await startJob(deps, message);
    expect(await placement()).toMatchObject({ epoch: 1, waitingFor: '32 runs are waiting or running' });
  });

  it('rejects an eleventh placement (P7)', async () => {
    for (let epoch = 0; epoch < 10; epoch++) {
      await startJob(deps, { ...message, ...(epoch > 0 && { lost: { stage: 0, epoch } }) });
    }
    await expect(startJob(deps, { ...message, lost: { stage: 0, epoch: 10 } })).rejects.toMatchObject({
      code: 'too-many-epochs',
    });
  });
});
