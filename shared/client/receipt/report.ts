import { headerTimeMs } from '../../chain/proof/header.ts';
import type { ReceiptFile } from '../../chain/proof/receipt-file.ts';
import type { ResultKind } from '../../chain/proof/result-kind.ts';
import type { Manifest } from '../../model/manifest.ts';
import { toHex } from '../../protocol/encoding.ts';
import type { QueryInput, SeatOutcome } from '../../protocol/state.ts';
import type { HeaderChain } from './check-chain.ts';
import { isExact, type Payments, revealedDigest, votesOf } from './check-settlement.ts';
import type { MemberWork } from './check-work.ts';
import type { Story } from './story.ts';

/** What a receipt file proves. Hashes are lower-case hex, but header hashes upper-case as CometBFT writes them; amounts in unes. */
export interface VerifiedReceipt {
  /** Whether the anchor is a header hash that the caller trusts. If not, the file only agrees with itself. */
  readonly anchored: boolean;
  readonly anchor: { readonly height: number; readonly hash: string; readonly timeMs: number };
  readonly chainId: string;
  /** Trusted as the caller trusts this address: another contract could answer anything. */
  readonly contract: string;
  readonly query: {
    readonly id: number;
    readonly hash: string;
    readonly asker: string;
    readonly model: string;
    readonly modelName: string;
    readonly inputHash: string;
    readonly input: QueryInput;
    readonly seats: number;
    readonly privacy: string;
    readonly maxUnits: number;
    readonly feeUnes: bigint;
    readonly denom: string;
    readonly agent: string | undefined;
    readonly askedHeight: number;
    readonly askedMs: number;
  };
  readonly attempt: { readonly number: number; readonly seed: string; readonly openedHeight: number };
  /** In commit order. */
  readonly committee: readonly SeatReport[];
  readonly votes: {
    readonly rule: 'exact' | 'tolerant';
    readonly majority: number;
    /** Seats that revealed rightly. */
    readonly revealed: number;
    readonly committed: number;
  };
  readonly payments: Payments;
  /** Of members whose receipts are in the file. */
  readonly stages: readonly StageReport[];
  /** Members of the majority whose receipts are not in the file: their roots are bound, their work is not shown. */
  readonly receiptsNotIncluded: readonly string[];
  readonly digest: string;
  readonly settledHeight: number;
  readonly settledMs: number;
  /** Undefined when the file leaves the bytes out. */
  readonly result: Uint8Array | undefined;
  readonly resultKind: ResultKind | undefined;
  /** The result where it is UTF-8 text. */
  readonly text: string | undefined;
  /** Whether the input's bytes, from the ask or given by the caller, were seen to be those asked about. */
  readonly inputChecked: boolean;
  /** Names of the checks that the file passed. */
  readonly checks: readonly string[];
}

export interface SeatReport {
  readonly node: string;
  readonly vrfPublicKey: string;
  readonly round: number;
  readonly weight: bigint;
  readonly totalWeight: bigint;
  /** Chance of a seat in this round, at most 1. */
  readonly seatChance: number;
  readonly committedHeight: number;
  readonly outcome: SeatOutcome;
  /** What the seat revealed, if it did. */
  readonly digest: string | undefined;
  readonly paidUnes: bigint;
  readonly slashedUnes: bigint;
}

export interface StageReport {
  readonly node: string;
  readonly stage: number;
  readonly shard: string;
  readonly inRoot: string;
  readonly outRoot: string;
  readonly runtimeClass: string;
  readonly units: number;
  readonly startedMs: number;
  readonly endedMs: number;
}

export interface Findings {
  readonly file: ReceiptFile;
  readonly chain: HeaderChain;
  readonly story: Story;
  readonly manifest: Manifest;
  readonly work: readonly MemberWork[];
  readonly payments: Payments;
  readonly resultKind: ResultKind | undefined;
  readonly anchored: boolean;
  readonly inputChecked: boolean;
  readonly checks: readonly string[];
}

export const reportOf = (f: Findings): VerifiedReceipt => {
  const { file, story, chain } = f;
  const { ask, settled } = story;
  const committee = story.seats.map((seat) => seatReport(seat, story));
  const majority = committee.filter((seat) => seat.outcome === 'majority').map((seat) => seat.node);
  const shown = new Set(f.work.map((member) => member.node));
  return {
    anchored: f.anchored,
    anchor: { ...file.anchor, timeMs: headerTimeMs(chain.at(chain.last)) },
    chainId: file.chainId,
    contract: file.contract,
    query: {
      id: file.queryId,
      hash: toHex(ask.answer.queryHash),
      asker: ask.asker,
      model: toHex(ask.model),
      modelName: f.manifest.name,
      inputHash: toHex(ask.inputHash),
      input: ask.input,
      seats: ask.seats,
      privacy: ask.privacy,
      maxUnits: ask.maxUnits,
      feeUnes: ask.feeUnes,
      denom: ask.denom,
      agent: ask.agent,
      askedHeight: ask.height,
      askedMs: headerTimeMs(chain.at(ask.height)),
    },
    attempt: { number: file.attempt, seed: toHex(story.opened.seed), openedHeight: story.opened.openedHeight },
    committee,
    votes: {
      rule: isExact(votesOf(story)) ? 'exact' : 'tolerant',
      majority: majority.length,
      revealed: settled.votes,
      committed: settled.committed,
    },
    payments: f.payments,
    stages: f.work.flatMap(stageReports),
    receiptsNotIncluded: majority.filter((node) => !shown.has(node)),
    digest: toHex(settled.digest),
    settledHeight: story.settledHeight,
    settledMs: headerTimeMs(chain.at(story.settledHeight)),
    result: file.result,
    resultKind: f.resultKind,
    text: f.resultKind === 'raw' ? textOf(file.result) : undefined,
    inputChecked: f.inputChecked,
    checks: f.checks,
  };
};

const seatReport = (seat: Story['seats'][number], { opened }: Story): SeatReport => {
  const { vrfPublicKey, weight, round } = seat.commit.answer;
  const threshold = Number(BigInt(opened.seats) * weight) * 2 ** round;
  return {
    node: seat.settled.node,
    vrfPublicKey: toHex(vrfPublicKey),
    round,
    weight,
    totalWeight: opened.totalWeight,
    seatChance: Math.min(1, threshold / Number(opened.totalWeight)),
    committedHeight: seat.commit.height,
    outcome: seat.settled.outcome,
    digest: revealedDigest(seat),
    paidUnes: seat.settled.paidUnes,
    slashedUnes: seat.settled.slashedUnes,
  };
};

const stageReports = ({ node, stages }: MemberWork): StageReport[] =>
  stages.map(({ receipt: r }) => ({
    node,
    stage: r.stage,
    shard: toHex(r.shard),
    inRoot: toHex(r.inRoot),
    outRoot: toHex(r.outRoot),
    runtimeClass: r.runtimeClass,
    units: r.units,
    startedMs: r.startedMs,
    endedMs: r.endedMs,
  }));

const textOf = (bytes: Uint8Array | undefined): string | undefined => {
  try {
    return bytes && new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
};
