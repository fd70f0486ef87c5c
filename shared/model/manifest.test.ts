import { describe, expect, it } from 'vitest';
import { encodeManifest, type Manifest, modelId, parseManifest } from './manifest.ts';

const HASH = 'ab'.repeat(32);
const manifest: Manifest = {
  format: 'quorate/manifest/v1',
  name: 'reader',
  version: '1',
  licence: 'MIT',
  task: 'image-to-text',
  input: { kind: 'image', mediaTypes: ['image/png'], maxBytes: 4_194_304, maxPixels: 1_000_000 },
  result: { kind: 'raw', mediaType: 'text/plain; charset=utf-8' },
  runtime: {
    class: 'onnxruntime-node-1.30.0/cpu/basic/threads-1/sharp-0.35.5/linux-x64',
    engine: 'onnxruntime-node',
    engineVersion: '1.30.0',
    provider: 'cpu',
    optimisation: 'basic',
    intraOpThreads: 1,
    pixels: '0.35.5',
    platform: 'linux-x64',
  },
  stages: [{ shard: HASH, sizeBytes: 10, before: 'image-to-detector/v1', after: null }],
  files: [{ name: 'keys.txt', hash: HASH, sizeBytes: 3 }],
  price: '1000',
  rule: { exact: {} },
  toleranceForOtherClasses: 0.0001,
  knownAnswer: { input: HASH, sizeBytes: 5, digest: HASH },
};
const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

describe('manifests', () => {
  it('come back as they were, with one id', () => {
    const bytes = encodeManifest(manifest);
    expect(parseManifest(bytes)).toEqual(manifest);
    expect(modelId(bytes)).toBe(modelId(encodeManifest(parseManifest(bytes))));
  });

  it('have the same bytes whatever the order of their keys', () => {
    const reversed = Object.fromEntries(Object.entries(manifest).reverse()) as Manifest;
    const runtime = Object.fromEntries(Object.entries(manifest.runtime).reverse()) as Manifest['runtime'];
    expect(encodeManifest({ ...reversed, runtime })).toEqual(encodeManifest(manifest));
  });

  it('are refused in other bytes than the canonical ones', () => {
    const reversed = bytesOf(Object.fromEntries(Object.entries(manifest).reverse()));
    const spaced = new TextEncoder().encode(JSON.stringify(manifest, null, 1));
    for (const bytes of [reversed, spaced]) {
      expect(() => parseManifest(bytes)).toThrow(expect.objectContaining({ code: 'manifest-not-canonical' }));
    }
  });

  const [stage] = manifest.stages;
  const range = { offsetBytes: 4096, sizeBytes: 100, hash: HASH };
  const weights = (...ranges: object[]) => ({ stages: [{ ...stage, weights: { blob: HASH, ranges } }] });

  it('may say of a stage how its output travels and which weights it uses, last', () => {
    const stages = [
      { ...stage, transfer: 'fp16/v1', weights: { blob: HASH, ranges: [range, { ...range, offsetBytes: 4196 }] } },
      { ...stage, transfer: 'int8-blocks/v1' },
      { ...stage },
    ];
    const bytes = encodeManifest({ ...manifest, stages } as Manifest);
    expect(parseManifest(bytes)).toEqual({ ...manifest, stages });
    expect(new TextDecoder().decode(bytes)).toContain(
      `"after":null,"transfer":"fp16/v1","weights":{"blob":"${HASH}","ranges":[{"offsetBytes":4096,"sizeBytes":100,"hash":"${HASH}"},`,
    );
  });

  it('keep the bytes they had before stages could say so', () => {
    expect(modelId(encodeManifest(manifest))).toBe('3894c4f6ae43914749147c8af368a2bfb5308719b0ff3a4122593153eb7af201');
  });

  it.each([
    ['price', { price: '01' }],
    ['price', { price: '1.5' }],
    ['stages', { stages: [] }],
    ['stages.0.shard', { stages: [{ ...manifest.stages[0], shard: 'xyz' }] }],
    ['stages.0.before', { stages: [{ ...manifest.stages[0], before: 'Resize' }] }],
    ['stages: the last', { stages: [{ ...stage, transfer: 'fp16/v1' }] }],
    ['stages.0.transfer', { stages: [{ ...stage, transfer: 'fp8/v1' }, stage] }],
    ['stages.0.weights.ranges', weights()],
    ['stages.0.weights.ranges: expected', weights(range, range)],
    ['stages.0.weights.ranges: expected', weights(range, { ...range, offsetBytes: 4195 })],
    ['stages.0.weights.ranges: expected', weights(range, { ...range, offsetBytes: 0 })],
    ['stages.0.weights.ranges.0.sizeBytes', weights({ ...range, sizeBytes: 0 })],
    ['stages.0.weights.ranges.0.sizeBytes', weights({ ...range, sizeBytes: 64 * 1024 * 1024 + 1 })],
    ['stages.0.weights.ranges.0.offsetBytes', weights({ ...range, offsetBytes: -1 })],
    ['stages.0.weights.ranges.0.hash', weights({ ...range, hash: 'xyz' })],
    ['input.maxBytes', { input: { ...manifest.input, maxBytes: 5_000_000 } }],
    ['runtime.class', { runtime: { ...manifest.runtime, intraOpThreads: 2 } }],
    ['rule', { rule: { tolerant: {} } }],
    ['format', { format: 'quorate/manifest/v2' }],
  ])('are refused with the name of the field %s', (field, change) => {
    expect(() => parseManifest(bytesOf({ ...manifest, ...change }))).toThrow(
      expect.objectContaining({
        code: 'manifest-invalid',
        message: expect.stringContaining(`manifest field ${field}`),
      }),
    );
  });

  it('are refused with fields that nobody knows, and as other texts', () => {
    expect(() => parseManifest(bytesOf({ ...manifest, more: 1 }))).toThrow(/manifest-invalid|unrecognized|more/i);
    for (const text of ['', '{', 'null', '[]', '"x"']) {
      expect(() => parseManifest(new TextEncoder().encode(text))).toThrow(
        expect.objectContaining({ code: 'manifest-invalid' }),
      );
    }
    expect(() => parseManifest(Uint8Array.of(0xff, 0xfe))).toThrow(
      expect.objectContaining({ code: 'manifest-invalid' }),
    );
  });
});
