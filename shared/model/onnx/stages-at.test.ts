import { describe, expect, it } from 'vitest';
import { openModel } from './import-model.ts';
import { type BoundaryTensor, stagesAt } from './stages-at.ts';
import { node } from './testdata/build.ts';
import { contents, smallFile } from './testdata/cutting.ts';
import { refusal } from './testdata/refusal.ts';
import { TINY_CUTS, tinyOnnx } from './testdata/tiny-onnx.ts';

const at = (name: string): BoundaryTensor => ({ name, dtype: 'float32', dims: [1] });

describe('cutting at named tensors', () => {
  it('puts what each needs before it', () => {
    const stages = stagesAt(
      openModel(tinyOnnx()),
      TINY_CUTS.map((cut) => [cut]),
    );
    expect(stages.map(contents)).toEqual([
      { in: 'bytes_in', nodes: 'x', out: 'x', weights: '' },
      { in: 'x', nodes: 'x3 y', out: 'y', weights: 'three seven' },
      { in: 'y', nodes: 'y5 z', out: 'z', weights: 'five one' },
      { in: 'z', nodes: 'wrapped bytes_out', out: 'bytes_out', weights: 'wrap' },
    ]);
    expect(stagesAt(openModel(tinyOnnx()), [])).toHaveLength(1);
  });

  it('takes several tensors at once, and asks for the type of one that passes beside them', () => {
    const skip = openModel(
      smallFile(
        [
          node('Neg', ['in'], 'a'),
          node('Neg', ['a'], 'side'),
          node('Neg', ['a'], 'b'),
          node('Neg', ['side'], 'later'),
          node('Add', ['b', 'later'], 'out'),
        ],
        { declared: false },
      ),
    );
    const [first, second] = stagesAt(skip, [[at('b'), at('side')]]);
    expect([first?.outputs, second?.inputs]).toEqual([
      ['side', 'b'],
      ['side', 'b'],
    ]);
    expect(refusal(() => stagesAt(skip, [[at('b')]])).details).toEqual({ tensor: 'a' });
  });

  it('refuses a tensor that no node computes, and a stage of nothing', () => {
    const model = openModel(tinyOnnx());
    for (const name of ['nothing', 'bytes_in', 'three']) {
      expect(refusal(() => stagesAt(model, [[at(name)]])).code).toBe('unknown-tensor');
    }
    expect(refusal(() => stagesAt(model, [[at('y')], [at('x')]])).code).toBe('stage-empty');
  });
});
