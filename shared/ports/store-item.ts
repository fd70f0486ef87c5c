import { inflateRawSync } from 'node:zlib';
import { InvariantError } from '../errors.ts';
import type { Key, Row } from './store.ts';

/**
 * A row as a DynamoDB item, as the table's API and its stream write it: numbers are text, and the stream's bytes are base64. `pk`, `sk`,
 * `version`, `body` (JSON text, or bytes of it by DEFLATE, RFC 1951), and `due_list` with `due_at` where the row is listed.
 */
export type StoreItem = Readonly<
  Record<
    string,
    | { readonly S?: string | undefined; readonly N?: string | undefined; readonly B?: Uint8Array | string | undefined }
    | undefined
  >
>;

export const toKey = ({ pk, sk }: StoreItem): Key => ({ pk: pk?.S ?? '', sk: sk?.S ?? '' });

/** The row that an item holds. @throws {InvariantError} `row-corrupt` */
export const toRow = <T>(item: StoreItem): Row<T> => {
  const key = toKey(item);
  const version = Number(item.version?.N);
  if (!Number.isSafeInteger(version)) throw corrupt(key);
  const { due_list: list, due_at: at } = item;
  const due = list?.S === undefined || at?.N === undefined ? {} : { due: { list: list.S, at: Number(at.N) } };
  return { ...key, version, body: bodyOf<T>(key, item.body), ...due };
};

const bodyOf = <T>(key: Key, { S: text, B: deflated }: NonNullable<StoreItem[string]> = {}): T => {
  try {
    return JSON.parse(deflated === undefined ? (text ?? '') : inflate(deflated));
  } catch {
    // The engine's message can quote the body, which may be private.
    throw corrupt(key);
  }
};

const inflate = (deflated: Uint8Array | string): string =>
  inflateRawSync(typeof deflated === 'string' ? Buffer.from(deflated, 'base64') : deflated).toString();

const corrupt = ({ pk, sk }: Key): InvariantError =>
  new InvariantError('row-corrupt', `item ${pk} ${sk} is no row: it has no version, or its body is no JSON`, {
    next: 'Find out what besides Quorate writes to the table.',
  });
