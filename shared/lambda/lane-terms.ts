import { DEFAULT_LANE_TERMS, type LaneTerms } from '../chain/lanes/deps.ts';

/**
 * How a lane is driven where waiting is paid for. One short look after sending: on a fast chain the transaction is in a block by then.
 * Else `not-included-yet` gives the message back, and the queue waits for nothing: a block of 6 s costs five invocations of half a second.
 * The lease (8 s) is shorter than the queue's time-out, so a lane whose holder was killed is free before its message comes again.
 * Runs of one query end within moments of each other: those that wait 200 ms share a signature (15 $ a million) and its gas.
 */
const ON_LAMBDA = { pollMs: 400, maxPolls: 2, leaseMs: 8_000, gatherMs: 200 } as const;

export const laneTerms = (denom: string, gasPrice: string): LaneTerms => ({
  ...DEFAULT_LANE_TERMS,
  ...ON_LAMBDA,
  denom,
  gasPrice,
});
