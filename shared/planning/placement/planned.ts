import type { Assignment } from './assign.ts';
import type { Objective } from './slicing.ts';

export interface PlannedStage {
  /** Name of its machine. */
  readonly machine: string;
  /** Indices of the graph's nodes, in the order in which they run. */
  readonly nodes: readonly number[];
  readonly computeMs: number;
  /** Bytes over bandwidth of the link from the stage before and to the next; 0 at the asker's side. */
  readonly inMs: number;
  readonly outMs: number;
  readonly weightBytes: number;
  readonly peakBytes: number;
  /** Of the machine: the limit for both together. */
  readonly memoryBytes: number;
}

export interface PlannedLink {
  readonly from: string;
  readonly to: string;
  readonly bytes: number;
  /** Latency and bytes over bandwidth. */
  readonly ms: number;
}

export interface Plan {
  readonly kind: 'plan';
  readonly objective: Objective;
  readonly search: Assignment['search'];
  readonly cuts: Assignment['cuts'];
  readonly stages: readonly PlannedStage[];
  /** Between each two stages. */
  readonly links: readonly PlannedLink[];
  /** The slowest stage: compute, in and out. */
  readonly bottleneckMs: number;
  /** In words: which stage, and what takes most of its time. */
  readonly bottleneckAt: string;
  /** Of one request alone: all compute and all links. */
  readonly latencyMs: number;
  /** With requests in every stage at once. */
  readonly throughputPerS: number;
  /** No placement has a smaller bottleneck (throughput) or latency (latency). */
  readonly boundMs: number;
  /** The objective's ms over the bound: 1 is proved best. */
  readonly gap: number;
  /** The fastest machine that holds the whole model. */
  readonly oneMachine: { readonly name: string; readonly ms: number } | undefined;
  /** Sentences: whether one machine is faster than several and why, which machines are left out and why. */
  readonly advice: readonly string[];
}
