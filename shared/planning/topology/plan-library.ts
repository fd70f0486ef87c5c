import { msInWords } from '../words.ts';
import type { Barcode } from './barcode.ts';
import { barcodeDistance } from './bottleneck.ts';

/** A plan that was made for a model when its swarm had this shape. */
export interface StoredPlan<P> {
  readonly model: string;
  readonly barcode: Barcode;
  readonly plan: P;
}

/** The library with one more plan; one of the same model and shape is replaced. */
export const withPlan = <P>(library: readonly StoredPlan<P>[], stored: StoredPlan<P>): readonly StoredPlan<P>[] => [
  ...library.filter(({ model, barcode }) => model !== stored.model || barcodeDistance(barcode, stored.barcode) > 0),
  stored,
];

export interface Now<P> {
  readonly model: string;
  /** Of the swarm as measured now. */
  readonly barcode: Barcode;
  /** The plan in use, if any: an entry of the library. */
  readonly current: StoredPlan<P> | undefined;
  /**
   * The current plan stays while it is no more than this farther than the nearest one. Distances that jitter by e move
   * both by at most e, so 2 e or more keeps a plan that was the nearest.
   */
  readonly slackMs: number;
}

export interface Chosen<P> {
  readonly stored: StoredPlan<P>;
  /** Bottleneck distance of its shape to the one now: how far the swarm is from what the plan was made for. */
  readonly distanceMs: number;
  readonly switched: boolean;
  /** In words. */
  readonly because: string;
}

/**
 * The plan whose swarm was most like this one, with hysteresis. A barcode does not tell which machine is which: a plan
 * found by it is one to evaluate on the swarm before it is used, and barcodes of other machines may be alike.
 * @returns undefined when there is none for the model
 */
export const choosePlan = <P>(library: readonly StoredPlan<P>[], now: Now<P>): Chosen<P> | undefined => {
  const { current, slackMs } = now;
  const near = library
    .filter(({ model }) => model === now.model)
    .map((stored) => ({ stored, distanceMs: barcodeDistance(stored.barcode, now.barcode) }))
    .sort((a, b) => a.distanceMs - b.distanceMs);
  const [nearest] = near;
  if (!nearest) return undefined;
  const kept = near.find(({ stored }) => stored === current);
  const at = `the nearest plan is ${msInWords(nearest.distanceMs)} away`;
  if (!kept) return { ...nearest, switched: true, because: `no plan of these is in use; ${at}` };
  const both = `${at}, the current one ${msInWords(kept.distanceMs)}`;
  return kept.distanceMs <= nearest.distanceMs + slackMs
    ? { ...kept, switched: false, because: `${both}: within ${msInWords(slackMs)}, so it stays` }
    : { ...nearest, switched: true, because: `${both}: more than ${msInWords(slackMs)} farther` };
};
