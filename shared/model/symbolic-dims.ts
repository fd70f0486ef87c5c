import type { Profile, ProfiledTensor } from './profile.ts';

/** The tensors of a run, and the sizes that the inputs' free dimensions had in it. */
export interface SizedRun {
  readonly sizes: Readonly<Record<string, number>>;
  readonly tensors: Profile['tensors'];
}

/** Scales of real networks are small powers of two and their multiples; a larger denominator is chance. */
const MAX_DENOMINATOR = 64;
const ROUNDED_BY = [2, 3, 4, 5, 6, 8, 12, 16, 24, 32, 48, 64];

/**
 * The first run's tensors with symbolic dims: a dimension that was equal in all runs is a number; one that follows an
 * input's dimension in all of them is its expression ('columns', 'columns/8', '2*columns+1', 'ceil(columns/8)'); any
 * other, or one that several inputs' dimensions explain, has a free name of its own ('conv1:3'). Two runs always fit a
 * line: give three, at sizes that no stride divides, to be sure. A tensor that some run lacks keeps its numbers.
 * @param runs at least one; each free dimension should differ between them, and independently of the others
 */
export const symbolicDims = (runs: readonly SizedRun[]): Profile['tensors'] => {
  const bases = varying(runs);
  return Object.fromEntries(
    Object.entries(runs[0]?.tensors ?? {}).map(([name, tensor]) => [name, symbolic(name, tensor, runs, bases)]),
  );
};

interface Basis {
  readonly name: string;
  readonly sizes: readonly number[];
}

const varying = (runs: readonly SizedRun[]): Basis[] =>
  Object.keys(runs[0]?.sizes ?? {})
    .map((name) => ({ name, sizes: runs.map((run) => run.sizes[name] ?? Number.NaN) }))
    .filter(({ sizes }) => new Set(sizes).size > 1);

const symbolic = (
  name: string,
  tensor: ProfiledTensor,
  runs: readonly SizedRun[],
  bases: readonly Basis[],
): ProfiledTensor => {
  const seen = runs.map((run) => run.tensors[name]?.dims);
  if (seen.some((dims) => dims?.length !== tensor.dims.length)) return tensor;
  const dims = tensor.dims.map((first, axis) => {
    const values = seen.map((dims) => Number(dims?.[axis]));
    return values.every((value) => value === first) ? first : (expression(values, bases) ?? `${name}:${axis}`);
  });
  return { ...tensor, dims };
};

/** Exact lines explain more than rounded ones; products of two dimensions come from reshapes, so they are last. */
const expression = (values: readonly number[], bases: readonly Basis[]): string | undefined => {
  const attempts = [
    () => bases.flatMap((basis) => line(values, basis) ?? []),
    () => bases.flatMap((basis) => rounded(values, basis) ?? []),
    () => products(bases).flatMap((basis) => line(values, basis) ?? []),
  ];
  const found = attempts.map((attempt) => attempt()).find((texts) => texts.length > 0);
  return found?.length === 1 ? found[0] : undefined;
};

const products = (bases: readonly Basis[]): Basis[] =>
  bases.flatMap((a, at) =>
    bases.slice(at + 1).map((b) => ({
      name: `${a.name}*${b.name}`,
      sizes: a.sizes.map((size, run) => size * (b.sizes[run] ?? Number.NaN)),
    })),
  );

const gcd = (a: number, b: number): number => (b === 0 ? Math.abs(a) : gcd(b, a % b));

/** (numerator*size + offset)/denominator through all points, if there is one. */
const line = (values: readonly number[], { name, sizes }: Basis): string | undefined => {
  const [size0 = 0, value0 = 0] = [sizes[0], values[0]];
  const other = sizes.findIndex((size) => size !== size0);
  const [rise, run] = [(values[other] ?? 0) - value0, (sizes[other] ?? 0) - size0];
  if (rise === 0) return undefined;
  const by = gcd(rise, run) * Math.sign(run);
  const [numerator, denominator] = [rise / by, run / by];
  const offset = value0 * denominator - numerator * size0;
  const exact = values.every((value, at) => value * denominator === numerator * (sizes[at] ?? 0) + offset);
  return exact && denominator <= MAX_DENOMINATOR ? lineText(name, numerator, offset, denominator) : undefined;
};

const lineText = (name: string, numerator: number, offset: number, denominator: number): string => {
  const scaled = numerator === 1 ? name : `${numerator}*${name}`;
  if (denominator === 1) return `${scaled}${plus(offset)}`;
  // 'columns/8+1' reads better than '(columns+8)/8'.
  if (offset % denominator === 0) return `${scaled}/${denominator}${plus(offset / denominator)}`;
  return `(${scaled}${plus(offset)})/${denominator}`;
};

const plus = (offset: number): string => (offset === 0 ? '' : offset > 0 ? `+${offset}` : `${offset}`);

/** floor(size/n)+k or ceil(size/n)+k: what convolutions and pools with stride give. */
const rounded = (values: readonly number[], { name, sizes }: Basis): string | undefined => {
  for (const by of ROUNDED_BY) {
    for (const [label, round] of [
      ['ceil', Math.ceil],
      ['floor', Math.floor],
    ] as const) {
      const offsets = values.map((value, at) => value - round((sizes[at] ?? 0) / by));
      const [offset = 0] = offsets;
      if (offsets.every((o) => o === offset)) return `${label}(${name}/${by})${plus(offset)}`;
    }
  }
  return undefined;
};
