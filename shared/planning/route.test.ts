import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { swarmOf } from './placement/testdata/arbitrary.ts';
import { fastestRoute, hopMatrix, type Route, type Routed, type Span, widestRoute } from './route.ts';

const anyRoute: fc.Arbitrary<Route> = fc
  .record({ blocks: fc.integer({ min: 1, max: 5 }), k: fc.integer({ min: 1, max: 4 }) })
  .chain(({ blocks, k }) => {
    const ms = fc.integer({ min: 0, max: 9 });
    const many = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(one, { minLength: k, maxLength: k });
    const span = fc.tuple(fc.integer({ min: 0, max: blocks - 1 }), fc.integer({ min: 1, max: blocks }));
    return fc.record({
      blocks: fc.constant(blocks),
      workers: many(fc.tuple(span, ms)).map((all) => [
        { name: 'whole', from: 0, to: blocks, msPerBlock: 9 },
        ...all.slice(1).map(([[from, length], msPerBlock], i) => {
          return { name: `w${i}`, from, to: Math.min(blocks, from + length), msPerBlock };
        }),
      ]),
      hopMs: many(many(ms)),
      entryMs: many(ms),
      exitMs: many(ms),
    });
  });

/** Every way to give each block to a worker that holds it. */
function* chains(route: Route, done: readonly number[] = []): Generator<readonly number[]> {
  if (done.length === route.blocks) yield done;
  else {
    for (const [w, { from, to }] of route.workers.entries()) {
      if (from <= done.length && done.length < to) yield* chains(route, [...done, w]);
    }
  }
}

const spansOf = (chain: readonly number[]): readonly Span[] => {
  const spans: Span[] = [];
  for (const [block, worker] of chain.entries()) {
    const last = spans.at(-1);
    if (last?.worker === worker) spans[spans.length - 1] = { ...last, to: block + 1 };
    else spans.push({ worker, from: block, to: block + 1 });
  }
  return spans;
};

const parts = (route: Route, spans: readonly Span[]): readonly number[] => [
  route.entryMs[spans[0]!.worker]!,
  ...spans.map(({ worker, from, to }) => (to - from) * route.workers[worker]!.msPerBlock),
  ...spans.slice(1).map(({ worker }, i) => route.hopMs[spans[i]!.worker]![worker]!),
  route.exitMs[spans.at(-1)!.worker]!,
];
const latency = (route: Route, spans: readonly Span[]): number => parts(route, spans).reduce((a, b) => a + b, 0);
const slowest = (route: Route, spans: readonly Span[]): number => Math.max(...parts(route, spans));

const endsLater = ({ workers }: Route, spans: readonly Span[]): boolean =>
  spans.slice(1).every(({ worker }, i) => {
    const before = spans[i]!.worker;
    return (
      workers[worker]!.to > workers[before]!.to || (workers[worker]!.to === workers[before]!.to && worker > before)
    );
  });

const covers = (route: Route, { spans }: Routed): void => {
  expect(spans.map(({ from }) => from)).toEqual([0, ...spans.slice(0, -1).map(({ to }) => to)]);
  expect(spans.at(-1)?.to).toBe(route.blocks);
  for (const { worker, from, to } of spans) {
    expect(from).toBeGreaterThanOrEqual(route.workers[worker]!.from);
    expect(to).toBeLessThanOrEqual(route.workers[worker]!.to);
  }
};

describe('a route through workers that hold spans of blocks', () => {
  it('has the smallest latency of all chains', () => {
    fc.assert(
      fc.property(anyRoute, (route) => {
        const found = fastestRoute(route);
        covers(route, found);
        expect(latency(route, found.spans)).toBe(found.ms);
        expect(found.ms).toBe(Math.min(...[...chains(route)].map((chain) => latency(route, spansOf(chain)))));
      }),
    );
  });

  it('has the fastest slowest part of all chains whose workers end one after the other', () => {
    fc.assert(
      fc.property(anyRoute, (route) => {
        const found = widestRoute(route);
        covers(route, found);
        expect(slowest(route, found.spans)).toBe(found.ms);
        const allowed = [...chains(route)].map(spansOf).filter((spans) => endsLater(route, spans));
        expect(found.ms).toBe(Math.min(...allowed.map((spans) => slowest(route, spans))));
      }),
    );
  });

  it('goes to a faster worker before a span ends, and shares work for throughput', () => {
    const route: Route = {
      blocks: 8,
      workers: [
        { name: 'slow', from: 0, to: 6, msPerBlock: 4 },
        { name: 'fast', from: 2, to: 8, msPerBlock: 1 },
      ],
      hopMs: [
        [0, 3],
        [3, 0],
      ],
      entryMs: [1, 1],
      exitMs: [1, 1],
    };
    expect(fastestRoute(route)).toEqual({
      ms: 1 + 8 + 3 + 6 + 1,
      spans: [
        { worker: 0, from: 0, to: 2 },
        { worker: 1, from: 2, to: 8 },
      ],
    });
    expect(widestRoute(route).ms).toBe(8);
  });

  it('is refused when a block is held by nobody, naming it', () => {
    const route: Route = {
      blocks: 3,
      workers: [{ name: 'a', from: 0, to: 2, msPerBlock: 1 }],
      hopMs: [[0]],
      entryMs: [0],
      exitMs: [0],
    };
    expect(() => fastestRoute(route)).toThrow(/no worker holds block 2 of 3/);
    expect(() => widestRoute({ ...route, workers: [], hopMs: [], entryMs: [], exitMs: [] })).toThrow(
      /holds block 0 of/,
    );
  });

  it.each<[string, Partial<Route>, RegExp]>([
    ['no blocks', { blocks: 0 }, /0 blocks/],
    ['a span outside', { workers: [{ name: 'a', from: 0, to: 2, msPerBlock: 1 }] }, /a holds blocks 0 to 2/],
    ['a time that is no number', { workers: [{ name: 'a', from: 0, to: 1, msPerBlock: Number.NaN }] }, /a takes NaN/],
    ['a link without an end', { entryMs: [Number.POSITIVE_INFINITY] }, /a link takes Infinity ms/],
    ['too few links', { exitMs: [] }, /times of 0 links/],
  ])('is refused for %s', (_what, over, message) => {
    const workers = [{ name: 'a', from: 0, to: 1, msPerBlock: 1 }];
    const route: Route = { blocks: 1, workers, hopMs: [[0]], entryMs: [0], exitMs: [0], ...over };
    expect(() => fastestRoute(route)).toThrow(message);
  });

  it('takes its hops from a swarm, without latency for throughput', () => {
    const machines = ['a', 'b'].map((name) => ({ name, speed: 1, memoryBytes: 1 }));
    const swarm = swarmOf(machines, { latencyMs: 5, bytesPerMs: 10 });
    expect(hopMatrix(swarm, 100, 'latency')).toEqual([
      [0, 15],
      [15, 0],
    ]);
    expect(hopMatrix(swarm, 100, 'throughput')[0]).toEqual([0, 10]);
  });
});
