import type { Cheating } from '../answers.ts';
import { table } from './table.ts';

/** What cheating would bring, for people (docs/economics.md explains each figure). */

const DOES: Readonly<Record<string, string>> = {
  honest: 'works honestly',
  guess: 'makes up an answer',
  copy: "copies another's commitment",
  withhold: 'never reveals',
  'share-run': 'run once, all give that answer',
  collude: 'agree on a lie',
};

const percent = (part: number): string => `${(part * 100).toFixed(part > 0 && part < 0.01 ? 2 : 0)} %`;
const unes = (amount: number): string => String(Math.round(amount));

/** What keeps the answer right: the work itself, and doing it once for several seats. */
const HARMLESS: ReadonlySet<string> = new Set(['honest', 'share-run']);

/** The one sentence of a list. */
export const cheatingSummary = ({ strategies }: Cheating): string => {
  const worst = strategies.reduce<Cheating['strategies'][number] | undefined>(
    (best, row) =>
      !HARMLESS.has(row.strategy) && (!best || row.againstHonestUnes > best.againstHonestUnes) ? row : best,
    undefined,
  );
  if (!worst) return 'cheating: not reckoned';
  const gain = worst.againstHonestUnes;
  return `cheating ${gain > 0 ? 'gains up to' : 'loses at least'} ${unes(Math.abs(gain))} a query`;
};

export const cheatingLines = (cheating: Cheating): string[] => {
  const { assumed: a, strategies, breakEvenStakeShare, breakEvenGuessRate, minimumBondForCoinUnes } = cheating;
  return [
    `expected gain from cheating, unes per query (${a.nodes} equal nodes with bonds of ${a.bondUnes}, committees of ${a.seats}, fee ${a.feeUnes}):`,
    ...table(
      [
        ['  who', 'stake', 'gain', 'vs honest', 'caught', 'lie passes', 'pays if a lie is worth over'],
        ...strategies.map((row) => [
          `  ${row.nodes === 1 ? 'one node' : `${row.nodes} nodes`} ${DOES[row.strategy] ?? row.strategy}`,
          percent(row.stakeShare),
          unes(row.gainUnes),
          unes(row.againstHonestUnes),
          percent(row.catchRate),
          percent(row.wrongVerified),
          row.paysAbovePrizeUnes === null ? '-' : unes(row.paysAbovePrizeUnes),
        ]),
      ],
      [1, 2, 3, 4, 5, 6],
    ),
    breakEvenStakeShare === null
      ? '  a lie that is worth nothing in itself pays at no share of the stake below all of it'
      : `  a lie that is worth nothing in itself pays from ${percent(breakEvenStakeShare)} of the stake on`,
    `  made-up answers pay only if more than ${(breakEvenGuessRate * 100).toFixed(1)} % of them are right`,
    ...(minimumBondForCoinUnes === null
      ? []
      : [
          `  for questions with two answers a bond of ${minimumBondForCoinUnes} unes is the least that deters from guessing`,
        ]),
    `  assumed: a run costs as much as a seat pays (${unes(a.payUnes)} unes), the worst case; a fault costs ${unes(a.slashUnes)} of the bond`,
  ];
};
