import { shareOf } from '../protocol/money.ts';
import { type Entry, move, type Place, type Role, STAGES, type Stage } from './entry.ts';

/** A transaction as far as money is concerned: IncludedTx of the chain port. */
export interface Transaction {
  readonly height: number;
  readonly code: number;
  readonly gasUsed: number;
  readonly feeUnes: bigint;
  readonly feePayer: string;
  readonly messages: readonly {
    readonly sender: string | undefined;
    readonly call: string | undefined;
    readonly queryId: number | undefined;
  }[];
}

/** One message about the query, with its share of the transaction's gas and fee. */
export interface Act extends Place {
  /** What the message called: `commit`, `reveal` ... */
  readonly call: string;
  readonly sender: string;
  readonly failed: boolean;
  readonly gasUsed: number;
  readonly feeUnes: bigint;
  readonly feePayer: string;
}

const STAGE_OF: Readonly<Record<string, Stage>> = {
  ask: 'ask',
  commit: 'commit',
  reveal: 'reveal',
  settle: 'settle',
  expire: 'expire',
};

/** Messages of one transaction that are about this query. */
export const actsOf = (queryId: number, txHash: string, tx: Transaction): Act[] =>
  tx.messages.flatMap(({ sender, call, queryId: about }, index) => {
    if (about !== queryId || call === undefined || sender === undefined) return [];
    return [
      {
        call,
        stage: STAGE_OF[call] ?? 'other',
        txHash,
        height: tx.height,
        sender,
        failed: tx.code !== 0,
        gasUsed: Number(shareOf(BigInt(tx.gasUsed), index, tx.messages.length)),
        feeUnes: shareOf(tx.feeUnes, index, tx.messages.length),
        feePayer: tx.feePayer,
      },
    ];
  });

const PAYS_AS: Readonly<Partial<Record<Stage, Role>>> = { ask: 'asker', commit: 'node', reveal: 'node' };

/** What the act cost whoever paid for it; paying for another's message makes no asker or node of him. */
export const gasEntries = ({ stage, txHash, height, sender, feeUnes, feePayer }: Act): Entry[] => {
  const role = feePayer === sender ? (PAYS_AS[stage] ?? 'sender') : 'sender';
  const validators = { account: 'validators', role: 'validators' } as const;
  return move({ account: feePayer, role }, validators, feeUnes, { stage, txHash, height });
};

export interface GasOfStage {
  readonly stage: Stage;
  readonly messages: number;
  readonly failed: number;
  readonly gasUsed: number;
  readonly feesUnes: bigint;
}

/** By stage, in the order in which stages come. */
export const gasByStage = (acts: readonly Act[]): GasOfStage[] => {
  const stages = new Set(acts.map(({ stage }) => stage));
  return STAGES.filter((stage) => stages.has(stage)).map((stage) => {
    const of = acts.filter((act) => act.stage === stage);
    return {
      stage,
      messages: of.length,
      failed: of.filter(({ failed }) => failed).length,
      gasUsed: of.reduce((sum, { gasUsed }) => sum + gasUsed, 0),
      feesUnes: of.reduce((sum, { feeUnes }) => sum + feeUnes, 0n),
    };
  });
};
