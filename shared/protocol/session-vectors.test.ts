import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { frame, fromHex, toHex, u32, u64, u128, utf8 } from './encoding.ts';
import { merkleVerify } from './merkle.ts';
import {
  answerLeaf,
  challengeAlpha,
  challengePremium,
  chosenAnswer,
  isChallenged,
  namedAgent,
  publicLot,
  requestHash,
  sessionDrawAlpha,
  sessionPayment,
  sessionSeed,
  submissionHash,
} from './session.ts';

/** test/vectors/session.json: the same cases run in Rust (infra/chain/contract/tests/suite/session_vectors.rs). */

type Input = Readonly<Record<string, string>>;
interface Case {
  readonly name: string;
  readonly input: Input;
  readonly output: string;
}
const file = new URL('../../test/vectors/session.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: Case[] };

const of = (input: Input) => {
  const text = (key: string): string => input[key] ?? expect.fail(`the case has no ${key}`);
  const hex = (key: string): Uint8Array => fromHex(text(key));
  const number = (key: string): number => Number(text(key));
  const amount = (key: string): bigint => BigInt(text(key));
  const place = () => ({ chainId: text('chain_id'), contract: text('contract'), sessionId: hex('session_id') });
  return { text, hex, number, amount, place };
};
type Fields = ReturnType<typeof of>;

const chunks = (bytes: Uint8Array): Uint8Array[] =>
  Array.from({ length: bytes.length / 32 }, (_, i) => bytes.subarray(32 * i, 32 * (i + 1)));

/** A data frame of the contract: the fields of the case after the tag. */
const data = (tag: string, fields: readonly ((f: Fields) => Uint8Array)[]) => (f: Fields) =>
  frame(
    tag,
    fields.map((field) => field(f)),
  );
const hex = (key: string) => (f: Fields) => f.hex(key);
const text = (key: string) => (f: Fields) => utf8(f.text(key));
const wide = (key: string) => (f: Fields) => u128(f.amount(key));
const height = (key: string) => (f: Fields) => u64(f.amount(key));
const count = (key: string) => (f: Fields) => u32(f.number(key));
const id = hex('session_id');

const compute: Readonly<Record<string, (f: Fields) => Uint8Array | bigint | number | boolean | undefined>> = {
  session_seed: (f) =>
    sessionSeed(f.place(), {
      moduleSeed: f.hex('module_seed'),
      height: f.amount('locked_height'),
      timeNs: f.amount('locked_time_ns'),
    }),
  session_draw_alpha: (f) => sessionDrawAlpha(f.hex('seed')),
  session_request: (f) =>
    requestHash(f.place(), {
      sequence: f.number('sequence'),
      inputHash: f.hex('input_hash'),
      inputLimit: f.amount('input_limit'),
      outputLimit: f.amount('output_limit'),
    }),
  session_answer_leaf: (f) =>
    answerLeaf({
      requestHash: f.hex('request_hash'),
      digest: f.hex('digest'),
      inputTokens: f.amount('input_tokens'),
      outputTokens: f.amount('output_tokens'),
    }),
  session_submission: (f) =>
    submissionHash(f.hex('session_id'), {
      inputTokens: f.amount('input_tokens'),
      outputTokens: f.amount('output_tokens'),
      answers: f.number('answers'),
      answersRoot: f.hex('answers_root'),
    }),
  session_challenge_alpha: (f) => challengeAlpha(f.hex('seed'), f.hex('submission')),
  session_public_lot: (f) =>
    publicLot(f.hex('seed'), f.hex('submission'), f.hex('module_seed'), {
      height: f.amount('height'),
      timeNs: f.amount('time_ns'),
    }),
  session_payment: (f) =>
    sessionPayment(
      { inputTokens: f.amount('input_tokens'), outputTokens: f.amount('output_tokens') },
      { inputUnes: f.amount('price_in'), outputUnes: f.amount('price_out') },
      f.amount('lock'),
    ),
  session_premium: (f) => challengePremium(f.number('challenge_ppm'), f.amount('fee')),
  session_challenged: (f) => isChallenged(f.hex('lot'), f.number('challenge_ppm')),
  session_chosen_answer: (f) => chosenAnswer(f.hex('lot'), f.number('answers')),
  session_pick: (f) => namedAgent(f.hex('beta'), f.text('weights').split(',').filter(Boolean).map(BigInt)),
  merkle: (f) =>
    merkleVerify(f.hex('root'), f.hex('leaf'), f.number('index'), f.number('total'), chunks(f.hex('path'))),
  session_locked: data('quorate/session-locked/v1', [
    id,
    hex('seed'),
    hex('vrf_pubkey'),
    hex('model'),
    wide('lock'),
    wide('price_in'),
    wide('price_out'),
    height('deadline'),
  ]),
  session_registered: data('quorate/session-registered/v1', [id, text('node'), wide('weight'), height('deadline')]),
  session_submitted: data('quorate/session-submitted/v1', [
    id,
    hex('submission'),
    wide('payment'),
    wide('premium'),
    height('deadline'),
  ]),
  session_challenged_data: data('quorate/session-challenged/v1', [id, count('answer'), height('deadline')]),
  session_settled: data('quorate/session-settled/v1', [
    id,
    text('outcome'),
    wide('paid'),
    wide('refunded'),
    wide('pooled'),
    wide('slashed'),
  ]),
  session_opened: data('quorate/session-opened/v1', [id, count('answer'), hex('asked')]),
};

describe('session vectors, shared with Rust', () => {
  it.each(cases)('$name', ({ name, input, output }) => {
    const found = (compute[name] ?? expect.fail(`no function for ${name}`))(of(input));
    expect(found instanceof Uint8Array ? toHex(found) : String(found ?? 'none')).toBe(output);
  });

  it('leave out no function', () => {
    expect(new Set(cases.map(({ name }) => name))).toEqual(new Set(Object.keys(compute)));
  });
});
