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

  it.each([
    ['price', { price: '01' }],
    ['price', { price: '1.5' }],
    ['stages', { stages: [] }],
    ['stages.0.shard', { stages: [{ ...manifest.stages[0], shard: 'xyz' }] }],
    ['stages.0.before', { stages: [{ ...manifest.stages[0], before: 'Resize' }] }],
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
