import { CrashError, type CrashPoint, Gate } from './crash.ts';
import { finalState, isQuiet } from './final-state.ts';
import { World, type WorldOptions } from './world.ts';

/** Every port call of the spine. A new one belongs here, and is killed before and after its effect from then on. */
export const SPINE_CALLS: readonly string[] = [
  'blobs.get',
  'blobs.has',
  'blobs.put',
  'chain.account',
  'chain.balanceUnes',
  'chain.block',
  'chain.broadcast',
  'chain.draw',
  'chain.head',
  'chain.live',
  'chain.model',
  'chain.query',
  'chain.seats',
  'chain.simulate',
  'chain.transaction',
  'host.start',
  'queue.ack',
  'queue.receive',
  'queue.retry',
  'queue.send',
  'signer.prove',
  'signer.seal',
  'signer.signDigest',
  'signer.signReceipt',
  'store.due',
  'store.get',
  'store.list',
  'store.transact',
];

/** Blocks after which a run that is not quiet has failed. */
const MAX_TURNS = 2_400;

export interface Ran {
  readonly state: Awaited<ReturnType<typeof finalState>>;
  /** Port calls of the first process, by name. */
  readonly calls: readonly string[];
  /** Whether the process died at the crash point. */
  readonly died: boolean;
}

/** One paid query, asked over HTTP, to the end; the process dies once at the crash point and is started again on what is durable. */
export const runQuery = async (options: WorldOptions, point?: CrashPoint): Promise<Ran> => {
  const world = await World.open(options);
  try {
    const first = new Gate(point);
    let process = await world.process(first);
    let asked = false;
    for (let turn = 0; turn < MAX_TURNS; turn++) {
      try {
        // Whoever asked and heard nothing asks again.
        if (!asked) asked = await process.ask();
        await world.tick(process.deployment, turn);
      } catch (error) {
        if (!(error instanceof CrashError)) throw error;
      }
      if (first.dead && process.gate === first) {
        await process.release();
        process = await world.restart(new Gate());
      }
      if (await isQuiet(world, 1)) return { state: await finalState(world, 1), calls: first.calls, died: first.dead };
    }
    throw new Error(`not quiet after ${MAX_TURNS} blocks; the log ends with\n${world.log}`);
  } finally {
    await world.close();
  }
};

/**
 * Each port call of the spine, before or after its effect: kill, restart, compare with the run that nothing disturbed.
 * @returns how many points were tried, and those whose final state differs
 */
export const crashMatrix = async (options: WorldOptions, when: CrashPoint['when']) => {
  const calm = await runQuery(options);
  const expected = JSON.stringify(calm.state, bigints, 1);
  const differences: string[] = [];
  for (let call = 0; call < calm.calls.length; call++) {
    const at = `${when} call ${call}, ${calm.calls[call]}`;
    try {
      const { state, died } = await runQuery(options, { call, when });
      if (!died) differences.push(`${at}: the process did not die`);
      const found = JSON.stringify(state, bigints, 1);
      if (found !== expected) differences.push(`${at}: ${found}`);
    } catch (error) {
      differences.push(`${at}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { points: calm.calls.length, names: new Set(calm.calls), differences };
};

const bigints = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);
