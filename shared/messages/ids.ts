import { z } from 'zod';

const hash = z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 lower-case hex digits');

/** One node's work on one attempt at one query: the unit that the state machine drives. */
export const RunRef = z.strictObject({
  chainId: z.string().min(1),
  /** Id of the query in the contract. */
  queryId: z.int().nonnegative(),
  /** 0, 1 or 2. */
  attempt: z.int().min(0).max(2),
  /** bech32 address of the node. */
  node: z.string().min(1),
});
export type RunRef = z.infer<typeof RunRef>;

/** `chain/query/attempt/node`: the domain id from which all ids of a run's effects are made. */
export const runId = (run: RunRef): string => `${run.chainId}/${run.queryId}/${run.attempt}/${run.node}`;

/** SHA-256 in lower-case hex. */
export const Hash = hash;
