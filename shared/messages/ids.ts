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

/**
 * Id of a run's transaction. A settlement is the same whoever of a deployment's nodes sends it, so they share one id, and one
 * transaction.
 */
export const runTxId = (run: RunRef, kind: 'commit' | 'reveal' | 'settle', tries: number): string =>
  kind === 'settle' ? `${run.chainId}/${run.queryId}/${run.attempt}/settle/${tries}` : `${runId(run)}/${kind}/${tries}`;

/** SHA-256 in lower-case hex. */
export const Hash = hash;
