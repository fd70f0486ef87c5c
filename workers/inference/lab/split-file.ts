import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BadInputError } from '../../../shared/errors.ts';
import { type CutOptions, cutStages, type ModelStage } from '../../../shared/model/onnx/cut.ts';
import { WEIGHTS_FILE } from '../../../shared/model/onnx/weights.ts';
import type { StageOf } from '../../../shared/planning/graph.ts';
import { contract } from '../../../shared/planning/partition/contract.ts';
import { costsOf } from '../../../shared/planning/partition/costs.ts';
import { inExactly } from '../../../shared/planning/partition/exactly.ts';
import { partition } from '../../../shared/planning/partition/partition.ts';
import { seeded } from '../../../shared/planning/seeded.ts';
import { GBIT_PER_S_BYTES_PER_MS } from '../../../shared/planning/swarm.ts';
import { toHex } from '../../../shared/protocol/encoding.ts';
import { sha256 } from '../../../shared/protocol/sha2.ts';
import { type CutComparison, compareCut } from '../compare-cut.ts';
import { onnxEngine } from '../onnx-engine.ts';
import { generateInputs } from '../profile/generated-inputs.ts';
import { defaultRuntime } from '../runtime.ts';
import { boundaryTypes } from './boundary-types.ts';
import type { OnnxFile } from './onnx-file.ts';
import { type ProfiledWork, profiledWork } from './profiled-work.ts';
import { hashOf, writeWeights } from './weights-file.ts';

export interface SplitTerms {
  readonly stages: number;
  readonly dims: Readonly<Record<string, number>>;
  /** Where profiles are kept. */
  readonly folder: string;
  readonly out: string;
}

/** What `stages.json` says. */
export interface SplitFile {
  readonly format: 'quorate/stages/v1';
  readonly model: string;
  readonly runtimeClass: string;
  readonly weights: { readonly file: string; readonly sizeBytes: number; readonly sha256: string };
  readonly stages: readonly {
    readonly file: string;
    readonly sha256: string;
    readonly inputs: readonly string[];
    readonly outputs: readonly string[];
    readonly state: ModelStage['state'];
    readonly ranges: readonly { readonly offsetBytes: number; readonly sizeBytes: number; readonly sha256: string }[];
    readonly weightBytes: number;
    readonly outBytes: number;
    /** As this machine measured the nodes one by one. */
    readonly computeMs: number;
  }[];
  readonly check: CutComparison;
}

const TRANSFERS = { bytesPerMs: 10 * GBIT_PER_S_BYTES_PER_MS, transfers: 'relayed' } as const;

/**
 * Cuts a model into stages of nearly equal times, writes them with their weights and `stages.json`, and runs both.
 * `stages.json` comes last: without it the folder is not whole.
 * @throws {BadInputError} `out-not-empty`, `out-unusable`; `too-many-stages`; as `profiledWork` and `cutStages`
 */
export const splitFile = async (file: OnnxFile, terms: SplitTerms): Promise<SplitFile> => {
  const { stages, dims, folder, out } = terms;
  await assertEmpty(out);
  const work = await profiledWork(file, folder, dims);
  const stageOf = stagesOf(work, stages);
  const stageOfKey = new Map(work.graph.nodes.map(({ name }, node) => [name, stageOf[node]]));
  const options: CutOptions = {
    types: await boundaryTypes(file, work.profile, dims),
    state: work.state,
  };
  const cut = cutStages(file.model, (key) => stageOfKey.get(key), options);
  const weightsPath = join(out, WEIGHTS_FILE);
  await orUnusable(out, async () => {
    await mkdir(out, { recursive: true });
    await writeWeights(file.weights, file.path, weightsPath);
    await Promise.all(cut.map(({ graph }, i) => writeFile(join(out, nameOf(i)), graph)));
  });

  const costs = costsOf(work.graph, stageOf, TRANSFERS);
  const described = await Promise.all(
    cut.map(async ({ graph, inputs, outputs, state, ranges }, i) => ({
      file: nameOf(i),
      sha256: toHex(sha256(graph)),
      inputs,
      outputs,
      state,
      ranges: await Promise.all(ranges.map(async (range) => ({ ...range, sha256: await hashOf(weightsPath, range) }))),
      weightBytes: costs[i]?.weightBytes ?? 0,
      outBytes: Math.round((costs[i]?.outMs ?? 0) * TRANSFERS.bytesPerMs),
      computeMs: costs[i]?.workMs ?? 0,
    })),
  );
  const split: SplitFile = {
    format: 'quorate/stages/v1',
    model: file.hash,
    runtimeClass: work.profile.runtimeClass,
    weights: { file: WEIGHTS_FILE, sizeBytes: file.weights.sizeBytes, sha256: await hashOf(weightsPath) },
    stages: described,
    check: await check(file, terms),
  };
  await writeFile(join(out, 'stages.json'), `${JSON.stringify(split, undefined, 2)}\n`);
  return split;
};

const assertEmpty = async (out: string): Promise<void> => {
  if (!existsSync(out) || (await orUnusable(out, () => readdir(out))).length === 0) return;
  throw new BadInputError('out-not-empty', `the folder ${out} holds something already`, { next: 'name an empty one' });
};

const orUnusable = async <T>(out: string, act: () => Promise<T>): Promise<T> => {
  try {
    return await act();
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? cause.code : 'unknown reason';
    throw new BadInputError('out-unusable', `the folder ${out} cannot be written to: ${reason}`, {
      next: 'name a folder that may be made and has room for the weights',
      cause,
    });
  }
};

const nameOf = (stage: number): string => `stage-${String(stage).padStart(2, '0')}.onnx`;

/** Stages of nearly equal times, in a chain whose links carry 10 Gbit/s. */
export const stagesOf = ({ graph, together }: ProfiledWork, stages: number): StageOf => {
  const { graph: fused, members } = contract(graph, together);
  const found = partition(fused, { ...TRANSFERS, stages, evaluations: 100, exactLimit: 20_000, random: seeded(1) });
  const stageOf: number[] = [];
  for (const [at, stage] of inExactly(fused, found.stageOf, stages).entries()) {
    for (const node of members[at] ?? []) stageOf[node] = stage;
  }
  return stageOf;
};

const check = async ({ path, model }: OnnxFile, { stages, dims, out }: SplitTerms): Promise<CutComparison> => {
  const { tensors } = generateInputs(model.graph, dims, {});
  const paths = Array.from({ length: stages }, (_, i) => join(out, nameOf(i)));
  return compareCut(onnxEngine, defaultRuntime(), { whole: path, stages: paths }, new Map(Object.entries(tensors)));
};
