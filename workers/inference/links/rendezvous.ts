import { TransientError } from '../../../shared/errors.ts';
import { bridge, type Wire } from './wire.ts';

/** Streams that came before this worker was told of their links. */
const MAX_EARLY = 256;

export interface Rendezvous {
  /** The end of a link that this worker was told of. */
  told(link: string, wire: Wire): void;
  /** The stream of a link, from the worker at its other end. */
  came(link: string, wire: Wire): void;
  /** The other end died: closes the link if its stream has not come. One that has come closes by itself, after what was sent before. */
  forget(link: string): void;
}

/** Two sides of each link come in any order, from the host and from another worker; whichever comes second is bridged to the first. */
export const openRendezvous = (): Rendezvous => {
  const waiting = { told: new Map<string, Wire>(), came: new Map<string, Wire>() };

  const meet = (side: 'told' | 'came', link: string, wire: Wire): void => {
    const others = waiting[side === 'told' ? 'came' : 'told'];
    const other = others.get(link);
    if (other) {
      others.delete(link);
      bridge(other, wire);
      return;
    }
    waiting[side].set(link, wire);
    wire.onClose(() => {
      if (waiting[side].get(link) === wire) waiting[side].delete(link);
    });
  };

  return {
    told: (link, wire) => meet('told', link, wire),
    came: (link, wire) => {
      const refused = waiting.came.has(link) || waiting.came.size >= MAX_EARLY;
      if (refused) wire.close(new TransientError('link-refused', `no room for a stream of link '${link}'`));
      else meet('came', link, wire);
    },
    forget: (link) => waiting.told.get(link)?.close(),
  };
};
