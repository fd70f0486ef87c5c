import { z } from 'zod';
import { Hash, RunRef, runId } from '../messages/ids.ts';
import type { Key } from '../ports/store.ts';
import { RUN_STATES } from '../protocol/lifecycle.ts';

export const RunStateName = z.enum(RUN_STATES);

export const RunRow = z.strictObject({
  run: RunRef,
  queryHash: Hash,
  model: Hash,
  inputHash: Hash,
  state: RunStateName,
  /** Why a run failed or missed its window, or what it waits for. */
  reason: z.string().optional(),
  /** The node's weight at the opening height, and how many rounds it has tried: a round's draw never changes. */
  tried: z.strictObject({ weight: z.string().regex(/^\d+$/), rounds: z.int() }).optional(),
  /** Round in which the node was drawn, and its VRF proof (80 bytes in hex). */
  draw: z.strictObject({ round: z.int(), proof: z.string(), beta: z.string() }).optional(),
  /** What the node commits to. Saved before the commit is sent. */
  result: z.strictObject({ digest: Hash, output: Hash, receiptsRoot: Hash, receipts: z.array(Hash) }).optional(),
  /** The transaction in flight, and how many of its kind were planned. */
  tx: z.strictObject({ kind: z.enum(['commit', 'reveal', 'settle']), id: z.string(), tries: z.int() }).optional(),
  /** First height at which this node settles, drawn at random so that members do not all send. */
  settleHeight: z.int().optional(),
  history: z.array(z.strictObject({ state: RunStateName, height: z.int(), atMs: z.number() })),
});
export type RunRow = z.infer<typeof RunRow>;

export const runKey = (run: RunRef): Key => ({ pk: `run/${runId(run)}`, sk: 'run' });

/** Index partition: the runs of a query, so that one query's runs are found without scanning. Its rows' bodies are RunRefs. */
export const runsOfQuery = (chainId: string, queryId: number): string => `runs-of/${chainId}/${queryId}`;

/** Due list of runs by the height at which they must be looked at again (promise P6). One list per chain. */
export const runWakes = (chainId: string): string => `run-wake/${chainId}`;
