import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BlobMissingError } from '../../shared/ports/blob-errors.ts';
import type { Blobs } from '../../shared/ports/blobs.ts';

export interface BlobsFixture {
  readonly blobs: Blobs;
  /** Another connection to the same blobs. */
  readonly another: Blobs;
  /** Damages the stored bytes behind the adapter's back. */
  corrupt(hash: string): Promise<void>;
  close(): Promise<void>;
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The promises of {@link Blobs}, for any adapter. */
export const blobsContract = (name: string, open: () => Promise<BlobsFixture>): void => {
  describe(`blobs contract: ${name}`, () => {
    let fixture: BlobsFixture;
    let blobs: Blobs;
    beforeEach(async () => {
      fixture = await open();
      blobs = fixture.blobs;
    });
    afterEach(() => fixture.close());

    it.each([
      ['nothing', new Uint8Array(0)],
      ['text', bytesOf('quorate')],
      ['a view into a larger buffer', new Uint8Array([9, 1, 2, 3, 9]).subarray(1, 4)],
      ['three megabytes', new Uint8Array(3_000_000).map((_, i) => i % 251)],
    ])('gives back %s under its hash', async (_what, bytes) => {
      const hash = await blobs.put(bytes);
      expect(hash).toBe(hashOf(bytes));
      const got = await fixture.another.get(hash);
      expect(Buffer.compare(got, bytes)).toBe(0);
      expect(await blobs.has(hash)).toBe(true);
    });

    it.each([
      ['the start', 0, 10],
      ['the middle', 65_530, 20],
      ['the last byte', 99_999, 1],
      ['all', 0, 100_000],
    ])('gives a range of bytes: %s', async (_what, offsetBytes, sizeBytes) => {
      const bytes = new Uint8Array(100_000).map((_, i) => i % 251);
      const got = await fixture.another.getRange(await blobs.put(bytes), offsetBytes, sizeBytes);
      expect(Buffer.compare(got, bytes.subarray(offsetBytes, offsetBytes + sizeBytes))).toBe(0);
    });

    it('rejects a range that is not within the blob, and one of an absent blob', async () => {
      const hash = await blobs.put(bytesOf('quorate'));
      const beyond: (readonly [number, number])[] = [
        [0, 8],
        [6, 2],
        [7, 1],
        [1_000, 1],
        [0, 0],
        [-1, 2],
        [0.5, 1],
      ];
      for (const [offsetBytes, sizeBytes] of [...beyond, [2 ** 53, 1], [0, 2 ** 60]] as const) {
        const refusal = { family: 'bad-input', code: 'bad-range' };
        await expect(blobs.getRange(hash, offsetBytes, sizeBytes)).rejects.toMatchObject(refusal);
      }
      const absent = hashOf(bytesOf('never put'));
      await expect(blobs.getRange(absent, 0, 1)).rejects.toBeInstanceOf(BlobMissingError);
    });

    it('rejects an absent blob with a typed, transient error', async () => {
      const hash = hashOf(bytesOf('never put'));
      expect(await blobs.has(hash)).toBe(false);
      await expect(blobs.get(hash)).rejects.toBeInstanceOf(BlobMissingError);
    });

    it('rejects names that are no hash', async () => {
      for (const bad of ['', '../../etc/passwd', 'A'.repeat(64), 'a'.repeat(63), `${'a'.repeat(64)}/x`]) {
        await expect(blobs.get(bad)).rejects.toMatchObject({ family: 'bad-input', code: 'bad-hash' });
        await expect(blobs.getRange(bad, 0, 1)).rejects.toMatchObject({ family: 'bad-input', code: 'bad-hash' });
        await expect(blobs.has(bad)).rejects.toMatchObject({ family: 'bad-input', code: 'bad-hash' });
      }
    });

    it('stores the same bytes once, however many put them at the same time', async () => {
      const bytes = bytesOf('everybody has this');
      const puts = Array.from({ length: 16 }, (_, i) => (i % 2 ? blobs : fixture.another).put(bytes));
      expect(new Set(await Promise.all(puts))).toEqual(new Set([hashOf(bytes)]));
      expect(Buffer.compare(await blobs.get(hashOf(bytes)), bytes)).toBe(0);
    });

    it('shows a reader whole blobs only, while others write', async () => {
      const all = Array.from({ length: 8 }, (_, i) => new Uint8Array(200_000).fill(i));
      const writing = Promise.all(all.map((bytes, i) => (i % 2 ? blobs : fixture.another).put(bytes)));
      const reading = all.map(async (bytes) => {
        for (let tries = 0; tries < 20; tries += 1) {
          const got = await blobs.get(hashOf(bytes)).catch((error: unknown) => error);
          if (!(got instanceof BlobMissingError)) expect(got).toBeInstanceOf(Uint8Array);
        }
      });
      await Promise.all([writing, ...reading]);
    });

    it('gives every reader its own bytes', async () => {
      const hash = await blobs.put(bytesOf('mine'));
      (await blobs.get(hash)).fill(0);
      expect(new TextDecoder().decode(await blobs.get(hash))).toBe('mine');
    });

    it('rejects damaged bytes, and is healed by putting the blob again', async () => {
      const bytes = bytesOf('precious');
      const hash = await blobs.put(bytes);
      await fixture.corrupt(hash);
      await expect(blobs.get(hash)).rejects.toMatchObject({ family: 'invariant', code: 'blob-corrupt' });
      await blobs.put(bytes);
      expect(Buffer.compare(await blobs.get(hash), bytes)).toBe(0);
    });
  });
};
