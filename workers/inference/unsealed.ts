import type { StageResult } from './compute-stage.ts';

/**
 * What stages computed for nothing: from bytes whose own stage was never written down, since its worker died. When that
 * stage is redone it gives the same bytes, and the work after it need not be done again.
 */
export interface UnsealedResults {
  keep(key: string, result: StageResult): void;
  /** The result, once. */
  take(key: string): StageResult | undefined;
}

/** @param limit most results kept; the oldest goes first */
export const unsealedResults = (limit = 8): UnsealedResults => {
  const results = new Map<string, StageResult>();
  return {
    keep: (key, result) => {
      results.set(key, result);
      const [oldest] = results.keys();
      if (results.size > limit && oldest !== undefined) results.delete(oldest);
    },
    take: (key) => {
      const result = results.get(key);
      results.delete(key);
      return result;
    },
  };
};
