import type { SeatOutcome } from '../../../shared/protocol/state.ts';
import { AnomalyRow, anomaliesPartition } from '../../../shared/rows/coverage.ts';
import { PlacementRow, placementKey } from '../../../shared/rows/placement.ts';
import { DEVNET } from '../settings.ts';
import type { Claim, OutcomeContext } from './claims.ts';
import type { PlayedEdge } from './edge.ts';
import { edgeOutcome } from './edge-outcomes.ts';
import { type FaultName, isEdge } from './names.ts';

export const DOCUMENTED: Readonly<Record<FaultName, string>> = {
  'copy-commit': 'a copied commitment cannot be opened by another node: recorded as mismatch, slashed',
  'wrong-result': 'a node that lies about the result is outvoted and slashed',
  'late-reveal': 'a reveal after the window is not counted; its node is slashed',
  'no-reveal': 'a node that never reveals is recorded as absent and slashed; its silence stops nobody',
  'dead-worker': 'a worker that dies in mid-query is replaced; its stage is redone, the answer is the same',
  'lagging-rpc': 'a node that falls behind now and then delays, but moves nothing back; nothing is lost or done twice',
  'failing-rpc': 'a node that answers 429 and 502 is rested, another takes over; nothing is lost or done twice',
  'silent-rpc':
    'a node and a socket that say nothing any more hold nothing up: another node takes over, blocks are polled for',
  'dropped-tx': 'a transaction that was accepted and forgotten is sent again, the same bytes; each takes effect once',
  'lost-answer': 'a transaction whose answer was lost is found by its hash; none is sent twice under another signature',
  'sequence-clash': 'a second process uses the same accounts: sequences are read anew, everything gets in once',
  'out-of-gas': 'a transaction that ran out of gas is sent again with more; each takes effect once',
  'fee-spike': 'after a spike of the gas price fees rise with it; everything gets in',
  'lying-rpc': 'an invented event does no work, a hidden one is found in the contract; both are recorded',
};

const CAUGHT_AS = {
  'copy-commit': ['mismatch'],
  'wrong-result': ['minority'],
  // A settlement may land before the late reveal does: then the seat was absent.
  'late-reveal': ['late', 'absent'],
  'no-reveal': ['absent'],
} as const satisfies Partial<Record<FaultName, readonly SeatOutcome[]>>;

/** The documented outcome, claim by claim, read from the chain. */
export const outcomeOf = async (fault: FaultName, context: OutcomeContext, edge?: PlayedEdge): Promise<Claim[]> => {
  const { query, digest } = context;
  const verified = query.outcome?.kind === 'verified' && query.outcome.digest === digest;
  return [
    { text: 'the query is verified with the digest of the true answer', holds: verified },
    ...(await ofItsOwn(fault, context, edge)),
    ...(await balanced(context)),
  ];
};

const ofItsOwn = async (fault: FaultName, context: OutcomeContext, edge?: PlayedEdge): Promise<Claim[]> => {
  if (isEdge(fault)) return await edgeOutcome(fault, context, edge?.struck() ?? 0);
  if (fault === 'dead-worker') return await redone(context);
  if (fault === 'lying-rpc') return await detected(context);
  return await punished(context, CAUGHT_AS[fault]);
};

/** No money is locked once the query is final, and every movement of it adds up to zero. */
const balanced = async ({ house, client, query }: OutcomeContext): Promise<Claim[]> => {
  const { chain } = house;
  const totals = await chain.totals();
  const balance = await chain.balanceUnes(chain.contract);
  const sum = totals.bondsUnes + totals.feesUnes + totals.poolUnes + totals.sessionsUnes;
  const { entries, sumUnes } = await client.money(query.id);
  return [
    { text: 'no money is locked', holds: totals.feesUnes === 0n && totals.sessionsUnes === 0n },
    { text: `the contract's money adds up: ${balance} = bonds + fees + sessions + pool`, holds: balance === sum },
    {
      text: `the ${entries.length} movements of money of the query add up to ${sumUnes}`,
      holds: sumUnes === 0n && entries.length > 0,
    },
  ];
};

const punished = async (context: OutcomeContext, outcomes: readonly SeatOutcome[]): Promise<Claim[]> => {
  const { query, suspect } = context;
  const { chain } = context.house;
  const seats = await chain.seats(query.id, query.attempt);
  const seat = seats.find(({ node }) => node === suspect);
  const node = await chain.node(suspect);
  const slash = (DEVNET.nodeBondUnes * BigInt(DEVNET.contract.slash_ppm)) / 1_000_000n;
  const honest = seats.filter((other) => other.node !== suspect);
  return [
    {
      text: `its seat ends as ${outcomes.join(' or ')}: ${seat?.outcome}`,
      holds: outcomes.some((o) => o === seat?.outcome),
    },
    { text: `it is slashed by ${slash} unes: ${seat?.slashedUnes}`, holds: seat?.slashedUnes === slash },
    { text: `its bond is what is left: ${node?.bondUnes}`, holds: node?.bondUnes === DEVNET.nodeBondUnes - slash },
    { text: `its reputation falls to 0.8: ${(node?.reputation ?? 0) / 1000}`, holds: node?.reputation === 800 },
    { text: 'it is paid nothing', holds: seat?.paidUnes === 0n },
    {
      text: `all ${honest.length} honest members are in the majority and paid`,
      holds: honest.length >= 2 && honest.every((other) => other.outcome === 'majority' && other.paidUnes > 0n),
    },
  ];
};

const redone = async ({ house, query, suspect }: OutcomeContext): Promise<Claim[]> => {
  const { chain, backend } = house;
  const { store } = backend;
  const run = { chainId: chain.chainId, queryId: query.id, attempt: query.attempt, node: suspect };
  const placed = await store.get(placementKey(run));
  const epoch = placed ? PlacementRow.parse(placed.body).epoch : 0;
  const seat = (await chain.seats(query.id, query.attempt)).find(({ node }) => node === suspect);
  const node = await chain.node(suspect);
  return [
    { text: `its stages were placed again under epoch ${epoch}`, holds: epoch >= 2 },
    { text: `the node is in the majority with the same digest: ${seat?.outcome}`, holds: seat?.outcome === 'majority' },
    {
      text: `nothing is slashed, its reputation rises: ${(node?.reputation ?? 0) / 1000}`,
      holds: node?.reputation === 1_010,
    },
  ];
};

const detected = async ({ house, query }: OutcomeContext): Promise<Claim[]> => {
  const { chain, backend } = house;
  const { store } = backend;
  const rows = await store.list(anomaliesPartition(chain.chainId), { limit: 100 });
  const anomalies = rows.map((row) => AnomalyRow.parse(row.body));
  const invented = anomalies.find(({ kind }) => kind === 'invented-event');
  const hidden = anomalies.find(({ kind, queryId }) => kind === 'hidden-event' && queryId === query.id);
  const worked =
    invented && (await store.list(`runs-of/${chain.chainId}/${invented.queryId}`, { limit: 1 })).length > 0;
  return [
    { text: `the invented event is recorded: ${invented?.detail}`, holds: invented !== undefined },
    { text: 'no node worked for it', holds: worked === false },
    { text: `the hidden event is recorded: ${hidden?.detail}`, holds: hidden !== undefined },
  ];
};
