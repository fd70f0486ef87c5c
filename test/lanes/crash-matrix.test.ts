import { afterEach, describe, expect, it } from 'vitest';
import { driveIntent } from '../../shared/chain/lanes/drive.ts';
import type { Chain } from '../../shared/ports/chain.ts';
import { CrashError, type CrashPoint, Gate } from '../simulation/crash.ts';
import { LaneWorld, onlyTransient, type ProcessOptions } from './lane-world.ts';

let world: LaneWorld | undefined;
afterEach(async () => {
  // Of a run that failed; the others close their own.
  await world?.close();
  world = undefined;
});

/** What goes wrong besides the crash, from the first process's point of view. */
type Weather = 'calm' | 'poisoned' | 'clashing' | 'lost' | 'dead' | 'unordered';

const badWeather = (weather: Weather, of: LaneWorld): ProcessOptions => {
  let clashes = weather === 'clashing' ? 1 : 0;
  const lossy = weather === 'lost' || weather === 'dead';
  const unordered = weather === 'unordered' && { maxUnordered: 2, maxMessages: 1 };
  const chainOf = (chain: Chain): Chain => ({
    ...chain,
    account: async (address) => {
      const account = await chain.account(address);
      if (clashes-- > 0) await of.foreign('alice', { emit: { query_id: '1' } });
      return account;
    },
    // Accepted and forgotten; in the second case until the first signature is dead.
    broadcast: async (bytes) => {
      const forgets = lossy && of.height < of.startHeight + (weather === 'dead' ? 8 : 2);
      return forgets ? { code: 0, codespace: '', log: '' } : await chain.broadcast(bytes);
    },
  });
  return { chainOf, terms: { maxPolls: 4, timeoutBlocks: 5, ...unordered } };
};

/** Three messages; the process dies at the point, and another one finishes on what is durable. */
const run = async (weather: Weather, point?: CrashPoint) => {
  world = await LaneWorld.open({ unordered: weather === 'unordered' });
  const ids = [await world.plan('alice'), await world.plan('alice'), await world.plan('alice')];
  if (weather === 'poisoned') ids.push(await world.plan('alice', { set_then_fail: { key: 'poison', value: 'v' } }));
  const options = badWeather(weather, world);
  const first = new Gate(point);
  const deps = await world.process({ ...options, gate: first });
  try {
    for (let calls = 0; calls < 12 && !first.dead; calls++) {
      for (const txId of ids) await driveIntent(deps, txId).catch(onlyTransient);
      world.block();
    }
  } catch (error) {
    if (!(error instanceof CrashError)) throw error;
  }
  await world.drive(await world.process(options), ...ids);
  const rows = await Promise.all(ids.map((txId) => world!.row(txId)));
  const ended = rows.map((row, i) => ({
    txId: ids[i]!,
    included: row.state === 'included' && row.code === 0,
    state: row.state,
  }));
  const effects = await world.effects();
  await world.close();
  world = undefined;
  return { ended, effects, calls: first.calls, died: first.dead };
};

const weathers: readonly Weather[] = ['calm', 'poisoned', 'clashing', 'lost', 'dead', 'unordered'];
const whens: readonly CrashPoint['when'][] = ['before', 'after'];

describe.each(weathers)('in %s weather', (weather) => {
  it.each(whens)(
    'a lane that dies %s any port call leaves everything included once, or ended and absent',
    { timeout: 300_000 },
    async (when) => {
      const calm = await run(weather);
      const wrong: string[] = [];
      for (let call = 0; call < calm.calls.length; call++) {
        const { ended, effects, died } = await run(weather, { call, when });
        const at = `${when} call ${call}, ${calm.calls[call]}`;
        if (!died) wrong.push(`${at}: did not die`);
        for (const { txId, included } of ended) {
          if ((effects[txId] ?? 0) !== (included ? 1 : 0)) wrong.push(`${at}: ${txId} ${included} ${effects[txId]}`);
        }
        const states = ended.map(({ state }) => state);
        if (JSON.stringify(states) !== JSON.stringify(calm.ended.map(({ state }) => state)))
          wrong.push(`${at}: ${states}`);
      }
      process.stdout.write(
        `lane crash points ${when} an effect, ${weather}: ${calm.calls.length}, wrong: ${wrong.length}\n`,
      );
      expect(wrong).toEqual([]);
      expect(new Set(calm.calls)).toEqual(
        new Set([
          ...['chain.account', 'chain.broadcast', 'chain.head', 'chain.simulate', 'chain.transaction'],
          ...['signer.signDigest', 'store.get', 'store.list', 'store.transact'],
        ]),
      );
    },
  );
});
