import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Fate, judge } from '../../shared/chain/lanes/outcome.ts';
import type { Member } from '../../shared/chain/lanes/rows.ts';

const members = (count: number, change: Partial<Member> = {}): Member[] =>
  Array.from({ length: count }, (_, i) => ({ txId: `${i}`, signatures: 0, outOfGas: 0, sizeBytes: 100, ...change }));
const sdk = (code: number, log = '') => ({ code, codespace: 'sdk', log });
const kinds = (fates: readonly Fate[]) => fates.map(({ kind }) => kind);
const histories = (fates: readonly Fate[]) => fates.flatMap((fate) => (fate.kind === 'again' ? [fate.member] : []));

describe('what a batch that failed means for each of its messages', () => {
  it('is nothing when it succeeded', () => {
    expect(kinds(judge(members(2), { code: 0, codespace: '', log: '' }))).toEqual(['done', 'done']);
  });

  it('is the end of the one that is named, whatever the code', () => {
    const log = 'failed to execute message; message index: 1: no: execute wasm contract failed';
    for (const codespace of ['wasm', 'sdk', 'authz'])
      expect(kinds(judge(members(3), { code: 5, codespace, log }))).toEqual(['again', 'failed', 'again']);
  });

  it('is half a batch when none is named, and the end of one that is alone', () => {
    const panic = { code: 111_222, codespace: 'undefined', log: 'recovered: runtime error' };
    expect(histories(judge(members(5), panic)).map(({ together }) => together)).toEqual([2, 2, 2, 2, 2]);
    expect(kinds(judge(members(1), panic))).toEqual(['failed']);
    // An index beyond the batch is the node's nonsense, not a name.
    const log = 'failed to execute message; message index: 9: x';
    expect(kinds(judge(members(2), { code: 5, codespace: 'wasm', log }))).toEqual(['again', 'again']);
  });

  it('is more gas, twice, then half a batch, then the end', () => {
    expect(histories(judge(members(2), sdk(11))).map(({ outOfGas }) => outOfGas)).toEqual([1, 1]);
    expect(histories(judge(members(2, { outOfGas: 2 }), sdk(11))).map(({ together }) => together)).toEqual([1, 1]);
    expect(kinds(judge(members(1, { outOfGas: 2 }), sdk(11)))).toEqual(['failed']);
  });

  it('is the end of all when the account is to blame, and nobody is to blame for a clash', () => {
    expect(kinds(judge(members(2), sdk(5)))).toEqual(['failed', 'failed']);
    for (const code of [13, 20, 30, 32, 42])
      expect(judge(members(2), sdk(code))).toEqual(members(2).map((member) => ({ kind: 'again', member })));
  });
});

it('comes to an end: a batch that always fails is taken apart in few steps', () => {
  const codes = fc.constantFrom(sdk(11), sdk(21), sdk(18), { code: 5, codespace: 'wasm', log: '' });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 32 }), codes, (count, answer) => {
      let steps = 0;
      let waiting = members(count);
      while (waiting.length > 0) {
        expect(++steps).toBeLessThan(3 * 32 + 8);
        const most = Math.min(...waiting.map(({ together }) => together ?? waiting.length));
        const [batch, rest] = [waiting.slice(0, most), waiting.slice(most)];
        waiting = [...histories(judge(batch, answer)), ...rest];
      }
    }),
  );
});
