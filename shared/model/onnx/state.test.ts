import { describe, expect, it } from 'vitest';
import { importModel } from './import-model.ts';
import { stateTensors } from './state.ts';
import { node } from './testdata/build.ts';
import { contents, cutBy, smallFile } from './testdata/cutting.ts';
import { refusal } from './testdata/refusal.ts';

/** Two layers with a state each: a reads past_0, makes now_0; c reads past_1, makes now_1. */
const layers = () =>
  smallFile(
    [
      node('Op', ['in', 'past_0'], ['a', 'now_0']),
      node('Neg', ['a'], 'b'),
      node('Op', ['b', 'past_1'], ['c', 'now_1']),
      node('Neg', ['c'], 'out'),
    ],
    { inputs: ['in', 'past_0', 'past_1'], outputs: ['out', 'now_0', 'now_1'] },
  );
const state = [0, 1].map((i) => ({ input: `past_${i}`, output: `now_${i}` }));

describe('states', () => {
  it('stay in their stages, after the bundle', () => {
    const stages = cutBy(layers(), ['a b', 'c', 'out'], { state });
    expect(stages.map(({ inputs, outputs, state }) => [inputs, outputs, state])).toEqual([
      [['in'], ['b'], [state[0]]],
      [['b'], ['c'], [state[1]]],
      [['c'], ['out'], []],
    ]);
    expect(stages.map(contents).map((s) => [s.in, s.out])).toEqual([
      ['in past_0', 'b now_0'],
      ['b past_1', 'c now_1'],
      ['c', 'out'],
    ]);
  });

  it('travel like other tensors when they are not named', () => {
    expect(cutBy(layers(), ['a b', 'c', 'out']).map((s) => s.outputs.join(' '))).toEqual([
      'past_1 now_0 b',
      'now_0 c now_1',
      'out now_0 now_1',
    ]);
  });

  it('are refused when their users are in several stages', () => {
    const split = smallFile([node('Add', ['in', 'h'], 'a'), node('Neg', ['a'], 'hn'), node('Neg', ['hn'], 'out')], {
      inputs: ['in', 'h'],
      outputs: ['out', 'hn'],
    });
    const pair = [{ input: 'h', output: 'hn' }];
    expect(refusal(() => cutBy(split, ['a', 'hn out'], { state: pair }))).toMatchObject({
      code: 'state-split',
      details: { input: 'h', output: 'hn', stages: [0, 1] },
    });
    // A later stage may read what a state becomes: it is in the bundle then, and the graph gives it out once.
    const stages = cutBy(split, ['a hn', 'out'], { state: pair });
    expect(stages.map((s) => [s.outputs.join(), contents(s).out])).toEqual([
      ['hn', 'hn'],
      ['out', 'out'],
    ]);
    expect(stages[0]?.state).toEqual(pair);
  });

  it('are refused when the model has no such input or output', () => {
    for (const pair of [
      { input: 'past_2', output: 'now_0' },
      { input: 'past_0', output: 'a' },
    ]) {
      expect(refusal(() => cutBy(layers(), ['a', 'c'], { state: [pair] })).code).toBe('state-unknown');
    }
  });
});

describe('names of states', () => {
  it.each([
    ['past_key_values.0.key', 'present.0.key'],
    ['past_key_values.11.decoder.value', 'present.11.decoder.value'],
    ['past.3.key', 'present.3.key'],
    ['past_0', 'present_0'],
    ['h', 'hn'],
    ['c0', 'cn'],
    ['h_0', 'h_n'],
    ['state', 'stateN'],
  ])('%s becomes %s', (input, output) => {
    const file = smallFile([node('Op', ['in', input], ['out', output])], {
      inputs: ['in', input],
      outputs: ['out', output],
    });
    expect(stateTensors(importModel(file).model.graph)).toEqual([{ input, output }]);
  });

  it('pair nothing that the model does not give out', () => {
    const file = smallFile([node('Op', ['in', 'h', 'past_key_values.0.key'], 'out')], {
      inputs: ['in', 'h', 'past_key_values.0.key'],
    });
    expect(stateTensors(importModel(file).model.graph)).toEqual([]);
  });
});
