import { BadInputError } from '../../../shared/errors.ts';
import { concat } from '../../../shared/protocol/encoding.ts';
import type { Wire, WireMessage } from './wire.ts';

/** What a sender may have under way before the first of it is taken. */
export const WINDOW_BYTES = 4 << 20;
/** Largest hand-over: what one buffer of a store's blob holds with ease. */
export const MAX_HANDOVER_BYTES = 1 << 30;
/** Hand-overs that came before their jobs did, and end without output among them. A host has far fewer runs in flight. */
const MAX_UNASKED = 1024;

/** A hand-over that has come whole. */
export interface Arrival {
  /** Its bytes, once; the sender may then send as many more. */
  take(): Uint8Array;
  /** Lets go of what was not taken: a job may end without its input, and its sender must not wait for that. */
  drop(): void;
  /** Whether the stage before was written down after it: false when it ended, or the link closed, without. */
  readonly sealed: Promise<boolean>;
}

/** The receiving end of a link, for many hand-overs at a time. */
export interface Inlet {
  /**
   * Waits until the hand-over of this id has come whole.
   * @returns undefined when the stage before ended, or the link closed, without it
   */
  receive(id: string): Promise<Arrival | undefined>;
}

interface Coming {
  readonly id: string;
  readonly chunks: Uint8Array[];
  bytes: number;
}

const broken = (code: string, message: string): BadInputError =>
  new BadInputError(code, message, { next: 'run both workers of this link from the same release' });

/**
 * Grants `windowBytes` at once, and of each hand-over its bytes again when they are taken. A sender that does not keep
 * to that, or mixes up its hand-overs, closes the wire.
 */
export const openInlet = (wire: Wire, windowBytes = WINDOW_BYTES): Inlet => {
  const unasked = new Map<string, Arrival | undefined>();
  const unsealed = new Map<string, (sealed: boolean) => void>();
  const asked = new Map<string, (arrival: Arrival | undefined) => void>();
  let partial: Coming | undefined;
  let leftBytes = 0;
  let open = true;

  const grant = (bytes: number): void => {
    leftBytes += bytes;
    if (bytes > 0) wire.send({ kind: 'credit', bytes });
  };

  const arrived = (id: string, arrival: Arrival | undefined): void => {
    const resolve = asked.get(id);
    if (resolve) {
      asked.delete(id);
      resolve(arrival);
    } else {
      unasked.set(id, arrival);
    }
  };

  const whole = ({ id, chunks, bytes }: Coming): Arrival => {
    const { promise: sealed, resolve } = Promise.withResolvers<boolean>();
    unsealed.set(id, resolve);
    let left: readonly Uint8Array[] = chunks;
    const drop = (): void => {
      if (left.length > 0) grant(bytes);
      left = [];
    };
    return {
      sealed,
      drop,
      take: () => {
        const [first, ...rest] = left;
        if (!first) throw new TypeError('a hand-over is taken once');
        drop();
        return rest.length === 0 ? first : concat([first, ...rest]);
      },
    };
  };

  const onChunk = ({ id, bytes, last }: Extract<WireMessage, { kind: 'chunk' }>): void => {
    if (partial && partial.id !== id) throw broken('mixed-hand-overs', `'${id}' came in the middle of '${partial.id}'`);
    if (!partial) {
      if (leftBytes <= 0) throw broken('credit-exceeded', `'${id}' came ${-leftBytes} bytes beyond what was granted`);
      assertNew(id);
      partial = { id, chunks: [], bytes: 0 };
    }
    partial.chunks.push(bytes);
    partial.bytes += bytes.length;
    leftBytes -= bytes.length;
    if (partial.bytes > MAX_HANDOVER_BYTES) {
      throw broken('hand-over-too-large', `'${id}' has more than ${MAX_HANDOVER_BYTES} bytes`);
    }
    if (!last) return;
    const done = partial;
    partial = undefined;
    arrived(id, whole(done));
  };

  const onEnd = ({ kind, id }: { readonly kind: 'none' | 'sealed'; readonly id: string }): void => {
    const resolve = unsealed.get(id);
    unsealed.delete(id);
    if (resolve) {
      resolve(kind === 'sealed');
      return;
    }
    if (kind === 'sealed') throw broken('sealed-nothing', `'${id}' was sealed, and did not come`);
    assertNew(id);
    arrived(id, undefined);
  };

  const assertNew = (id: string): void => {
    if (unasked.has(id) || unsealed.has(id)) throw broken('repeated-hand-over', `'${id}' came twice`);
    if (unasked.size >= MAX_UNASKED) throw broken('unasked-hand-overs', `${MAX_UNASKED} came that nobody asked for`);
  };

  wire.onMessage((message) => {
    if (!open) return;
    try {
      if (message.kind === 'chunk') onChunk(message);
      if (message.kind === 'none' || message.kind === 'sealed') onEnd(message);
    } catch (error) {
      if (!(error instanceof BadInputError)) throw error;
      wire.close(error);
    }
  });
  wire.onClose(() => {
    open = false;
    partial = undefined;
    for (const resolve of asked.values()) resolve(undefined);
    asked.clear();
    for (const resolve of unsealed.values()) resolve(false);
    unsealed.clear();
  });
  grant(windowBytes);

  return {
    receive: (id) =>
      new Promise((resolve) => {
        if (unasked.has(id) || !open) {
          resolve(unasked.get(id));
          unasked.delete(id);
        } else {
          asked.set(id, resolve);
        }
      }),
  };
};
