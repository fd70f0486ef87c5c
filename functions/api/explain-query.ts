import { nextPhaseHeight, phaseAt } from '../../shared/protocol/phase.ts';
import type { QueryState } from '../../shared/protocol/state.ts';
import type { ApiDeps } from './deps.ts';
import { anomaliesOf, explainCoverage } from './explain-coverage.ts';
import { explainRun } from './explain-run.ts';
import { readQuery, unknownQuery } from './read-query.ts';
import { runsOf } from './read-result.ts';
import type { WhyView } from './schemas/queries.ts';

const blocks = (count: number): string => (count === 1 ? '1 block' : `${count} blocks`);

const REFUNDED: Readonly<Record<string, string>> = {
  expired_in_queue: 'it waited in the queue until its deadline',
  no_commits: 'no node committed before the window closed',
  no_majority: 'three committees in turn found no majority',
};

/** What a query waits for, in sentences. `height` is the chain's head. */
const explainState = (q: QueryState, height: number): string[] => {
  const next = nextPhaseHeight(q, height);
  const left = next === undefined ? undefined : blocks(Math.max(0, next - height));
  const o = q.opening;
  const seats = o ? `${o.committed} of ${q.seats} seats are committed, ${o.revealed} revealed` : '';
  const retried =
    q.attempt > 0 ? [`This is attempt ${q.attempt + 1} of 3: committees before it found no majority.`] : [];
  switch (phaseAt(q, height)) {
    case 'queued':
      return [`It is queued until a place is free: higher fees go first. It is refunded in ${left ?? 'some blocks'}.`];
    case 'commit':
      return [
        ...retried,
        `Nodes may commit for ${left} more: ${seats}. The window closes early when all seats are taken.`,
      ];
    case 'reveal':
      return [
        ...retried,
        `The commit window is closed and nodes reveal, ${left ? `for ${left} more` : 'until all have'}: ${seats}.`,
      ];
    case 'settle':
      return [...retried, `Everything is revealed or too late (${seats}); anyone may send Settle now.`];
    case 'expire':
      return [...retried, 'Its deadline has passed; anyone may send Expire now, and the fee goes back to the asker.'];
    case 'verified':
      return [
        ...retried,
        `It is verified: ${q.outcome?.votes} of ${q.outcome?.committed} seats agreed, settled at height ${q.outcome?.height}.`,
      ];
    case 'refunded':
      return [
        `It was refunded at height ${q.outcome?.height}: ${REFUNDED[q.outcome?.reason ?? ''] ?? 'the contract gave no reason'}.`,
      ];
  }
};

/**
 * Why a query is where it is, from the contract's own state and this deployment's rows.
 * @throws {BadInputError} `unknown-query`
 */
export const explainQuery = async (deps: ApiDeps, queryId: number): Promise<WhyView> => {
  const head = await deps.chain.head();
  const state = await deps.chain.query(queryId);
  if (!state) throw unknownQuery(queryId);
  const { status } = await readQuery(deps, queryId);
  const runs = await runsOf(deps, queryId);
  const sentences = explainState(state, head.height);
  if (runs.length === 0) sentences.push('No node of this deployment has looked at it yet.');
  const heights = { from: state.askedHeight, to: state.outcome?.height ?? head.height };
  sentences.push(...(await explainCoverage(deps, heights)));
  return {
    queryId,
    status,
    sentences,
    runs: await Promise.all(runs.map((run) => explainRun(deps, run, head.height))),
    anomalies: await anomaliesOf(deps, queryId, heights),
  };
};
