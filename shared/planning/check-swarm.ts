import { BadInputError } from '../errors.ts';
import type { Swarm } from './swarm.ts';

const refuse = (message: string, next: string): BadInputError => new BadInputError('swarm-invalid', message, { next });

/** A link of a machine to itself is never read, so it may hold anything. */
const linkProblem = ({ machines, links }: Swarm): string | undefined => {
  for (const [from, a] of machines.entries()) {
    for (const [to, b] of machines.entries()) {
      const link = links[from]?.[to];
      if (from === to) continue;
      if (!link || !(link.latencyMs >= 0 && Number.isFinite(link.latencyMs))) {
        return `the link ${a.name} -> ${b.name} has a latency of ${link?.latencyMs} ms, allowed are finite numbers from 0`;
      }
      if (!(link.bytesPerMs > 0)) {
        return `the link ${a.name} -> ${b.name} has ${link.bytesPerMs} bytes/ms, allowed are positive numbers`;
      }
    }
  }
  return undefined;
};

/** @throws {BadInputError} `swarm-invalid`, saying what was received and what is allowed */
export const checkSwarm = (swarm: Swarm): void => {
  const { machines, links } = swarm;
  if (machines.length === 0) throw refuse('the swarm has no machines, at least 1 is needed', 'name a machine');
  for (const { name, speed, memoryBytes } of machines) {
    if (!(speed > 0 && Number.isFinite(speed))) {
      throw refuse(`machine ${name} has speed ${speed}, allowed are finite numbers over 0`, 'measure its speed');
    }
    if (!(memoryBytes > 0)) {
      throw refuse(
        `machine ${name} has a memory of ${memoryBytes} bytes, allowed are numbers over 0`,
        'state its memory',
      );
    }
  }
  const names = new Set(machines.map(({ name }) => name));
  if (names.size < machines.length) {
    throw refuse(`${machines.length} machines have ${names.size} names, each needs its own`, 'rename one');
  }
  const odd = links.length === machines.length ? links.find((row) => row.length !== machines.length) : links;
  if (odd) {
    const found = odd === links ? `${links.length} rows` : `a row of ${odd.length}`;
    throw refuse(
      `the matrix of links has ${found}, allowed is ${machines.length} by ${machines.length}`,
      'give one link for each pair of machines, in both directions',
    );
  }
  const problem = linkProblem(swarm);
  if (problem) throw refuse(problem, 'measure this link');
};
