/** Nearest-rank quantile of unsorted samples. */
export const quantile = (samples: readonly number[], q: number): number =>
  [...samples].sort((a, b) => a - b)[Math.max(0, Math.ceil(q * samples.length) - 1)] ?? Number.NaN;

export const summary = (samples: readonly number[], unit: string): string =>
  [0.5, 0.9, 0.99, 1].map((q) => `p${100 * q} ${quantile(samples, q).toFixed(1)} ${unit}`).join(', ');
