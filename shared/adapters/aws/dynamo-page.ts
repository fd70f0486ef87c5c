import type { QueryCommandInput } from '@aws-sdk/client-dynamodb';
import type { Page } from '../../ports/store.ts';
import { utf8Order } from '../limits/key-order.ts';
import { MAX_SK_BYTES } from '../limits/store-limits.ts';

/** The greatest character of four, three, two and one bytes in UTF-8. */
const GREATEST = ['\u{10ffff}', '\uffff', '\u07ff', '\u007f'] as const;

/** The greatest sort key with this prefix. */
export const lastWith = (prefix: string): string => {
  let left = MAX_SK_BYTES - Buffer.byteLength(prefix);
  let last = prefix;
  for (const char of GREATEST) {
    const size = Buffer.byteLength(char);
    last += char.repeat(Math.max(0, Math.floor(left / size)));
    left %= size;
  }
  return last;
};

type Condition = Pick<
  QueryCommandInput,
  'KeyConditionExpression' | 'ExpressionAttributeNames' | 'ExpressionAttributeValues'
>;

/**
 * A page as one condition on the key, so that rows before and behind it are not read (and paid). With a bound on both sides it includes
 * the row `after` itself. Undefined where no row can be meant.
 */
export const pageCondition = (pk: string, { prefix = '', after = '' }: Page): Condition | undefined => {
  if (pk === '') return undefined;
  const condition = (sk: string, values: Readonly<Record<string, string>>): Condition => ({
    KeyConditionExpression: sk === '' ? '#pk = :pk' : `#pk = :pk AND ${sk}`,
    ExpressionAttributeNames: { '#pk': 'pk', ...(sk !== '' && { '#sk': 'sk' }) },
    ExpressionAttributeValues: Object.fromEntries(
      Object.entries({ ':pk': pk, ...values }).map(([name, value]) => [name, { S: value }]),
    ),
  });
  if (prefix === '') return after === '' ? condition('', {}) : condition('#sk > :after', { ':after': after });
  if (utf8Order(after, prefix) < 0) return condition('begins_with(#sk, :prefix)', { ':prefix': prefix });
  if (!after.startsWith(prefix)) return undefined;
  return condition('#sk BETWEEN :after AND :last', { ':after': after, ':last': lastWith(prefix) });
};
