import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RECEIPT_FORMAT } from '../../shared/chain/proof/receipt-file.ts';
import { VerificationError, verifyReceipt } from '../../shared/client/receipt/verify.ts';
import { utf8 } from '../../shared/protocol/encoding.ts';

/** Whatever the bytes are, the one error comes out, and soon. */
const refuses = (bytes: Uint8Array): void => {
  expect(() => verifyReceipt(bytes)).toThrow(VerificationError);
};
const canonical = (value: unknown): Uint8Array => utf8(`${JSON.stringify(value, null, 1)}\n`);

const base64 = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('base64'));
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
const path = fc.array(base64, { maxLength: 3 });

/** The right shape with the wrong content: gets past the form, deep into the decoders. */
const shaped = fc.record({
  format: fc.constant(RECEIPT_FORMAT),
  chain_id: fc.string({ minLength: 1 }),
  contract: fc.string({ minLength: 1 }),
  query_id: fc.nat(),
  attempt: fc.nat(2),
  anchor: fc.record({ height: fc.nat(), hash: hash.map((h) => Buffer.from(h).toString('hex').toUpperCase()) }),
  headers: fc.array(base64, { minLength: 2, maxLength: 4 }),
  txs: fc.array(
    fc.record({
      height: fc.nat(),
      sides: fc.stringMatching(/^[lr]{0,3}$/),
      tx: base64,
      tx_path: path,
      result: base64,
      result_path: path,
    }),
    { minLength: 1, maxLength: 3 },
  ),
  receipts: fc.array(fc.record({ node: fc.string({ minLength: 1 }), stages: fc.array(base64, { minLength: 1 }) })),
  manifest: base64,
  result: fc.option(base64),
});

describe('hostile bytes', () => {
  test('random bytes', () => fc.assert(fc.property(fc.uint8Array({ maxLength: 2_000 }), refuses)));
  test('random JSON', () => fc.assert(fc.property(fc.jsonValue(), (value) => refuses(canonical(value)))));
  test('the right shape, any content', () =>
    fc.assert(
      fc.property(shaped, (value) => refuses(canonical(value))),
      { numRuns: 500 },
    ));

  test.each([
    ['an empty file', new Uint8Array()],
    ['null', utf8('null')],
    ['deep nesting', utf8('['.repeat(200_000))],
    ['closed deep nesting', utf8('['.repeat(100_000) + ']'.repeat(100_000))],
    ['a prototype', utf8('{"__proto__": {"format": "quorate/receipt-file/v1"}}')],
    ['a byte order mark', utf8('\uFEFF{}')],
  ])('%s', (_, bytes) => refuses(bytes));

  test('more than 4 MiB is refused before anything is read', () => {
    const started = performance.now();
    expect(() => verifyReceipt(new Uint8Array(4 * 1024 * 1024 + 1))).toThrow(expect.objectContaining({ step: 'size' }));
    expect(performance.now() - started).toBeLessThan(100);
  });
});
