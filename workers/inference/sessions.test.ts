import { describe, expect, it } from 'vitest';
import type { StageSession } from './engine.ts';
import { sessionCache } from './sessions.ts';

const counting = () => {
  const log: string[] = [];
  const load = (name: string) => async (): Promise<StageSession> => {
    log.push(`load ${name}`);
    return { inputs: [], outputs: [], run: async () => [], release: async () => void log.push(`release ${name}`) };
  };
  return { log, load };
};
const nothing = async (): Promise<void> => {};

describe('session cache', () => {
  it('loads a graph once, and releases the one idle for longest', async () => {
    const { log, load } = counting();
    const cache = sessionCache(2);
    for (const name of ['a', 'b', 'a', 'c', 'a']) await cache.with(name, load(name), nothing);
    expect(log).toEqual(['load a', 'load b', 'load c', 'release b']);
    await cache.clear();
    expect(log.slice(4)).toEqual(['release c', 'release a']);
  });

  it('never releases a graph in use', async () => {
    const { log, load } = counting();
    const cache = sessionCache(1);
    await cache.with('a', load('a'), async () => {
      await cache.with('b', load('b'), nothing);
      expect(log).toEqual(['load a', 'load b', 'release b']);
    });
    expect(log).not.toContain('release a');
  });

  it('loads once for all who ask meanwhile', async () => {
    const { log, load } = counting();
    const cache = sessionCache(1);
    await Promise.all([1, 2, 3].map(() => cache.with('a', load('a'), nothing)));
    expect(log).toEqual(['load a']);
  });

  it('forgets a graph that did not load', async () => {
    const { log, load } = counting();
    const cache = sessionCache(1);
    const failing = async (): Promise<StageSession> => {
      throw new Error('no memory');
    };
    await expect(cache.with('a', failing, nothing)).rejects.toThrow('no memory');
    await cache.with('a', load('a'), nothing);
    expect(log).toEqual(['load a']);
  });
});
