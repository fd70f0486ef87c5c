import type { Opened, Settled } from '../../chain/proof/answers.ts';
import type { ReceiptFile } from '../../chain/proof/receipt-file.ts';
import {
  type AskStep,
  type CommitStep,
  isNeeded,
  openedBy,
  type RevealStep,
  type Step,
  stepsIn,
} from '../../chain/proof/steps.ts';
import { queryHash } from '../../protocol/commitment.ts';
import type { HeaderChain } from './check-chain.ts';
import { expectBytes, expectSame, refuse } from './checks.ts';

/** A step and the height of its block. */
type At<T> = T & { readonly height: number };

/** One seat of the committee: its commit, its reveal if any, and what the settlement says of it. */
export interface Seat {
  readonly commit: At<CommitStep>;
  readonly reveal: At<RevealStep> | undefined;
  readonly settled: Settled['seats'][number];
}

/** What happened, as the headers prove it. */
export interface Story {
  readonly ask: At<AskStep>;
  readonly opened: Opened;
  /** In commit order. */
  readonly seats: readonly Seat[];
  readonly settled: Settled & { readonly digest: Uint8Array };
  readonly settledHeight: number;
}

/** Reads the transactions and puts the story together: nothing missing, nothing twice, nothing that does not belong. */
export const readStory = (file: ReceiptFile, chain: HeaderChain): Story => {
  const steps = file.txs.flatMap(({ tx, result, height }, i) => {
    const needed = stepsIn(tx, result, file.contract).filter((step) => isNeeded(step, file.queryId, file.attempt));
    if (needed.length === 0) refuse(`transaction ${i} has no part in the query`, 'only what the proof needs');
    return needed.map((step): At<Step> => ({ ...step, height }));
  });
  const asks = steps.filter((step) => step.kind === 'ask');
  const settles = steps.filter((step) => step.kind === 'settle');
  // The settlement of another query may have opened this one: only this query's own is the verdict.
  const verdicts = settles.filter(({ answer }) => answer.outcome === 'verified' && answer.queryId === file.queryId);
  const ask = only('ask', asks);
  const verdict = only('settlement', verdicts);
  const opening = only(
    'opening',
    steps.flatMap((step) => openings(step, file)),
  );
  const { answer } = verdict;
  const { digest } = answer;
  expectSame('attempt that was settled', answer.attempt, file.attempt);
  expectSame('height of the first header', chain.first, ask.height);
  expectSame('height of the anchor', chain.last, verdict.height + 1);
  expectSame('height of the opening', opening.opened.openedHeight, opening.height);
  if (digest === undefined) return refuse('settlement without a digest', '32 bytes');
  return {
    ask,
    opened: opening.opened,
    seats: seatsOf(steps, answer),
    settled: { ...answer, digest },
    settledHeight: verdict.height,
  };
};

const openings = (step: At<Step>, { queryId, attempt }: ReceiptFile): { opened: Opened; height: number }[] =>
  openedBy(step)
    .filter((opened) => opened.queryId === queryId && opened.attempt === attempt)
    .map((opened) => ({ opened, height: step.height }));

const only = <T>(what: string, found: readonly T[]): T => {
  const [one] = found;
  if (one === undefined || found.length > 1) return refuse(`${found.length} times ${what}`, 'exactly one');
  return one;
};

const seatsOf = (steps: readonly At<Step>[], settled: Settled): Seat[] => {
  const commits = steps.filter((s) => s.kind === 'commit');
  const reveals = steps.filter((s) => s.kind === 'reveal');
  expectSame('number of commits', commits.length, settled.seats.length);
  expectSame('number of committed seats', settled.committed, settled.seats.length);
  const seats = commits.map((commit, i): Seat => {
    const seat = settled.seats[i] ?? refuse(`no seat ${i}`, 'one for each commit');
    expectSame(`node of commit ${i}`, commit.answer.node, seat.node);
    expectSame(`sender of commit ${i}`, commit.sender, seat.node);
    expectSame(`round of commit ${i}`, commit.round, commit.answer.round);
    expectBytes(`commitment of commit ${i}`, commit.commitment, commit.answer.commitment);
    const mine = reveals.filter((reveal) => reveal.answer.node === seat.node);
    const reveal = mine.length === 0 ? undefined : only(`reveal of ${seat.node}`, mine);
    if (reveal) expectSame(`sender of the reveal of ${seat.node}`, reveal.sender, seat.node);
    return { commit, reveal, settled: seat };
  });
  expectSame('number of nodes', new Set(seats.map((seat) => seat.settled.node)).size, seats.length);
  expectSame('number of reveals', reveals.length, seats.filter((seat) => seat.reveal).length);
  return seats;
};

/** The question: its hash is made of the ask's own words, and the attempt was opened for it. */
export const checkQuestion = (file: ReceiptFile, { ask, opened }: Story): void => {
  const { chainId, contract, queryId } = file;
  expectBytes(
    'query hash in the answer to the ask',
    ask.answer.queryHash,
    queryHash({ ...ask, chainId, contract, queryId }),
  );
  expectBytes('query hash of the opening', opened.queryHash, ask.answer.queryHash);
  expectSame('seats of the opening', opened.seats, ask.seats);
};
