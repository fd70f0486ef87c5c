import type { StageResult } from './compute-stage.ts';

/**
 * What stages computed for nothing: from bytes whose own stage was never written down, since its worker died. When that
 * stage is redone it gives the same bytes, and the work after it need not be done again.
 */
export interface UnsealedResults {
  keep(key: string, unsealed: Unsealed): void;
  /** What is kept, once. */
  take(key: string): Unsealed | undefined;
}

export interface Unsealed {
  /** Root of what it was computed from. */
  readonly inRoot: string;
  readonly result: StageResult;
}

/** @param limit most results kept; the oldest goes first */
export const unsealedResults = (limit = 8): UnsealedResults => {
  const results = new Map<string, Unsealed>();
  return {
    keep: (key, unsealed) => {
      results.set(key, unsealed);
      const [oldest] = results.keys();
      if (results.size > limit && oldest !== undefined) results.delete(oldest);
    },
    take: (key) => {
      const unsealed = results.get(key);
      results.delete(key);
      return unsealed;
    },
  };
};
