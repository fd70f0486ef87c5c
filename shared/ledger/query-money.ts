import { InvariantError, TransientError } from '../errors.ts';
import { AGENT_PPM, partOf, REPUTATION, sharePpm } from '../protocol/money.ts';
import type { QueryState, SeatState } from '../protocol/state.ts';
import { type LedgerEvent, missingActs, refundOf, settledAttempts, settlementOf } from './acts-missing.ts';
import { checkBalanced, type Entry, move, type Party, type Place, type Stage } from './entry.ts';
import { type Act, actsOf, type GasOfStage, gasByStage, gasEntries, type Transaction } from './gas.ts';

export interface MoneyFacts {
  /** The contract's address. */
  readonly contract: string;
  /** The contract's own state: the truth about amounts. */
  readonly query: QueryState;
  /** Of every attempt. */
  readonly seats: readonly SeatState[];
  /** Of this query; they say which transaction it was, and what the bank refused. */
  readonly events: readonly LedgerEvent[];
  /** By hash: every transaction known to be about this query, failed ones too. */
  readonly transactions: ReadonlyMap<string, Transaction>;
}

export interface QueryMoney {
  readonly entries: readonly Entry[];
  readonly gas: readonly GasOfStage[];
}

/**
 * Every movement of money that a query caused, so far: what is not paid out yet stands as held by the contract. The entries add
 * up to zero, always.
 * @throws {TransientError} `money-incomplete` naming what is not known yet: no sum is better than a wrong one
 * @throws {InvariantError} `money-disagrees` when events and the contract's rules contradict each other
 */
export const queryMoney = (facts: MoneyFacts): QueryMoney => {
  const { query, seats, events, transactions } = facts;
  const acts = [...transactions]
    .flatMap(([hash, tx]) => actsOf(query.id, hash, tx))
    .sort((a, b) => a.height - b.height || (a.txHash < b.txHash ? -1 : 1));
  const missing = missingActs(query, seats, events, acts);
  const unpaid = acts.find(({ feeUnes, feePayer }) => feeUnes > 0n && feePayer === '');
  if (unpaid) missing.push(`who paid the fee of ${unpaid.txHash}`);
  if (missing.length > 0) throw incomplete(query.id, missing);
  const entries = [
    ...asked(facts, acts),
    ...settledAttempts(query).flatMap((attempt) => settled(facts, attempt, acts)),
    ...refunded(facts, acts),
    ...acts.flatMap(gasEntries),
  ];
  checkBalanced(entries);
  return { entries, gas: gasByStage(acts) };
};

const incomplete = (queryId: number, missing: readonly string[]): TransientError =>
  new TransientError(
    'money-incomplete',
    `the money of query ${queryId} cannot be added up: ${missing.slice(0, 3).join('; ')}${missing.length > 3 ? '; ...' : ''} unknown here`,
    {
      next: 'Try again once the watcher has read the blocks up to now; GET /v1/coverage shows gaps.',
      details: { queryId, missing },
    },
  );

const disagrees = (queryId: number, what: string): InvariantError =>
  new InvariantError('money-disagrees', `the money of query ${queryId}: ${what}`, {
    next: 'Compare with another RPC: events and state of the contract contradict each other.',
    details: { queryId },
  });

const held = ({ contract }: MoneyFacts): Party => ({ account: contract, role: 'contract' });
const pool = ({ contract }: MoneyFacts): Party => ({ account: contract, role: 'pool' });

/** As a stage of its own: the refund is part of the transaction that settles or expires. */
const placeOf = (acts: readonly Act[], stage: Stage, holds: (act: Act) => boolean): Place => {
  const act = acts.find((a) => !a.failed && holds(a)) as Act;
  return { stage, txHash: act.txHash, height: act.height };
};

const asked = (facts: MoneyFacts, acts: readonly Act[]): Entry[] => {
  const { asker, feeUnes } = facts.query;
  return move(
    { account: asker, role: 'asker' },
    held(facts),
    feeUnes,
    placeOf(acts, 'ask', (a) => a.call === 'ask'),
  );
};

/** Whom the bank refused a payment of this transaction: the contract left it to the pool (payout.rs). */
const refusedIn = (facts: MoneyFacts, txHash: string): ReadonlySet<string | undefined> =>
  new Set(
    facts.events
      .filter(
        ({ kind, txHash: of, attributes }) => of === txHash && kind === 'paid' && attributes.outcome === 'to_pool',
      )
      .map(({ attributes }) => attributes.refused_by),
  );

const settled = (facts: MoneyFacts, attempt: number, acts: readonly Act[]): Entry[] => {
  const { query, events } = facts;
  const event = settlementOf(events, attempt) as LedgerEvent;
  const at = placeOf(acts, 'settle', (act) => act.call === 'settle' && act.txHash === event.txHash);
  const refused = refusedIn(facts, at.txHash);
  const pay = (to: Party, unes: bigint): Entry[] =>
    move(held(facts), refused.has(to.account) ? pool(facts) : to, unes, at);
  const seats = facts.seats.filter((seat) => seat.attempt === attempt);
  const slashes = seats.flatMap(({ node, slashedUnes }) =>
    move({ account: node, role: 'bond' }, pool(facts), slashedUnes, at),
  );
  if (query.outcome?.kind !== 'verified' || attempt !== query.attempt) return slashes;
  checkShares(query, seats);
  const agentUnes = agentShare(facts, at.txHash);
  const paidUnes = seats.reduce((sum, seat) => sum + seat.paidUnes, 0n);
  return [
    ...slashes,
    ...seats.flatMap(({ node, paidUnes: unes }) => pay({ account: node, role: 'node' }, unes)),
    ...pay({ account: query.agent ?? '', role: 'agent' }, agentUnes),
    ...move(held(facts), pool(facts), query.feeUnes - paidUnes - agentUnes, at),
  ];
};

/** Winners' shares lie between those of the least and the greatest reputation: which one a node had then is not kept. */
const checkShares = (query: QueryState, seats: readonly SeatState[]): void => {
  const winners = seats.filter(({ outcome }) => outcome === 'majority');
  const slice = winners.length === 0 ? 0n : query.feeUnes / BigInt(winners.length);
  const least = partOf(slice, BigInt(sharePpm(REPUTATION.min)));
  const most = partOf(slice, BigInt(sharePpm(REPUTATION.max)));
  for (const { node, outcome, paidUnes } of seats) {
    const [from, to] = outcome === 'majority' ? [least, most] : [0n, 0n];
    // A winner that came far too late is paid nothing (docs/protocol.md section 10).
    if (paidUnes !== 0n && (paidUnes < from || paidUnes > to)) {
      throw disagrees(query.id, `${node} (${outcome}) got ${paidUnes} unes, the rule allows ${from} to ${to}`);
    }
  }
};

/** As the settlement's event says, which must be what the rule gives. */
const agentShare = ({ query, events }: MoneyFacts, txHash: string): bigint => {
  if (query.agent === undefined) return 0n;
  const event = events.find((e) => e.txHash === txHash && e.kind === 'paid' && e.attributes.agent === query.agent);
  if (!event) throw incomplete(query.id, [`the payment of the agent ${query.agent}`]);
  const expected = partOf(query.feeUnes, AGENT_PPM);
  if (event.attributes.amount === String(expected)) return expected;
  throw disagrees(query.id, `an event pays the agent ${event.attributes.amount} unes, the rule ${expected}`);
};

const refunded = (facts: MoneyFacts, acts: readonly Act[]): Entry[] => {
  const { asker, feeUnes, outcome } = facts.query;
  if (outcome?.kind !== 'refunded') return [];
  const txHash = refundOf(facts.events)?.txHash;
  const at = placeOf(acts, 'refund', (act) => act.txHash === txHash);
  const toAsker = !refusedIn(facts, at.txHash).has(asker);
  return move(held(facts), toAsker ? { account: asker, role: 'asker' } : pool(facts), feeUnes, at);
};
