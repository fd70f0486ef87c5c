/** What a node's operator does wrong, and what happens to workers and RPCs. */
const ACTORS = ['copy-commit', 'wrong-result', 'late-reveal', 'no-reveal', 'dead-worker', 'lying-rpc'] as const;

/** What happens between this deployment and the chain. */
export const EDGE_FAULTS = [
  'lagging-rpc',
  'failing-rpc',
  'silent-rpc',
  'dropped-tx',
  'lost-answer',
  'sequence-clash',
  'out-of-gas',
  'fee-spike',
] as const;
export type EdgeFault = (typeof EDGE_FAULTS)[number];

/** The fault menu of `npm start -- --fault NAME`. */
export const FAULT_NAMES = [...ACTORS, ...EDGE_FAULTS] as const;
export type FaultName = (typeof FAULT_NAMES)[number];

export const isEdge = (fault: FaultName): fault is EdgeFault => (EDGE_FAULTS as readonly string[]).includes(fault);
