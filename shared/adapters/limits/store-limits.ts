import { BadInputError } from '../../errors.ts';
import { type Due, type Key, MAX_TRANSACTION_WRITES, type Write } from '../../ports/store.ts';

// DynamoDB's limits, so that what passes here also passes there:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const MAX_PK_BYTES = 2048;
export const MAX_SK_BYTES = 1024;
const MAX_ROW_BYTES = 400 * 1024;
const MAX_TRANSACTION_BYTES = 4 * 1024 * 1024;
/** Left for attribute names and numbers of an item. */
const ROW_OVERHEAD_BYTES = 256;

/** A write with its body as JSON text, taken at the call: the caller may change its objects afterwards. */
export interface CheckedWrite {
  readonly write: Write;
  readonly json: string;
  /** What it takes of a transaction's room. */
  readonly bytes: number;
}

const checkText = (name: string, text: string, maxBytes: number): void => {
  const bytes = Buffer.byteLength(text);
  if (bytes === 0 || bytes > maxBytes || !text.isWellFormed()) {
    throw new BadInputError('bad-key', `${name} has ${bytes} bytes, expected 1 to ${maxBytes} of well-formed text`, {
      details: { name, bytes, maxBytes },
    });
  }
};

/** @throws {BadInputError} `bad-key` */
export const checkKey = ({ pk, sk }: Key): void => {
  checkText('pk', pk, MAX_PK_BYTES);
  checkText('sk', sk, MAX_SK_BYTES);
};

/** @throws {BadInputError} `bad-limit` unless a whole number from 0 */
export const checkLimit = (limit: number): void => {
  if (!Number.isSafeInteger(limit) || limit < 0) {
    throw new BadInputError('bad-limit', `limit is ${limit}, expected a whole number from 0`, { details: { limit } });
  }
};

const checkDue = ({ list, at }: Due): void => {
  checkText('due list', list, MAX_PK_BYTES);
  if (!(Math.abs(at) <= Number.MAX_SAFE_INTEGER)) {
    throw new BadInputError('bad-due', `due at ${at}, expected a number of at most 2^53 - 1`);
  }
};

const checkExpiry = (expiresAtMs: number | undefined): void => {
  if (expiresAtMs === undefined || (expiresAtMs > 0 && expiresAtMs <= Number.MAX_SAFE_INTEGER)) return;
  throw new BadInputError('bad-expiry', `a row that expires at ${expiresAtMs}, expected a time in ms`);
};

const bodyJson = (body: unknown): string => {
  try {
    const json: string | undefined = JSON.stringify(body);
    if (json !== undefined) return json;
  } catch {
    // The engine's message can quote the value, which may be private: ours stands instead.
  }
  throw new BadInputError('bad-body', 'the body of a row is not a JSON value');
};

const checkWrite = (write: Write): CheckedWrite => {
  checkKey(write.key);
  const { pk, sk } = write.key;
  if (write.kind !== 'put') return { write, json: '', bytes: Buffer.byteLength(pk + sk) };
  if (write.due) checkDue(write.due);
  checkExpiry(write.expiresAtMs);
  const json = bodyJson(write.body);
  const bytes = Buffer.byteLength(json + pk + sk + (write.due?.list ?? '')) + ROW_OVERHEAD_BYTES;
  if (bytes > MAX_ROW_BYTES) {
    throw new BadInputError('row-too-large', `a row of ${bytes} bytes, allowed are ${MAX_ROW_BYTES}`, {
      next: 'Put the bytes into a blob and its hash into the row.',
      details: { bytes, maxBytes: MAX_ROW_BYTES },
    });
  }
  return { write, json, bytes };
};

const tooLarge = (message: string, details: Readonly<Record<string, unknown>>): BadInputError =>
  new BadInputError('transaction-too-large', message, { next: 'Split the transaction.', details });

/** @throws {BadInputError} `transaction-too-large`, also for one key named twice; and the errors of each row. */
export const checkWrites = (writes: readonly Write[]): CheckedWrite[] => {
  if (writes.length > MAX_TRANSACTION_WRITES) {
    throw tooLarge(`${writes.length} writes, allowed are ${MAX_TRANSACTION_WRITES}`, { writes: writes.length });
  }
  const checked = writes.map(checkWrite);
  const keys = new Set(writes.map(({ key }) => JSON.stringify([key.pk, key.sk])));
  if (keys.size < writes.length) throw tooLarge('one key is named twice, allowed is once', { writes: writes.length });
  const bytes = checked.reduce((sum, one) => sum + one.bytes, 0);
  if (bytes > MAX_TRANSACTION_BYTES) {
    throw tooLarge(`${bytes} bytes, allowed are ${MAX_TRANSACTION_BYTES}`, { bytes, maxBytes: MAX_TRANSACTION_BYTES });
  }
  return checked;
};
