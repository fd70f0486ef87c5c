import { InvariantError } from '../../../shared/errors.ts';
import { quantile } from '../../../shared/planning/quantile.ts';

/** What onnxruntime's profiler tells of one node over all runs. */
export interface NodeEvents {
  readonly timeMs: number;
  /** Per output that is a tensor, in order: the runtime's own name of the type, and the shape. */
  readonly outputs: readonly { readonly type: string; readonly dims: readonly number[] }[];
}

interface Event {
  readonly cat: string;
  readonly name: string;
  /** Microseconds. */
  readonly dur: number;
  readonly args: { readonly output_type_shape?: readonly Readonly<Record<string, readonly number[]>>[] };
}

const SUFFIX = '_kernel_time';

/**
 * Reads the JSON that `endProfiling` wrote. The first run is left out: it allocates and packs.
 * @returns by node name the median time and the outputs of the last run
 * @throws {InvariantError} `profiler-output-unreadable`
 */
export const readProfilerOutput = (text: string): ReadonlyMap<string, NodeEvents> => {
  const byName = Map.groupBy(
    parse(text).filter((event) => event.cat === 'Node' && event.name.endsWith(SUFFIX)),
    (event) => event.name.slice(0, -SUFFIX.length),
  );
  return new Map(
    [...byName].map(([name, events]) => {
      const times = (events.length > 1 ? events.slice(1) : events).map((event) => event.dur / 1000);
      return [name, { timeMs: quantile(times, 0.5), outputs: outputsOf(events.at(-1)) }];
    }),
  );
};

const parse = (text: string): readonly Event[] => {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InvariantError('profiler-output-unreadable', `onnxruntime wrote ${text.length} characters, not JSON`, {
      next: "rename the model's tensors that have quotes or backslashes in their names",
      cause,
    });
  }
};

const outputsOf = (event: Event | undefined): NodeEvents['outputs'] =>
  (event?.args.output_type_shape ?? []).flatMap((output) =>
    Object.entries(output).map(([type, dims]) => ({ type, dims })),
  );
