import { decodeTxRaw } from '@cosmjs/proto-signing';
import { MsgExecuteContract } from 'cosmjs-types/cosmwasm/wasm/v1/tx';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DEVNET } from '../../infra/local/settings.ts';
import type { BlockEvents, Chain, ContractEvent } from '../../shared/ports/chain.ts';
import type { OutgoingMessage, Queue } from '../../shared/ports/queue.ts';
import { seededRandom } from '../contracts/fakes.ts';
import { Gate } from '../simulation/crash.ts';
import { isQuiet } from '../simulation/final-state.ts';
import { World } from '../simulation/world.ts';

const KINDS = ['asked', 'opened', 'round', 'committed', 'revealed', 'settled', 'paid', 'slashed', 'refunded'];

interface Lies {
  readonly seed: number;
  /** Chances in tenths. */
  readonly hide: number;
  readonly invent: number;
  readonly repeat: number;
  readonly rewrite: number;
}

/** What a node that lies makes of a block's events: the same lie at each reading. */
const lieAbout = (block: BlockEvents, lies: Lies): BlockEvents => {
  const random = seededRandom(lies.seed + block.height);
  const happens = (tenths: number): boolean => random.below(10) < tenths;
  const pick = <T>(list: readonly T[]): T => list[random.below(list.length)] as T;
  const events: ContractEvent[] = [];
  for (const event of block.events) {
    if (happens(lies.hide)) continue;
    const told = happens(lies.rewrite)
      ? {
          ...event,
          kind: pick(KINDS),
          queryId: pick([1, 2, 77, undefined]),
          attributes: { attempt: '2', round: '9', seed: 'AA==' },
        }
      : event;
    events.push(told);
    if (happens(lies.repeat))
      events.push({ ...told, id: `${told.id.replace(/\d+$/, '')}${90 + random.below(9)}` }, told);
  }
  for (let i = 0; i < 3; i++) {
    if (!happens(lies.invent)) continue;
    const queryId = pick([1, 2, 77]);
    const attributes = {
      kind: 'x',
      query_id: String(queryId),
      attempt: String(random.below(3)),
      node: pick(['a', 'b']),
    };
    events.push({
      id: `${DEVNET.chainId}/${block.height}/0/0/${100 + i}`,
      kind: pick(KINDS),
      queryId,
      txHash: 'AB',
      attributes,
    });
  }
  return { ...block, events: events.sort(() => random.below(3) - 1) };
};

/** One query through a process that reads its events through `change`; what it did about it. */
const play = async (change: (block: BlockEvents) => BlockEvents) => {
  const started = new Map<string, OutgoingMessage>();
  const chainOf = (chain: Chain): Chain => ({ ...chain, block: async (height) => change(await chain.block(height)) });
  const queueOf = (queue: Queue): Queue =>
    new Proxy(queue, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          if (key === 'send' && args[0] === 'start-job') {
            for (const message of args[1] as OutgoingMessage[]) started.set(message.id, message);
          }
          return value.apply(target, args);
        };
      },
    });
  const world = await World.open({ nodes: 2, chainOf, queueOf });
  await world.ask();
  const { deployment, release } = await world.process(new Gate());
  for (let turn = 0; !(await isQuiet(world, 1)); turn++) {
    expect(turn, world.log).toBeLessThan(200);
    await world.tick(deployment, turn);
  }
  const messages = await executions(world);
  await release();
  await world.close();
  return { jobs: [...started.values()].map(({ body }) => body).sort(), messages };
};

/** Every execution of the contract since the world opened. Who settles is chance, and a settlement may come twice. */
const executions = async (world: World): Promise<string[]> => {
  const comet = world.comet();
  const found: string[] = [];
  const last = world.devchain.head()?.height ?? 0;
  for (let height = world.startHeight; height <= last; height++) {
    for (const tx of (await comet.block(height)).block.txs) {
      for (const { value } of decodeTxRaw(tx).body.messages) {
        const { sender, msg, funds } = MsgExecuteContract.decode(value);
        // Receipts hold times of the work: the contract has checked that each reveal opens its commitment.
        const text = new TextDecoder().decode(msg).replace(/"(commitment|receipts_root)":"[^"]*"/g, '"$1":"..."');
        found.push(text.startsWith('{"settle"') ? text : `${sender} ${text} ${JSON.stringify(funds)}`);
      }
    }
  }
  const settled = found.filter((text) => text.startsWith('{"settle"'));
  return [...found.filter((text) => !settled.includes(text)), ...new Set(settled)].sort();
};

it('sends exactly what an honest run sends, whatever an RPC says of events (property, promise P2)', {
  timeout: 300_000,
}, async () => {
  const honest = await play((block) => block);
  expect(honest.jobs).toHaveLength(2);
  const kinds = honest.messages.map((text) => /\{"(\w+)"/.exec(text)?.[1]);
  expect(kinds.sort()).toEqual(['ask', 'commit', 'commit', 'reveal', 'reveal', 'settle']);
  const tenths = fc.constantFrom(0, 3, 6, 10);
  const lies = fc.record({
    seed: fc.integer({ min: 0, max: 2 ** 30 }),
    hide: tenths,
    invent: tenths,
    repeat: tenths,
    rewrite: tenths,
  });
  await fc.assert(
    fc.asyncProperty(lies, async (told) => {
      expect(await play((block) => lieAbout(block, told))).toEqual(honest);
    }),
    { numRuns: 12 },
  );
});
