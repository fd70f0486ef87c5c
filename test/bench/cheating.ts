import { committees } from '../../shared/ledger/committees.ts';
import { expectedGain } from '../../shared/ledger/expected-gain.ts';
import { CASES, equal, TERMS } from '../ledger/cheating-cases.ts';
import { simulate } from '../ledger/simulated-committees.ts';

const QUERIES = 100_000;

const NODES = 20;

/** Exact, as `quorate model show` reckons it; and how large committees are on average. */
const chances = (seats: number): Record<string, string> => {
  const of = (ours: number) => committees(Array(NODES - ours).fill(1), Array(ours).fill(1), seats, 15);
  const passes = (ours: number): string => {
    const network = { honest: equal(NODES - ours), coalition: equal(ours) };
    return `${(expectedGain('collude', network, { ...TERMS, seats }).wrongVerified * 100).toFixed(2)} %`;
  };
  const mean = of(0).reduce((sum, { honest, probability }) => sum + honest * probability, 0);
  const shares = [2, 4, 6, 8, 10].map((ours) => [`${(ours / NODES) * 100} % of the stake`, passes(ours)]);
  return { 'mean committee': mean.toFixed(1), ...Object.fromEntries(shares) };
};

/** The formula of the expected gain beside the mean of so many simulated queries. @param args a seed (default 1) */
export const cheating = async (args: readonly string[]): Promise<void> => {
  const seed = Number(args[0] ?? 1);
  const rows = CASES.map(({ strategy, name, network, terms }) => {
    const startedMs = performance.now();
    const { gainUnes, wrongVerified } = simulate(strategy, network, terms, QUERIES, seed);
    const formula = expectedGain(strategy, network, terms);
    return {
      strategy,
      case: name,
      'formula, unes a query': formula.gainUnes.toFixed(1),
      simulated: gainUnes.mean.toFixed(1),
      'standard error': gainUnes.standardError.toFixed(1),
      apart: `${((gainUnes.mean - formula.gainUnes) / gainUnes.standardError).toFixed(2)} s.e.`,
      'lie passes': `${(formula.wrongVerified * 100).toFixed(2)} / ${(wrongVerified.mean * 100).toFixed(2)} %`,
      s: ((performance.now() - startedMs) / 1_000).toFixed(1),
    };
  });
  process.stdout.write(`chance that a coalition passes its lie, by committee and stake (${NODES} equal nodes)\n`);
  console.table(Object.fromEntries([3, 5, 7, 11].map((seats) => [`${seats} seats`, chances(seats)])));
  process.stdout.write(`${QUERIES} simulated queries a row, seed ${seed}\n`);
  console.table(rows);
};
