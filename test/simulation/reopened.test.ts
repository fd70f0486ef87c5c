import { afterEach, expect, it } from 'vitest';
import { DEVNET } from '../../infra/local/settings.ts';
import type { InferenceEngine } from '../../workers/inference/engine.ts';
import { onnxEngine } from '../../workers/inference/onnx-engine.ts';
import { Gate } from './crash.ts';
import { finalState, isQuiet } from './final-state.ts';
import { World } from './world.ts';

let world: World | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

/** An engine whose outputs have their first byte changed while `lies` says so. */
const faulty = (lies: () => boolean): InferenceEngine => ({
  ...onnxEngine,
  load: async (path, runtime) => {
    const session = await onnxEngine.load(path, runtime);
    return {
      ...session,
      run: async (feeds) => {
        const outputs = await session.run(feeds);
        if (!lies()) return outputs;
        return outputs.map((tensor) => {
          const data = tensor.data.slice();
          data[0] = (data[0] ?? 0) ^ 1;
          return { ...tensor, data };
        });
      },
      release: () => session.release(),
    };
  },
});

/** Two nodes, one of which computes wrong in the attempts that `liesIn` names. */
const play = async (liesIn: (attempt: number) => boolean) => {
  let liar = '';
  let attempt = 0;
  const opened = await World.open({
    nodes: 2,
    engineOf: (node) => (node === liar ? faulty(() => liesIn(attempt)) : onnxEngine),
  });
  world = opened;
  liar = opened.nodes[1]?.address ?? '';
  const { deployment, ask } = await opened.process(new Gate());
  expect(await ask()).toBe(true);
  for (let turn = 0; !(await isQuiet(opened, 1)); turn++) {
    expect(turn, opened.log).toBeLessThan(400);
    opened.block();
    attempt = (await opened.chain.query(1))?.attempt ?? 0;
    await opened.work(deployment, turn);
  }
  return { opened, state: await finalState(opened, 1) };
};

it('reopens a query without majority under a new seed, and answers it when the nodes agree', async () => {
  const { opened, state } = await play((attempt) => attempt === 0);
  expect(state.query).toMatchObject({ phase: 'verified', attempt: 1, votes: 2 });
  const first = await opened.chain.seats(1, 0);
  expect(first.map(({ outcome, slashedUnes }) => ({ outcome, slashedUnes }))).toEqual([
    { outcome: 'revealed', slashedUnes: 0n },
    { outcome: 'revealed', slashedUnes: 0n },
  ]);
  expect(state.runs.filter((run) => run.endsWith(' final'))).toHaveLength(4);
});

it('refunds in full after the third attempt without majority, and slashes nobody', async () => {
  const { opened, state } = await play(() => true);
  expect(state.query).toMatchObject({ phase: 'refunded', attempt: 2 });
  expect(state.readModel).toBe('refunded');
  expect(state.totals).toMatchObject({ feesUnes: 0n, poolUnes: 0n });
  expect(state.nodes).toEqual(opened.nodes.map(() => ({ bondUnes: DEVNET.nodeBondUnes, reputation: 1_000 })));
});
