import { deflateRawSync } from 'node:zlib';
import type { AttributeValue, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { InvariantError } from '../../errors.ts';
import type { Expect, Key } from '../../ports/store.ts';
import type { CheckedWrite } from '../limits/store-limits.ts';

export type Item = Record<string, AttributeValue>;

/** Global secondary index of rows that have a `due`: hash due_list, range due_at, keys only. */
export const DUE_INDEX = 'due';

/** Attributes of an item. All are named through `#`, since some are reserved words. */
const NAMES = ['pk', 'version', 'body', 'due_list', 'due_at', 'ttl', 'write_id'] as const;
type Name = (typeof NAMES)[number];

export const keyItem = ({ pk, sk }: Key): Item => ({ pk: { S: pk }, sk: { S: sk } });

/** Parts of a request that name attributes and values only as far as they are used: DynamoDB refuses the others. */
interface Expressions {
  readonly ConditionExpression?: string;
  readonly UpdateExpression?: string;
  readonly ExpressionAttributeNames?: Record<string, string>;
  readonly ExpressionAttributeValues?: Item;
}

const withNames = <E extends Expressions>(expressions: E): E => {
  const text = `${expressions.ConditionExpression ?? ''} ${expressions.UpdateExpression ?? ''}`;
  const used = NAMES.filter((name) => new RegExp(`#${name}\\b`).test(text));
  if (used.length === 0) return expressions;
  return { ...expressions, ExpressionAttributeNames: Object.fromEntries(used.map((name) => [`#${name}`, name])) };
};

const condition = (expect: Expect): Expressions => {
  if (expect === 'any') return {};
  if (expect === 'absent') return { ConditionExpression: 'attribute_not_exists(#pk)' };
  return {
    ConditionExpression: '#version = :expected',
    ExpressionAttributeValues: { ':expected': { N: String(expect.version) } },
  };
};

/** A write unit is a kilobyte of the item; the rest of it, keys for the most part, takes less than 300 bytes. */
const COMPRESS_FROM_BYTES = 724;

/** As text, which people can read in the console, unless it would cost a second unit: rows are hashes in hex for the most part. */
const bodyAttribute = (json: string): AttributeValue => {
  if (Buffer.byteLength(json) <= COMPRESS_FROM_BYTES) return { S: json };
  return { B: deflateRawSync(json) };
};

/** What a put writes besides key and version; an attribute without a value is removed. */
const putAttributes = (
  { write, json }: CheckedWrite,
  writeId: string | undefined,
): [Name, AttributeValue | undefined][] => {
  const { due, expiresAtMs } = write.kind === 'put' ? write : {};
  return [
    ['body', bodyAttribute(json)],
    ['due_list', due && { S: due.list }],
    ['due_at', due && { N: String(due.at) }],
    // In seconds, and never before its time.
    ['ttl', expiresAtMs === undefined ? undefined : { N: String(Math.ceil(expiresAtMs / 1_000)) }],
    ['write_id', writeId === undefined ? undefined : { S: writeId }],
  ];
};

/** A put that counts the version up from whatever it is. */
const updateOf = (table: string, checked: CheckedWrite): NonNullable<TransactWriteItem['Update']> => {
  const attributes = putAttributes(checked, undefined);
  const set = attributes.flatMap(([name, value]) => (value ? [[name, value] as const] : []));
  const remove = attributes.flatMap(([name, value]) => (value ? [] : [`#${name}`]));
  const sets = ['#version = if_not_exists(#version, :zero) + :one', ...set.map(([name]) => `#${name} = :${name}`)];
  return withNames({
    TableName: table,
    Key: keyItem(checked.write.key),
    UpdateExpression: `SET ${sets.join(', ')} REMOVE ${remove.join(', ')}`,
    ExpressionAttributeValues: {
      ':zero': { N: '0' },
      ':one': { N: '1' },
      ...Object.fromEntries(set.map(([name, value]) => [`:${name}`, value])),
    },
  });
};

/**
 * A conditional put. `writeId` stands in the item, so that whoever sent the put can tell its own write from another's.
 * @throws {InvariantError} for `expect: 'any'`, where the next version is not known
 */
export const putOf = (table: string, checked: CheckedWrite, writeId?: string) => {
  const { key, expect } = checked.write;
  if (expect === 'any')
    throw new InvariantError('not-conditional', 'a put without a condition cannot name its version');
  const version = expect === 'absent' ? 1 : expect.version + 1;
  const attributes = putAttributes(checked, writeId).flatMap(([name, value]) =>
    value ? [[name, value] as const] : [],
  );
  return withNames({
    TableName: table,
    Item: { ...keyItem(key), version: { N: String(version) }, ...Object.fromEntries(attributes) },
    ...condition(expect),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
  });
};

export const deleteOf = (table: string, { write: { key, expect } }: CheckedWrite) =>
  withNames({
    TableName: table,
    Key: keyItem(key),
    ...condition(expect),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
  });

/** One write as part of a transaction. A check must have a condition. */
export const transactItemOf = (table: string, checked: CheckedWrite): TransactWriteItem => {
  const { kind, expect } = checked.write;
  if (kind === 'put') return expect === 'any' ? { Update: updateOf(table, checked) } : { Put: putOf(table, checked) };
  const named = deleteOf(table, checked);
  if (kind === 'delete') return { Delete: named };
  return { ConditionCheck: { ...named, ConditionExpression: named.ConditionExpression } };
};
