import type { StageOf, Transfers } from '../graph.ts';

/** What a partition for equal machines is asked for. */
export interface Terms {
  /** At most so many stages, at least 1. */
  readonly stages: number;
  readonly bytesPerMs: number;
  readonly transfers: Transfers;
  /** A hard limit for weights and peak activations of one stage together; none if left out. */
  readonly memoryBytes?: number;
}

export interface Candidate {
  readonly stageOf: StageOf;
  readonly bottleneckMs: number;
}
