import { expect, it } from 'vitest';
import { FakeClock, seededRandom } from '../../../test/contracts/fakes.ts';
import { openDatabase } from './sqlite.ts';
import { openSqliteQueue, releaseInFlight } from './sqlite-queue.ts';

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
