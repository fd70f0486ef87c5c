import type { WorkGraph, WorkTensor } from '../../../shared/planning/graph.ts';

/**
 * A layered graph like those of convolutional networks: each node reads one or two of the layer before and at times, as a
 * skip link, one of an older layer.
 */
export const layeredGraph = (count: number, width: number, random: () => number): WorkGraph => {
  const consumers: number[][] = Array.from({ length: count }, () => []);
  const read = (reader: number, producer: number): void => {
    if (producer >= 0 && !consumers[producer]?.includes(reader)) consumers[producer]?.push(reader);
  };
  for (let node = width; node < count; node += 1) {
    const before = node - (node % width) - width;
    read(node, before + (node % width));
    if (random() < 0.3) read(node, before + Math.floor(random() * width));
    if (random() < 0.1) read(node, Math.floor(random() * (before + 1)));
  }
  return {
    nodes: consumers.map((_, node) => ({ name: `n${node}`, timeMs: random() ** 4 })),
    tensors: consumers.map(
      (readers, node): WorkTensor => ({
        name: `t${node}`,
        sizeBytes: Math.ceil(random() * 200_000),
        producer: node,
        consumers: readers,
        isOutput: readers.length === 0,
      }),
    ),
    weights: consumers.map((_, node) => ({
      name: `w${node}`,
      sizeBytes: Math.ceil(random() * 100_000),
      users: [node],
    })),
  };
};
