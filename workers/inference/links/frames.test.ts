import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BadInputError } from '../../../shared/errors.ts';
import { CHUNK_BYTES, decodeFrame, encodeFrames, MAX_FRAME_BYTES } from './frames.ts';
import type { WireMessage } from './wire.ts';

const ids = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' });
const messages: fc.Arbitrary<WireMessage> = fc.oneof(
  fc.record({
    kind: fc.constant('chunk' as const),
    id: ids,
    bytes: fc.uint8Array({ maxLength: 300 }),
    last: fc.boolean(),
  }),
  fc.record({ kind: fc.constantFrom('none' as const, 'sealed' as const), id: ids }),
  fc.record({ kind: fc.constant('credit' as const), bytes: fc.integer({ min: 0, max: 2 ** 32 - 1 }) }),
);

describe('frames', () => {
  it('give back every message', () => {
    fc.assert(
      fc.property(messages, (message) => {
        expect([...encodeFrames(message)].map(decodeFrame)).toEqual([message]);
      }),
    );
  });

  it.each([CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES])('cut %i bytes into chunks', (length) => {
    const bytes = Uint8Array.from({ length }, (_, i) => i % 251);
    const frames = [...encodeFrames({ kind: 'chunk', id: 'a', bytes, last: true })];
    expect(frames).toHaveLength(Math.ceil(length / CHUNK_BYTES));
    expect(Math.max(...frames.map((frame) => frame.length))).toBeLessThanOrEqual(MAX_FRAME_BYTES);
    const chunks = frames.map(decodeFrame).map((message) => (message.kind === 'chunk' ? message : undefined));
    expect(Buffer.concat(chunks.map((message) => message!.bytes)).equals(bytes)).toBe(true);
    expect(chunks.map((message) => message!.last)).toEqual([...chunks.slice(1).map(() => false), true]);
  });

  it('of anything else are refused with a typed error', () => {
    const near = fc.tuple(messages, fc.nat(), fc.integer({ min: 0, max: 255 })).map(([message, at, value]) => {
      const frame = Buffer.from([...encodeFrames(message)][0]!);
      frame[at % frame.length] = value;
      return frame.subarray(0, frame.length - (at % 3));
    });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), near), (bytes) => {
        try {
          const message = decodeFrame(bytes);
          expect([...encodeFrames(message)].map((frame) => frame.toString('hex'))).toEqual([
            Buffer.from(bytes).toString('hex'),
          ]);
        } catch (error) {
          expect(error).toBeInstanceOf(BadInputError);
          expect(error).toMatchObject({ code: 'bad-frame' });
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('are not made for an id that no frame holds', () => {
    expect(() => [...encodeFrames({ kind: 'none', id: '' })]).toThrow(/empty/);
    expect(() => [...encodeFrames({ kind: 'none', id: 'x'.repeat(1025) })]).toThrow(/1025/);
  });
});
