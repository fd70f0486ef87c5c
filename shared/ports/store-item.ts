import { InvariantError } from '../errors.ts';
import type { Key, Row } from './store.ts';

/**
 * A row as a DynamoDB item, as the table's API and its stream write it: numbers are text. `pk`, `sk`, `version`, `body` (JSON text), and
 * `due_list` with `due_at` where the row is listed.
 */
export type StoreItem = Readonly<
  Record<string, { readonly S?: string | undefined; readonly N?: string | undefined } | undefined>
>;

export const toKey = ({ pk, sk }: StoreItem): Key => ({ pk: pk?.S ?? '', sk: sk?.S ?? '' });

/** The row that an item holds. @throws {InvariantError} `row-corrupt` */
export const toRow = <T>(item: StoreItem): Row<T> => {
  const key = toKey(item);
  const version = Number(item.version?.N);
  if (!Number.isSafeInteger(version)) throw corrupt(key);
  const { due_list: list, due_at: at } = item;
  const due = list?.S === undefined || at?.N === undefined ? {} : { due: { list: list.S, at: Number(at.N) } };
  return { ...key, version, body: bodyOf<T>(key, item.body?.S ?? ''), ...due };
};

const bodyOf = <T>(key: Key, json: string): T => {
  try {
    return JSON.parse(json);
  } catch {
    // The engine's message can quote the body, which may be private.
    throw corrupt(key);
  }
};

const corrupt = ({ pk, sk }: Key): InvariantError =>
  new InvariantError('row-corrupt', `item ${pk} ${sk} is no row: it has no version, or its body is no JSON`, {
    next: 'Find out what besides Quorate writes to the table.',
  });
