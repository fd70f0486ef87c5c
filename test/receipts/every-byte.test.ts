import { afterAll, beforeAll, expect, test } from 'vitest';
import { VerificationError, verifyReceipt } from '../../shared/client/receipt/verify.ts';
import { utf8 } from '../../shared/protocol/encoding.ts';
import { seededRandom } from '../contracts/fakes.ts';
import { type Proved, proveOne } from './proved.ts';

/** Protocol section 8: every single-byte change is refused, also by someone who trusts no header. */

let proved: Proved;
beforeAll(async () => {
  proved = await proveOne(3, { conduct: [[undefined, { says: utf8('another answer') }]] });
});
afterAll(() => proved.world.devchain.close());

test('every single-byte change at every position is refused', { timeout: 180_000 }, () => {
  const { file } = proved;
  expect(verifyReceipt(file).anchored).toBe(false);
  const random = seededRandom(2_718);
  const changed = Uint8Array.from(file);
  const accepted: number[] = [];
  const steps = new Map<string, number>();
  for (const [at, byte] of file.entries()) {
    changed[at] = (byte + 1 + random.below(255)) % 256;
    const step = refusedBy(changed);
    if (step === undefined) accepted.push(at);
    else steps.set(step, (steps.get(step) ?? 0) + 1);
    changed[at] = byte;
  }
  expect(accepted).toEqual([]);
  // Curve arithmetic is for files that are right in everything that only needs hashing.
  expect([...steps.keys()]).not.toContain('draws');
  expect([...steps.keys()]).not.toContain('signatures');
});

test('every letter or digit changed to another is refused', { timeout: 180_000 }, () => {
  // Random bytes mostly break base64 or JSON; these keep the form, so that only the meaning can refuse them.
  const { file } = proved;
  const letters = utf8('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789');
  const random = seededRandom(3_141);
  const changed = Uint8Array.from(file);
  const accepted: number[] = [];
  for (const [at, byte] of file.entries()) {
    const place = letters.indexOf(byte);
    if (place < 0) continue;
    changed[at] = letters[(place + 1 + random.below(letters.length - 1)) % letters.length]!;
    if (refusedBy(changed) === undefined) accepted.push(at);
    changed[at] = byte;
  }
  expect(accepted).toEqual([]);
});

test('every truncation and every appended byte is refused', () => {
  const { file } = proved;
  for (let length = 0; length < file.length; length += 97) expect(refusedBy(file.subarray(0, length))).toBeDefined();
  for (const extra of [0, 10, 32, 125]) expect(refusedBy(Uint8Array.from([...file, extra]))).toBe('canonical-form');
});

const refusedBy = (bytes: Uint8Array): string | undefined => {
  try {
    verifyReceipt(bytes);
    return undefined;
  } catch (error) {
    if (error instanceof VerificationError) return error.step;
    throw error;
  }
};
