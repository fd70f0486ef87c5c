import { BadInputError } from '../errors.ts';
import type { Objective } from './placement/slicing.ts';
import type { Swarm } from './swarm.ts';

/** A worker that holds a run of a model's blocks, `from` to `to - 1`. */
export interface SpanWorker {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly msPerBlock: number;
}

export interface Route {
  readonly blocks: number;
  readonly workers: readonly SpanWorker[];
  /** `hopMs[from][to]` between workers, such as {@link hopMatrix} gives. */
  readonly hopMs: readonly (readonly number[])[];
  /** From the asker to each worker, and back. */
  readonly entryMs: readonly number[];
  readonly exitMs: readonly number[];
}

/** Blocks `from` to `to - 1` on one worker. */
export interface Span {
  readonly worker: number;
  readonly from: number;
  readonly to: number;
}

export interface Routed {
  readonly spans: readonly Span[];
  readonly ms: number;
}

/**
 * What one message of so many bytes takes from machine to machine: bytes over bandwidth, and for `latency` the link's
 * latency too. 0 from a machine to itself.
 */
export const hopMatrix = (
  { machines, links }: Swarm,
  bytes: number,
  objective: Objective,
): readonly (readonly number[])[] =>
  machines.map((_, from) =>
    machines.map((_, to) => {
      const { latencyMs = 0, bytesPerMs = 1 } = links[from]?.[to] ?? {};
      return from === to ? 0 : bytes / bytesPerMs + (objective === 'latency' ? latencyMs : 0);
    }),
  );

const INFINITE = Number.POSITIVE_INFINITY;

const check = ({ blocks, workers, hopMs, entryMs, exitMs }: Route): void => {
  const refuse = (message: string): never => {
    throw new BadInputError('route-invalid', message, { next: 'correct what the route is asked for' });
  };
  if (!Number.isInteger(blocks) || blocks < 1)
    refuse(`the model has ${blocks} blocks, allowed are whole numbers from 1`);
  for (const { name, from, to, msPerBlock } of workers) {
    if (!(Number.isInteger(from) && Number.isInteger(to) && 0 <= from && from < to && to <= blocks)) {
      refuse(`worker ${name} holds blocks ${from} to ${to}, allowed are spans of one block or more in 0 to ${blocks}`);
    }
    if (!(msPerBlock >= 0)) refuse(`worker ${name} takes ${msPerBlock} ms for a block, allowed are numbers from 0`);
  }
  const k = workers.length;
  const times = [...hopMs.flat(), ...entryMs, ...exitMs];
  const bad = times.find((ms) => !(ms >= 0 && ms < INFINITE));
  if (bad !== undefined) refuse(`a link takes ${bad} ms, allowed are finite numbers from 0`);
  const sizes = [hopMs.length, entryMs.length, exitMs.length, ...hopMs.map((row) => row.length)];
  const odd = sizes.find((size) => size !== k);
  if (odd !== undefined)
    refuse(`${k} workers have times of ${odd} links, one is needed for each pair and for the asker`);
};

/** @throws {BadInputError} `route-uncovered`, naming the first block that no worker holds; `route-invalid` */
const checkCovered = (route: Route): void => {
  check(route);
  for (let block = 0; block < route.blocks; block += 1) {
    if (route.workers.some(({ from, to }) => from <= block && block < to)) continue;
    throw new BadInputError('route-uncovered', `no worker holds block ${block} of ${route.blocks}`, {
      next: `have a worker serve block ${block}`,
    });
  }
};

/**
 * The chain of spans with the smallest latency of one message: entry, compute, a hop for each change of worker, exit.
 * A shortest path over (worker, boundary), as Petals routes, with two differences: a worker may be left before its span
 * ends, and since every edge leads on to the next boundary or stays for one hop, boundaries are settled in order and
 * need no queue. O(blocks * workers^2). A worker may be met twice if another is faster for blocks between.
 * @throws {BadInputError} `route-uncovered`, naming the first block that no worker holds; `route-invalid`
 */
export const fastestRoute = (route: Route): Routed => {
  checkCovered(route);
  const { blocks, workers, hopMs, entryMs, exitMs } = route;
  const k = workers.length;
  /** By worker: latency once it has done all blocks before the boundary. */
  let done = new Float64Array(k).fill(INFINITE);
  /** At `block * k + worker`: who did the block before. */
  const before = new Int32Array(blocks * k).fill(-1);
  const nearest = [...workers.keys()];
  for (let block = 0; block < blocks; block += 1) {
    const reached = done;
    // Hardly changes from block to block; those that got nowhere (no order among them) are last.
    nearest.sort((a, b) => (reached[a] as number) - (reached[b] as number) || a - b);
    const next = new Float64Array(k).fill(INFINITE);
    for (const [w, { from, to, msPerBlock }] of workers.entries()) {
      if (block < from || block >= to) continue;
      let [least, by] = block === 0 ? [entryMs[w] ?? INFINITE, -1] : [reached[w] ?? INFINITE, w];
      for (const v of nearest) {
        // No later one can be better: a hop takes no less than nothing.
        if ((reached[v] as number) >= least) break;
        const ms = (reached[v] as number) + (v === w ? 0 : (hopMs[v]?.[w] ?? INFINITE));
        if (ms < least) [least, by] = [ms, v];
      }
      next[w] = least + msPerBlock;
      before[block * k + w] = by;
    }
    done = next;
  }
  const atEnd = done.map((ms, w) => ms + (exitMs[w] ?? INFINITE));
  const ms = Math.min(...atEnd);
  const chain: number[] = [];
  for (let [block, w] = [blocks - 1, atEnd.indexOf(ms)]; block >= 0; block -= 1) {
    chain.unshift(w);
    w = before[block * k + w] ?? -1;
  }
  return { ms, spans: spansOf(chain) };
};

/**
 * The chain of spans whose slowest part is fastest, a part being the compute of one span or one link: with messages in
 * all of them, a chain gives one result in each `ms`. A max-min path over (worker, boundary); hops, entry and exit are
 * to be without latency. Each worker of a chain ends later than the one before (ties by place), so none is met twice
 * and its blocks count together; this is the only restriction. O(workers^2 * blocks + workers * blocks^2).
 * @throws {BadInputError} `route-uncovered`, naming the first block that no worker holds; `route-invalid`
 */
export const widestRoute = (route: Route): Routed => {
  checkCovered(route);
  const { blocks, workers, exitMs } = route;
  const byEnd = [...workers.keys()].sort((a, b) => (workers[a]?.to ?? 0) - (workers[b]?.to ?? 0) || a - b);
  const left: Left[] = [];
  let best: { readonly ms: number; readonly end: Left | undefined } = { ms: INFINITE, end: undefined };
  for (const w of byEnd) {
    const here = leave(route, w, left);
    left.push(here);
    const ms = Math.max(here.ms[blocks] ?? INFINITE, exitMs[w] ?? INFINITE);
    if (ms < best.ms) best = { ms, end: here };
  }
  const spans: Span[] = [];
  for (let [at, to] = [best.end, blocks]; at; ) {
    const from: number = at.start[to] ?? 0;
    spans.unshift({ worker: at.worker, from, to });
    [at, to] = [at.by[from], from];
  }
  return { ms: best.ms, spans };
};

/** What is known of leaving a worker: the least slowest part by boundary, and how it came about. */
interface Left {
  readonly worker: number;
  readonly first: number;
  readonly last: number;
  readonly ms: Float64Array;
  /** By boundary left: the one entered at. */
  readonly start: number[];
  /** By boundary entered at: from whom. */
  readonly by: readonly (Left | undefined)[];
}

const spansOf = (chain: readonly number[]): readonly Span[] => {
  const starts = chain.flatMap((worker, block) => (worker === chain[block - 1] ? [] : [{ worker, from: block }]));
  return starts.map((start, i) => ({ ...start, to: starts[i + 1]?.from ?? chain.length }));
};

const leave = ({ blocks, workers, hopMs, entryMs }: Route, w: number, earlier: readonly Left[]): Left => {
  const { from = 0, to = 0, msPerBlock = 0 } = workers[w] ?? {};
  const enter = new Float64Array(blocks).fill(INFINITE);
  const by: (Left | undefined)[] = [];
  if (from === 0) enter[0] = entryMs[w] ?? INFINITE;
  for (const other of earlier) {
    const hop = hopMs[other.worker]?.[w] ?? INFINITE;
    for (let a = Math.max(from, other.first + 1); a <= Math.min(to - 1, other.last); a += 1) {
      const ms = Math.max(other.ms[a] as number, hop);
      if (ms < (enter[a] as number)) [enter[a], by[a]] = [ms, other];
    }
  }
  const ms = new Float64Array(blocks + 1).fill(INFINITE);
  const start: number[] = [];
  for (let b = from + 1; b <= to; b += 1) {
    let least = INFINITE;
    for (let a = b - 1; a >= from && (b - a) * msPerBlock < least; a -= 1) {
      const slowest = Math.max(enter[a] as number, (b - a) * msPerBlock);
      if (slowest < least) [least, start[b]] = [slowest, a];
    }
    ms[b] = least;
  }
  return { worker: w, first: from, last: to, ms, start, by };
};
