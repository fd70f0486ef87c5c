import { TransientError } from '../../shared/errors.ts';
import type { StartJobMessage } from '../../shared/messages/advance.ts';
import { type StageInput, type StageJob, StageState, stageKey } from '../../shared/messages/stage-job.ts';
import { parseManifest } from '../../shared/model/manifest.ts';
import { toHex } from '../../shared/protocol/encoding.ts';
import { sha256 } from '../../shared/protocol/sha2.ts';
import type { StartJobDeps } from './deps.ts';

/** Jobs of the stages that are not done: the first reads a kept blob, the others the worker before them. */
export const remainingJobs = async (
  deps: Pick<StartJobDeps, 'store' | 'blobs' | 'chain' | 'fetchInput'>,
  message: StartJobMessage,
  epoch: number,
): Promise<StageJob[]> => {
  const { run, queryHash, model } = message;
  const [bytes, rows] = await Promise.all([
    deps.blobs.get(model),
    deps.store.list(stageKey(run, 0).pk, { prefix: 'stage/', limit: 100 }),
  ]);
  const manifest = parseManifest(bytes);
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
const ensureInput = async (
  deps: Pick<StartJobDeps, 'blobs' | 'chain' | 'fetchInput'>,
  { run, input }: StartJobMessage,
  maxBytes: number,
): Promise<void> => {
  if (await deps.blobs.has(input)) return;
  const query = await deps.chain.query(run.queryId);
  if (!query) throw new TransientError('query-absent', `query ${run.queryId} is not in the contract's state`);
  const bytes = 'inline' in query.input ? query.input.inline : await deps.fetchInput(query.input.uri, maxBytes);
  const found = toHex(sha256(bytes));
  if (found !== input)
    throw new TransientError('input-differs', `the input at its uri has hash ${found}, asked was ${input}`);
  await deps.blobs.put(bytes);
};
