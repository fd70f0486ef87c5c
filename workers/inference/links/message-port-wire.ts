import type { MessagePort } from 'node:worker_threads';
import { closing, type Wire, type WireMessage } from './wire.ts';

/** The bytes in a buffer of their own, copied only where they are part of a larger one. */
const own = (bytes: Uint8Array): Uint8Array<ArrayBuffer> =>
  bytes.byteLength === bytes.buffer.byteLength && bytes.buffer instanceof ArrayBuffer
    ? new Uint8Array(bytes.buffer)
    : new Uint8Array(bytes);

/** A wire between threads: buffers change hands whole, without a copy. */
export const messagePortWire = (port: MessagePort): Wire => {
  const { onClose, closed } = closing();
  port.once('close', () => closed());
  return {
    send: (message) => {
      if (message.kind !== 'chunk') return port.postMessage(message);
      const bytes = own(message.bytes);
      port.postMessage({ ...message, bytes }, [bytes.buffer]);
    },
    onMessage: (listener) => void port.on('message', (message: WireMessage) => listener(message)),
    onClose,
    close: (reason) => {
      if (closed(reason)) port.close();
    },
  };
};
