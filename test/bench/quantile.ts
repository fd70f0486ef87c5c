import { quantile } from '../../shared/planning/quantile.ts';

export const summary = (samples: readonly number[], unit: string): string =>
  [0.5, 0.9, 0.99, 1].map((q) => `p${100 * q} ${quantile(samples, q).toFixed(1)} ${unit}`).join(', ');
