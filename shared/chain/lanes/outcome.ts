import type { AbciAnswer } from './codes.ts';
import { classify, messageIndexOf } from './codes.ts';
import { MAX_OUT_OF_GAS } from './deps.ts';
import type { Member } from './rows.ts';

/** What becomes of one member of a batch. */
export type Fate =
  | { readonly kind: 'done' }
  /** Its own failure, for good. */
  | { readonly kind: 'failed' }
  /** Planned again, with this history. */
  | { readonly kind: 'again'; readonly member: Member };

const again = (member: Member): Fate => ({ kind: 'again', member });

/** In batches half as large, until the one that fails is alone. */
const halve = (members: readonly Member[]): Fate[] =>
  members.length === 1
    ? [{ kind: 'failed' }]
    : members.map((member) => again({ ...member, together: Math.floor(members.length / 2) }));

const moreGas = (members: readonly Member[]): Fate[] =>
  members.some(({ outOfGas }) => outOfGas >= MAX_OUT_OF_GAS)
    ? halve(members)
    : members.map((member) => again({ ...member, outOfGas: member.outOfGas + 1 }));

export interface Judged extends AbciAnswer {
  readonly log: string;
}

/** A batch was refused by CheckTx, or delivered: what each member gets. A transaction fails as a whole, so the innocent go again. */
export const judge = (members: readonly Member[], answer: Judged): Fate[] => {
  const verdict = classify(answer);
  if (verdict === 'accepted') return members.map(() => ({ kind: 'done' }));
  const named = messageIndexOf(answer.log);
  if (named !== undefined && named < members.length)
    return members.map((member, i) => (i === named ? { kind: 'failed' } : again(member)));
  switch (verdict) {
    case 'more-gas':
      return moreGas(members);
    case 'account':
      return members.map(() => ({ kind: 'failed' }));
    case 'fewer-messages':
    case 'ordered-only':
    case 'final':
      return halve(members);
    default:
      return members.map(again);
  }
};
