import { describe, expect, it } from 'vitest';
import { classify, classifyText, messageIndexOf, SDK_CODES, type Verdict } from '../../shared/chain/lanes/codes.ts';

const sdk = (code: number) => classify({ code, codespace: 'sdk' });

describe('what an ABCI code means', () => {
  it.each<[number, Verdict]>([
    [4, 'account'],
    [5, 'account'],
    [8, 'account'],
    [9, 'account'],
    [11, 'more-gas'],
    [13, 'more-fee'],
    [18, 'final'],
    [19, 'accepted'],
    [20, 'same-bytes-later'],
    [21, 'fewer-messages'],
    [30, 'sign-again'],
    [32, 'sign-again'],
    [37, 'ordered-only'],
    [41, 'fewer-messages'],
    [42, 'sign-again'],
  ])('sdk %i is %s', (code, verdict) => expect(sdk(code)).toBe(verdict));

  it('takes 0 for accepted in any codespace', () => expect(classify({ code: 0, codespace: '' })).toBe('accepted'));

  it.each(['wasm', 'authz', 'feegrant', 'undefined'])('takes every code of codespace %s for final', (codespace) => {
    for (const { code } of SDK_CODES) expect(classify({ code, codespace })).toBe('final');
  });

  it('takes a code that it does not know for final', () => expect(sdk(111_222)).toBe('final'));
});

describe('the message that a log names', () => {
  it.each([
    ['failed to execute message; message index: 3: too early: execute wasm contract failed', 3],
    ["rpc error: code = Unknown desc = failed to execute message; message index: 0: x with gas used: '1'", 0],
    ['out of gas in location: WriteFlat; gasWanted: 1, gasUsed: 2: out of gas', undefined],
    ['message index: 2', undefined],
    ['failed to execute message; message index: 1: contract says failed to execute message; message index: 9: x', 1],
  ])('%s', (log, index) => expect(messageIndexOf(log)).toBe(index));
});

describe('what a refused simulation means', () => {
  const wrapped = (text: string) => `rpc error: code = Unknown desc = ${text} with gas used: '1'`;
  it.each<[string, Verdict]>([
    ['account sequence mismatch, expected 5, got 4: incorrect account sequence', 'sign-again'],
    ['unordered transactions are not enabled: feature not supported', 'ordered-only'],
    ['failed to execute message; message index: 0: who are you: unauthorized', 'final'],
    ['something else', 'final'],
  ])('%s', (text, verdict) => expect(classifyText(wrapped(text))).toBe(verdict));
});
