import type { Any } from 'cosmjs-types/google/protobuf/any';
import type { AccountState } from '../../ports/chain.ts';
import type { AccountSigner } from '../../ports/signer.ts';
import type { Write } from '../../ports/store.ts';
import { simulationBytes, type TxFrame } from '../sign.ts';
import { classifyText, messageIndexOf } from './codes.ts';
import type { LaneDeps } from './deps.ts';
import { type Candidate, refuseCandidate } from './gather.ts';
import { forgetUnordered } from './unordered.ts';

export interface Sized extends Candidate {
  readonly message: Any;
  /** Of the message as it stands in the transaction's body. */
  readonly sizeBytes: number;
}

export interface Trial {
  readonly signer: AccountSigner;
  readonly account: AccountState;
  readonly frame: TxFrame;
  readonly height: number;
  readonly taken: readonly Sized[];
}

interface Refusals {
  /** Of the messages that were refused on the way. */
  readonly writes: readonly Write[];
  readonly ended: readonly string[];
}

export interface Priced extends Refusals {
  readonly outcome: 'priced';
  /** What goes together, and as which kind of transaction. */
  readonly taken: readonly Sized[];
  readonly frame: TxFrame;
  readonly gasUsed: number;
}

/** `clash`: the account's sequence is not what was read; after the next block it is read again. */
export type Tried = Priced | (Refusals & { readonly outcome: 'none' | 'clash' });

/**
 * Simulates until the rest works: a message that fails is named by its index and leaves alone; when none is named the batch is
 * halved, and the other half has its turn in the next one.
 */
export const trySimulate = async (deps: LaneDeps, trial: Trial): Promise<Tried> => {
  const { chain, terms } = deps;
  const { signer, account, height } = trial;
  const writes: Write[] = [];
  const ended: string[] = [];
  let { taken, frame } = trial;
  /** Those that cannot be simulated yet: they go along, with the gas that they name. */
  const early: Sized[] = [];
  const priced = (gasUsed: number): Priced => {
    const unseen = early.reduce((sum, { intent }) => sum + (intent.opens?.gasUsed ?? 0), 0);
    return { outcome: 'priced', taken: [...taken, ...early], frame, gasUsed: gasUsed + unseen, writes, ended };
  };
  const refuse = (candidate: Sized, log: string): void => {
    if (height < (candidate.intent.opens?.height ?? 0)) {
      early.push(candidate);
      taken = taken.filter((other) => other !== candidate);
      return;
    }
    const refused = refuseCandidate(deps, candidate, height, log);
    writes.push(...refused.writes);
    ended.push(...refused.ended);
    taken = taken.filter((other) => other !== candidate);
  };
  while (taken.length > 0) {
    const messages = taken.map(({ message }) => message);
    const answer = await chain.simulate(simulationBytes(signer, account, messages, frame));
    if ('gasUsed' in answer) {
      const gas = answer.gasUsed * terms.gasAdjustment;
      if (gas <= terms.maxGas || taken.length === 1) return priced(answer.gasUsed);
      taken = taken.slice(0, Math.max(1, Math.floor((taken.length * terms.maxGas) / gas)));
      continue;
    }
    const { refusal } = answer;
    const verdict = classifyText(refusal);
    if (verdict === 'ordered-only' && frame.unorderedUntil) {
      await forgetUnordered(deps);
      const { unorderedUntil: _, ...ordered } = frame;
      frame = ordered;
      continue;
    }
    if (verdict === 'sign-again') return { outcome: 'clash', writes, ended };
    const named = taken[messageIndexOf(refusal) ?? (taken.length === 1 ? 0 : -1)];
    if (named) refuse(named, refusal);
    else taken = taken.slice(0, Math.ceil(taken.length / 2));
  }
  return early.length > 0 ? priced(0) : { outcome: 'none', writes, ended };
};
