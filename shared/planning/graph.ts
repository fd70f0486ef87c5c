/** A model's work as a directed acyclic graph: what planning knows of a model. */
export interface WorkGraph {
  /** In a topological order, the file's own: index = name everywhere in planning. */
  readonly nodes: readonly WorkNode[];
  readonly tensors: readonly WorkTensor[];
  readonly weights: readonly WorkWeight[];
}

export interface WorkNode {
  readonly name: string;
  /** Time of one run on a machine of speed 1. */
  readonly timeMs: number;
}

/** A tensor that may travel from stage to stage: activations, never weights. */
export interface WorkTensor {
  readonly name: string;
  readonly sizeBytes: number;
  /** Undefined for an input of the model. */
  readonly producer: number | undefined;
  /** Ascending, each once. */
  readonly consumers: readonly number[];
  /** An output of the model: the last stage must have it. */
  readonly isOutput: boolean;
}

/** Weights stay where they are used; one used in several stages is loaded in each (tied weights). */
export interface WorkWeight {
  readonly name: string;
  readonly sizeBytes: number;
  /** Ascending, each once. */
  readonly users: readonly number[];
}

/**
 * `direct`: a tensor goes from its producer's stage to each stage that reads it, charged once at each side (MTPP,
 * arXiv 2311.03703). `relayed`: stages form a chain and hand on what later ones need, as our workers do, since the
 * receipts of a run are a chain; charged at every boundary that it crosses.
 */
export type Transfers = 'direct' | 'relayed';

/** Per node its stage, 0 to k - 1; never descending along a tensor. */
export type StageOf = readonly number[];
