import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ELEMENT_TYPES, type ElementType } from '../../shared/model/onnx/element-types.ts';
import { info, node, onnxFile } from '../../shared/model/onnx/testdata/build.ts';
import { memoryBlobs } from '../../test/contracts/fakes.ts';
import { onnxEngine } from './onnx-engine.ts';
import { defaultRuntime } from './runtime.ts';
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

  it('hands on each element type that travels, bit for bit', async () => {
    for (const dtype of Object.keys(ELEMENT_TYPES) as ElementType[]) {
      const path = join(folder, `${dtype}.onnx`);
      const graph = onnxFile({
        node: [node('Identity', ['x'], 'y')],
        input: [info('x', [3], dtype)],
        output: [info('y', [3], dtype)],
      });
      await writeFile(path, graph);
      const session = await onnxEngine.load(path, defaultRuntime());
      // 0 and 1 only: a bool is nothing else.
      const data = Uint8Array.from({ length: 3 * ELEMENT_TYPES[dtype].bytes }, (_, at) => (at + 1) % 2);
      expect(await session.run([{ dtype, dims: [3], data }])).toEqual([{ dtype, dims: [3], data }]);
      await session.release();
    }
  });
});
