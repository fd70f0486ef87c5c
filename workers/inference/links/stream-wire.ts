import type { EventEmitter } from 'node:events';
import { BadInputError, type QuorateError, TransientError } from '../../../shared/errors.ts';
import { decodeFrame, encodeFrames } from './frames.ts';
import { closing, type Wire, type WireMessage } from './wire.ts';

/** Status of gRPC when the other end does not know the token. */
export const UNAUTHENTICATED = 16;

/** A Duplex of frames, of which gRPC's streams have these. */
export interface FrameStream extends Pick<EventEmitter, 'on'> {
  write(frame: Buffer): boolean;
}

/**
 * A wire over a stream of frames. What the stream does not take at once waits here, as messages: credits bound it.
 * @param stop ends the stream: after what was sent before when it ends well, at once when there is a reason
 */
export const streamWire = (stream: FrameStream, stop: (reason: QuorateError | undefined) => void): Wire => {
  const { onClose, closed } = closing();
  let waiting: WireMessage[] = [];
  let frames: Iterator<Buffer, void> | undefined;
  let blocked = false;
  let ending = false;
  let stopped = false;

  const nextFrame = (): Buffer | undefined => {
    for (;;) {
      const next = frames?.next();
      if (next && !next.done) return next.value;
      const message = waiting.shift();
      frames = message && encodeFrames(message);
      if (!frames) return undefined;
    }
  };

  const pump = (): void => {
    while (!blocked && !stopped) {
      const frame = nextFrame();
      if (!frame) break;
      blocked = !stream.write(frame);
    }
    if (!ending || blocked || stopped) return;
    stopped = true;
    stop(undefined);
  };

  const close = (reason?: QuorateError): void => {
    if (!closed(reason)) return;
    ending = true;
    if (reason) {
      stopped = true;
      waiting = [];
      stop(reason);
    } else {
      pump();
    }
  };

  /** What is thrown over one message closes the link, and nothing else. */
  const guarded = (work: () => void): void => {
    if (ending) return;
    try {
      work();
    } catch (error) {
      if (!(error instanceof BadInputError)) throw error;
      close(error);
    }
  };

  stream.on('drain', () => {
    blocked = false;
    pump();
  });
  stream.on('end', () => close());
  stream.on('close', () => close());
  // Of a server's stream whose client is gone.
  stream.on('cancelled', () => close(new TransientError('link-broken', 'the other end of the link is gone')));
  stream.on('error', (error: Error & { readonly code?: unknown }) => close(errorOf(error)));

  return {
    send: (message) =>
      guarded(() => {
        waiting.push(message);
        pump();
      }),
    onMessage: (listener) => void stream.on('data', (bytes: Buffer) => guarded(() => listener(decodeFrame(bytes)))),
    onClose,
    close,
  };
};

const errorOf = ({ code, message }: { readonly code?: unknown; readonly message: string }): QuorateError =>
  code === UNAUTHENTICATED
    ? new BadInputError('unauthenticated', 'the other end of the link does not know our token')
    : new TransientError('link-broken', `the link broke: ${message}`);
