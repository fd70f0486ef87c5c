import { existsSync, readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { machineOf } from '../../shared/model/calibration.ts';
import {
  type CostSample,
  fitMachine,
  graphCosts,
  type MachineRates,
  nodeTimeMs,
} from '../../shared/model/cost-model.ts';
import type { ManifestRuntime } from '../../shared/model/manifest.ts';
import { nodeKey } from '../../shared/model/onnx/compute-nodes.ts';
import { quantile } from '../../shared/planning/quantile.ts';
import { ocrPackage } from '../../workers/inference/install-ocr.ts';
import { calibrate } from '../../workers/inference/profile/calibrate.ts';
import { timeRuns } from '../../workers/inference/profile/instrumented-run.ts';
import { openForProfile, profileModel } from '../../workers/inference/profile/profile-model.ts';
import { defaultRuntime } from '../../workers/inference/runtime.ts';

const RUNS = 9;
const LIGHT = fileURLToPath(new URL('../../../shared/vectors/onnx-light/', import.meta.url));

interface Measured {
  readonly file: string;
  readonly samples: readonly CostSample[];
  readonly wholeMs: number;
}

/**
 * How well the cost model predicts measured node times. `analytic` knows only the calibration of this machine;
 * `fitted` also has the factors per operator class that fit all other files.
 */
export const profile = async (args: readonly string[]): Promise<void> => {
  const { dims, files } = parse(args);
  const runtime = defaultRuntime();
  const calibration = await calibrate(runtime);
  const rates = [calibration.matmulFlopsPerMs, calibration.convolutionFlopsPerMs].map((r) => (r / 1e6).toFixed(1));
  console.log(
    `matmul ${rates[0]} GFLOP/s, convolution ${rates[1]}, copy ${(calibration.bytesPerMs / 1e6).toFixed(1)} GB/s, launch ${(1000 * calibration.launchMs).toFixed(1)} us`,
  );
  const all: Measured[] = [];
  for (const file of files.length > 0 ? files : await known()) all.push(await measure(file, runtime, dims));
  console.log(
    'file                          nodes  nodes ms  whole ms | analytic ms ratio  rank | fitted ms ratio  rank',
  );
  for (const one of all) {
    const machine = machineOf(calibration);
    const others = all.filter((other) => other !== one).flatMap(({ samples }) => samples);
    const columns = [machine, others.length > 0 ? fitMachine(machine, others) : machine].map((m) => column(one, m));
    const measured = sum(one.samples.map(({ timeMs }) => timeMs));
    const counts = `${String(one.samples.length).padStart(6)} ${measured.toFixed(1).padStart(9)} ${one.wholeMs.toFixed(1).padStart(9)}`;
    console.log(`${basename(one.file).slice(0, 28).padEnd(28)} ${counts} | ${columns.join(' | ')}`);
  }
};

const parse = (args: readonly string[]): { dims: Record<string, number>; files: string[] } => {
  const isDim = (arg: string): boolean => /^[^/]+=\d+$/.test(arg);
  const pairs = args.filter(isDim).map((arg) => {
    const at = arg.lastIndexOf('=');
    return [arg.slice(0, at), Number(arg.slice(at + 1))] as const;
  });
  return { dims: Object.fromEntries(pairs), files: args.filter((arg) => !isDim(arg) && arg !== '--dims') };
};

const known = async (): Promise<string[]> => {
  const light = existsSync(LIGHT) ? readdirSync(LIGHT).filter((name) => name.endsWith('.onnx')) : [];
  const { recognitionPath, detectionPath } = await ocrPackage();
  return [recognitionPath, detectionPath, ...light.map((name) => `${LIGHT}${name}`)];
};

const measure = async (
  file: string,
  runtime: ManifestRuntime,
  dims: Readonly<Record<string, number>>,
): Promise<Measured> => {
  const { profile, inputs } = await profileModel({ path: file }, runtime, { dims, runs: RUNS });
  const { model, loadable } = await openForProfile({ path: file });
  const samples = [...graphCosts(model.graph, profile.tensors)].map(([node, cost]) => ({
    cost,
    timeMs: profile.nodes[nodeKey(node)] ?? 0,
  }));
  return { file, samples, wholeMs: quantile(await timeRuns(loadable, runtime, inputs, RUNS), 0.5) };
};

const column = ({ samples }: Measured, machine: MachineRates): string => {
  const predicted = samples.map(({ cost }) => nodeTimeMs(cost, machine));
  const measured = samples.map(({ timeMs }) => timeMs);
  const ratio = sum(predicted) / sum(measured);
  const rank = correlation(ranks(predicted), ranks(measured));
  return `${sum(predicted).toFixed(1).padStart(9)} ${ratio.toFixed(2).padStart(5)} ${rank.toFixed(2).padStart(5)}`;
};

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** Equal values share the mean of their ranks (Spearman). */
const ranks = (values: readonly number[]): number[] => {
  const sorted = values.toSorted((a, b) => a - b);
  return values.map((value) => (sorted.indexOf(value) + sorted.lastIndexOf(value)) / 2);
};

const correlation = (a: readonly number[], b: readonly number[]): number => {
  const centred = [a, b].map((values) => values.map((value) => value - sum(values) / values.length));
  const [x = [], y = []] = centred;
  const dot = (u: readonly number[], v: readonly number[]): number => sum(u.map((value, at) => value * (v[at] ?? 0)));
  return dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y));
};
