import { basename, resolve } from 'node:path';
import { placedStageBound } from '../../../planning/partition/bounds.ts';
import { contract } from '../../../planning/partition/contract.ts';
import type { BoundOf } from '../../../planning/placement/bounds.ts';
import { candidateOrders } from '../../../planning/placement/candidate-orders.ts';
import { planPlacement } from '../../../planning/placement/plan.ts';
import { msInWords } from '../../../planning/words.ts';
import { parseSwarmSpec } from '../../swarm-spec.ts';
import { expectArguments, parse, show, usage } from '../command.ts';
import { homeOf } from '../config.ts';
import type { Io } from '../io.ts';
import { EXIT } from '../output.ts';
import { parseCount, parseDims } from './arguments.ts';
import { drawingOf, planLines } from './plan-lines.ts';
import { planSvg } from './plan-svg.ts';

export const PLAN_HELP = `quorate model plan FILE.onnx --workers SPEC.json [options]

Where each part of a model would run on these machines, how fast that would be, and how good it is. The model is
measured on this machine first (kept in QUORATE_HOME/profiles). Exit code 1, with reasons, where it does not fit.

  --workers FILE     {"workers": [{"name", "speed": 1, "memoryGb"}],
                      "links": {"default": {"latencyMs", "gbitPerS"}, "between": [{"from", "to", "latencyMs", "gbitPerS"}]}}
                     speed: times that of this machine
  --objective NAME   throughput (the slowest stage; default) or latency (one request alone)
  --max-stages N     at most so many stages
  --dims NAME=SIZE   size of a free dimension of the inputs; as often as needed
  --svg FILE         draws the plan
  --prove SECONDS    at most so long for a better bound of the throughput, by mixed-integer programs (HiGHS)
  --json             one JSON document on stdout`;

const COMMAND = 'quorate model plan';
const OPTIONS = {
  workers: { type: 'string' },
  objective: { type: 'string', default: 'throughput' },
  'max-stages': { type: 'string' },
  dims: { type: 'string', multiple: true },
  svg: { type: 'string' },
  prove: { type: 'string' },
} as const;

const objectiveOf = (text: string): 'throughput' | 'latency' => {
  if (text === 'throughput' || text === 'latency') return text;
  throw usage(`--objective takes throughput or latency, received '${text}'`, `See '${COMMAND} --help'.`);
};

/** With transfers, which the plain bound leaves out: they take seconds. */
const programBound = async (timeLimitS: number): Promise<BoundOf> => {
  const { openHighs } = await import('../../../adapters/highs/solve-lp.ts');
  const solve = await openHighs();
  return (graph, stages, bytesPerMs) =>
    placedStageBound(graph, { stages, bytesPerMs, transfers: 'direct' }, solve, timeLimitS);
};

const nodesInWords = (nodes: number, parts: number): string =>
  `${nodes === 1 ? '1 node' : `${nodes} nodes`}${parts === nodes ? '' : `, ${parts} that can be parted`}`;

/** @returns 1 when the model fits on these machines in no way, with the reasons */
export const planModel = async (args: readonly string[], io: Io): Promise<number> => {
  const { values, positionals } = parse('model plan', args, OPTIONS);
  const [file = ''] = expectArguments('model plan', positionals, ['FILE']);
  if (values.workers === undefined) throw usage(`'${COMMAND}' needs --workers SPEC.json`, `See '${COMMAND} --help'.`);
  const objective = objectiveOf(values.objective);
  const most = values['max-stages'];
  const maxStages = most === undefined ? undefined : parseCount(COMMAND, 'max-stages', most);
  const dims = parseDims(COMMAND, values.dims);
  const proveS = values.prove === undefined ? undefined : parseCount(COMMAND, 'prove', values.prove);
  const swarm = parseSwarmSpec(new TextDecoder().decode(await io.read(resolve(io.cwd, values.workers))));
  // Loads onnxruntime, which no other command needs.
  const lab = await import('../../../../workers/inference/lab/lab.ts');
  const model = await lab.openOnnxFile(resolve(io.cwd, file));
  const work = await lab.profiledWork(model, homeOf(io, values), dims);
  const { graph, members } = contract(work.graph, work.together);
  const boundOf = proveS === undefined ? undefined : await programBound(proveS);
  const orders = candidateOrders(graph, swarm);
  const plan = planPlacement(graph, swarm, { objective, maxStages, orders, boundOf });
  const wholeMs = graph.nodes.reduce((sum, { timeMs }) => sum + timeMs, 0);
  const nodes = work.graph.nodes.length;
  const parts = graph.nodes.length;
  const measured = { model: model.hash, nodes, parts, wholeMs, runtimeClass: work.profile.runtimeClass };
  const title = `${basename(file)}: ${nodesInWords(nodes, parts)}, ${msInWords(wholeMs)} on this machine`;
  if (plan.kind === 'refused') {
    show(io, values.json, { ...measured, refused: plan.reasons }, () => [title, ...plan.reasons.map((r) => `- ${r}`)]);
    return EXIT.refused;
  }
  if (values.svg !== undefined) {
    await io.write(resolve(io.cwd, values.svg), new TextEncoder().encode(planSvg(drawingOf(title, plan))));
  }
  const names = (nodes: readonly number[]): string[] =>
    nodes.flatMap((part) => members[part] ?? []).map((node) => work.graph.nodes[node]?.name ?? '?');
  const stages = plan.stages.map((stage) => ({ ...stage, nodes: names(stage.nodes) }));
  return show(io, values.json, { ...measured, plan: { ...plan, stages } }, () => [
    title,
    ...planLines({ ...plan, stages }),
    `measured    by ${measured.runtimeClass}`,
  ]);
};
