import { BadInputError } from '../../errors.ts';
import type { Dataflow } from './dataflow.ts';
import type { GraphProto } from './onnx_pb.ts';
import type { Placement } from './placement.ts';

/** A model's input that is fed with its output of the run before. It stays in one stage and never travels. */
export interface StatePair {
  readonly input: string;
  readonly output: string;
}

/** How exporters name them: transformers.js and optimum; torch.onnx of LSTM and GRU; Silero. */
const NAMES: readonly (readonly [RegExp, string])[] = [
  [/^past_key_values\./, 'present.'],
  [/^past([._])/, 'present$1'],
  [/^([hc])_?0?$/, '$1n'],
  [/^([hc])_?0?$/, '$1_n'],
  [/^state$/, 'stateN'],
];

/** Pairs that are obvious from their names, in the order of the model's inputs. */
export const stateTensors = (graph: GraphProto): StatePair[] => {
  const outputs = new Set(graph.output.map((o) => o.name));
  return graph.input.flatMap(({ name: input }) => {
    const candidates = NAMES.flatMap(([pattern, to]) => (pattern.test(input) ? input.replace(pattern, to) : []));
    const output = candidates.find((name) => outputs.has(name));
    return output === undefined ? [] : { input, output };
  });
};

/**
 * @throws {BadInputError} `state-unknown` when the model has no such input or output
 */
export const assertState = (graph: GraphProto, { fed }: Dataflow, state: readonly StatePair[]): void => {
  const outputs = new Set(graph.output.map((o) => o.name));
  for (const { input, output } of state) {
    if (fed.has(input) && outputs.has(output)) continue;
    throw new BadInputError('state-unknown', `the model has no input '${input}' with an output '${output}'`, {
      next: "name a fed input and an output of the model's graph",
      details: { input, output },
    });
  }
};

/**
 * The stage that owns a state: all that read its input and what makes its output are there.
 * @throws {BadInputError} `state-split` when they are in several
 */
export const ownerOf = ({ flow, stages }: Placement, { input, output }: StatePair): number => {
  const touching = [...stages].filter(([node]) => node.output.includes(output) || flow.reads(node).includes(input));
  const [owner = 0, ...others] = new Set(touching.map(([, stage]) => stage));
  if (others.length === 0) return owner;
  const split = [owner, ...others];
  throw new BadInputError(
    'state-split',
    `state '${input}' / '${output}' is used in stages ${split.join(' and ')}; it must stay in one`,
    { next: 'keep these nodes together', details: { input, output, stages: split } },
  );
};
