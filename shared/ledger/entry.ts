import { InvariantError } from '../errors.ts';

/**
 * What an account is in a movement. `contract` is the fee that the contract holds for the query; `bond` and `pool` are held by
 * the contract too; `sender` is whoever sent or paid for a transaction without a part of his own in the query.
 */
export const ROLES = ['asker', 'node', 'agent', 'sender', 'contract', 'bond', 'pool', 'validators'] as const;
export type Role = (typeof ROLES)[number];

export const STAGES = ['ask', 'commit', 'reveal', 'settle', 'expire', 'refund', 'other'] as const;
export type Stage = (typeof STAGES)[number];

export interface Party {
  /** bech32 address; `validators` for those who share the fees of a block. */
  readonly account: string;
  readonly role: Role;
}

/** Where it happened. */
export interface Place {
  readonly stage: Stage;
  readonly txHash: string;
  readonly height: number;
}

/** One side of a movement, in unes: what the account got (positive) or gave. */
export interface Entry extends Party, Place {
  readonly unes: bigint;
}

/** Double entry: what one party gives is what the other gets, so that any list of movements adds up to zero. */
export const move = (from: Party, to: Party, unes: bigint, at: Place): Entry[] =>
  unes === 0n
    ? []
    : [
        { ...at, ...from, unes: -unes },
        { ...at, ...to, unes },
      ];

export const sumOf = (entries: readonly Entry[]): bigint => entries.reduce((sum, { unes }) => sum + unes, 0n);

/** @throws {InvariantError} `ledger-unbalanced` */
export const checkBalanced = (entries: readonly Entry[]): void => {
  const sum = sumOf(entries);
  if (sum === 0n) return;
  throw new InvariantError('ledger-unbalanced', `${entries.length} entries add up to ${sum} unes instead of 0`);
};
