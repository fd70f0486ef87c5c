import { describe, expect, it } from 'vitest';
import { TableMeter } from './table-units.ts';

const row = (bytes: number, due?: number) => ({
  pk: { S: 'a' },
  sk: { S: 'b' },
  body: { S: 'x'.repeat(bytes) },
  ...(due !== undefined && { due_list: { S: 'l' }, due_at: { N: String(due) } }),
});
const put = (meter: TableMeter, item: object, failed = false) =>
  meter.of('PutItem', { Item: item as never }, {}, failed).writeUnits;

describe('what DynamoDB bills', () => {
  it('is a unit for each kilobyte written, of what was or what is, whichever is larger', () => {
    const meter = new TableMeter();
    expect(put(meter, row(100))).toBe(1);
    expect(put(meter, row(2_000))).toBe(2);
    expect(put(meter, row(100))).toBe(2);
    expect(put(meter, row(100))).toBe(1);
  });

  it('is twice in a transaction, checks too, and also when it is refused', () => {
    const meter = new TableMeter();
    const TransactItems = [{ Put: { Item: row(100) } }, { ConditionCheck: { Key: row(0) } }];
    expect(meter.of('TransactWriteItems', { TransactItems }, {}, true).writeUnits).toBe(4);
    expect(meter.of('TransactWriteItems', { TransactItems }, {}, false).writeUnits).toBe(4);
  });

  it('adds the index: in, moved, out; nothing where it stays, and nothing for what was refused', () => {
    const meter = new TableMeter();
    expect(put(meter, row(100, 1), true)).toBe(1);
    expect(put(meter, row(100, 1))).toBe(2);
    expect(put(meter, row(200, 1))).toBe(1);
    expect(put(meter, row(200, 2))).toBe(3);
    expect(meter.of('DeleteItem', { Key: row(0) as never }, {}, false).writeUnits).toBe(2);
  });

  it('knows what an update of the store leaves', () => {
    const meter = new TableMeter();
    const values = {
      ':zero': { N: '0' },
      ':one': { N: '1' },
      ':body': { S: 'x'.repeat(2_000) },
      ':due_list': { S: 'l' },
    };
    const Update = { Key: { pk: { S: 'a' }, sk: { S: 'b' } }, ExpressionAttributeValues: values };
    expect(meter.of('TransactWriteItems', { TransactItems: [{ Update }] }, {}, false).writeUnits).toBe(5);
    expect(meter.of('DeleteItem', { Key: row(0) as never }, {}, false).writeUnits).toBe(3);
  });

  it('is a unit for 4 kB read consistently, half of it else, and at least that for nothing', () => {
    const meter = new TableMeter();
    expect(meter.of('GetItem', { ConsistentRead: true }, {}, false).readUnits).toBe(1);
    expect(meter.of('GetItem', { ConsistentRead: true }, { Item: row(5_000) }, false).readUnits).toBe(2);
    expect(meter.of('Query', {}, { Items: [row(3_000), row(3_000)] }, false).readUnits).toBe(1);
    const RequestItems = { t: { ConsistentRead: true } };
    expect(meter.of('BatchGetItem', { RequestItems }, { Responses: { t: [row(10), row(10)] } }, false).readUnits).toBe(
      2,
    );
  });

  it('rejects what nobody has reckoned', () => {
    expect(() => new TableMeter().of('UpdateItem', {}, {}, false)).toThrow('UpdateItem');
  });
});
