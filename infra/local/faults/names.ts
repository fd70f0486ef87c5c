/** The fault menu of `npm start -- --fault NAME`. */
export const FAULT_NAMES = [
  'copy-commit',
  'wrong-result',
  'late-reveal',
  'no-reveal',
  'dead-worker',
  'lying-rpc',
] as const;
export type FaultName = (typeof FAULT_NAMES)[number];
