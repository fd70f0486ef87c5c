import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8Order } from '../limits/key-order.ts';
import { lastWith, pageCondition } from './dynamo-page.ts';

const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom('a', '/', '\u007f', '\u07ff', '\uffff', '\u{10ffff}'),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
  ),
  maxLength: 20,
});

/** What DynamoDB would do with a condition of ours, read from the condition itself. */
const matches = (condition: NonNullable<ReturnType<typeof pageCondition>>, sk: string): boolean => {
  const { KeyConditionExpression: expression = '', ExpressionAttributeValues: values = {} } = condition;
  const textOf = (name: string): string => values[name]?.S ?? '';
  if (expression.includes('BETWEEN'))
    return utf8Order(sk, textOf(':after')) >= 0 && utf8Order(sk, textOf(':last')) <= 0;
  if (expression.includes('begins_with')) return sk.startsWith(textOf(':prefix'));
  if (expression.includes('>')) return utf8Order(sk, textOf(':after')) > 0;
  return true;
};

describe('pageCondition', () => {
  it('means exactly the rows of the page, and at most the row `after` itself besides', () => {
    fc.assert(
      fc.property(text, text, text, fc.boolean(), (prefix, rest, behind, inside) => {
        const after = inside ? prefix + rest : rest;
        const condition = pageCondition('p', { prefix, after, limit: 1 });
        for (const sk of [prefix + behind, behind, after, `${after}a`].filter((one) => one !== '')) {
          const isMeant = sk.startsWith(prefix) && utf8Order(sk, after) > 0;
          expect(condition !== undefined && matches(condition, sk) && sk !== after, `${sk}`).toBe(isMeant);
        }
      }),
    );
  });

  it('names all that DynamoDB allows it to name, and nothing that it does not use', () => {
    for (const page of [
      {},
      { prefix: 's/' },
      { after: 's' },
      { prefix: 's/', after: 's/1' },
      { prefix: 's', after: 'a' },
    ]) {
      const condition = pageCondition('p', { ...page, limit: 1 });
      const used = condition?.KeyConditionExpression?.match(/[#:]\w+/g)?.toSorted();
      const { ExpressionAttributeNames: names = {}, ExpressionAttributeValues: values = {} } = condition ?? {};
      expect([...Object.keys(names), ...Object.keys(values)].toSorted()).toEqual([...new Set(used)]);
    }
    expect(pageCondition('', { limit: 1 })).toBeUndefined();
    expect(pageCondition('p', { prefix: 's/', after: 't', limit: 1 })).toBeUndefined();
  });
});

describe('lastWith', () => {
  it('is a key, and no key with the prefix is greater', () => {
    fc.assert(
      fc.property(text, fc.nat({ max: 1_100 }), text, (prefix, length, rest) => {
        const last = lastWith(prefix);
        expect(Buffer.byteLength(last)).toBe(1_024);
        expect(last.startsWith(prefix)).toBe(true);
        const other = prefix + '\u{10ffff}'.repeat(length) + rest;
        if (Buffer.byteLength(other) <= 1_024) expect(utf8Order(other, last)).toBeLessThanOrEqual(0);
      }),
    );
  });
});
