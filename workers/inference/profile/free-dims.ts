/** A free dimension of an input: its own name, or the input's name and the axis ('x[3]') when it has none. */
export interface FreeDim {
  readonly name: string;
  readonly size: number;
  /** Nobody gave the size. */
  readonly guessed: boolean;
}

export interface FreeDims {
  /** The size of a dimension at this axis of a tensor of this rank. One name has one size, whoever asks first. */
  sizeOf(name: string, axis: number, rank: number): number;
  /** All that were asked for. */
  all(): FreeDim[];
}

/** Sizes as given in `sizes`, by name, or else guessed. */
export const freeDims = (sizes: Readonly<Record<string, number>>): FreeDims => {
  const known = new Map<string, FreeDim>();
  const sizeOf = (name: string, axis: number, rank: number): number => {
    const terms = name.split('+').map((term) => term.trim());
    // Exporters name dimensions by sums, as in 'past_sequence_length + 1'.
    if (terms.length > 1 && sizes[name] === undefined) {
      return terms.reduce((sum, term) => sum + (isNumber(term) ? Number(term) : sizeOf(term, 1, 2)), 0);
    }
    const given = sizes[name];
    const found = known.get(name) ?? { name, size: given ?? guess(name, axis, rank), guessed: given === undefined };
    known.set(name, found);
    return found.size;
  };
  return { sizeOf, all: () => [...known.values()] };
};

const isNumber = (term: string): boolean => /^\d+$/.test(term);

const guess = (name: string, axis: number, rank: number): number => {
  if (/past/i.test(name)) return 0;
  if (/batch/i.test(name) || axis === 0) return 1;
  return rank === 4 && axis >= 2 ? 224 : 16;
};
