import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Key, Row, Store, Write } from '../../shared/ports/store.ts';
import { ConditionFailedError } from '../../shared/ports/store-errors.ts';
import type { OpenStore } from './fixtures.ts';

/** What a store is: a map, and the conditions of each write. */
class Model {
  readonly #rows = new Map<string, Row>();

  transact(writes: readonly Write[]): { key: Key; current: Row | undefined }[] {
    const conflicts = writes
      .map(({ key, expect: expectation }) => ({ key, expectation, current: this.#rows.get(nameOf(key)) }))
      .filter(({ expectation, current }) => {
        if (expectation === 'any') return false;
        return expectation === 'absent' ? current !== undefined : current?.version !== expectation.version;
      })
      .map(({ key, current }) => ({ key, current }));
    if (conflicts.length === 0) for (const write of writes) this.#apply(write);
    return conflicts;
  }

  rows(): Row[] {
    return [...this.#rows.values()].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  }

  #apply(write: Write): void {
    const name = nameOf(write.key);
    if (write.kind === 'delete') this.#rows.delete(name);
    if (write.kind !== 'put') return;
    const version = (this.#rows.get(name)?.version ?? 0) + 1;
    const due = write.due && { due: write.due };
    this.#rows.set(name, { ...write.key, version, body: write.body, ...due });
  }
}

const nameOf = ({ pk, sk }: Key): string => `${pk}/${sk}`;

const key = fc.record({ pk: fc.constantFrom('p', 'q'), sk: fc.constantFrom('a', 'b', 'c') });
const expectation = fc.oneof(
  fc.constantFrom('any' as const, 'absent' as const),
  fc.record({ version: fc.integer({ min: 1, max: 3 }) }),
);
const due = fc.record({ list: fc.constantFrom('d', 'e'), at: fc.integer({ min: 0, max: 5 }) });
const write: fc.Arbitrary<Write> = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), key, body: fc.integer(), expect: expectation }),
  fc.record({ kind: fc.constant('put' as const), key, body: fc.jsonValue(), due, expect: expectation }),
  fc.record({ kind: fc.constantFrom('delete' as const, 'check' as const), key, expect: expectation }),
);
const step = fc.record({
  /** Which connection writes. */
  second: fc.boolean(),
  writes: fc.uniqueArray(write, { minLength: 1, maxLength: 4, selector: (w) => nameOf(w.key) }),
  /** Whether the next step begins before this one has resolved. */
  overlaps: fc.boolean(),
});

const conflictsOf = (store: Store, writes: readonly Write[]) =>
  store.transact(writes).then(
    () => [],
    (error: unknown) => {
      if (error instanceof ConditionFailedError) return error.conflicts;
      throw error;
    },
  );

const stored = async (store: Store): Promise<Row[]> =>
  (await Promise.all(['p', 'q'].map((pk) => store.list(pk, { limit: 100 })))).flat();

/** JSON has no -0 and no undefined. */
const asJson = <T>(value: T): T => JSON.parse(JSON.stringify(value));

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

const orders = <T>(items: readonly T[]): T[][] =>
  items.length < 2
    ? [[...items]]
    : items.flatMap((item, at) => orders(items.toSpliced(at, 1)).map((rest) => [item, ...rest]));

/** Overlapping steps may take effect in any order: one of them must explain every answer and the rows afterwards. */
const explains = (
  history: readonly (readonly Write[])[],
  batch: { writes: Write[]; conflicts: unknown }[],
  rows: Row[],
) =>
  orders(batch).find((order) => {
    const model = new Model();
    for (const writes of history) model.transact(writes);
    const answers = order.map(({ writes, conflicts }) => [model.transact(writes), conflicts]);
    return [...answers, [model.rows(), rows]].every(([a, b]) => JSON.stringify(asJson(a)) === JSON.stringify(b));
  });

const runBatch = async (stores: readonly [Store, Store], batch: readonly Step[]) =>
  Promise.all(
    batch.map(async ({ writes, second }) => ({ writes, conflicts: await conflictsOf(stores[second ? 1 : 0], writes) })),
  );

/** Random transactions over two connections, some at once, against a map. */
export const storeModelContract = (open: OpenStore): void => {
  it('answers as a map would, for random transactions over two connections', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const { store, another, close } = await open();
        try {
          const history: Write[][] = [];
          for (let at = 0; at < steps.length; ) {
            let end = at + 1;
            while (steps[end - 1]?.overlaps && end < steps.length && end - at < 3) end += 1;
            const answers = await runBatch([store, another], steps.slice(at, end));
            const order = explains(history, answers, await stored(another));
            expect(order, 'some order of the overlapping transactions').toBeDefined();
            history.push(...(order ?? []).map(({ writes }) => writes));
            at = end;
          }
          const model = new Model();
          for (const writes of history) model.transact(writes);
          const dueRows = model.rows().filter((row) => row.due?.list === 'd' && row.due.at <= 3);
          const ordered = dueRows.toSorted((a, b) => (a.due?.at ?? 0) - (b.due?.at ?? 0));
          expect(await store.due('d', 3, 100)).toEqual(asJson(ordered));
        } finally {
          await close();
        }
      }),
      { numRuns: 60 },
    );
  });
};
