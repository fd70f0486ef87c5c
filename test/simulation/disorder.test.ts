import { expect, it } from 'vitest';
import { QUEUES } from '../../shared/messages/queues.ts';
import type { Queue } from '../../shared/ports/queue.ts';
import { seededRandom } from '../contracts/fakes.ts';
import { Gate } from './crash.ts';
import { runQuery } from './crash-matrix.ts';
import { finalState, isQuiet } from './final-state.ts';
import { World } from './world.ts';

/** A broker that delivers every message twice or thrice, late and in another order, as SQS may. */
const disorderly =
  (seed: number) =>
  (queue: Queue): Queue => {
    const random = seededRandom(seed);
    return {
      send: async (name, messages) => {
        const copies = messages.flatMap((message) =>
          Array.from({ length: 2 + random.below(2) }, () => ({
            ...message,
            ...(!QUEUES[name].fifo && { delayMs: random.below(4) * 700 }),
          })),
        );
        await queue.send(
          name,
          copies.sort(() => random.below(3) - 1),
        );
      },
      receive: async (name, max) => (await queue.receive(name, max)).sort(() => random.below(3) - 1),
      ack: async (name, receipt) => {
        // A lost acknowledgement: the message comes again after its visibility time-out.
        if (random.below(10) > 0) await queue.ack(name, receipt);
        // It holds its FIFO group back until then, for longer than the windows of this chain: those are promised to nobody then.
        else if (QUEUES[name].fifo) await queue.hide(name, receipt, 2_000);
      },
      retry: (name, receipt, delayMs) => queue.retry(name, receipt, delayMs),
      hide: (name, receipt, hideMs) => queue.hide(name, receipt, hideMs),
      depth: (name) => queue.depth(name),
      deadLetters: (name, limit) => queue.deadLetters(name, limit),
      redrive: (name) => queue.redrive(name),
    };
  };

it.each([1, 2, 3, 4, 5])('ends the same with every message doubled, delayed and reordered (seed %i)', async (seed) => {
  const calm = await runQuery({ nodes: 2 });
  const ran = await runQuery({ nodes: 2, queueOf: disorderly(seed) });
  expect(ran.state).toEqual(calm.state);
});

it('ends the same with two whole processes at work at once, two watchers among them', async () => {
  const calm = await runQuery({ nodes: 2 });
  const world = await World.open({ nodes: 2 });
  const processes = [await world.process(new Gate()), await world.process(new Gate())];
  // The same ask reaches both, under one idempotency key.
  expect(await Promise.all(processes.map(({ ask }) => ask()))).toContain(true);
  let turn = 0;
  while (!(await isQuiet(world, 1))) {
    expect(turn, world.log).toBeLessThan(200);
    world.block();
    await Promise.all(processes.map(({ deployment }) => world.work(deployment, turn)));
    turn += 1;
  }
  expect(await finalState(world, 1)).toEqual(calm.state);
  await Promise.all(processes.map(({ release }) => release()));
  await world.close();
});
