import { randomBytes } from 'node:crypto';
import { type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openDynamoStore } from '../../shared/adapters/aws/dynamo-store.ts';
import { systemClock, systemRandom } from '../../shared/adapters/system/clock.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Key, Store, Write } from '../../shared/ports/store.ts';
import { ConditionFailedError } from '../../shared/ports/store-errors.ts';
import { seededRandom } from '../contracts/fakes.ts';
import { storeModelContract } from '../contracts/store-model.ts';
import {
  type Attempt,
  around,
  cancelled,
  connectionLost,
  eagerRetries,
  throttled,
  transactionConflict,
} from './dynamo-faults.ts';
import { type Emulator, startMinistack } from './emulators.ts';
import { createTable, deleteTable, dynamoClient } from './table.ts';

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startMinistack();
});
afterAll(() => emulator.stop());

/** Back-off without waiting. */
const eager: Clock = { nowMs: () => 0, sleep: async () => undefined };

const key = (sk: string): Key => ({ pk: 'p', sk });
const put = (sk: string, body: unknown, expectation: Write['expect']): Write => ({
  kind: 'put',
  key: key(sk),
  body,
  expect: expectation,
});
const remove = (sk: string, expectation: Write['expect']): Write => ({
  kind: 'delete',
  key: key(sk),
  expect: expectation,
});

describe('the DynamoDB store', () => {
  let client: DynamoDBClient;
  let another: DynamoDBClient;
  let store: Store;
  let other: Store;
  /** Commands that were tried, in order. */
  let tried: string[];
  let attempt: Attempt;
  let table: string;
  beforeEach(async () => {
    [client, another] = [dynamoClient(emulator, { retryStrategy: eagerRetries() }), dynamoClient(emulator)];
    table = await createTable(another);
    tried = [];
    attempt = (_command, send) => send();
    around(client, (command, send, input) => {
      tried.push(command);
      return attempt(command, send, input);
    });
    store = openDynamoStore({ client, table, clock: eager, random: systemRandom });
    other = openDynamoStore({ client: another, table, clock: systemClock, random: systemRandom });
    return () => deleteTable(another, table);
  });
  afterEach(() => {
    client.destroy();
    another.destroy();
  });

  /** The first attempts of writes take effect, and their answers are lost. @param between what others do meanwhile */
  const loseAnswers = (times: number, between: () => Promise<void> = async () => undefined): void => {
    let left = times;
    attempt = async (_command, send) => {
      const answer = await send();
      if (left-- <= 0) return answer;
      await between();
      throw connectionLost();
    };
  };

  /** The first attempts fail, and nothing takes effect. @param command only of this one */
  const failWith = (error: () => Error, times = Number.POSITIVE_INFINITY, only?: string): void => {
    let left = times;
    attempt = async (command, send) => {
      if ((only !== undefined && command !== only) || left-- <= 0) return await send();
      throw error();
    };
  };

  it.each([
    ['a new row', [put('a', 'mine', 'absent')], 1, 'PutItemCommand'],
    ['a row at its version', [put('old', 'mine', { version: 1 })], 2, 'PutItemCommand'],
    ['a row without a condition', [put('old', 'mine', 'any')], 2, 'TransactWriteItemsCommand'],
    ['two rows', [put('old', 'mine', { version: 1 }), put('b', 1, 'absent')], 2, 'TransactWriteItemsCommand'],
  ])('writes %s once when the answer is lost, and says so', async (_what, writes, version, command) => {
    await other.transact([put('old', 0, 'absent')]);
    loseAnswers(1);
    await store.transact(writes);
    expect(tried).toEqual([command, command]);
    expect(await other.get(writes[0]!.key)).toMatchObject({ version, body: 'mine' });
  });

  it('deletes a row without a condition once: not the one that another wrote after the lost answer', async () => {
    await other.transact([put('a', 0, 'absent')]);
    loseAnswers(1, () => other.transact([put('a', 'another', 'absent')]));
    await store.transact([remove('a', 'any')]);
    expect(await other.get(key('a'))).toMatchObject({ version: 1, body: 'another' });
  });

  it.each([
    ['deleted it', [remove('a', { version: 1 })], async () => undefined],
    [
      'wrote it, and another wrote since',
      [put('a', 'mine', { version: 1 })],
      () => other.transact([put('a', 'theirs', { version: 2 })]),
    ],
  ])(
    'says that it does not know when an answer was lost and the row does not tell who %s',
    async (_, writes, between) => {
      await other.transact([put('a', 0, 'absent')]);
      loseAnswers(1, between);
      await expect(store.transact(writes)).rejects.toMatchObject({ family: 'transient', code: 'write-unknown' });
    },
  );

  it('says conflict, not success, when another wrote the very same content', async () => {
    await other.transact([put('a', 'same', 'absent')]);
    await expect(store.transact([put('a', 'same', 'absent')])).rejects.toBeInstanceOf(ConditionFailedError);
  });

  it('waits for a table that is busy, and gives up with a transient error', async () => {
    failWith(throttled, 2);
    await store.transact([put('a', 1, 'absent')]);
    expect(tried).toHaveLength(3);
    failWith(throttled);
    const refusal = { family: 'transient', code: 'aws-throttled' };
    await expect(store.transact([put('b', 1, 'absent')])).rejects.toMatchObject(refusal);
    await expect(store.transact([put('b', 1, 'absent'), put('c', 1, 'absent')])).rejects.toMatchObject(refusal);
    await expect(store.get(key('a'))).rejects.toMatchObject(refusal);
    await expect(store.list('p', { limit: 1 })).rejects.toMatchObject(refusal);
    await expect(store.due('d', 1, 1)).rejects.toMatchObject(refusal);
  });

  it('tries a single write again that met a transaction', async () => {
    failWith(transactionConflict, 5);
    await store.transact([put('a', 1, 'absent')]);
    expect(tried).toHaveLength(6);
    failWith(transactionConflict);
    const busy = { family: 'transient', code: 'aws-busy' };
    await expect(store.transact([put('a', 2, { version: 1 })])).rejects.toMatchObject(busy);
    expect(await other.get(key('a'))).toMatchObject({ version: 1 });
  });

  it('tries a transaction again that met another, or was throttled in part', async () => {
    const writes = [put('a', 1, 'absent'), put('b', 1, 'absent')];
    failWith(() => cancelled('None', tried.length % 2 ? 'TransactionConflict' : 'ThrottlingError'), 5);
    await store.transact(writes);
    expect(await other.list('p', { limit: 9 })).toMatchObject([{ version: 1 }, { version: 1 }]);
    failWith(() => cancelled('None', 'TransactionConflict'));
    const busy = { family: 'transient', code: 'aws-busy' };
    await expect(store.transact([put('a', 2, 'any'), put('b', 2, 'any')])).rejects.toMatchObject(busy);
  });

  it('says conflict when conditions failed and the rest met another transaction to the last', async () => {
    await other.transact([put('b', 'there', 'absent')]);
    const reasons = () => cancelled('TransactionConflict', 'ConditionalCheckFailed');
    failWith(reasons, Number.POSITIVE_INFINITY, 'TransactWriteItemsCommand');
    // No item is shown: it is read.
    await expect(store.transact([put('a', 1, 'absent'), put('b', 1, 'absent')])).rejects.toMatchObject({
      conflicts: [{ key: key('b'), current: { version: 1, body: 'there' } }],
    });
  });

  it('raises an alarm when DynamoDB finds a transaction wrong', async () => {
    failWith(() => cancelled('ValidationError', 'None'));
    const refusal = { family: 'invariant', code: 'aws-refused' };
    await expect(store.transact([put('a', 1, 'any'), put('b', 1, 'any')])).rejects.toMatchObject(refusal);
  });

  describe('reading a due list', () => {
    const due = (sk: string, at: number): Write => ({
      kind: 'put',
      key: key(sk),
      body: sk,
      due: { list: 'd', at },
      expect: 'absent',
    });
    const names = async (limit: number) => (await store.due('d', 10, limit)).map(({ sk }) => sk);

    /** BatchGetItem reads at most `most` keys at once. */
    const readAtMost = (most: number): void => {
      attempt = async (_command, send) => {
        const answer = await send();
        const { output } = answer;
        if (!('UnprocessedKeys' in output) || !output.Responses) return answer;
        const [table = '', items = []] = Object.entries(output.Responses)[0] ?? [];
        const left = items.slice(most).map(({ pk, sk }) => ({ pk: pk!, sk: sk! }));
        output.Responses = { [table]: items.slice(0, most) };
        if (left.length > 0) output.UnprocessedKeys = { [table]: { Keys: left, ConsistentRead: true } };
        return answer;
      };
    };

    it('asks again for keys that were not processed, and gives up when none are', async () => {
      const sks = ['a', 'b', 'c', 'd', 'e'];
      await other.transact(sks.map((sk, i) => due(sk, i)));
      readAtMost(2);
      expect(await names(9)).toEqual(sks);
      expect(tried.filter((command) => command === 'BatchGetItemCommand')).toHaveLength(3);
      readAtMost(0);
      await expect(names(9)).rejects.toMatchObject({ family: 'transient', code: 'aws-throttled' });
    });

    it('drops what the index still lists, and fills the answer up from behind', async () => {
      await other.transact(['a', 'b', 'c', 'd', 'e'].map((sk, i) => due(sk, i)));
      let changed = false;
      attempt = async (command, send) => {
        const answer = await send();
        if (command !== 'QueryCommand' || changed) return answer;
        changed = true;
        // The index was read; the table moves on before its rows are.
        await other.transact([
          remove('a', 'any'),
          { ...due('b', 99), expect: 'any' },
          put('c', 'off the list', 'any'),
        ] as Write[]);
        return answer;
      };
      expect(await names(2)).toEqual(['d', 'e']);
    });

    it('orders rows of one time by key, however many there are and whatever order the index has', async () => {
      const sks = Array.from({ length: 250 }, (_, i) => `k${String(i).padStart(3, '0')}`);
      const shuffled = sks.toSorted((a, b) => (a.slice(3) + a < b.slice(3) + b ? -1 : 1));
      for (let from = 0; from < 250; from += 100) {
        await other.transact(shuffled.slice(from, from + 100).map((sk) => due(sk, 5)));
      }
      await other.transact([due('early', 4), due('late', 6)]);
      expect(await names(4)).toEqual(['early', ...sks.slice(0, 3)]);
      expect(await names(251)).toEqual(['early', ...sks]);
      expect(await names(1_000)).toEqual(['early', ...sks, 'late']);
    });
  });

  it('lists more than DynamoDB gives in one answer', async () => {
    const sks = Array.from({ length: 9 }, (_, i) => `s/${i}`);
    // Nothing that the store could make shorter than a megabyte in all.
    const body = () => randomBytes(150_000).toString('hex');
    for (const sk of sks) await other.transact([put(sk, body(), 'absent')]);
    const listed = async (page: Parameters<Store['list']>[1]) => (await store.list('p', page)).map(({ sk }) => sk);
    expect(await listed({ limit: 20 })).toEqual(sks);
    expect(tried.length).toBeGreaterThan(1);
    expect(await listed({ prefix: 's/', after: 's/1', limit: 6 })).toEqual(sks.slice(2, 8));
  });

  it('lets a row expire no sooner than asked for, and no more when it is written without', async () => {
    const ttlOf = async () => {
      const Key = { pk: { S: 'p' }, sk: { S: 'a' } };
      return (await another.send(new GetItemCommand({ TableName: table, Key }))).Item?.ttl;
    };
    const expiring = { ...put('a', 1, 'absent'), expiresAtMs: 1_500_000_000_001 } as Write;
    await store.transact([expiring]);
    expect(await ttlOf()).toEqual({ N: '1500000001' });
    expect(await store.get(key('a'))).toEqual({ ...key('a'), version: 1, body: 1 });
    await store.transact([{ ...expiring, expect: 'any' }]);
    expect(await ttlOf()).toEqual({ N: '1500000001' });
    await store.transact([put('a', 2, 'any')]);
    expect(await ttlOf()).toBeUndefined();
  });
});

describe('the DynamoDB store, on a bad day', () => {
  storeModelContract(async () => {
    const random = seededRandom(7);
    const open = () => dynamoClient(emulator, { retryStrategy: eagerRetries() });
    const clients = [open(), open()] as const;
    const table = await createTable(clients[0]);
    // Each call meets one fault at most, so that none runs out of tries.
    const met = new WeakSet<object>();
    for (const client of clients) {
      around(client, async (command, send, input) => {
        const fate = met.has(input) ? 9 : random.below(10);
        met.add(input);
        // What a lone conditional write cannot tell apart after a lost answer is tested above.
        const isLone = command === 'PutItemCommand' || command === 'DeleteItemCommand';
        if (fate < 3 && isLone) throw transactionConflict();
        if (fate < 2 && command === 'TransactWriteItemsCommand') throw cancelled('TransactionConflict');
        const answer = await send();
        if (fate < 4 && !isLone) throw connectionLost();
        return answer;
      });
    }
    const calm = dynamoClient(emulator);
    return {
      store: openDynamoStore({ client: clients[0], table, clock: eager, random: systemRandom }),
      another: openDynamoStore({ client: clients[1], table, clock: eager, random: systemRandom }),
      close: async () => {
        await deleteTable(calm, table);
        for (const client of [...clients, calm]) client.destroy();
      },
    };
  });
});
