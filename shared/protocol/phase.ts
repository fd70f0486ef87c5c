import type { QueryPhase, QueryState } from './state.ts';

/**
 * The phase that a transaction landing at `height` would meet (docs/protocol.md section 2). `state` was read at an earlier
 * or equal height; commits and reveals seen since can only make windows close earlier.
 */
export const phaseAt = (state: QueryState, height: number): QueryPhase => {
  if (state.outcome) return state.outcome.kind;
  const o = state.opening;
  if (!o) return state.queueDeadline !== undefined && height > state.queueDeadline ? 'expire' : 'queued';
  if (height <= o.commitClose) return 'commit';
  if (o.committed === 0) return 'expire';
  if (o.revealed === o.committed) return 'settle';
  return o.revealClose !== undefined && height > o.revealClose ? 'settle' : 'reveal';
};

/** First height at which the phase changes by itself, or undefined when only a message can change it. */
export const nextPhaseHeight = (state: QueryState, height: number): number | undefined => {
  const o = state.opening;
  switch (phaseAt(state, height)) {
    case 'queued':
      return state.queueDeadline === undefined ? undefined : state.queueDeadline + 1;
    case 'commit':
      return o ? o.commitClose + 1 : undefined;
    case 'reveal':
      return o?.revealClose === undefined ? undefined : o.revealClose + 1;
    default:
      return undefined;
  }
};
