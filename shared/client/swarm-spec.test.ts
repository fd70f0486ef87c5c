import { describe, expect, it } from 'vitest';
import { BadInputError } from '../errors.ts';
import { parseSwarmSpec } from './swarm-spec.ts';

const parse = (spec: unknown) => parseSwarmSpec(JSON.stringify(spec));
const WORKERS = [
  { name: 'a', memoryGb: 1.5 },
  { name: 'b', speed: 2, memoryGb: 8 },
  { name: 'c', memoryGb: 1 },
];

describe('a file of workers', () => {
  it('is a swarm, with a local network between them unless it says more', () => {
    const link = { latencyMs: 1, bytesPerMs: 125_000 };
    expect(parse({ workers: WORKERS.slice(0, 2) })).toEqual({
      machines: [
        { name: 'a', speed: 1, memoryBytes: 1.5e9 },
        { name: 'b', speed: 2, memoryBytes: 8e9 },
      ],
      links: [
        [link, link],
        [link, link],
      ],
    });
  });

  it('states links for both directions, or each for its own', () => {
    const { links } = parse({
      workers: WORKERS,
      links: {
        default: { latencyMs: 5, gbitPerS: 0.1 },
        between: [
          { from: 'a', to: 'b', latencyMs: 2, gbitPerS: 10 },
          { from: 'a', to: 'c', latencyMs: 3, gbitPerS: 10 },
          { from: 'c', to: 'a', latencyMs: 4, gbitPerS: 1 },
        ],
      },
    });
    const latencies = links.map((row, from) => row.flatMap(({ latencyMs }, to) => (from === to ? [] : [latencyMs])));
    expect(latencies).toEqual([
      [2, 3],
      [2, 5],
      [4, 5],
    ]);
    expect(links[1]?.[2]?.bytesPerMs).toBe(12_500);
  });

  it.each<[string, unknown, RegExp]>([
    ['no workers', { workers: [] }, /field workers: expected at least 1 worker/],
    ['no memory', { workers: [{ name: 'a' }] }, /field workers\.0\.memoryGb: .*number/],
    ['a speed of 0', { workers: [{ name: 'a', memoryGb: 1, speed: 0 }] }, /field workers\.0\.speed: .*>0/],
    ['a text for a number', { workers: [{ name: 'a', memoryGb: '1' }] }, /field workers\.0\.memoryGb: .*string/],
    ['an unknown field', { workers: [{ name: 'a', memoryGb: 1, cores: 2 }] }, /field workers\.0: .*cores/],
    ['one name twice', { workers: [WORKERS[0], WORKERS[0]] }, /field workers\.1\.name: a is the name of two/],
    [
      'a link to nobody',
      { workers: WORKERS, links: { between: [{ from: 'a', to: 'z', latencyMs: 1, gbitPerS: 1 }] } },
      /field links\.between\.0\.to: no worker is named z, there are a, b, c/,
    ],
    [
      'a link to itself',
      { workers: WORKERS, links: { between: [{ from: 'a', to: 'a', latencyMs: 1, gbitPerS: 1 }] } },
      /field links\.between\.0: a needs no link to itself/,
    ],
    [
      'a latency below 0',
      { workers: WORKERS, links: { default: { latencyMs: -1, gbitPerS: 1 } } },
      /field links\.default\.latencyMs/,
    ],
  ])('with %s is refused, naming the field', (_what, spec, message) => {
    expect(() => parse(spec)).toThrow(BadInputError);
    expect(() => parse(spec)).toThrow(message);
  });

  it('that is no JSON is refused', () => {
    expect(() => parseSwarmSpec('{')).toThrow(/1 characters are not JSON/);
  });
});
