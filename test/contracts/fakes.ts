import { badRange, checkRange } from '../../shared/adapters/limits/blob-limits.ts';
import { seeded } from '../../shared/planning/seeded.ts';
import { BlobMissingError } from '../../shared/ports/blob-errors.ts';
import type { Blobs } from '../../shared/ports/blobs.ts';
import type { Clock, Random } from '../../shared/ports/clock.ts';
import { toHex } from '../../shared/protocol/encoding.ts';
import { sha256 } from '../../shared/protocol/sha2.ts';

interface Sleeper {
  readonly atMs: number;
  wake(): void;
}

/** A clock that moves only when told to. */
export class FakeClock implements Clock {
  #nowMs: number;
  #sleepers: Sleeper[] = [];

  constructor(nowMs = 1_700_000_000_000) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const sleeper = { atMs: this.#nowMs + ms, wake: resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        reject(signal.reason);
      });
    });
  }

  /** Moves time on and wakes whoever slept until then, earliest first. */
  advance(ms: number): void {
    this.#nowMs += ms;
    const awake = this.#sleepers.filter(({ atMs }) => atMs <= this.#nowMs).sort((a, b) => a.atMs - b.atMs);
    this.#sleepers = this.#sleepers.filter(({ atMs }) => atMs > this.#nowMs);
    for (const sleeper of awake) sleeper.wake();
  }
}

/** The same numbers for the same seed. Never for keys. */
export const seededRandom = (seed: number): Random => {
  const next = seeded(seed);
  return {
    bytes: (length) => Uint8Array.from({ length }, () => Math.floor(next() * 256)),
    below: (bound) => Math.floor(next() * bound),
  };
};

/** Blobs that are gone with the test. */
export const memoryBlobs = (): Blobs => {
  const kept = new Map<string, Uint8Array>();
  const get = async (hash: string): Promise<Uint8Array> => {
    const bytes = kept.get(hash);
    if (!bytes) throw new BlobMissingError(hash);
    return bytes;
  };
  return {
    put: async (bytes) => {
      const hash = toHex(sha256(bytes));
      kept.set(hash, bytes.slice());
      return hash;
    },
    get,
    getRange: async (hash, offsetBytes, sizeBytes) => {
      const bytes = await get(hash);
      checkRange(offsetBytes, sizeBytes);
      if (offsetBytes + sizeBytes > bytes.length) throw badRange(offsetBytes, sizeBytes);
      return bytes.slice(offsetBytes, offsetBytes + sizeBytes);
    },
    has: async (hash) => kept.has(hash),
  };
};
