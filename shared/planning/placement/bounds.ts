import type { WorkGraph } from '../graph.ts';
import { sum } from '../sum.ts';
import type { Machine, Swarm } from '../swarm.ts';
import type { Objective } from './slicing.ts';

/**
 * A bound for equal machines: no partition into at most `stages` stages has a smaller slowest stage when machines have
 * speed 1 and links `bytesPerMs`. Such as `simpleBound` or those by mixed-integer programs of partition/bounds.ts.
 */
export type BoundOf = (graph: WorkGraph, stages: number, bytesPerMs: number) => number;

const work = (graph: WorkGraph): number => sum(graph.nodes.map(({ timeMs }) => timeMs));
const allWeights = (graph: WorkGraph): number => sum(graph.weights.map(({ sizeBytes }) => sizeBytes));

/** Bytes of weights that only this node uses, by node: what it surely adds to its machine. */
const ownBytes = (graph: WorkGraph): readonly number[] => {
  const own = graph.nodes.map(() => 0);
  for (const { sizeBytes, users } of graph.weights) {
    const [user] = users;
    if (users.length === 1 && user !== undefined) own[user] = (own[user] ?? 0) + sizeBytes;
  }
  return own;
};

/** Most work whose own weights fit into so many bytes, nodes divisible: a fractional knapsack. */
const mostWork = (graph: WorkGraph): ((bytes: number) => number) => {
  const own = ownBytes(graph);
  const items = graph.nodes
    .map(({ timeMs }, node) => ({ timeMs, bytes: own[node] ?? 0 }))
    .sort((a, b) => a.bytes * b.timeMs - b.bytes * a.timeMs);
  return (bytes) => {
    let [left, ms] = [bytes, 0];
    for (const item of items) {
      const share = item.bytes <= left ? 1 : left / item.bytes;
      ms += share * item.timeMs;
      left -= share * item.bytes;
    }
    return ms;
  };
};

/** Time of the node that takes longest even on the fastest machine that holds its weights. */
const slowestNodeMs = (graph: WorkGraph, machines: readonly Machine[]): number => {
  const weights = graph.nodes.map(() => 0);
  for (const { sizeBytes, users } of graph.weights) for (const u of users) weights[u] = (weights[u] ?? 0) + sizeBytes;
  const times = graph.nodes.map(({ timeMs }, node) => {
    const fitting = machines.filter(({ memoryBytes }) => memoryBytes >= (weights[node] ?? 0));
    return fitting.length === 0 ? 0 : timeMs / fastestOf(fitting);
  });
  return times.reduce((most, ms) => Math.max(most, ms), 0);
};

const fastestOf = (machines: readonly Machine[]): number => Math.max(...machines.map(({ speed }) => speed));

/**
 * What the fastest for their memory cannot hold, the rest must compute, for each number of the former; with none of
 * them, all share all work.
 */
const shareMs = (graph: WorkGraph, machines: readonly Machine[], maxStages: number): number => {
  const most = mostWork(graph);
  const all = work(graph);
  const dense = machines.toSorted((a, b) => b.speed / b.memoryBytes - a.speed / a.memoryBytes);
  const bounds = dense.map((_, held) => {
    const rest = dense.slice(held).map(({ speed }) => speed);
    const speed = sum(rest.sort((a, b) => b - a).slice(0, maxStages));
    const memory = sum(dense.slice(0, held).map(({ memoryBytes }) => memoryBytes));
    return (all - (held === 0 ? 0 : most(memory))) / speed;
  });
  return Math.max(...bounds);
};

const throughputBound = (graph: WorkGraph, swarm: Swarm, maxStages: number, boundOf: BoundOf | undefined): number => {
  const { machines } = swarm;
  const simple = Math.max(slowestNodeMs(graph, machines), shareMs(graph, machines, maxStages));
  if (!boundOf) return simple;
  const speed = fastestOf(machines);
  const fast = { ...graph, nodes: graph.nodes.map(({ name, timeMs }) => ({ name, timeMs: timeMs / speed })) };
  return Math.max(simple, boundOf(fast, maxStages, Math.max(...hops(swarm).map(({ bytesPerMs }) => bytesPerMs), 0)));
};

const hops = ({ links }: Swarm) => links.flatMap((row, from) => row.filter((_, to) => from !== to));

const latencyBound = (graph: WorkGraph, swarm: Swarm): number => {
  const { machines } = swarm;
  const [all, weights] = [work(graph), allWeights(graph)];
  const whole = machines.filter(({ memoryBytes }) => memoryBytes >= weights);
  const aloneMs = whole.length === 0 ? Number.POSITIVE_INFINITY : all / fastestOf(whole);

  const most = mostWork(graph);
  let [ms, done, memory] = [0, 0, 0];
  for (const { speed, memoryBytes } of machines.toSorted((a, b) => b.speed - a.speed)) {
    memory += memoryBytes;
    const upTo = Math.min(all, most(memory));
    ms += (upTo - done) / speed;
    done = upTo;
  }
  let [stages, held] = [0, 0];
  for (const { memoryBytes } of machines.toSorted((a, b) => b.memoryBytes - a.memoryBytes)) {
    if (held >= weights) break;
    stages += 1;
    held += memoryBytes;
  }
  const least = Math.min(...hops(swarm).map(({ latencyMs }) => latencyMs));
  const severalMs = machines.length === 1 ? Number.POSITIVE_INFINITY : ms + Math.max(1, stages - 1) * least;
  return Math.min(aloneMs, severalMs);
};

/**
 * A cost that no placement of this graph on this swarm beats, in whatever order of nodes (sharding.md 5.3, made tighter
 * by memory). Throughput: the largest of the slowest node on the fastest machine that holds it, all work over all
 * speeds, the work that fast machines cannot hold over the speeds of the rest, and `boundOf` with every machine as fast
 * as the fastest and every link as fast as the fastest link. Latency: all on the fastest machine that may hold it, or
 * each machine by speed as full as it may be and the least latency for each hop that memory forces.
 * @param maxStages at least 1
 */
export const boundMs = (
  graph: WorkGraph,
  swarm: Swarm,
  objective: Objective,
  maxStages: number,
  boundOf?: BoundOf,
): number => (objective === 'latency' ? latencyBound(graph, swarm) : throughputBound(graph, swarm, maxStages, boundOf));
