import type { MachineRates } from './cost-model.ts';

/** What a short benchmark says of a machine, one thread. */
export interface Calibration {
  readonly matmulFlopsPerMs: number;
  readonly convolutionFlopsPerMs: number;
  /** Of a convolution with one channel per filter. */
  readonly depthwiseFlopsPerMs: number;
  /** Read and written by an elementwise operator on a tensor of 1 MiB. */
  readonly bytesPerMs: number;
  /** Time of a node on one element. */
  readonly launchMs: number;
}

/** The cost model of a machine of which nothing but its calibration is known. */
export const machineOf = ({ launchMs, bytesPerMs, ...rates }: Calibration): MachineRates => ({
  flopsPerMs: rates.matmulFlopsPerMs,
  bytesPerMs,
  launchMs,
  factors: {
    convolution: rates.matmulFlopsPerMs / rates.convolutionFlopsPerMs,
    depthwise: rates.matmulFlopsPerMs / rates.depthwiseFlopsPerMs,
  },
});

/**
 * How many times as fast as the reference a machine is: the geometric mean over its rates, so that
 * speedOf(a, b) = 1 / speedOf(b, a).
 */
export const speedOf = (machine: Calibration, reference: Calibration): number =>
  RATES.reduce((product, rate) => product * (machine[rate] / reference[rate]), 1) ** (1 / RATES.length);

const RATES = ['matmulFlopsPerMs', 'convolutionFlopsPerMs', 'depthwiseFlopsPerMs', 'bytesPerMs'] as const;
