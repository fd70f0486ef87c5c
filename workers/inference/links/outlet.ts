import type { Wire } from './wire.ts';

/** The sending end of a link, for many hand-overs at a time. */
export interface Outlet {
  /**
   * Hands the bytes over, and their buffer with them, after those sent before. Resolves when they are on the wire:
   * once the receiver has room. Resolves too when the link closes instead: whoever waits for them is told by that.
   */
  send(id: string, bytes: Uint8Array): Promise<void>;
  /** Says that what was handed over under this id is written down. */
  seal(id: string): void;
  /** Says that nothing will come under this id, or that what came counts for nothing. */
  none(id: string): void;
}

interface Waiting {
  readonly id: string;
  readonly bytes: Uint8Array;
  readonly sent: () => void;
  /** What is to follow it. */
  end?: 'sealed' | 'none';
}

/**
 * A message goes when any credit is left, whatever its size: so one larger than the receiver's whole window passes too,
 * and what is under way is never more than the window and one message.
 */
export const openOutlet = (wire: Wire): Outlet => {
  let waiting: Waiting[] = [];
  let creditBytes = 0;
  let open = true;

  const flush = (): void => {
    while (creditBytes > 0) {
      const next = waiting.shift();
      if (!next) return;
      const { id, bytes, sent, end } = next;
      // Before the send: it takes the buffer away.
      creditBytes -= bytes.length;
      wire.send({ kind: 'chunk', id, bytes, last: true });
      if (end) wire.send({ kind: end, id });
      sent();
    }
  };
  const endWith = (kind: 'sealed' | 'none', id: string): void => {
    const behind = waiting.find((one) => one.id === id);
    if (behind) behind.end = kind;
    else wire.send({ kind, id });
  };
  wire.onMessage((message) => {
    // Anything else is of no meaning in this direction.
    if (message.kind !== 'credit') return;
    creditBytes += message.bytes;
    flush();
  });
  wire.onClose(() => {
    open = false;
    for (const { sent } of waiting) sent();
    waiting = [];
  });

  return {
    send: (id, bytes) =>
      new Promise((sent) => {
        if (!open) return sent();
        waiting.push({ id, bytes, sent });
        flush();
      }),
    seal: (id) => endWith('sealed', id),
    none: (id) => endWith('none', id),
  };
};
