import { hopMatrix } from '../route.ts';
import type { Swarm } from '../swarm.ts';

/** Symmetric, 0 on the diagonal, in ms. */
export type Distances = readonly (readonly number[])[];

/**
 * How far machines are from each other for messages of so many bytes: half the round trip, which is the mean of both
 * latencies, and bytes over bandwidth, the mean of both directions too (sharding.md 5.1).
 */
export const distancesOf = (swarm: Swarm, bytes: number): Distances => {
  const hops = hopMatrix(swarm, bytes, 'latency');
  return hops.map((row, from) => row.map((ms, to) => (ms + (hops[to]?.[from] ?? 0)) / 2));
};
