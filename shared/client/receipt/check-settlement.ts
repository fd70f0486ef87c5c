import type { ReceiptFile } from '../../chain/proof/receipt-file.ts';
import { commitment, sketchHash } from '../../protocol/commitment.ts';
import { equalBytes, toHex } from '../../protocol/encoding.ts';
import type { SeatOutcome } from '../../protocol/state.ts';
import { expectBytes, expectSame, refuse } from './checks.ts';
import type { Seat, Story } from './story.ts';

/** The reveal that goes with a seat's outcome in a settlement with a majority; other outcomes have no place in one. */
const REVEALED_AS: Partial<Record<SeatOutcome, SeatOutcome | 'none'>> = {
  majority: 'revealed',
  minority: 'revealed',
  mismatch: 'mismatch',
  late: 'late',
  absent: 'none',
};

/** A seat that revealed rightly: a vote. */
export interface Vote extends Seat {
  readonly reveal: NonNullable<Seat['reveal']>;
}

export const votesOf = ({ seats }: Story): Vote[] =>
  seats.flatMap((seat) => (seat.reveal?.answer.outcome === 'revealed' ? [{ ...seat, reveal: seat.reveal }] : []));

/** Exact models have no sketch, tolerant ones at least one number (docs/protocol.md sections 4 and 5). */
export const isExact = (votes: readonly Vote[]): boolean => votes.every(({ reveal }) => reveal.sketch.length === 0);

/** Every right reveal opens its seat's commitment, and every seat's outcome goes with its reveal. */
export const checkCommitments = ({ chainId, contract, queryId, attempt }: ReceiptFile, story: Story): void => {
  for (const { commit, reveal, settled } of story.seats) {
    const outcome = reveal?.answer.outcome ?? 'none';
    if (outcome !== REVEALED_AS[settled.outcome]) {
      refuse(`${settled.node} is ${settled.outcome}, its reveal ${outcome}`, 'an outcome that follows');
    }
    if (!reveal || outcome !== 'revealed') continue;
    const opened = { ...reveal, node: settled.node, sketchHash: sketchHash(reveal.sketch) };
    const made = commitment({ chainId, contract, queryId, attempt }, opened);
    expectBytes(`commitment of ${settled.node}`, commit.commitment, made);
  }
};

/** The contract's verdict, computed again (docs/protocol.md section 5). */
export const checkVotes = (story: Story): void => {
  const votes = votesOf(story);
  const { settled, ask } = story;
  const winners = votes.filter((vote) => vote.settled.outcome === 'majority');
  expectSame('number of votes', settled.votes, votes.length);
  if (!(winners.length * 2 > settled.committed && winners.length > Math.floor(ask.seats / 2))) {
    refuse(`${winners.length} of ${settled.committed} committed, ${ask.seats} wanted`, 'a majority of both');
  }
  if (isExact(votes)) checkExact(votes, settled.digest);
  else checkTolerant(votes, winners, settled.digest);
};

/** More than half is one digest's: so there can be no other largest set, and exactly its voters win. */
const checkExact = (votes: readonly Vote[], digest: Uint8Array): void => {
  for (const { reveal, settled } of votes) {
    const agrees = equalBytes(reveal.digest, digest);
    expectSame(`outcome of ${settled.node}`, settled.outcome, agrees ? 'majority' : 'minority');
  }
};

const distance = (a: Vote, b: Vote): number =>
  Math.max(...a.reveal.sketch.map((value, i) => Math.abs(value - (b.reveal.sketch[i] ?? value))));

/** The tolerance is not in the file; what can be checked without it is that the winners are closed and their medoid won. */
const checkTolerant = (votes: readonly Vote[], winners: readonly Vote[], digest: Uint8Array): void => {
  expectSame('number of sketch lengths', new Set(votes.map(({ reveal }) => reveal.sketch.length)).size, 1);
  const widest = Math.max(...winners.flatMap((a) => winners.map((b) => distance(a, b))));
  for (const vote of votes) {
    if (!winners.includes(vote) && winners.every((winner) => distance(vote, winner) <= widest)) {
      refuse(`${vote.settled.node} agrees and is in the minority`, 'the largest set to win');
    }
  }
  const sums = winners.map((a) => winners.reduce((sum, b) => sum + distance(a, b), 0));
  const medoid = winners[sums.indexOf(Math.min(...sums))] ?? refuse('no winner', 'a medoid');
  expectBytes(`digest of the medoid ${medoid.settled.node}`, digest, medoid.reveal.digest);
};

const PPM = 1_000_000n;
/** Bounds of `share(x)` and the agent's share (docs/protocol.md section 6), in ppm. */
const SHARE_PPM = { least: 600_000n, most: 800_000n, agent: 100_000n } as const;

export interface Payments {
  readonly feeUnes: bigint;
  /** What one member's share is cut from. */
  readonly sliceUnes: bigint;
  readonly paidUnes: bigint;
  /** Of the agent that the ask named, if any; the pool's if that cannot receive. */
  readonly agentUnes: bigint;
  readonly poolUnes: bigint;
}

/** Winners are paid from equal slices within the bounds that any reputation gives, nobody else is, and the fee suffices. */
export const checkPayments = ({ seats, ask }: Story): Payments => {
  const winners = BigInt(seats.filter((seat) => seat.settled.outcome === 'majority').length);
  const sliceUnes = ask.feeUnes / winners;
  let paidUnes = 0n;
  for (const { settled } of seats) {
    const { node, paidUnes: paid, slashedUnes: slashed } = settled;
    const wins = settled.outcome === 'majority';
    const [least, most] = wins ? [part(sliceUnes, SHARE_PPM.least), part(sliceUnes, SHARE_PPM.most)] : [0n, 0n];
    // A seat whose answer came far too late has voted but is paid nothing (section 10); the times that make it so are not in the file.
    const unpaid = wins && paid === 0n;
    if (!unpaid && (paid < least || paid > most))
      refuse(`${node} (${settled.outcome}) is paid ${paid}`, `${least} to ${most} unes`);
    if (wins && slashed !== 0n) refuse(`${node} of the majority is slashed ${slashed}`, '0 unes');
    paidUnes += paid;
  }
  const agentUnes = ask.agent === undefined ? 0n : part(ask.feeUnes, SHARE_PPM.agent);
  const poolUnes = ask.feeUnes - paidUnes - agentUnes;
  if (poolUnes < 0n) refuse(`${paidUnes} paid and ${agentUnes} for the agent`, `at most the fee ${ask.feeUnes}`);
  return { feeUnes: ask.feeUnes, sliceUnes, paidUnes, agentUnes, poolUnes };
};

const part = (amount: bigint, ppm: bigint): bigint => (amount * ppm) / PPM;

/** For reports: lower-case hex of what a seat revealed. */
export const revealedDigest = ({ reveal }: Seat): string | undefined => reveal && toHex(reveal.digest);
