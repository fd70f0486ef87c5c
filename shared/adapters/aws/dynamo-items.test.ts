import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toRow } from '../../ports/store-item.ts';
import { checkWrites } from '../limits/store-limits.ts';
import { type Item, putOf } from './dynamo-items.ts';

const itemOf = (body: unknown): Item => {
  const [checked] = checkWrites([{ kind: 'put', key: { pk: 'p', sk: 's' }, body, expect: 'absent' }]);
  if (!checked) throw new Error('one write was checked');
  return putOf('table', checked).Item;
};
/** As Lambda hands over a record of the table's stream: bytes are base64. */
const streamed = (item: Item) =>
  Object.fromEntries(
    Object.entries(item).map(([name, value]: [string, AttributeValue]) => [
      name,
      value.B === undefined ? value : { B: Buffer.from(value.B).toString('base64') },
    ]),
  );

describe("a row's body as an item", () => {
  it('comes back as it was, of any length, from the table and from its stream', () => {
    const hashes = fc.array(fc.stringMatching(/^[0-9a-f]{64}$/), { maxLength: 40 });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json().map((text) => JSON.parse(text)),
          hashes,
        ),
        (body) => {
          const expected = { pk: 'p', sk: 's', version: 1, body };
          const item = itemOf(body);
          expect(toRow(item)).toEqual(expected);
          expect(toRow(streamed(item))).toEqual(expected);
        },
      ),
    );
  });

  it('is text while it fits a write unit, and half as long where it does not', () => {
    expect(itemOf(['a'.repeat(600)]).body).toEqual({ S: JSON.stringify(['a'.repeat(600)]) });
    const hashes = Array.from({ length: 12 }, (_, i) => i.toString(16).repeat(64));
    expect(itemOf(hashes).body?.B?.length).toBeLessThan(JSON.stringify(hashes).length / 2);
  });

  it('is refused as corrupt where it is neither text nor bytes of JSON', () => {
    const rest = { pk: { S: 'p' }, sk: { S: 's' }, version: { N: '1' } };
    for (const body of [undefined, { S: 'no json' }, { B: Uint8Array.of(1, 2, 3) }, { B: '' }]) {
      expect(() => toRow({ ...rest, body })).toThrow(expect.objectContaining({ code: 'row-corrupt' }));
    }
  });
});
