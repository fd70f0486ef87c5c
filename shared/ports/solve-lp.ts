export type { SolveLp } from '../planning/partition/bounds.ts';
