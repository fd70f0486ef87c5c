import type { Head } from '../../ports/chain.ts';
import type { Key } from '../../ports/store.ts';
import type { TxFrame } from '../sign.ts';
import type { LaneDeps } from './deps.ts';

/** Longest life that the SDK grants an unordered transaction is 10 minutes of block time; this leaves room for its clock. */
const LIFE_MS = 8 * 60_000;
/** A chain that refused them is asked again after this long: an upgrade may have brought them. */
const ASK_AGAIN_MS = 6 * 3_600_000;

const key = (chainId: string): Key => ({ pk: `lanes/${chainId}`, sk: 'unordered' });

interface Refused {
  readonly refusedMs: number;
}

/** Whether to try an unordered transaction here: wanted, and not refused of late. */
export const mayBeUnordered = async ({ store, chain, clock, terms }: LaneDeps): Promise<boolean> => {
  if (terms.maxUnordered === 0) return false;
  const row = await store.get<Refused>(key(chain.chainId));
  return !row || clock.nowMs() - row.body.refusedMs > ASK_AGAIN_MS;
};

/** The chain said that it has none. */
export const forgetUnordered = async ({ store, chain, clock }: LaneDeps): Promise<void> => {
  const body: Refused = { refusedMs: clock.nowMs() };
  await store.transact([{ kind: 'put', key: key(chain.chainId), body, expect: 'any' }]);
};

/** A time-out that no other transaction of this account has: it stands in place of the sequence. */
export const unorderedUntil = (
  { random }: Pick<LaneDeps, 'random'>,
  { timeMs }: Head,
): NonNullable<TxFrame['unorderedUntil']> => {
  const untilMs = timeMs + LIFE_MS;
  return { seconds: BigInt(Math.floor(untilMs / 1_000)), nanos: random.below(1_000_000_000) };
};
