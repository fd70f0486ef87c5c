/** Time. Injected, so that a simulation can drive it. */
export interface Clock {
  nowMs(): number;
  /** Resolves after `ms`, or rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Randomness that need not be reproducible outside a simulation: jitter, tokens. */
export interface Random {
  bytes(length: number): Uint8Array;
  /** Uniform integer in [0, bound). */
  below(bound: number): number;
}
