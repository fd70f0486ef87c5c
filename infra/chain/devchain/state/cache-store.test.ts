import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CacheStore } from './cache-store.ts';
import { openDatabase } from './database.ts';
import { binaryBytes, binaryString, type KvReader, type KvStore, prefixEnd } from './kv.ts';
import { StateReader, StateWriter } from './state-table.ts';

const bytes = fc.uint8Array({ minLength: 1, maxLength: 3, max: 3 });
const write = fc.record({ key: bytes, value: fc.option(fc.uint8Array({ minLength: 1, maxLength: 2 })) });
const bound = fc.option(bytes, { nil: undefined });
const order = fc.constantFrom('ascending' as const, 'descending' as const);

function modelScan(model: Map<string, Uint8Array>, start?: Uint8Array, end?: Uint8Array, descending = false) {
  const keys = [...model.keys()].sort((a, b) => (a < b ? -1 : 1));
  const low = start && binaryString(start);
  const high = end && binaryString(end);
  const inside = keys.filter((k) => (low === undefined || k >= low) && (high === undefined || k < high));
  if (descending) inside.reverse();
  return inside.map((k) => [k, [...(model.get(k) ?? [])]]);
}

function scanAll(store: KvReader, start: Uint8Array | undefined, end: Uint8Array | undefined, descending: boolean) {
  const found = store.scan(start, end, descending ? 'descending' : 'ascending');
  return [...found].map(([k, v]) => [binaryString(k), [...v]]);
}

function apply(store: KvStore | CacheStore, model: Map<string, Uint8Array>, key: Uint8Array, value: Uint8Array | null) {
  if (value === null) {
    store.remove(key);
    model.delete(binaryString(key));
  } else {
    store.set(key, value);
    model.set(binaryString(key), value);
  }
}

describe('layered stores', () => {
  test('reads and scans agree with a plain sorted map through SQLite and three layers', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(write, { maxLength: 12 }), { minLength: 1, maxLength: 3 }),
        fc.array(fc.record({ start: bound, end: bound, order }), { minLength: 1, maxLength: 6 }),
        fc.nat({ max: 3 }),
        (layers, scans, flushed) => {
          const database = openDatabase(':memory:');
          const model = new Map<string, Uint8Array>();
          const reader = new StateReader(database);
          let store: KvReader = reader;
          layers.forEach((writes, depth) => {
            const layer = new CacheStore(store);
            // A scan between writes makes the layer keep its key order while it grows.
            for (const { key, value } of writes) {
              apply(layer, model, key, value);
              if (key[0] === 1) scanAll(layer, undefined, undefined, false);
            }
            if (depth < flushed && store === reader) {
              new StateWriter(database).apply(depth + 1, layer.writes());
            } else store = layer;
          });
          for (const { start, end, order } of scans) {
            const descending = order === 'descending';
            expect(scanAll(store, start, end, descending)).toEqual(modelScan(model, start, end, descending));
          }
          for (const [key, value] of model) expect(store.get(binaryBytes(key))).toEqual(value);
          database.close();
        },
      ),
      { numRuns: 150 },
    );
  });

  test('an older height answers as it did then, until it is pruned', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(write, { maxLength: 6 }), { minLength: 2, maxLength: 6 }),
        bound,
        bound,
        order,
        (blocks, start, end, order) => {
          const database = openDatabase(':memory:');
          const writer = new StateWriter(database);
          const model = new Map<string, Uint8Array>();
          const snapshots: Map<string, Uint8Array>[] = [];
          blocks.forEach((writes, i) => {
            const layer = new CacheStore(new StateReader(database));
            for (const { key, value } of writes) apply(layer, model, key, value);
            writer.apply(i + 1, layer.writes());
            snapshots.push(new Map(model));
          });
          snapshots.forEach((snapshot, i) => {
            const reader = new StateReader(database, i + 1);
            const descending = order === 'descending';
            expect(scanAll(reader, start, end, descending)).toEqual(modelScan(snapshot, start, end, descending));
            for (const { key } of blocks.flat()) expect(reader.get(key)).toEqual(snapshot.get(binaryString(key)));
          });
          database.close();
        },
      ),
      { numRuns: 100 },
    );
  });

  test('a long range is read in pages without gaps', () => {
    const database = openDatabase(':memory:');
    const layer = new CacheStore(new StateReader(database));
    for (let i = 0; i < 1000; i++) layer.set(Uint8Array.of(7, i >> 8, i & 255), Uint8Array.of(1));
    new StateWriter(database).apply(1, layer.writes());
    const reader = new StateReader(database);
    const end = prefixEnd(Uint8Array.of(7));
    for (const order of ['ascending', 'descending'] as const) {
      const keys = [...reader.scan(Uint8Array.of(7), end, order)].map(([k]) => ((k[1] ?? 0) << 8) + (k[2] ?? 0));
      if (order === 'descending') keys.reverse();
      expect(keys).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    }
    expect(prefixEnd(Uint8Array.of(1, 255))).toEqual(Uint8Array.of(2));
    expect(prefixEnd(Uint8Array.of(255))).toBeUndefined();
    database.close();
  });
});
