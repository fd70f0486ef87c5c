import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { commitment, queryHash, sketchHash } from './commitment.ts';
import { frame, fromHex, toHex, u32, u64, u128, utf8 } from './encoding.ts';
import { afterFault, afterSuccess, cutFee, isMajority, partOf, sharePpm } from './money.ts';
import { alphaOf, firstModuleSeed, nextModuleSeed, qualifies, seedOf, weightOf } from './sortition.ts';

/** test/vectors/protocol.json: the same cases run in Rust (infra/chain/contract/tests/suite/protocol_vectors.rs). */

type Input = Readonly<Record<string, string>>;
interface Case {
  readonly name: string;
  readonly input: Input;
  readonly output: string;
}
const file = new URL('../../test/vectors/protocol.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: Case[] };

const int32s = (bytes: Uint8Array): number[] => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / 4 }, (_, i) => view.getInt32(4 * i));
};

/** The field of a case, in the type that the function under test takes. */
const of = (input: Input) => ({
  text: (key: string): string => input[key] ?? expect.fail(`the case has no ${key}`),
  hex: (key: string): Uint8Array => fromHex(input[key] ?? expect.fail(`the case has no ${key}`)),
  number: (key: string): number => Number(input[key] ?? expect.fail(`the case has no ${key}`)),
  amount: (key: string): bigint => BigInt(input[key] ?? expect.fail(`the case has no ${key}`)),
});

const compute: Readonly<Record<string, (input: Input) => Uint8Array | boolean | number | bigint | string>> = {
  share: (input) => sharePpm(of(input).number('reputation')),
  after_success: (input) => afterSuccess(of(input).number('reputation')),
  after_fault: (input) => afterFault(of(input).number('reputation')),
  slash: (input) => partOf(of(input).amount('stake'), of(input).amount('slash_ppm')),
  cut: (input) => {
    const reputations = of(input).text('reputations').split(',').map(Number);
    const { winners, agent, pool } = cutFee(of(input).amount('fee'), reputations, of(input).text('agent') === 'true');
    return `${winners.join()};${agent};${pool}`;
  },
  weight: (input) => {
    const { amount, number } = of(input);
    return weightOf(amount('bond'), amount('min_bond'), amount('bond_cap'), number('reputation'));
  },
  majority: (input) => {
    const { number } = of(input);
    return isMajority(number('agreeing'), number('committed'), number('seats'));
  },
  query_hash: (input) => {
    const { text, hex, number, amount } = of(input);
    return queryHash({
      chainId: text('chain_id'),
      contract: text('contract'),
      queryId: amount('query_id'),
      asker: text('asker'),
      model: hex('model'),
      inputHash: hex('input_hash'),
      seats: number('seats'),
      privacy: text('privacy'),
      maxUnits: amount('max_units'),
      feeUnes: amount('fee'),
    });
  },
  first_module_seed: (input) => firstModuleSeed(of(input).text('chain_id'), of(input).text('contract')),
  next_module_seed: (input) => nextModuleSeed(of(input).hex('module_seed'), of(input).hex('beta')),
  seed: (input) => {
    const { text, hex, number, amount } = of(input);
    return seedOf({
      chainId: text('chain_id'),
      contract: text('contract'),
      moduleSeed: hex('module_seed'),
      queryId: amount('query_id'),
      attempt: number('attempt'),
      height: amount('opened_height'),
      timeNs: amount('opened_time_ns'),
    });
  },
  alpha: (input) => alphaOf(of(input).hex('seed'), of(input).number('round')),
  sketch_hash: (input) => sketchHash(int32s(of(input).hex('sketch'))),
  commitment: (input) => {
    const { text, hex, number, amount } = of(input);
    const attempt = {
      chainId: text('chain_id'),
      contract: text('contract'),
      queryId: amount('query_id'),
      attempt: number('attempt'),
    };
    return commitment(attempt, {
      node: text('node'),
      digest: hex('digest'),
      sketchHash: hex('sketch_hash'),
      receiptsRoot: hex('receipts_root'),
      salt: hex('salt'),
    });
  },
  qualifies: (input) => {
    const { hex, number, amount } = of(input);
    const draw = {
      weight: amount('weight'),
      totalWeight: amount('total_weight'),
      seats: number('seats'),
      round: number('round'),
    };
    return qualifies(hex('beta'), draw);
  },
  opened: (input) => {
    const { hex, number, amount } = of(input);
    return frame('quorate/opened/v1', [
      u64(amount('query_id')),
      u32(number('attempt')),
      hex('query_hash'),
      hex('seed'),
      u64(amount('opened_height')),
      u32(number('seats')),
      u128(amount('total_weight')),
    ]);
  },
  asked: (input) =>
    frame('quorate/asked/v1', [
      u64(of(input).amount('query_id')),
      of(input).hex('query_hash'),
      of(input).hex('opened'),
    ]),
  committed: (input) => {
    const { text, hex, number, amount } = of(input);
    return frame('quorate/committed/v1', [
      u64(amount('query_id')),
      u32(number('attempt')),
      utf8(text('node')),
      hex('vrf_pubkey'),
      u128(amount('weight')),
      u32(number('round')),
      hex('commitment'),
    ]);
  },
  revealed: (input) => {
    const { text, number, amount } = of(input);
    return frame('quorate/revealed/v1', [
      u64(amount('query_id')),
      u32(number('attempt')),
      utf8(text('node')),
      utf8(text('outcome')),
    ]);
  },
  settled: (input) => {
    const { text, hex, number, amount } = of(input);
    return frame('quorate/settled/v1', [
      u64(amount('query_id')),
      u32(number('attempt')),
      utf8(text('outcome')),
      hex('digest'),
      u32(number('votes')),
      u32(number('committed')),
      hex('seats'),
      hex('opened_list'),
    ]);
  },
};

describe('protocol vectors, shared with Rust', () => {
  it.each(cases)('$name', ({ name, input, output }) => {
    const made = compute[name]?.(input) ?? expect.fail(`no function for ${name}`);
    expect(made instanceof Uint8Array ? toHex(made) : String(made)).toBe(output);
  });
});
