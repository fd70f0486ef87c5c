import { z } from 'zod';
import { BadInputError } from '../errors.ts';
import { checkSwarm } from '../planning/check-swarm.ts';
import { GBIT_PER_S_BYTES_PER_MS, type LinkSpeed, type Swarm } from '../planning/swarm.ts';

const positive = z.number().positive();
const Link = z.strictObject({ latencyMs: z.number().nonnegative(), gbitPerS: positive });
type Link = z.infer<typeof Link>;

/** A local network, for links that nobody states. */
const DEFAULT_LINK: Link = { latencyMs: 1, gbitPerS: 1 };

/** The SPEC.json of workers that a placement is asked for. GB and Gbit are decimal. */
const Spec = z.strictObject({
  workers: z
    .array(z.strictObject({ name: z.string().min(1), speed: positive.default(1), memoryGb: positive }))
    .min(1, 'expected at least 1 worker'),
  links: z
    .strictObject({
      default: Link.default(DEFAULT_LINK),
      /** Of both directions, unless the other one is there too. */
      between: z.array(z.strictObject({ from: z.string(), to: z.string(), ...Link.shape })).default([]),
    })
    .default({ default: DEFAULT_LINK, between: [] }),
});
type Spec = z.infer<typeof Spec>;

const refuse = (message: string, next: string, cause?: unknown): BadInputError =>
  new BadInputError('spec-invalid', message, { next, ...(cause === undefined ? {} : { cause }) });

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw refuse(`these ${text.length} characters are not JSON`, 'correct the file of workers', cause);
  }
};

const linkOf = ({ latencyMs, gbitPerS }: Link): LinkSpeed => ({
  latencyMs,
  bytesPerMs: gbitPerS * GBIT_PER_S_BYTES_PER_MS,
});

const checkNames = ({ workers, links }: Spec): void => {
  const names = new Set<string>();
  for (const [i, { name }] of workers.entries()) {
    if (names.has(name)) throw refuse(`field workers.${i}.name: ${name} is the name of two workers`, 'rename one');
    names.add(name);
  }
  for (const [i, { from, to }] of links.between.entries()) {
    for (const [field, name] of Object.entries({ from, to })) {
      if (names.has(name)) continue;
      const known = [...names].join(', ');
      throw refuse(`field links.between.${i}.${field}: no worker is named ${name}, there are ${known}`, 'correct it');
    }
    if (from === to) throw refuse(`field links.between.${i}: ${from} needs no link to itself`, 'leave it out');
  }
};

/**
 * Reads a SPEC.json: `{ "workers": [{ "name", "speed"?: 1, "memoryGb" }], "links"?: { "default"?: { "latencyMs",
 * "gbitPerS" }, "between"?: [{ "from", "to", "latencyMs", "gbitPerS" }] } }`. Links that are not stated are of
 * 1 ms and 1 Gbit/s.
 * @throws {BadInputError} `spec-invalid`, naming the field
 */
export const parseSwarmSpec = (text: string): Swarm => {
  const parsed = Spec.safeParse(jsonOf(text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const field = issue?.path.join('.') || 'the whole';
    throw refuse(`field ${field}: ${issue?.message.toLowerCase() ?? 'not valid'}`, 'correct this field', parsed.error);
  }
  const spec = parsed.data;
  checkNames(spec);
  const stated = new Map<string, Link>();
  const key = (from: string, to: string): string => JSON.stringify([from, to]);
  for (const { from, to, ...link } of spec.links.between) stated.set(key(to, from), link);
  for (const { from, to, ...link } of spec.links.between) stated.set(key(from, to), link);
  const swarm: Swarm = {
    machines: spec.workers.map(({ name, speed, memoryGb }) => ({ name, speed, memoryBytes: memoryGb * 1e9 })),
    links: spec.workers.map((a) =>
      spec.workers.map((b) => linkOf(stated.get(key(a.name, b.name)) ?? spec.links.default)),
    ),
  };
  checkSwarm(swarm);
  return swarm;
};
