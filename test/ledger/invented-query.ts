import type { LedgerEvent } from '../../shared/ledger/acts-missing.ts';
import type { Transaction } from '../../shared/ledger/gas.ts';
import type { MoneyFacts } from '../../shared/ledger/query-money.ts';
import { cutFee, isMajority, partOf } from '../../shared/protocol/money.ts';
import type { QueryOutcome, QueryState, SeatOutcome, SeatState } from '../../shared/protocol/state.ts';

/** A query that never was: made of choices, with the bank accounts that it would leave behind, reckoned on the way. */

export interface Choices {
  readonly feeUnes: bigint;
  readonly seats: number;
  readonly agent: string | undefined;
  /** By attempt: what became of each seat before the verdict, and the node's stake and reputation. */
  readonly attempts: readonly (readonly {
    readonly shows: 'right' | 'wrong' | 'mismatch' | 'late' | 'absent';
    readonly stakeUnes: bigint;
    readonly reputation: number;
  }[])[];
  /** Accounts that the bank pays nothing to. */
  readonly refuses: ReadonlySet<string>;
  /** Stop before the last settlement. */
  readonly unsettled: boolean;
  /** Fee and companions of the n-th transaction (messages about other things before and after ours), over and over. */
  readonly txs: readonly { readonly feeUnes: bigint; readonly before: number; readonly after: number }[];
  /** Transactions of the members that failed. */
  readonly failures: number;
}

export const ASKER = 'asker';
export const CONTRACT = 'contract';
const node = (i: number): string => `node${i}`;
const ID = 7;

export interface InventedQuery {
  readonly facts: MoneyFacts;
  /** Bank accounts: how much more or less is in them. `validators` have only what messages of this query bear. */
  readonly changes: ReadonlyMap<string, bigint>;
}

const OTHER = { sender: 'stranger', call: 'commit', queryId: 8 };

export const inventQuery = (choices: Choices): InventedQuery => {
  const events: LedgerEvent[] = [];
  const transactions = new Map<string, Transaction>();
  const changes = new Map<string, bigint>();
  const change = (account: string, unes: bigint): void =>
    void changes.set(account, (changes.get(account) ?? 0n) + unes);
  let height = 100;

  const send = (sender: string, call: string, code = 0): string => {
    const { feeUnes, before, after } = choices.txs[transactions.size % choices.txs.length]!;
    const [txHash, count] = [`TX${transactions.size}`, BigInt(before + 1 + after)];
    const messages = [
      ...Array.from({ length: before }, () => OTHER),
      { sender, call, queryId: ID },
      ...Array.from({ length: after }, () => OTHER),
    ];
    transactions.set(txHash, { height: ++height, code, gasUsed: 1_000, feeUnes, feePayer: sender, messages });
    // Laid end to end, the parts of a fee change hands at whole unes.
    const upTo = (parts: number): bigint => (feeUnes * BigInt(parts)) / count;
    change(sender, upTo(before) - upTo(before + 1));
    change('validators', upTo(before + 1) - upTo(before));
    return txHash;
  };
  const tell = (txHash: string, kind: string, attributes: Record<string, string> = {}): void =>
    void events.push({ txHash, kind, attributes });
  const pay = (txHash: string, to: string, unes: bigint): void => {
    if (choices.refuses.has(to) && unes > 0n) {
      tell(txHash, 'paid', { outcome: 'to_pool', refused_by: to, amount: String(unes) });
    } else {
      change(to, unes);
      change(CONTRACT, -unes);
    }
  };

  tell(send(ASKER, 'ask'), 'asked');
  const askedHeight = height;
  change(ASKER, -choices.feeUnes);
  change(CONTRACT, choices.feeUnes);

  const seats: SeatState[] = [];
  let outcome: QueryOutcome | undefined;
  let attempt = 0;
  const end = (txHash: string, reason: NonNullable<QueryOutcome['reason']>): void => {
    tell(txHash, 'refunded');
    pay(txHash, ASKER, choices.feeUnes);
    outcome = { kind: 'refunded', digest: undefined, votes: 0, committed: 0, height, reason, value: [] };
  };
  for (; !outcome; attempt++) {
    const members = choices.attempts[attempt] ?? [];
    const last = attempt === choices.attempts.length - 1;
    const drawn = members.map((member, i) => {
      tell(send(node(i), 'commit'), 'committed');
      return { ...member, node: node(i), committedHeight: height };
    });
    for (const { node: who, shows } of drawn) if (shows !== 'absent') tell(send(who, 'reveal'), 'revealed');
    const open = (shows: (typeof drawn)[number]['shows']): SeatOutcome =>
      shows === 'absent' ? 'committed' : shows === 'right' || shows === 'wrong' ? 'revealed' : shows;
    const put = (d: (typeof drawn)[number], seat: SeatOutcome, paidUnes = 0n, slashedUnes = 0n): void =>
      void seats.push({
        ...SEAT,
        node: d.node,
        attempt,
        committedHeight: d.committedHeight,
        outcome: seat,
        paidUnes,
        slashedUnes,
      });
    if (last && choices.unsettled) {
      for (const d of drawn) put(d, open(d.shows));
      break;
    }
    if (drawn.length === 0) {
      end(send('anyone', 'expire'), 'no_commits');
      break;
    }
    const txHash = send('anyone', 'settle');
    const right = drawn.filter(({ shows }) => shows === 'right');
    const verified = isMajority(right.length, drawn.length, choices.seats);
    tell(txHash, 'settled', { attempt: String(attempt), outcome: verified ? 'verified' : 'reopened' });
    const cut = cutFee(
      choices.feeUnes,
      right.map(({ reputation }) => reputation),
      choices.agent !== undefined,
    );
    for (const d of drawn) {
      const won = verified && d.shows === 'right';
      const kept = won || (!verified && (d.shows === 'right' || d.shows === 'wrong'));
      const paid = won ? (cut.winners[right.indexOf(d)] ?? 0n) : 0n;
      const named = d.shows === 'right' || d.shows === 'wrong' ? 'minority' : d.shows;
      put(d, won ? 'majority' : kept ? 'revealed' : named, paid, kept ? 0n : partOf(d.stakeUnes, 50_000n));
      if (won) pay(txHash, d.node, paid);
    }
    if (verified) {
      if (choices.agent !== undefined) {
        tell(txHash, 'paid', { agent: choices.agent, amount: String(cut.agent) });
        pay(txHash, choices.agent, cut.agent);
      }
      outcome = { kind: 'verified', digest: 'd', votes: 1, committed: 1, height, reason: undefined, value: [] };
      break;
    }
    if (last) {
      end(txHash, 'no_majority');
      break;
    }
  }
  for (let i = 0; i < choices.failures; i++) send(node(i), 'reveal', 5);
  const { feeUnes, agent } = choices;
  const query: QueryState = { ...QUERY, feeUnes, agent, askedHeight, attempt, seats: choices.seats, outcome };
  return { facts: { contract: CONTRACT, query, seats, events, transactions }, changes };
};

const SEAT = { round: 0, beta: '', commitment: '', digest: undefined, receiptsRoot: undefined };
const QUERY: QueryState = {
  id: ID,
  queryHash: '',
  asker: ASKER,
  model: '',
  inputHash: '',
  input: { uri: '' },
  seats: 3,
  privacy: 'public',
  maxUnits: 1,
  inputUnits: 0,
  feeUnes: 0n,
  agent: undefined,
  callback: undefined,
  askedHeight: 0,
  attempt: 0,
  phase: 'commit',
  opening: undefined,
  queueDeadline: undefined,
  outcome: undefined,
};
