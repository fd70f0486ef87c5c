import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Key, MAX_TRANSACTION_WRITES, type Row, type Store, type Write } from '../../shared/ports/store.ts';
import { ConditionFailedError } from '../../shared/ports/store-errors.ts';
import type { OpenStore, StoreFixture } from './fixtures.ts';
import { storeModelContract } from './store-model.ts';

const key = (sk: string, pk = 'p'): Key => ({ pk, sk });
const put = (sk: string, body: unknown, expectation: Write['expect'] = 'any'): Write => ({
  kind: 'put',
  key: key(sk),
  body,
  expect: expectation,
});
const putDue = (sk: string, list: string, at: number, pk = 'p'): Write => ({
  kind: 'put',
  key: key(sk, pk),
  body: sk,
  due: { list, at },
  expect: 'any',
});

const failure = async (work: Promise<unknown>): Promise<unknown> => {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error('expected a rejection');
};

const conflictsOf = async (work: Promise<unknown>) => {
  const error = await failure(work);
  expect(error).toBeInstanceOf(ConditionFailedError);
  return (error as ConditionFailedError).conflicts;
};

/** Reads, adds one and writes back until nobody was faster. @returns the version written */
const increment = async (store: Store, at: Key): Promise<number> => {
  for (;;) {
    const row: Row<number> | undefined = await store.get<number>(at);
    try {
      const expectation = row ? { version: row.version } : 'absent';
      await store.transact([{ kind: 'put', key: at, body: (row?.body ?? 0) + 1, expect: expectation }]);
      return (row?.version ?? 0) + 1;
    } catch (error) {
      if (!(error instanceof ConditionFailedError)) throw error;
    }
  }
};

/** The promises of {@link Store}, for any adapter. */
export const storeContract = (name: string, open: OpenStore): void => {
  describe(`store contract: ${name}`, () => {
    let fixture: StoreFixture;
    let store: Store;
    beforeEach(async () => {
      fixture = await open();
      store = fixture.store;
    });
    afterEach(() => fixture.close());

    it('reads back what was written, with its version and due, from any connection', async () => {
      const body = { text: 'ü\u0000😀', list: [1, null, true, { deep: -1.5 }], empty: '' };
      await store.transact([{ kind: 'put', key: key('a'), body, due: { list: 'd', at: 7 }, expect: 'absent' }]);
      const row = { pk: 'p', sk: 'a', version: 1, body, due: { list: 'd', at: 7 } };
      expect(await store.get(key('a'))).toEqual(row);
      expect(await fixture.another.get(key('a'))).toEqual(row);
      expect(await store.get(key('b'))).toBeUndefined();
    });

    it('keeps the body as it was at the call', async () => {
      const body = { count: 1 };
      const written = store.transact([put('a', body)]);
      body.count = 2;
      await written;
      expect((await store.get(key('a')))?.body).toEqual({ count: 1 });
    });

    it('counts versions up by one, and from 1 again after a delete', async () => {
      await store.transact([put('a', 'first', 'absent')]);
      await store.transact([put('a', 'second', { version: 1 })]);
      await store.transact([put('a', 'third')]);
      expect(await store.get(key('a'))).toMatchObject({ version: 3, body: 'third' });
      await store.transact([{ kind: 'delete', key: key('a'), expect: { version: 3 } }]);
      expect(await store.get(key('a'))).toBeUndefined();
      await store.transact([put('a', 'again', 'absent')]);
      expect(await store.get(key('a'))).toMatchObject({ version: 1, body: 'again' });
    });

    it('checks a row without touching it', async () => {
      await store.transact([put('a', 1)]);
      const check = (sk: string, expectation: Write['expect']): Write => ({
        kind: 'check',
        key: key(sk),
        expect: expectation,
      });
      await store.transact([check('a', { version: 1 }), check('b', 'absent'), check('c', 'any')]);
      expect(await store.get(key('a'))).toMatchObject({ version: 1 });
      expect(await conflictsOf(store.transact([check('a', 'absent')]))).toHaveLength(1);
    });

    it('deletes what is not there without complaint, unless a version was expected', async () => {
      await store.transact([{ kind: 'delete', key: key('a'), expect: 'any' }]);
      await store.transact([{ kind: 'delete', key: key('a'), expect: 'absent' }]);
      const remove: Write = { kind: 'delete', key: key('a'), expect: { version: 1 } };
      expect(await conflictsOf(store.transact([remove]))).toEqual([{ key: key('a'), current: undefined }]);
    });

    it('rejects with every conflict and its current row, in the order of the writes, and writes nothing', async () => {
      await store.transact([put('a', 'A'), put('b', 'B'), putDue('c', 'd', 5)]);
      const conflicts = await conflictsOf(
        store.transact([
          put('new', 1, 'absent'),
          put('c', 1, 'absent'),
          put('a', 1, { version: 1 }),
          { kind: 'delete', key: key('b'), expect: { version: 2 } },
          { kind: 'check', key: key('x'), expect: { version: 1 } },
        ]),
      );
      expect(conflicts).toEqual([
        { key: key('c'), current: { pk: 'p', sk: 'c', version: 1, body: 'c', due: { list: 'd', at: 5 } } },
        { key: key('b'), current: { pk: 'p', sk: 'b', version: 1, body: 'B' } },
        { key: key('x'), current: undefined },
      ]);
      expect((await store.list('p', { limit: 10 })).map(({ sk, version }) => [sk, version])).toEqual([
        ['a', 1],
        ['b', 1],
        ['c', 1],
      ]);
    });

    it('lists a partition by prefix, after a key and up to a limit, in UTF-8 order', async () => {
      const sks = [
        's/1',
        's/10',
        's/2',
        's',
        't',
        's%',
        's_x',
        's/\ud7ff',
        's/\ue000',
        's/\uffff',
        's/😀',
        's/\u{10ffff}',
      ];
      await store.transact([...sks.map((sk) => put(sk, sk)), { ...put('s/1', 'other'), key: key('s/1', 'other') }]);
      const ordered = sks.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      const names = async (page: Parameters<Store['list']>[1]) => (await store.list('p', page)).map(({ sk }) => sk);
      expect(await names({ limit: 50 })).toEqual(ordered);
      expect(await names({ prefix: 's/', limit: 50 })).toEqual(ordered.filter((sk) => sk.startsWith('s/')));
      expect(await names({ prefix: 's/', limit: 2 })).toEqual(['s/1', 's/10']);
      expect(await names({ prefix: 's/', after: 's/10', limit: 2 })).toEqual(['s/2', 's/\ud7ff']);
      expect(await names({ prefix: 's/', after: 'a', limit: 1 })).toEqual(['s/1']);
      expect(await names({ prefix: 's/', after: 'z', limit: 9 })).toEqual([]);
      expect(await names({ prefix: 's/\ud7ff', limit: 9 })).toEqual(['s/\ud7ff']);
      expect(await names({ prefix: 's/\u{10ffff}', limit: 9 })).toEqual(['s/\u{10ffff}']);
      expect(await names({ after: 's_x', limit: 9 })).toEqual(['t']);
      expect(await names({ limit: 0 })).toEqual([]);
      expect(await store.list('none', { limit: 9 })).toEqual([]);
    });

    it('lists due rows by time, then key, up to and with the time given', async () => {
      await store.transact([
        putDue('b', 'd', 10, 'q'),
        putDue('b', 'd', 10),
        putDue('a', 'd', 10, 'q'),
        putDue('z', 'd', 9),
        putDue('late', 'd', 11),
        putDue('other', 'e', 1),
        put('none', 1),
      ]);
      const names = async (until: number, limit: number) =>
        (await store.due('d', until, limit)).map(({ pk, sk }) => `${pk}/${sk}`);
      expect(await names(10, 9)).toEqual(['p/z', 'p/b', 'q/a', 'q/b']);
      expect(await names(10, 2)).toEqual(['p/z', 'p/b']);
      expect(await names(8, 9)).toEqual([]);
      await store.transact([put('z', 1), putDue('b', 'd', 99), { kind: 'delete', key: key('a', 'q'), expect: 'any' }]);
      expect(await names(50, 9)).toEqual(['q/b', 'p/late']);
    });

    it(`takes ${MAX_TRANSACTION_WRITES} writes and rejects one more, a key named twice, and unusable rows`, async () => {
      const many = Array.from({ length: MAX_TRANSACTION_WRITES }, (_, i) => put(`k${i}`, i, 'absent'));
      await store.transact([]);
      await store.transact(many);
      const before = await store.list('p', { limit: 200 });
      expect(before).toHaveLength(MAX_TRANSACTION_WRITES);
      const refused: [string, Write[]][] = [
        ['transaction-too-large', [...many.map((w) => ({ ...w, expect: 'any' as const })), put('over', 1)]],
        ['transaction-too-large', [put('new', 1), put('new', 2)]],
        ['transaction-too-large', [put('new', 1), { kind: 'check', key: key('new'), expect: 'any' }]],
        ['bad-key', [put('new', 1), put('', 1)]],
        ['bad-key', [put('lone \ud800 surrogate', 1)]],
        ['bad-key', [put('s'.repeat(1025), 1)]],
        ['bad-body', [put('new', undefined)]],
        ['bad-due', [putDue('new', 'd', Number.NaN)]],
        ['row-too-large', [put('new', 'x'.repeat(400 * 1024))]],
      ];
      for (const [code, writes] of refused) {
        expect(await failure(store.transact(writes)), code).toMatchObject({ family: 'bad-input', code });
      }
      expect(await store.list('p', { limit: 200 })).toEqual(before);
    });

    it('lets one of many concurrent creators win', async () => {
      const attempts = Array.from({ length: 20 }, (_, i) =>
        (i % 2 ? store : fixture.another).transact([put('one', i, 'absent')]),
      );
      const outcomes = await Promise.allSettled(attempts);
      const winner = outcomes.findIndex(({ status }) => status === 'fulfilled');
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(await store.get(key('one'))).toMatchObject({ version: 1, body: winner });
    });

    it('loses no update of concurrent writers', async () => {
      const writers = Array.from({ length: 40 }, (_, i) => increment(i % 2 ? store : fixture.another, key('sum')));
      const versions = await Promise.all(writers);
      expect(versions.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
      expect(await store.get(key('sum'))).toMatchObject({ version: 40, body: 40 });
    });

    it('refuses a fenced writer in the same transaction as its result', async () => {
      await store.transact([put('lease', 'epoch 1')]);
      const result = (sk: string, version: number): Write[] => [
        { kind: 'check', key: key('lease'), expect: { version } },
        put(sk, 'done', 'absent'),
      ];
      await fixture.another.transact([put('lease', 'epoch 2', { version: 1 })]);
      expect(await conflictsOf(store.transact(result('stale', 1)))).toMatchObject([{ current: { body: 'epoch 2' } }]);
      await store.transact(result('fresh', 2));
      expect((await store.list('p', { limit: 9 })).map(({ sk }) => sk)).toEqual(['fresh', 'lease']);
    });

    storeModelContract(open);
  });
};
