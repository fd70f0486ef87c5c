import type { ManifestRuntime } from '../../shared/model/manifest.ts';
import type { TensorBytes } from '../../shared/protocol/digest.ts';
import type { InferenceEngine } from './engine.ts';
import { numbersOf } from './numbers.ts';

/** Paths of a whole model's graph and of its stages' in order. */
export interface CutModel {
  readonly whole: string;
  readonly stages: readonly string[];
}

export interface CutComparison {
  /** Each output has the same bytes. If not, members that run stages must be compared with a tolerance. */
  readonly exact: boolean;
  /** Largest difference of one number of one output; infinite where shapes differ or only one is not a number. */
  readonly maxAbsError: number;
}

type Values = ReadonlyMap<string, TensorBytes>;

/**
 * Runs a model whole and in stages on the same feeds. The runtime may fuse nodes only where there is no cut between
 * them, and a fused node rounds otherwise: so a cut must be tried before one relies on equal bytes.
 * @param feeds one tensor per input of the whole model, states too
 * @throws {BadInputError} `shard-unloadable`, `run-failed`
 */
export const compareCut = async (
  engine: InferenceEngine,
  runtime: ManifestRuntime,
  { whole, stages }: CutModel,
  feeds: Values,
): Promise<CutComparison> => {
  const expected = await outputsOf(engine, runtime, whole, feeds);
  let received = new Map(feeds);
  for (const stage of stages) {
    received = new Map([...received, ...(await outputsOf(engine, runtime, stage, received))]);
  }
  const errors = [...expected].map(([name, tensor]) => difference(tensor, received.get(name)));
  return { exact: errors.every((e) => e.exact), maxAbsError: errors.reduce((m, e) => Math.max(m, e.maxAbsError), 0) };
};

/** Outputs of one run by name; `values` may hold more than the inputs. */
export const outputsOf = async (
  engine: InferenceEngine,
  runtime: ManifestRuntime,
  path: string,
  values: Values,
): Promise<Map<string, TensorBytes>> => {
  const session = await engine.load(path, runtime);
  try {
    const results = await session.run(session.inputs.map((name) => values.get(name)).filter((t) => t !== undefined));
    return new Map(session.outputs.map((name, i) => [name, results[i] as TensorBytes]));
  } finally {
    await session.release();
  }
};

const difference = (expected: TensorBytes, received: TensorBytes | undefined): CutComparison => {
  const sameType = received?.dtype === expected.dtype && `${received.dims}` === `${expected.dims}`;
  if (!received || !sameType) return { exact: false, maxAbsError: Number.POSITIVE_INFINITY };
  if (Buffer.compare(expected.data, received.data) === 0) return { exact: true, maxAbsError: 0 };
  const [a, b] = [numbersOf(expected), numbersOf(received)];
  const maxAbsError = a.reduce((most, value, i) => {
    const other = b[i] ?? Number.NaN;
    if (Object.is(value, other) || value === other) return most;
    const error = Math.abs(value - other);
    return Number.isNaN(error) ? Number.POSITIVE_INFINITY : Math.max(most, error);
  }, 0);
  return { exact: false, maxAbsError };
};
