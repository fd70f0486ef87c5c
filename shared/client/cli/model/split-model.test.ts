import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { layeredOnnx } from '../../../../workers/inference/lab/testdata/layered-onnx.ts';
import { openCli } from './testdata/cli.ts';

const MODEL = { 'm.onnx': layeredOnnx() };

describe('quorate model split', () => {
  it('writes stages, weights and stages.json, and says that they give the bytes of the whole', async () => {
    const { run, cwd } = openCli(MODEL);
    const { code, out, err } = await run('model', 'split', 'm.onnx', '--stages', '2', '--out', 'parts');
    expect([code, err]).toEqual([0, '']);
    expect(out.split('\n')[0]).toBe('m.onnx in 2 stages, parts/stages.json:');
    expect(out).toContain('stage-01.onnx');
    expect(out).toContain('the stages give the same bytes as the whole');
    for (const name of ['stage-00.onnx', 'stage-01.onnx', 'weights.bin', 'stages.json'])
      expect(existsSync(join(cwd, 'parts', name))).toBe(true);
  });

  it('gives as one document what stages.json holds', async () => {
    const { run, cwd } = openCli(MODEL);
    const { out } = await run('model', 'split', 'm.onnx', '--stages', '1', '--out', 'parts', '--json');
    expect(JSON.parse(out)).toEqual(JSON.parse(readFileSync(join(cwd, 'parts', 'stages.json'), 'utf8')));
  });

  it('refuses more stages than nodes, and makes no folder then', async () => {
    const { run, cwd } = openCli(MODEL);
    const { code, err } = await run('model', 'split', 'm.onnx', '--stages', '6', '--out', 'parts');
    expect(code).toBe(1);
    expect(err).toContain('6 stages asked for; nodes that can be parted: 5 (too-many-stages)');
    expect(err).toContain('next: ask for at most 5');
    expect(existsSync(join(cwd, 'parts'))).toBe(false);
  });

  it('refuses a folder that holds something, and what is no folder', async () => {
    const { run, cwd } = openCli(MODEL);
    const split = (out: string) => run('model', 'split', 'm.onnx', '--stages', '2', '--out', out);
    expect((await split('.')).err).toContain('holds something already (out-not-empty)');
    writeFileSync(join(cwd, 'file'), '');
    expect((await split('file')).err).toContain('cannot be written to: ENOTDIR (out-unusable)');
    expect((await split('file/parts')).err).toContain('cannot be written to: ENOTDIR (out-unusable)');
    expect(readFileSync(join(cwd, 'file'))).toHaveLength(0);
  });

  it.each([
    [['--out', 'parts'], '--stages takes a whole number from 1 on, received nothing'],
    [['--out', 'parts', '--stages', 'two'], "received 'two'"],
    [['--out', 'parts', '--stages', '0'], "received '0'"],
    [['--stages', '2'], 'needs --out DIR'],
    [['--stages', '2', '--out', 'parts', '--dims', '=4'], "received '=4'"],
  ])('is used wrongly with %j', async (args, message) => {
    const { code, err } = await openCli(MODEL).run('model', 'split', 'm.onnx', ...args);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });
});
