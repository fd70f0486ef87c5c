import { type Difference, differences, inOrder, union } from '../../shared/chain/compare-events.ts';
import type { BlockSource } from '../../shared/ports/block-source.ts';
import type { BlockEvents } from '../../shared/ports/chain.ts';
import type { AnomalyRow } from '../../shared/rows/coverage.ts';
import type { WatchDeps } from './deps.ts';

/** A block as the endpoints together tell it. */
export interface Reading {
  /** Events are in order, each once; of two readings all of them. */
  readonly block: BlockEvents;
  readonly source?: string;
  readonly witness?: string;
  /** What the two said differently. */
  readonly anomalies: readonly AnomalyRow[];
  /** Two blocks at one height: nothing of them may be stored. */
  readonly fork?: AnomalyRow;
}

/** Most anomalies kept for one height: a node that lies about everything need not be quoted in full. */
const MAX_ANOMALIES = 20;

/**
 * Reads a block from one endpoint and, where there are several, from a second one, which takes turns. An endpoint that
 * cannot answer is left out; one answer is enough, and says that it had no witness.
 * @throws the first endpoint's error when none answers
 */
export const readBlock = async (deps: WatchDeps, height: number): Promise<Reading> => {
  const { sources = [], chain, clock } = deps;
  if (sources.length === 0) return alone(await chain.block(height));
  const [a, b] = await firstTwo(takeTurns(sources, height), height);
  if (!b) return { ...alone(a.block), source: a.name };
  const names = { source: a.name, witness: b.name };
  const atMs = clock.nowMs();
  if (a.block.hash !== b.block.hash || a.block.parentHash !== b.block.parentHash) {
    const says = (r: Answer): string => `${r.name} says ${r.block.hash} on ${r.block.parentHash}`;
    const detail = `block ${height}: ${says(a)}, ${says(b)}`;
    return { ...alone(a.block), ...names, fork: { kind: 'block-hash', height, detail, atMs } };
  }
  const found = differences(a.block, b.block);
  const anomalies = found.slice(0, MAX_ANOMALIES).map((difference): AnomalyRow => {
    const { queryId } = difference;
    const more = found.length > MAX_ANOMALIES ? ` (one of ${found.length} at this height)` : '';
    const detail = tell(difference, a.name, b.name) + more;
    return { kind: 'rpc-disagrees', ...(queryId !== undefined && { queryId }), height, detail, atMs };
  });
  return { block: { ...a.block, events: union(a.block, b.block) }, ...names, anomalies };
};

interface Answer {
  readonly name: string;
  readonly block: BlockEvents;
}

const alone = (block: BlockEvents): Reading => ({ block: { ...block, events: inOrder(block.events) }, anomalies: [] });

/** The preferred endpoint first, then the others from another place each time. */
const takeTurns = ([first, ...others]: readonly BlockSource[], height: number): BlockSource[] => {
  const from = others.length === 0 ? 0 : height % others.length;
  return [...(first ? [first] : []), ...others.slice(from), ...others.slice(0, from)];
};

const firstTwo = async (
  sources: readonly BlockSource[],
  height: number,
): Promise<readonly [Answer, Answer | undefined]> => {
  const ask = async ({ name, block }: BlockSource): Promise<Answer> => ({ name, block: await block(height) });
  const tried = await Promise.allSettled(sources.slice(0, 2).map(ask));
  for (const source of sources.slice(2)) {
    if (tried.filter(({ status }) => status === 'fulfilled').length >= 2) break;
    tried.push(...(await Promise.allSettled([ask(source)])));
  }
  const [a, b] = tried.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  if (!a) throw tried.find((one) => one.status === 'rejected')?.reason;
  return [a, b];
};

const few = (ids: readonly string[]): string =>
  ids.slice(0, 3).join(', ') + (ids.length > 3 ? ` and ${ids.length - 3} more` : '');

const tell = ({ onlyFirst, onlySecond, unequal }: Difference, first: string, second: string): string =>
  [
    ...(onlyFirst.length > 0 ? [`only ${first} tells of ${few(onlyFirst)}`] : []),
    ...(onlySecond.length > 0 ? [`only ${second} tells of ${few(onlySecond)}`] : []),
    ...(unequal.length > 0 ? [`${first} and ${second} differ about ${few(unequal)}`] : []),
  ].join('; ');
