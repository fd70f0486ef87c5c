/** Machines that could run stages, and the links between them. */
export interface Swarm {
  readonly machines: readonly Machine[];
  /** `links[from][to]`. */
  readonly links: readonly (readonly LinkSpeed[])[];
}

export interface Machine {
  readonly name: string;
  /** How many times faster than the machine of the profile. */
  readonly speed: number;
  /** A hard limit for weights and activations together. */
  readonly memoryBytes: number;
}

export interface LinkSpeed {
  /** One way. */
  readonly latencyMs: number;
  readonly bytesPerMs: number;
}

/** One Gbit/s. */
export const GBIT_PER_S_BYTES_PER_MS = 1e9 / 8 / 1000;
