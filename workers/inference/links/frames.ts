import { BadInputError } from '../../../shared/errors.ts';
import type { WireMessage } from './wire.ts';

/**
 * Wire messages as bytes: `u8 kind, u16be length of the id, id in UTF-8, payload`. The payload is of a chunk its bytes,
 * of a credit the bytes granted as u32be.
 */

/** Most bytes of a hand-over in one frame: large enough that framing costs nothing, small enough to interleave links. */
export const CHUNK_BYTES = 256 << 10;
const MAX_ID_BYTES = 1024;
const HEAD_BYTES = 3;
export const MAX_FRAME_BYTES = HEAD_BYTES + MAX_ID_BYTES + CHUNK_BYTES;

const KINDS = { chunk: 1, lastChunk: 2, none: 3, credit: 4, sealed: 5 } as const;

const frame = (kind: number, id: string, payload: Uint8Array): Buffer => {
  const name = Buffer.from(id);
  if (name.length === 0 && kind !== KINDS.credit) throw bad('its id is empty');
  if (name.length > MAX_ID_BYTES) throw bad(`its id has ${name.length} bytes, at most ${MAX_ID_BYTES} are allowed`);
  return Buffer.concat([Uint8Array.of(kind, name.length >>> 8, name.length & 0xff), name, payload]);
};

/** One frame, or of a chunk as many as its size takes. @throws {BadInputError} `bad-frame` for an id that does not fit */
export function* encodeFrames(message: WireMessage): Generator<Buffer, void> {
  if (message.kind === 'none' || message.kind === 'sealed') {
    yield frame(KINDS[message.kind], message.id, new Uint8Array());
  }
  if (message.kind === 'credit') {
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(message.bytes);
    yield frame(KINDS.credit, '', payload);
  }
  if (message.kind !== 'chunk') return;
  const { id, bytes, last } = message;
  for (let at = 0; at === 0 || at < bytes.length; at += CHUNK_BYTES) {
    const ends = last && at + CHUNK_BYTES >= bytes.length;
    yield frame(ends ? KINDS.lastChunk : KINDS.chunk, id, bytes.subarray(at, at + CHUNK_BYTES));
  }
}

const bad = (what: string): BadInputError =>
  new BadInputError('bad-frame', `a frame of a link does not fit: ${what}`, {
    next: 'run both workers of this link from the same release',
  });

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const readId = (bytes: Uint8Array): string => {
  if (bytes.length === 0 || bytes.length > MAX_ID_BYTES) throw bad(`its id has ${bytes.length} bytes`);
  try {
    return utf8.decode(bytes);
  } catch {
    throw bad('its id is no UTF-8');
  }
};

/** @throws {BadInputError} `bad-frame` for anything that {@link encodeFrames} does not give */
export const decodeFrame = (bytes: Uint8Array): WireMessage => {
  const [kind, high = 0, low = 0] = bytes;
  const from = HEAD_BYTES + ((high << 8) | low);
  if (bytes.length < from) throw bad(`it has ${bytes.length} bytes, its head says at least ${from}`);
  if (bytes.length > MAX_FRAME_BYTES) throw bad(`it has ${bytes.length} bytes, at most ${MAX_FRAME_BYTES} are allowed`);
  const name = bytes.subarray(HEAD_BYTES, from);
  // A copy: the buffer of a frame may be shared with others, and this one will change hands.
  const payload = new Uint8Array(bytes.subarray(from));
  if (kind === KINDS.chunk || kind === KINDS.lastChunk) {
    if (payload.length > CHUNK_BYTES)
      throw bad(`${payload.length} bytes of payload, at most ${CHUNK_BYTES} are allowed`);
    return { kind: 'chunk', id: readId(name), bytes: payload, last: kind === KINDS.lastChunk };
  }
  if (kind === KINDS.none || kind === KINDS.sealed) {
    if (payload.length > 0) throw bad(`an end has ${payload.length} bytes of payload`);
    return { kind: kind === KINDS.none ? 'none' : 'sealed', id: readId(name) };
  }
  if (kind !== KINDS.credit) throw bad(`its kind is ${kind}, known are 1 to 5`);
  if (name.length > 0 || payload.length !== 4) throw bad(`a credit has 7 bytes, received ${bytes.length}`);
  return { kind: 'credit', bytes: new DataView(payload.buffer).getUint32(0) };
};
