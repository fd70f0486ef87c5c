import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Manifest } from '../../shared/model/manifest.ts';
import { encodeManifest, IMAGE_TYPES, modelId, parseManifest } from '../../shared/model/manifest.ts';
import { decodeTensors, encodeTensors, type TensorBundle } from '../../shared/model/tensors.ts';
import { computeStage } from './compute-stage.ts';
import { installOcrModel, ocrPackage } from './install-ocr.ts';
import { runKnownAnswer } from './known-answer.ts';
import { onnxEngine } from './onnx-engine.ts';
import { decodeImage } from './pixels.ts';
import { localRuntime } from './runtime.ts';
import { sessionCache } from './sessions.ts';
import { openWorkbench, type Workbench } from './testdata/bench-worker.ts';
import { type Drawing, drawText, INVOICE, LABEL, TICKET, textOf } from './testdata/draw-text.ts';

let bench: Workbench;
let model: string;
let manifest: Manifest;

beforeAll(async () => {
  bench = await openWorkbench();
  ({ model, manifest } = await installOcrModel(bench.worker.blobs));
});
afterAll(() => bench.close());

/** Outputs of all stages for this image. */
const stages = async (
  image: Uint8Array,
  machine = bench.worker,
): Promise<{ output: Uint8Array; outRoot: string }[]> => {
  const results = [];
  let input = image;
  for (const stage of manifest.stages.keys()) {
    const runtime = localRuntime(manifest.runtime);
    const result = await computeStage(machine, { manifest, runtime, stage, input }, async () => {});
    results.push({ output: result.output, outRoot: result.outRoot() });
    input = result.output;
  }
  return results;
};
const read = async (image: Uint8Array): Promise<string> =>
  new TextDecoder().decode((await stages(image)).at(-1)?.output);
const testdata = (name: string) => readFile(new URL(`testdata/${name}`, import.meta.url));

const columns: Drawing = {
  widthPixels: 900,
  heightPixels: 260,
  lines: [
    { text: '3.20 EUR', leftPixels: 600, baselinePixels: 82, sizePixels: 30 },
    { text: 'Coffee', leftPixels: 40, baselinePixels: 80, sizePixels: 30 },
    { text: 'Tea with milk', leftPixels: 40, baselinePixels: 160, sizePixels: 30 },
    { text: '2.80 EUR', leftPixels: 600, baselinePixels: 160, sizePixels: 30 },
  ],
};

describe('the installed model', () => {
  it('has one id, however often it is installed', async () => {
    const again = await installOcrModel(bench.worker.blobs);
    expect(again.model).toBe(model);
    expect(modelId(encodeManifest(again.manifest))).toBe(model);
    expect(parseManifest(await bench.worker.blobs.get(model))).toEqual(manifest);
  });

  it('is made for the packages that are installed', () => {
    expect(localRuntime(manifest.runtime)).toMatchObject({
      engineVersion: manifest.runtime.engineVersion,
      pixels: manifest.runtime.pixels,
    });
  });

  it('computes the known answer', async () => {
    expect(await runKnownAnswer(model, bench.worker)).toMatchObject({ equal: true });
  });

  it('tells when a machine computes another answer', async () => {
    const other = { ...manifest, knownAnswer: { ...manifest.knownAnswer, digest: 'ab'.repeat(32) } };
    const id = await bench.worker.blobs.put(encodeManifest(other));
    expect(await runKnownAnswer(id, bench.worker)).toMatchObject({ equal: false, expected: 'ab'.repeat(32) });
  });
});

describe('reading', () => {
  it('the shipped image, letter for letter', async () => {
    expect(await read(await testdata('invoice.png'))).toBe(new TextDecoder().decode(await testdata('invoice.txt')));
  });

  it('the shipped image is the drawing', async () => {
    const limits = { mediaTypes: [...IMAGE_TYPES], maxBytes: 1e6, maxPixels: 1e6 };
    const [drawn, shipped] = [
      await decodeImage(await drawText(INVOICE), limits),
      await decodeImage(await testdata('invoice.png'), limits),
    ];
    expect([drawn.width, drawn.height]).toEqual([shipped.width, shipped.height]);
    // Other builds of the drawing library may round edges otherwise.
    expect(drawn.rgb.every((value, i) => Math.abs(value - shipped.rgb[i]!) <= 8)).toBe(true);
  });

  it.each([
    [TICKET, 'png'],
    [TICKET, 'jpeg'],
    [LABEL, 'webp'],
    [INVOICE, 'jpeg'],
  ] as const)('drawn image %#, letter for letter', async (drawing, format) => {
    expect(await read(await drawText(drawing, format))).toBe(textOf(drawing));
  });

  it('rows of two columns, from left to right', async () => {
    expect(await read(await drawText(columns))).toBe('Coffee 3.20 EUR\nTea with milk 2.80 EUR');
  });

  it('an empty page as no text', async () => {
    expect(await read(await drawText({ widthPixels: 300, heightPixels: 200, lines: [] }))).toBe('');
  });
});

describe('bytes', () => {
  it('are the same twice, and in sessions of their own', async () => {
    const image = await drawText(TICKET);
    const sessions = sessionCache(3);
    const runs = [await stages(image), await stages(image), await stages(image, { ...bench.worker, sessions })];
    await sessions.clear();
    const [first, ...others] = runs.map((results) => results.map((r) => r.outRoot));
    for (const other of others) expect(other).toEqual(first);
  });

  it('of the two parts of the recogniser are those of the whole', async () => {
    const { recognitionPath } = await ocrPackage();
    const whole = await onnxEngine.load(recognitionPath, manifest.runtime);
    for (const drawing of [INVOICE, TICKET, LABEL]) {
      const [detected, first] = await stages(await drawText(drawing));
      const lines = decodeTensors(detected!.output).slice(0, -1);
      const middle = decodeTensors(first!.output).slice(0, -1);
      const second = await onnxEngine.load(await bench.worker.modelFiles.open(manifest.stages[2]!), manifest.runtime);
      expect(lines).toHaveLength(drawing.lines.length);
      const outputs = async (session: typeof whole, feeds: TensorBundle) =>
        encodeTensors((await Promise.all(feeds.map((feed) => session.run([feed])))).flat());
      expect(Buffer.compare(await outputs(second, middle), await outputs(whole, lines))).toBe(0);
    }
  });
});
