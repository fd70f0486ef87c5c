import { expect, it } from 'vitest';
import { FakeClock, seededRandom } from '../../../test/contracts/fakes.ts';
import { openDatabase } from './sqlite.ts';
import { openSqliteQueue, releaseInFlight } from './sqlite-queue.ts';

it('gives each group its turn, so that a noisy one starves nobody', async () => {
  const database = openDatabase(':memory:');
  const queue = openSqliteQueue(database, { clock: new FakeClock(), random: seededRandom(1) });
  const noisy = Array.from({ length: 200 }, (_, i) => ({ id: `noisy-${i}`, group: 'noisy', body: '{}' }));
  const quiet = ['q1', 'q2'].map((id) => ({ id, group: 'quiet', body: '{}' }));
  await queue.send('advance-run', [...noisy, ...quiet, { id: 'z1', group: 'zen', body: '{}' }]);
  const firstTen: string[] = [];
  for (let receive = 0; receive < 10; receive += 1) {
    firstTen.push(...(await queue.receive('advance-run', 1)).map(({ id }) => id));
  }
  expect(firstTen).toEqual(expect.arrayContaining(['q1', 'q2', 'z1']));
  database.close();
});

it('gives back at once what a killed process had received, and nothing else', async () => {
  const database = openDatabase(':memory:');
  const options = { clock: new FakeClock(), random: seededRandom(1) };
  const killed = openSqliteQueue(database, options);
  await killed.send('advance-run', [
    { id: 'a', group: 'g', body: '{}' },
    { id: 'b', group: 'h', body: '{}', delayMs: 60_000 },
  ]);
  const [taken] = await killed.receive('advance-run', 10);
  expect(await killed.receive('advance-run', 10)).toEqual([]);

  expect(releaseInFlight(database)).toBe(1);
  const next = openSqliteQueue(database, options);
  const again = await next.receive('advance-run', 10);
  expect(again.map(({ id, receiveCount }) => ({ id, receiveCount }))).toEqual([{ id: 'a', receiveCount: 2 }]);
  await next.ack('advance-run', taken?.receipt ?? '');
  expect((await next.depth('advance-run')).inFlight).toBe(1);
  database.close();
});
