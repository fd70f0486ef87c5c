import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactionCanceledException,
  TransactionConflictException,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { TransientError } from '../../errors.ts';
import type { Clock, Random } from '../../ports/clock.ts';
import type { Expect, Key, Page, Row, Store, Write } from '../../ports/store.ts';
import { ConditionFailedError } from '../../ports/store-errors.ts';
import { toRow } from '../../ports/store-item.ts';
import { type CheckedWrite, checkKey, checkLimit, checkWrites } from '../limits/store-limits.ts';
import { fromAws } from './aws-errors.ts';
import { backOff } from './back-off.ts';
import { readDue } from './dynamo-due.ts';
import { deleteOf, type Item, keyItem, putOf, transactItemOf } from './dynamo-items.ts';
import { pageCondition } from './dynamo-page.ts';

/** Of one call: five waits, 1.6 s in the mean all together. */
const MAX_TRIES = 6;

/** Reasons why DynamoDB cancels a transaction that may go through a moment later. */
const PASSING = new Set(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded']);

export interface DynamoStoreOptions {
  readonly client: DynamoDBClient;
  readonly table: string;
  /** For back-off and the names of writes. */
  readonly clock: Clock;
  readonly random: Random;
}

type Conflict = ConditionFailedError['conflicts'][number];

const holds = (expect: Expect, current: Row | undefined): boolean =>
  expect === 'any' || (expect === 'absent' ? current === undefined : current?.version === expect.version);

const attemptsOf = (error: Error): number => Reflect.get(Reflect.get(error, '$metadata') ?? {}, 'attempts') ?? 1;

const unknownResult = (key: Key, cause: unknown): TransientError =>
  new TransientError('write-unknown', `an answer was lost: whether ${key.pk} ${key.sk} was written is not known`, {
    next: 'Read the row again and decide anew.',
    cause,
  });

class DynamoStore implements Store {
  readonly #client: DynamoDBClient;
  readonly #table: string;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor({ client, table, clock, random }: DynamoStoreOptions) {
    this.#client = client;
    this.#table = table;
    this.#clock = clock;
    this.#random = random;
  }

  async get<T>(key: Key): Promise<Row<T> | undefined> {
    checkKey(key);
    const item = await this.#item(key);
    return item && toRow<T>(item);
  }

  async list<T>(pk: string, page: Page): Promise<Row<T>[]> {
    checkLimit(page.limit);
    const { limit, after } = page;
    const condition = pageCondition(pk, page);
    if (!condition || limit === 0) return [];
    const rows: Row<T>[] = [];
    let from: Item | undefined;
    do {
      const query = new QueryCommand({
        TableName: this.#table,
        ...condition,
        ConsistentRead: true,
        // A condition with two bounds includes the row `after` itself.
        Limit: limit - rows.length + (after === undefined ? 0 : 1),
        ExclusiveStartKey: from,
      });
      const { Items = [], LastEvaluatedKey } = await this.#aws('list rows', () => this.#client.send(query));
      rows.push(...Items.filter(({ sk }) => sk?.S !== after).map((item) => toRow<T>(item)));
      from = LastEvaluatedKey;
    } while (from && rows.length < limit);
    return rows.slice(0, limit);
  }

  async due<T>(list: string, until: number, limit: number): Promise<Row<T>[]> {
    checkLimit(limit);
    const table = { client: this.#client, table: this.#table, clock: this.#clock, random: this.#random };
    return await this.#aws('read a due list', () => readDue<T>(table, list, until, limit));
  }

  async transact(writes: readonly Write[]): Promise<void> {
    // A check of nothing is nothing, also where it is the only one.
    const checked = checkWrites(writes).filter(({ write }) => write.kind !== 'check' || write.expect !== 'any');
    const [only] = checked;
    if (!only) return;
    if (checked.length > 1 || (only.write.kind !== 'check' && only.write.expect === 'any')) {
      // Also the one write without a condition: repeated after a lost answer, it would be written twice.
      await this.#transaction(checked);
    } else if (only.write.kind === 'check') {
      await this.#check(only.write);
    } else {
      await this.#single(only);
    }
  }

  async #check({ key, expect }: Write): Promise<void> {
    const current = await this.get(key);
    if (!holds(expect, current)) throw new ConditionFailedError([{ key, current }]);
  }

  /**
   * One conditional write, for half of what a transaction costs. The SDK may send it again after a lost answer, and then meets its
   * own write: a put knows it by its id; for a delete, and where another has written since, nobody can tell. (A create is made again
   * if another deleted the row in between.)
   */
  async #single(checked: CheckedWrite): Promise<void> {
    const { key, expect } = checked.write;
    const writeId = Buffer.from(this.#random.bytes(12)).toString('base64url');
    const command =
      checked.write.kind === 'put'
        ? new PutItemCommand(putOf(this.#table, checked, writeId))
        : new DeleteItemCommand(deleteOf(this.#table, checked));
    const send = (): Promise<unknown> =>
      command instanceof PutItemCommand ? this.#client.send(command) : this.#client.send(command);
    let repeated = false;
    for (let tried = 1; ; tried += 1) {
      try {
        await send();
        return;
      } catch (error) {
        repeated ||= error instanceof Error && attemptsOf(error) > 1;
        if (error instanceof ConditionalCheckFailedException) {
          if (error.Item?.write_id?.S === writeId) return;
          if (repeated) throw unknownResult(key, error);
          throw new ConditionFailedError([await this.#conflict({ key, expect }, error.Item)]);
        }
        if (!(error instanceof TransactionConflictException) || tried >= MAX_TRIES) throw fromAws(error, 'write a row');
        await backOff(this.#clock, this.#random, tried);
      }
    }
  }

  async #transaction(checked: readonly CheckedWrite[]): Promise<void> {
    const command = new TransactWriteItemsCommand({
      TransactItems: checked.map((one) => transactItemOf(this.#table, one)),
      // Sent again after a lost answer, it takes effect once: DynamoDB remembers it for ten minutes.
      ClientRequestToken: Buffer.from(this.#random.bytes(24)).toString('base64url'),
    });
    for (let tried = 1; ; tried += 1) {
      try {
        await this.#client.send(command);
        return;
      } catch (error) {
        if (!(error instanceof TransactionCanceledException)) throw fromAws(error, 'write a transaction');
        const reasons = error.CancellationReasons ?? [];
        const passing = reasons.some(({ Code = '' }) => PASSING.has(Code));
        if (!passing || tried >= MAX_TRIES) {
          const failed = checked.flatMap(({ write }, at) =>
            reasons[at]?.Code === 'ConditionalCheckFailed' ? [{ write, item: reasons[at].Item }] : [],
          );
          if (failed.length === 0) throw passing ? busy(error, tried) : fromAws(error, 'write a transaction');
          const conflicts = await Promise.all(failed.map(({ write, item }) => this.#conflict(write, item)));
          throw new ConditionFailedError(conflicts);
        }
        await backOff(this.#clock, this.#random, tried);
      }
    }
  }

  /**
   * The row that was in the way. Not shown, it was absent when it counted; where that was the condition, something was there and the
   * service does not show it, so it is read.
   */
  async #conflict({ key, expect }: Pick<Write, 'key' | 'expect'>, item: Item | undefined): Promise<Conflict> {
    const found = item ?? (expect === 'absent' ? await this.#item(key) : undefined);
    return { key, current: found && toRow(found) };
  }

  async #item(key: Key): Promise<Item | undefined> {
    const command = new GetItemCommand({ TableName: this.#table, Key: keyItem(key), ConsistentRead: true });
    return (await this.#aws('read a row', () => this.#client.send(command))).Item;
  }

  async #aws<T>(what: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw fromAws(error, what);
    }
  }
}

const busy = (cause: unknown, tries: number): TransientError =>
  new TransientError('aws-busy', `a transaction was in the way of others ${tries} times`, {
    cause,
    details: { tries },
  });

/**
 * Rows in a DynamoDB table, as in {@link Store}: key pk and sk, index {@link DUE_INDEX}, time-to-live attribute `ttl`. A write alone
 * costs what a write costs, several together twice as much. Time and randomness serve back-off and write ids only.
 */
export const openDynamoStore = (options: DynamoStoreOptions): Store => new DynamoStore(options);
