import { describe, expect, it } from 'vitest';
import { TransientError } from '../../shared/errors.ts';
import type { BlockSource } from '../../shared/ports/block-source.ts';
import type { BlockEvents } from '../../shared/ports/chain.ts';
import { blockOf, CHAIN, eventAt, openWatcher, Script } from './script.ts';

const events = [eventAt(2, 0, 1, 'asked'), eventAt(2, 1, 2, 'asked'), eventAt(2, 2, 1, 'opened')];
const open = (sources: (script: Script) => BlockSource[]) => {
  const script = new Script([blockOf(1), blockOf(2, events), blockOf(3)]);
  return { script, watcher: openWatcher(script, sources(script)) };
};
const at2 = (change: (block: BlockEvents) => BlockEvents) => (block: BlockEvents) =>
  block.height === 2 ? change(block) : block;
const dead = (name: string): BlockSource => ({
  name,
  block: async () => {
    throw new TransientError('rpc-unavailable', `${name} is down`);
  },
});

describe('two endpoints', () => {
  it('that agree leave both names at each height and no anomaly', async () => {
    const { watcher } = open((s) => [s.source('a'), s.source('b')]);
    await watcher.pass();
    expect(await watcher.coverage()).toMatchObject([1, 2, 3].map((height) => ({ height, source: 'a', witness: 'b' })));
    expect(await watcher.anomalies()).toEqual([]);
  });

  it.each([
    ['the first', 0],
    ['the second', 1],
  ])('of which %s tells of another block move nothing, and the refusal is kept', async (_, liar) => {
    const fork = at2((block) => ({ ...block, hash: 'FORK' }));
    const { watcher } = open((s) => ['a', 'b'].map((name, i) => s.source(name, i === liar ? fork : undefined)));
    for (let again = 0; again < 2; again++) {
      await expect(watcher.pass()).rejects.toMatchObject({ code: 'block-hash', family: 'invariant' });
    }
    expect((await watcher.cursor()).next).toBe(2);
    expect(await watcher.anomalies()).toMatchObject([
      { kind: 'block-hash', height: 2, detail: expect.stringMatching(/a says .*, b says /) },
    ]);
    expect(await watcher.events(1)).toEqual([]);
  });

  it.each([
    ['hidden by the first', 0],
    ['hidden by the second', 1],
  ])('store an event %s all the same, wake its query, and keep what each said', async (_, liar) => {
    const hides = at2((block) => ({ ...block, events: block.events.filter(({ queryId }) => queryId !== 2) }));
    const { watcher } = open((s) => ['a', 'b'].map((name, i) => s.source(name, i === liar ? hides : undefined)));
    await watcher.pass();
    expect((await watcher.events(2)).map(({ id }) => id)).toEqual([`${CHAIN}/2/0/0/1`]);
    expect((await watcher.messages()).map(({ id }) => id)).toEqual([`query/${CHAIN}/1/2`, `query/${CHAIN}/2/2`]);
    const teller = liar === 0 ? 'b' : 'a';
    expect(await watcher.anomalies()).toMatchObject([
      { kind: 'rpc-disagrees', queryId: 2, height: 2, detail: `only ${teller} tells of ${CHAIN}/2/0/0/1` },
    ]);
    expect((await watcher.coverage())[1]).toMatchObject({ events: 3, source: 'a', witness: 'b' });
  });

  it('that differ about an event wake both queries that it may be about', async () => {
    const renames = at2((block) => ({
      ...block,
      events: block.events.map((event) => (event.id.endsWith('/1') ? { ...event, queryId: 9 } : event)),
    }));
    const { watcher } = open((s) => [s.source('a', renames), s.source('b')]);
    await watcher.pass();
    expect((await watcher.messages()).map(({ id }) => id).sort()).toEqual(
      [1, 2, 9].map((id) => `query/${CHAIN}/${id}/2`),
    );
    expect((await watcher.anomalies()).map(({ kind, queryId }) => [kind, queryId])).toEqual([
      ['rpc-disagrees', 2],
      ['rpc-disagrees', 9],
    ]);
  });

  it('that differ in attributes only keep the first’s and say so', async () => {
    const changes = at2((block) => ({
      ...block,
      events: block.events.map((event) => ({ ...event, attributes: { ...event.attributes, fee: '1' } })),
    }));
    const { watcher } = open((s) => [s.source('a'), s.source('b', changes)]);
    await watcher.pass();
    expect(await watcher.events(1)).toHaveLength(2);
    expect((await watcher.anomalies()).map(({ detail }) => detail)).toEqual([
      `a and b differ about ${CHAIN}/2/0/0/0, ${CHAIN}/2/0/0/2`,
      `a and b differ about ${CHAIN}/2/0/0/1`,
    ]);
  });

  it('that repeat and reorder events store each once, in order', async () => {
    const shuffles = at2((block) => ({ ...block, events: [...block.events, ...block.events].reverse() }));
    const { watcher } = open((s) => [s.source('a', shuffles), s.source('b', shuffles)]);
    await watcher.pass();
    expect(await watcher.events(1)).toEqual([0, 2].map((i) => ({ id: `${CHAIN}/2/0/0/${i}`, version: 1 })));
    expect(await watcher.anomalies()).toEqual([]);
  });

  it('of which one is down go on with the other and say that nothing was compared', async () => {
    for (const sources of [(s: Script) => [dead('a'), s.source('b')], (s: Script) => [s.source('b'), dead('a')]]) {
      const { watcher } = open(sources);
      await watcher.pass();
      expect(await watcher.coverage()).toMatchObject([1, 2, 3].map((height) => ({ height, source: 'b' })));
      expect((await watcher.coverage()).filter(({ witness }) => witness !== undefined)).toEqual([]);
    }
  });

  it('that are both down fail the pass as the first one does', async () => {
    const { watcher } = open(() => [dead('a'), dead('b')]);
    await expect(watcher.pass()).rejects.toThrow('a is down');
  });
});

it('more than two endpoints take turns as witness, and stand in for each other', async () => {
  const { watcher } = open((s) => [s.source('a'), s.source('b'), dead('c')]);
  await watcher.pass();
  expect((await watcher.coverage()).map(({ source, witness }) => [source, witness])).toEqual([
    ['a', 'b'],
    ['a', 'b'],
    ['a', 'b'],
  ]);
  const turns = open((s) => [s.source('a'), s.source('b'), s.source('c')]).watcher;
  await turns.pass();
  expect((await turns.coverage()).map(({ witness }) => witness)).toEqual(['c', 'b', 'c']);
});
