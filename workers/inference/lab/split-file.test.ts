import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readModel } from '../../../shared/model/onnx/model-file.ts';
import { float32Tensor } from '../../../shared/model/tensors.ts';
import type { TensorBytes } from '../../../shared/protocol/digest.ts';
import { compareCut } from '../compare-cut.ts';
import { ocrPackage } from '../install-ocr.ts';
import { onnxEngine } from '../onnx-engine.ts';
import { defaultRuntime } from '../runtime.ts';
import { branchingOnnx, lstmOnnx } from '../testdata/split-models.ts';
import { openOnnxFile } from './onnx-file.ts';
import { splitFile } from './split-file.ts';
import { LAYER_BYTES, layeredOnnx, writeLayered } from './testdata/layered-onnx.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lab-split-'));
});
afterAll(() => rm(folder, { recursive: true }));

let count = 0;
const split = async (path: string, stages: number, dims: Record<string, number> = {}) => {
  count += 1;
  const out = join(folder, `out-${count}`);
  return { out, ...(await splitFile(await openOnnxFile(path), { stages, dims, folder, out })) };
};

const put = async (name: string, bytes: Uint8Array): Promise<string> => {
  await writeFile(join(folder, name), bytes);
  return join(folder, name);
};

const wave = (...dims: number[]): TensorBytes =>
  float32Tensor(
    dims,
    Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i * 12.9898)),
  );

/** The stages as they lie in the folder, against the whole. */
const compare = (
  path: string,
  { out, stages }: Awaited<ReturnType<typeof split>>,
  feeds: Record<string, TensorBytes>,
) =>
  compareCut(
    onnxEngine,
    defaultRuntime(),
    { whole: path, stages: stages.map(({ file }) => join(out, file)) },
    new Map(Object.entries(feeds)),
  );

const EXACT = { exact: true, maxAbsError: 0 };
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('a split', () => {
  it.each(['inside', 'in one file', 'in two files'])('describes each stage truly, with weights %s', async (where) => {
    const place = (layer: number) => ({
      location: `${where === 'in one file' ? 0 : layer % 2}.bin`,
      offsetBytes: layer * LAYER_BYTES,
    });
    const path =
      where === 'inside'
        ? await put('layered.onnx', layeredOnnx())
        : await writeLayered(join(folder, where), [0, 1, 2].map(place));
    const made = await split(path, 3);
    const { out, stages, weights, check } = made;
    expect(check).toEqual(EXACT);
    const blob = await readFile(join(out, weights.file));
    expect(weights).toEqual({ file: 'weights.bin', sizeBytes: blob.length, sha256: sha256(blob) });
    for (const { file, sha256: hash, inputs, outputs, ranges } of stages) {
      const bytes = await readFile(join(out, file));
      expect(sha256(bytes)).toBe(hash);
      const { graph } = readModel(bytes);
      expect(graph.input.map((i) => i.name)).toEqual(inputs);
      expect(graph.output.map((o) => o.name)).toEqual(outputs);
      for (const { offsetBytes, sizeBytes, sha256: part } of ranges)
        expect(sha256(blob.subarray(offsetBytes, offsetBytes + sizeBytes))).toBe(part);
    }
    const held = stages.flatMap(({ ranges }) => ranges.map(({ sizeBytes }) => sizeBytes));
    expect(held.reduce((sum, size) => sum + size, 0)).toBe(3 * LAYER_BYTES);
    expect(stages.map(({ inputs }) => inputs).slice(1)).toEqual(stages.map(({ outputs }) => outputs).slice(0, -1));
    const { out: _, ...document } = made;
    expect(JSON.parse(await readFile(join(out, 'stages.json'), 'utf8'))).toEqual(document);
  });

  it('runs at other sizes than it was measured at', async () => {
    const path = await put('sizes.onnx', layeredOnnx());
    const made = await split(path, 2, { batch: 3 });
    const [first] = made.stages;
    const { graph } = readModel(await readFile(join(made.out, first?.file ?? '')));
    expect(graph.output[0]?.type?.tensorType?.shape?.dim.map((d) => d.dimParam || d.dimValue)).toEqual(['batch', '64']);
    expect(await compare(path, made, { x: wave(17, 64) })).toEqual(EXACT);
  });

  it('of a branch gives the bytes of the whole', async () => {
    const path = await put('if.onnx', branchingOnnx());
    const made = await split(path, 4);
    expect(made.check).toEqual(EXACT);
    expect(await compare(path, made, { x: wave(512) })).toEqual(EXACT);
  });

  it('keeps a state in one stage, whatever the length of what is fed', async () => {
    const path = await put('lstm.onnx', lstmOnnx());
    const made = await split(path, 3);
    expect(made.check).toEqual(EXACT);
    const owners = made.stages.filter(({ state }) => state.length > 0);
    expect(owners.map(({ state }) => state)).toEqual([
      [
        { input: 'h', output: 'hn' },
        { input: 'c', output: 'cn' },
      ],
    ]);
    expect(made.stages.flatMap(({ inputs }) => inputs)).not.toContain('h');
    expect(await compare(path, made, { x: wave(9, 1, 4), h: wave(1, 1, 8), c: wave(1, 1, 8) })).toEqual(EXACT);
  });

  it('leaves a folder alone that holds something', async () => {
    const path = await put('again.onnx', layeredOnnx());
    const { out } = await split(path, 2);
    const before = await readFile(join(out, 'stages.json'));
    const again = splitFile(await openOnnxFile(path), { stages: 3, dims: {}, folder, out });
    await expect(again).rejects.toMatchObject({ code: 'out-not-empty' });
    expect(await readFile(join(out, 'stages.json'))).toEqual(before);
  });
});

describe('real networks split to the byte, since convolutions stay with what is folded into them', () => {
  it('in the text recogniser, at widths it was not measured at', async () => {
    const { recognitionPath } = await ocrPackage();
    const made = await split(recognitionPath, 3, { 'p2o.DynamicDimension.1': 160 });
    expect(made.check).toEqual(EXACT);
    expect(await compare(recognitionPath, made, { x: wave(1, 3, 48, 224) })).toEqual(EXACT);
  });

  // Without that, these twelve stages were 7e-7 apart from the whole.
  it('in the classifier of directions', async () => {
    const { detectionPath } = await ocrPackage();
    const path = join(detectionPath, '..', 'ch_ppocr_mobile_v2.0_cls_infer.onnx');
    expect((await split(path, 12)).check).toEqual(EXACT);
  });
});
