import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { memoryBlobs } from '../../test/contracts/fakes.ts';
import { onnxEngine } from './onnx-engine.ts';
import { installTinyModel } from './testdata/tiny-model.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quorate-engine-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('the engine', () => {
  it('refuses what is no graph, or not there, without naming folders of this machine', async () => {
    const { manifest } = await installTinyModel(memoryBlobs());
    await writeFile(join(folder, 'text.onnx'), 'text');
    for (const name of ['text.onnx', 'none.onnx']) {
      const refusal = await onnxEngine.load(join(folder, name), manifest.runtime).catch((error: unknown) => error);
      expect(refusal).toMatchObject({ family: 'bad-input', code: 'shard-unloadable' });
      expect(String(refusal)).toContain(name);
      expect(String(refusal)).not.toContain(folder);
    }
  });
});
