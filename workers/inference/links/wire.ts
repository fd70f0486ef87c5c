import type { QuorateError } from '../../../shared/errors.ts';

/** What goes over a wire. `id` names one hand-over, from a stage of a run to the next. */
export type WireMessage =
  | { readonly kind: 'chunk'; readonly id: string; readonly bytes: Uint8Array; readonly last: boolean }
  /** The stage before ended, and what it handed over is written down; or it ended without, and that counts for nothing. */
  | { readonly kind: 'sealed' | 'none'; readonly id: string }
  /** The receiver lets the sender send so many bytes more. */
  | { readonly kind: 'credit'; readonly bytes: number };

/** Carries messages both ways, whole and in order, until it closes. */
export interface Wire {
  /** Takes over the buffer of a chunk. After the close, does nothing. */
  send(message: WireMessage): void;
  /** To be called once; what comes before waits. */
  onMessage(listener: (message: WireMessage) => void): void;
  /** Called once, whoever closed it. `reason` where it was no ordinary end. */
  onClose(listener: (reason?: QuorateError) => void): void;
  close(reason?: QuorateError): void;
}

/** Carries on from one wire to another, and closes each when the other closes. */
export const bridge = (a: Wire, b: Wire): void => {
  a.onMessage((message) => b.send(message));
  b.onMessage((message) => a.send(message));
  a.onClose((reason) => b.close(reason));
  b.onClose((reason) => a.close(reason));
};

/** The two calls of a close: by either side, once. */
export const closing = (): { onClose: Wire['onClose']; closed: (reason?: QuorateError) => boolean } => {
  const listeners: ((reason?: QuorateError) => void)[] = [];
  let ended: { readonly reason: QuorateError | undefined } | undefined;
  return {
    onClose: (listener) => {
      if (ended) listener(ended.reason);
      else listeners.push(listener);
    },
    /** @returns whether it was open until now */
    closed: (reason) => {
      if (ended) return false;
      ended = { reason };
      for (const listener of listeners) listener(reason);
      return true;
    },
  };
};
