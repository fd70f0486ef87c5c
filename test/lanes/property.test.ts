import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { LaneDeps } from '../../shared/chain/lanes/deps.ts';
import { driveIntent } from '../../shared/chain/lanes/drive.ts';
import { TransientError } from '../../shared/errors.ts';
import type { Chain } from '../../shared/ports/chain.ts';
import type { Random } from '../../shared/ports/clock.ts';
import type { Store } from '../../shared/ports/store.ts';
import { seededRandom } from '../contracts/fakes.ts';
import { CrashError, Gate } from '../simulation/crash.ts';
import { LaneWorld, onlyTransient } from './lane-world.ts';

/** Each call of the port after a wait of its own, so that callers interleave in every order. */
const shuffled = <T extends object>(port: T, random: Random): T =>
  new Proxy(port, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return async (...args: unknown[]) => {
        for (let turns = random.below(4); turns > 0; turns--) await Promise.resolve();
        return await value.apply(target, args);
      };
    },
  });

interface Held {
  readonly bytes: Uint8Array;
  readonly atHeight: number;
}

/**
 * A node that fails before an effect or after it, refuses for the moment, or takes a transaction and forgets it, or holds it for some
 * blocks; while `bad()`.
 */
const unreliable = (chain: Chain, random: Random, world: LaneWorld, held: Held[], bad: () => boolean): Chain =>
  new Proxy(chain, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return async (...args: unknown[]) => {
        const luck = bad() ? random.below(12) : 11;
        if (luck === 0) throw new TransientError('rpc-unavailable', 'not reached');
        if (name === 'broadcast') {
          if (luck === 1) return { code: 0, codespace: '', log: '' };
          if (luck === 2 || luck === 3) {
            held.push({ bytes: args[0] as Uint8Array, atHeight: world.height + 1 + random.below(6) });
            return { code: 0, codespace: '', log: '' };
          }
          if (luck === 4) return { code: 13, codespace: 'sdk', log: 'insufficient fees: insufficient fee' };
          if (luck === 5) return { code: 20, codespace: 'sdk', log: 'mempool is full' };
        }
        const answer = await value.apply(target, args);
        if (luck === 6) throw new TransientError('rpc-unavailable', 'the answer was lost');
        return answer;
      };
    },
  });

/** One that dies is dead to its caller too. */
const unlessDead = (error: unknown): undefined => (error instanceof CrashError ? undefined : onlyTransient(error));

const play = async (seed: number, callers: number, messages: number, unordered: boolean): Promise<void> => {
  const world = await LaneWorld.open({ unordered });
  const random = seededRandom(seed);
  const calmFrom = world.height + 60;
  const held: Held[] = [];
  const bad = () => world.height < calmFrom;
  const honest = await world.connect();
  const deliver = async (): Promise<void> => {
    const due = held.filter(({ atHeight }) => atHeight <= world.height);
    held.splice(0, held.length, ...held.filter(({ atHeight }) => atHeight > world.height));
    for (const { bytes } of due) await honest.broadcast(bytes);
  };
  const terms = { timeoutBlocks: 6, maxMessages: 1 + random.below(4), maxPolls: 3, maxUnordered: 3 };
  const process = async (gate = new Gate()): Promise<LaneDeps> => {
    const chainOf = (chain: Chain): Chain => unreliable(chain, random, world, held, bad);
    const deps = await world.process({ terms, random: seededRandom(random.below(1e9)), chainOf, gate });
    return { ...deps, chain: shuffled(deps.chain, random), store: shuffled<Store>(deps.store, random) };
  };
  const ids: string[] = [];
  for (let i = 0; i < messages; i++) {
    const fails = random.below(6) === 0;
    const key = `alice/${i}`;
    const msg = fails ? { set_then_fail: { key, value: 'v' } } : { set: { key, value: 'v' } };
    ids.push(await world.plan('alice', msg, 10 + random.below(150)));
  }
  for (let round = 0; round < 30; round++) {
    const drive = async (): Promise<void> => {
      const when = random.below(2) === 0 ? 'before' : 'after';
      const gate = random.below(3) === 0 ? new Gate({ call: random.below(40), when }) : new Gate();
      await driveIntent(await process(gate), ids[random.below(ids.length)]!).catch(unlessDead);
    };
    await Promise.all(Array.from({ length: callers }, drive));
    // Somebody else uses the account now and then, and time passes over the leases of the dead.
    if (random.below(6) === 0) await world.foreign('alice', { emit: { query_id: '1' } });
    if (random.below(2) === 0) world.nowMs += 5_000;
    await deliver();
    world.block();
  }
  world.nowMs += 5_001;
  await world.drive(await world.process({ terms }), ...ids);
  for (let i = 0; i < 10; i++) {
    world.block();
    await deliver();
  }
  world.block();
  const rows = await Promise.all(ids.map((txId) => world.row(txId)));
  const effects = await world.effects();
  rows.forEach((row, i) => {
    const done = row.state === 'included' && row.code === 0;
    expect(effects[ids[i]!] ?? 0, `${ids[i]} ${JSON.stringify(row)}`).toBe(done ? 1 : 0);
  });
  expect(await world.store.list(`waiting/${rows[0]!.intent.signer}`, { limit: 100 })).toEqual([]);
  expect((await world.lane('alice')).batches).toEqual([]);
  await world.close();
};

it('ends every intent (P10): included exactly once, or ended and absent, whatever fails and in whatever order', {
  timeout: 300_000,
}, async () => {
  const seed = fc.nat({ max: 1_000_000 });
  const of = (min: number, max: number) => fc.integer({ min, max });
  await fc.assert(fc.asyncProperty(seed, of(1, 4), of(1, 9), fc.boolean(), play), { numRuns: 60, endOnFailure: true });
});
