import type { StageSession } from './engine.ts';

interface Entry {
  readonly session: Promise<StageSession>;
  users: number;
}

/** Loaded graphs by key, at most `limit` of them idle or in use; the one idle for longest goes first. */
export interface SessionCache {
  /** Runs `use` with the graph of this key, loaded once for all who ask meanwhile. A graph in use is never released. */
  with<T>(key: string, load: () => Promise<StageSession>, use: (session: StageSession) => Promise<T>): Promise<T>;
  /** Releases every idle graph. */
  clear(): Promise<void>;
}

/** @param limit most graphs kept; exceeded only while more are in use at once */
export const sessionCache = (limit: number): SessionCache => {
  // A Map keeps insertion order; an entry is put back at the end when used, so the first idle one is the oldest.
  const entries = new Map<string, Entry>();

  const evict = async (keep: number): Promise<void> => {
    for (const [key, entry] of entries) {
      if (entries.size <= keep) return;
      if (entry.users > 0) continue;
      entries.delete(key);
      await (await entry.session).release();
    }
  };

  const acquire = (key: string, load: () => Promise<StageSession>): Entry => {
    const entry = entries.get(key) ?? { session: load(), users: 0 };
    entries.delete(key);
    entries.set(key, entry);
    entry.users += 1;
    return entry;
  };

  return {
    with: async (key, load, use) => {
      const entry = acquire(key, load);
      try {
        return await use(await entry.session);
      } finally {
        entry.users -= 1;
        // A graph that did not load is forgotten, unless somebody has begun to load it anew.
        await entry.session.catch(() => entries.get(key) === entry && entries.delete(key));
        await evict(limit);
      }
    },
    clear: () => evict(0),
  };
};
