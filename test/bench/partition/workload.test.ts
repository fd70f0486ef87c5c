import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { partition } from '../../../shared/planning/partition/partition.ts';
import { seeded } from '../../../shared/planning/seeded.ts';
import { rowOrReason } from './table.ts';
import { readWorkload } from './workload.ts';

const folder = fileURLToPath(new URL('../../../../shared/vectors/partition/', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'workloads-'));
afterAll(() => rmSync(scratch, { recursive: true }));

/** The bottlenecks of that repository's exact program with maxCPUs 0, in ms (sharding.md 1.6). */
const OPTIMA = [
  ['bert24_inference', 6, 17.79],
  ['gnmt_inference', 6, 32.911],
  ['resnet50_inference', 6, 34.223],
  ['bert_l-3_inference', 3, 27.919],
] as const;

describe.skipIf(!existsSync(folder))(
  'workloads of dnn-partitioning (skipped without ../shared/vectors/partition)',
  () => {
    it.each(OPTIMA)('%s over %i accelerators takes %f ms, found by search and proven', (name, k, optimumMs) => {
      const { graph, stages, memoryBytes } = readWorkload(join(folder, `${name}.json`));
      expect(stages).toBe(k);
      const terms = { stages, memoryBytes, bytesPerMs: 1, transfers: 'direct' as const, evaluations: 100 };
      const searched = partition(graph, { ...terms, exactLimit: 0, random: seeded(1) });
      expect(searched.bottleneckMs).toBeCloseTo(optimumMs, 3);
      const proven = partition(graph, { ...terms, exactLimit: 20_000, random: seeded(1) });
      expect(proven).toMatchObject({ proof: 'exact', bottleneckMs: searched.bottleneckMs });
    });
  },
);

describe('a workload file', () => {
  const node = { supportedOnFpga: 1, fpgaLatency: 1, cpuLatency: 9, isBackwardNode: 0, size: 8 };
  const good = {
    ...{ maxFPGAs: 2, maxCPUs: 1, maxSizePerFPGA: 100 },
    nodes: [
      { ...node, id: 7, colorClass: 1 },
      { ...node, id: 5, colorClass: 2 },
      { ...node, id: 3, colorClass: 1 },
    ],
    edges: [
      { sourceId: 7, destId: 5, cost: 2 },
      { sourceId: 3, destId: 5, cost: 3 },
    ],
  };
  const write = (json: unknown): string => {
    const path = join(scratch, 'workload.json');
    writeFileSync(path, typeof json === 'string' ? json : JSON.stringify(json));
    return path;
  };

  it('merges nodes of one colour, each with a tensor of its own', () => {
    const { graph, stages, memoryBytes } = readWorkload(write(good));
    expect([stages, memoryBytes]).toEqual([2, 100]);
    expect(graph.nodes.map(({ timeMs }) => timeMs)).toEqual([2, 1]);
    expect(graph.tensors.map(({ sizeBytes, producer }) => [sizeBytes, producer])).toEqual([
      [2, 0],
      [3, 0],
    ]);
  });

  it.each([
    ['no JSON', '{', 'workload-unreadable'],
    ['another format', { nodes: [] }, 'workload-unreadable'],
    ['an edge from nowhere', { ...good, edges: [{ sourceId: 1, destId: 5, cost: 2 }] }, 'workload-unreadable'],
    [
      'two costs of one output',
      { ...good, edges: [...good.edges, { sourceId: 7, destId: 3, cost: 4 }] },
      'workload-unreadable',
    ],
    ['training', { ...good, nodes: [{ ...node, id: 1, isBackwardNode: true }] }, 'workload-unsupported'],
    ['a node for CPUs only', { ...good, nodes: [{ ...node, id: 1, supportedOnFpga: false }] }, 'workload-unsupported'],
  ])('with %s is refused, and its row says why', (_, json, code) => {
    const path = write(json);
    expect(() => readWorkload(path)).toThrow(expect.objectContaining({ code }));
    const terms = { stages: 1, bytesPerMs: 1, transfers: 'direct' as const, evaluations: 1 };
    const row = rowOrReason(() => ({ graph: readWorkload(path).graph, terms, solve: undefined }));
    expect(row).toEqual({ proof: expect.stringContaining(code) });
  });
});
