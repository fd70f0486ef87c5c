import { BadInputError, QuorateError, TransientError } from '../../shared/errors.ts';
import type { StartJobMessage } from '../../shared/messages/advance.ts';
import { runId } from '../../shared/messages/ids.ts';
import { type StageInput, type StageJob, StageState, stageKey } from '../../shared/messages/stage-job.ts';
import { parseManifest } from '../../shared/model/manifest.ts';
import type { Blobs } from '../../shared/ports/blobs.ts';
import type { Chain } from '../../shared/ports/chain.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { JobHost } from '../../shared/ports/job-host.ts';
import type { Store } from '../../shared/ports/store.ts';
import { ConditionFailedError } from '../../shared/ports/store-errors.ts';
import { toHex } from '../../shared/protocol/encoding.ts';
import { sha256 } from '../../shared/protocol/sha2.ts';
import { PLACEMENTS, PlacementRow, placementKey } from '../../shared/rows/placement.ts';

export interface StartJobDeps {
  readonly store: Store;
  readonly blobs: Blobs;
  readonly chain: Chain;
  readonly clock: Clock;
  /** The workers of each node of this deployment. */
  readonly hosts: ReadonlyMap<string, JobHost>;
  /** Fetches an input by its uri, at most `maxBytes`. */
  readonly fetchInput: (uri: string, maxBytes: number) => Promise<Uint8Array>;
  /** A placement none of whose workers claimed its stage by then is made again. */
  readonly claimWithinMs: number;
}

/** Most placements of one run: first one, then one per lost worker (promise P7). */
const MAX_EPOCHS = 10;

/**
 * Places the stages of a run that are not done on workers, from the first one missing. `lost` starts the next epoch; any other
 * repetition finds the placement and changes nothing. What cannot start yet (no input, no model, no worker) is kept with its reason and
 * placed again by the sweep, so that a hostile input uri or a full host fills no dead-letter queue.
 */
export const startJob = async (deps: StartJobDeps, message: StartJobMessage): Promise<void> => {
  const { run, lost } = message;
  const stored = await deps.store.get(placementKey(run));
  const placed = stored && PlacementRow.parse(stored.body);
  if (placed && (!lost || lost.epoch < placed.epoch)) {
    // The same placement again: the host knows which jobs it has.
    await place(deps, run.node, placed.jobs);
    return;
  }
  const epoch = (placed?.epoch ?? 0) + 1;
  if (epoch > MAX_EPOCHS)
    throw new BadInputError('too-many-epochs', `run ${runId(run)} was placed ${MAX_EPOCHS} times`);
  const ready = await remainingJobs(deps, message, epoch).catch(reasonOf);
  if (typeof ready === 'string') {
    await keep(deps, { run, epoch, jobs: [], waitingFor: ready }, stored?.version ?? 0);
    return;
  }
  if (ready.length === 0 || !(await keep(deps, { run, epoch, jobs: ready }, stored?.version ?? 0))) return;
  const refused = await place(deps, run.node, ready);
  if (refused) await keep(deps, { run, epoch, jobs: ready, waitingFor: refused }, (stored?.version ?? 0) + 1);
};

/** Why it cannot start; anything but a reason that may pass is thrown on. */
const reasonOf = (error: unknown): string => {
  if (error instanceof QuorateError && error.family !== 'invariant') return error.message;
  throw error;
};

/** @returns false when another placed the run meanwhile: what it wrote stands */
const keep = async (deps: StartJobDeps, body: PlacementRow, version: number): Promise<boolean> => {
  const due = { list: PLACEMENTS, at: deps.clock.nowMs() + deps.claimWithinMs };
  const expect = version === 0 ? ('absent' as const) : { version };
  try {
    await deps.store.transact([{ kind: 'put', key: placementKey(body.run), body, due, expect }]);
    return true;
  } catch (error) {
    if (error instanceof ConditionFailedError) return false;
    throw error;
  }
};

/** @returns why the host refused, if it did */
const place = async ({ hosts }: StartJobDeps, node: string, jobs: readonly StageJob[]): Promise<string | undefined> => {
  if (jobs.length === 0) return undefined;
  const started = await hosts.get(node)?.start(jobs);
  if (!started) return `node ${node} has no workers in this deployment`;
  return started.outcome === 'refused' ? started.reason : undefined;
};

/** Jobs of the stages that are not done: the first reads a kept blob, the others the worker before them. */
const remainingJobs = async (deps: StartJobDeps, message: StartJobMessage, epoch: number): Promise<StageJob[]> => {
  const { run, queryHash, model } = message;
  const manifest = parseManifest(await deps.blobs.get(model));
  const rows = await deps.store.list(stageKey(run, 0).pk, { prefix: 'stage/', limit: 100 });
  const done = rows
    .map((row) => StageState.parse(row.body))
    .filter((stage) => stage.state === 'done')
    .sort((a, b) => a.job.stage - b.job.stage);
  const first = done.length;
  const previous = done.at(-1);
  const stages = manifest.stages.length;
  if (first === 0) await ensureInput(deps, message, manifest.input.maxBytes);
  const kept: StageInput = { from: 'blob', hash: previous?.output ?? message.input };
  return Array.from({ length: stages - first }, (_, i) => ({
    run,
    queryHash,
    model,
    stage: first + i,
    stages,
    epoch,
    input: i === 0 ? kept : { from: 'previous' },
  }));
};

/** Has the input's bytes at hand under their hash, or fetches them from where the asker said. */
const ensureInput = async (deps: StartJobDeps, { run, input }: StartJobMessage, maxBytes: number): Promise<void> => {
  if (await deps.blobs.has(input)) return;
  const query = await deps.chain.query(run.queryId);
  if (!query) throw new TransientError('query-absent', `query ${run.queryId} is not in the contract's state`);
  const bytes = 'inline' in query.input ? query.input.inline : await deps.fetchInput(query.input.uri, maxBytes);
  const found = toHex(sha256(bytes));
  if (found !== input)
    throw new TransientError('input-differs', `the input at its uri has hash ${found}, asked was ${input}`);
  await deps.blobs.put(bytes);
};
