import { binaryBytes, binaryString, type Entry, type KvReader, type KvStore, type KvWrite, type Order } from './kv.ts';

/**
 * Writes held in memory over a parent: a transaction or a submessage works on one and either flushes it or drops it.
 * Layers nest; reads and scans see this layer first, then the parent.
 */
export class CacheStore implements KvStore {
  readonly #parent: KvReader;
  readonly #writes = new Map<string, Uint8Array | undefined>();
  /** Keys of #writes in order; built by the first scan, kept in order by later writes. */
  #sorted: string[] | undefined;

  constructor(parent: KvReader) {
    this.#parent = parent;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const text = binaryString(key);
    const own = this.#writes.get(text);
    if (own !== undefined || this.#writes.has(text)) return own;
    return this.#parent.get(key);
  }

  set(key: Uint8Array, value: Uint8Array): void {
    this.#write(binaryString(key), value);
  }

  remove(key: Uint8Array): void {
    this.#write(binaryString(key), undefined);
  }

  *scan(start: Uint8Array | undefined, end: Uint8Array | undefined, order: Order): IterableIterator<Entry> {
    const own = this.#range(start, end);
    if (order === 'descending') own.reverse();
    const before = order === 'ascending' ? (a: string, b: string) => a < b : (a: string, b: string) => a > b;
    let next = 0;
    for (const entry of this.#parent.scan(start, end, order)) {
      const parentKey = binaryString(entry[0]);
      let hidden = false;
      for (; next < own.length; next++) {
        const write = own[next];
        if (write === undefined || before(parentKey, write[0])) break;
        if (write[0] === parentKey) hidden = true;
        if (write[1] !== undefined) yield [binaryBytes(write[0]), write[1]];
      }
      if (!hidden) yield entry;
    }
    for (; next < own.length; next++) {
      const write = own[next];
      if (write?.[1] !== undefined) yield [binaryBytes(write[0]), write[1]];
    }
  }

  /** All pending writes in ascending key order. */
  writes(): KvWrite[] {
    return this.#range(undefined, undefined).map(([key, value]) => ({ key: binaryBytes(key), value }));
  }

  /** Copies every pending write into `target`; this layer must not be used afterwards. */
  flushTo(target: KvStore): void {
    for (const [text, value] of this.#writes) {
      const key = binaryBytes(text);
      if (value === undefined) target.remove(key);
      else target.set(key, value);
    }
  }

  #write(key: string, value: Uint8Array | undefined): void {
    if (this.#sorted !== undefined && !this.#writes.has(key)) {
      this.#sorted.splice(lowerBound(this.#sorted, key), 0, key);
    }
    this.#writes.set(key, value);
  }

  #range(start: Uint8Array | undefined, end: Uint8Array | undefined): [string, Uint8Array | undefined][] {
    this.#sorted ??= [...this.#writes.keys()].sort(compare);
    const from = start === undefined ? 0 : lowerBound(this.#sorted, binaryString(start));
    const to = end === undefined ? this.#sorted.length : lowerBound(this.#sorted, binaryString(end));
    return this.#sorted.slice(from, Math.max(from, to)).map((key) => [key, this.#writes.get(key)]);
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Index of the first element that is not below `key`. */
function lowerBound(sorted: readonly string[], key: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? '') < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
