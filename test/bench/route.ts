import { planPlacement } from '../../shared/planning/placement/plan.ts';
import { chainGraph } from '../../shared/planning/placement/testdata/arbitrary.ts';
import { quantile } from '../../shared/planning/quantile.ts';
import { fastestRoute, hopMatrix, type Route, widestRoute } from '../../shared/planning/route.ts';
import type { Swarm } from '../../shared/planning/swarm.ts';
import { barcodeOf } from '../../shared/planning/topology/barcode.ts';
import { barcodeDistance } from '../../shared/planning/topology/bottleneck.ts';
import { distancesOf } from '../../shared/planning/topology/distances.ts';
import type { Random } from '../../shared/ports/clock.ts';
import { seededRandom } from '../contracts/fakes.ts';

const REPEATS = 50;
const BLOCKS = 80;
const WORKERS = 100;
/** One token of 8,192 16-bit numbers. */
const MESSAGE_BYTES = 16_384;

/** Machines on a square of 40 ms, links as long as the way and of 0.1 to 1.1 Gbit/s. */
const swarmOnAMap = (machines: number, random: Random): Swarm => {
  const places = Array.from({ length: machines }, () => [random.below(40_000) / 1000, random.below(40_000) / 1000]);
  return {
    machines: places.map((_, i) => ({
      name: `m${i}`,
      speed: 0.5 + random.below(2000) / 1000,
      memoryBytes: 4e9 + random.below(12e9),
    })),
    links: places.map(([x = 0, y = 0]) =>
      places.map(([u = 0, v = 0]) => ({
        latencyMs: Math.hypot(x - u, y - v),
        bytesPerMs: 12_500 + random.below(125_000),
      })),
    ),
  };
};

const routeOn = (swarm: Swarm, objective: 'latency' | 'throughput', random: Random): Route => ({
  blocks: BLOCKS,
  workers: swarm.machines.map(({ name, speed }, i) => {
    const length = 4 + random.below(17);
    // The first few cover every block.
    const from = i < BLOCKS / 4 ? 4 * i : random.below(BLOCKS - 4);
    return { name, from, to: Math.min(BLOCKS, from + length), msPerBlock: 5 / speed };
  }),
  hopMs: hopMatrix(swarm, MESSAGE_BYTES, objective),
  entryMs: swarm.machines.map(() => random.below(20)),
  exitMs: swarm.machines.map(() => random.below(20)),
});

const timed = (what: string, repeats: number, run: () => void): Record<string, string | number> => {
  const samples = Array.from({ length: repeats }, () => {
    const startedMs = performance.now();
    run();
    return performance.now() - startedMs;
  });
  const ms = (q: number): string => quantile(samples, q).toFixed(2);
  return { what, runs: repeats, 'median ms': ms(0.5), 'slowest ms': ms(1) };
};

/** Routes, barcodes and placements: their time on seeded swarms. @param args a seed (default 1) */
export const route = async (args: readonly string[]): Promise<void> => {
  const random = seededRandom(Number(args[0] ?? 1));
  const swarm = swarmOnAMap(WORKERS, random);
  const [latency, throughput] = [routeOn(swarm, 'latency', random), routeOn(swarm, 'throughput', random)];
  const whole = latency.workers.map((worker) => ({ ...worker, from: 0, to: BLOCKS }));
  const distances = distancesOf(swarm, MESSAGE_BYTES);
  const barcode = barcodeOf(distances);
  const other = barcodeOf(distancesOf(swarmOnAMap(WORKERS, random), MESSAGE_BYTES));
  const ten = swarmOnAMap(10, random);
  const graph = chainGraph(
    Array.from({ length: 300 }, () => 1 + random.below(20)),
    MESSAGE_BYTES,
    1e8,
  );
  const name = `${BLOCKS} blocks, ${WORKERS} workers`;
  console.table([
    timed(`${name}: smallest latency`, REPEATS, () => fastestRoute(latency)),
    timed(`${name} that hold every block: smallest latency`, REPEATS, () =>
      fastestRoute({ ...latency, workers: whole }),
    ),
    timed(`${name}: widest`, REPEATS, () => widestRoute(throughput)),
    timed(`${name} that hold every block: widest`, REPEATS, () => widestRoute({ ...throughput, workers: whole })),
    timed(`barcode (H0 and H1) of ${WORKERS} machines`, REPEATS, () => barcodeOf(distances)),
    timed(`bottleneck distance of two of them`, REPEATS, () => barcodeDistance(barcode, other)),
    ...(['throughput', 'latency'] as const).map((objective) =>
      timed(`300 nodes on 10 machines, ${objective}`, 5, () => planPlacement(graph, ten, { objective })),
    ),
  ]);
  const bars = `${barcode.h0.length} pieces and ${barcode.h1.length} loops`;
  process.stdout.write(`the barcode has ${bars}; the two are ${barcodeDistance(barcode, other).toFixed(2)} ms apart\n`);
};
