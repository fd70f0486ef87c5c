import { z } from 'zod';
import { fromBase64 } from '../../protocol/encoding.ts';
import type { QueryInput } from '../../protocol/state.ts';
import {
  type Asked,
  type Committed,
  type Opened,
  type Revealed,
  readAsked,
  readCommitted,
  readRevealed,
  readSettled,
  type Settled,
} from './answers.ts';
import { decodeOutcome, type Execution, executions } from './execution.ts';

/** The messages that make up a query's life, each with what the contract answered. */

export interface AskStep {
  readonly kind: 'ask';
  readonly asker: string;
  readonly model: Uint8Array;
  readonly inputHash: Uint8Array;
  readonly input: QueryInput;
  readonly seats: number;
  readonly privacy: string;
  readonly maxUnits: number;
  readonly agent: string | undefined;
  readonly feeUnes: bigint;
  readonly denom: string;
  readonly answer: Asked;
}

export interface CommitStep {
  readonly kind: 'commit';
  readonly sender: string;
  readonly queryId: number;
  readonly round: number;
  readonly proof: Uint8Array;
  readonly commitment: Uint8Array;
  readonly answer: Committed;
}

export interface RevealStep {
  readonly kind: 'reveal';
  readonly sender: string;
  readonly queryId: number;
  readonly digest: Uint8Array;
  readonly sketch: readonly number[];
  readonly receiptsRoot: Uint8Array;
  readonly salt: Uint8Array;
  readonly answer: Revealed;
}

/** Settle or Expire: both answer the same and can both open another query's attempt. */
export interface SettleStep {
  readonly kind: 'settle';
  readonly queryId: number;
  readonly answer: Settled;
}

export type Step = AskStep | CommitStep | RevealStep | SettleStep;

const binary = z.string().transform((value, context) => {
  try {
    return fromBase64(value);
  } catch {
    context.addIssue('expected canonical base64');
    return z.NEVER;
  }
});
const id = z.int().nonnegative();

const Message = z.union([
  z.object({
    ask: z.object({
      model: binary,
      input_hash: binary,
      input: z.union([z.strictObject({ uri: z.string() }), z.strictObject({ inline: binary })]),
      seats: id,
      privacy: z.string(),
      max_units: id,
      agent: z.string().nullish(),
    }),
  }),
  z.object({ commit: z.object({ query_id: id, round: id, proof: binary, commitment: binary }) }),
  z.object({
    reveal: z.object({
      query_id: id,
      digest: binary,
      sketch: z.array(z.int()),
      receipts_root: binary,
      salt: binary,
    }),
  }),
  z.object({ settle: z.object({ query_id: id }) }),
  z.object({ expire: z.object({ query_id: id }) }),
]);

const KINDS = ['ask', 'commit', 'reveal', 'settle', 'expire'];

/**
 * The step that an execution is, or undefined for a message that no proof needs (bonds, models ...).
 * @throws {RangeError | z.ZodError} when message and answer do not fit together or are not what the contract understands
 */
export const stepOf = ({ sender, msg, funds, data }: Execution): Step | undefined => {
  const json: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(msg));
  const [kind] = typeof json === 'object' && json !== null ? Object.keys(json) : [];
  if (kind === undefined || !KINDS.includes(kind)) return undefined;
  const message = Message.parse(json, { jitless: true });
  if ('ask' in message) {
    const { model, input_hash, input, seats, privacy, max_units, agent } = message.ask;
    const [fee, ...more] = funds;
    if (fee === undefined || more.length > 0) throw new RangeError(`an ask pays one coin, received ${funds.length}`);
    return {
      kind: 'ask',
      asker: sender,
      model,
      inputHash: input_hash,
      input,
      seats,
      privacy,
      maxUnits: max_units,
      agent: agent ?? undefined,
      feeUnes: BigInt(fee.amount),
      denom: fee.denom,
      answer: readAsked(data),
    };
  }
  if ('commit' in message) {
    const { query_id, round, proof, commitment } = message.commit;
    return { kind: 'commit', sender, queryId: query_id, round, proof, commitment, answer: readCommitted(data) };
  }
  if ('reveal' in message) {
    const { query_id, digest, sketch, receipts_root, salt } = message.reveal;
    const answer = readRevealed(data);
    return { kind: 'reveal', sender, queryId: query_id, digest, sketch, receiptsRoot: receipts_root, salt, answer };
  }
  const { query_id } = 'settle' in message ? message.settle : message.expire;
  return { kind: 'settle', queryId: query_id, answer: readSettled(data) };
};

/** Attempts that a step opened. */
export const openedBy = (step: Step): readonly Opened[] => {
  if (step.kind === 'ask') return step.answer.opened === undefined ? [] : [step.answer.opened];
  return step.kind === 'settle' ? step.answer.opened : [];
};

/** Whether a proof of this attempt needs the step. */
export const isNeeded = (step: Step, queryId: number, attempt: number): boolean => {
  const opens = openedBy(step).some((o) => o.queryId === queryId && o.attempt === attempt);
  const { answer } = step;
  if (step.kind === 'ask') return answer.queryId === queryId || opens;
  if (step.kind !== 'settle') return step.answer.queryId === queryId && step.answer.attempt === attempt;
  const settles = step.answer.outcome === 'verified' && answer.queryId === queryId;
  return opens || settles;
};

/**
 * The steps in a transaction at this contract, in order.
 * @param tx TxRaw @param result its deterministic result
 * @throws {RangeError | z.ZodError} when the transaction failed, or bytes do not decode
 */
export const stepsIn = (tx: Uint8Array, result: Uint8Array, contract: string): Step[] => {
  const outcome = decodeOutcome(result);
  if (outcome.code !== 0) throw new RangeError(`the transaction failed with code ${outcome.code}`);
  return executions(tx, outcome)
    .filter((execution) => execution.contract === contract)
    .flatMap((execution) => stepOf(execution) ?? []);
};
