import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { layeredOnnx } from '../../../../workers/inference/lab/testdata/layered-onnx.ts';
import { branchingOnnx, lstmOnnx } from '../../../../workers/inference/testdata/split-models.ts';
import { floats, info, node, onnxFile } from '../../../model/onnx/testdata/build.ts';
import { openCli, workers } from './testdata/cli.ts';

/** A network without latency, so that small models are worth splitting. */
const FAST = { default: { latencyMs: 0, gbitPerS: 1000 } };
const MODEL = { 'm.onnx': layeredOnnx(), 'w.json': { ...workers(1, 'a', 'b'), links: FAST } };

describe('quorate model plan', () => {
  it('says where each part would run, how fast and how good that is, and measures once', async () => {
    const { run, cwd } = openCli(MODEL);
    const { code, out, err } = await run('model', 'plan', 'm.onnx', '--workers', 'w.json', '--dims', 'batch=64');
    expect([code, err]).toEqual([0, '']);
    const lines = out.split('\n');
    expect(lines[0]).toMatch(/^m\.onnx: 5 nodes, [\d.]+ ms on this machine$/);
    expect(lines[1]).toMatch(/^stage {2}worker {2}nodes/);
    for (const word of ['link a -> b: 16.4 kB', 'bottleneck', 'throughput', 'bound', 'measured    by onnxruntime-node'])
      expect(out).toContain(word);
    expect(existsSync(join(cwd, 'home', 'profiles'))).toBe(true);
    // Two measurements would differ.
    expect(await run('model', 'plan', 'm.onnx', '--workers', 'w.json', '--dims', 'batch=64')).toEqual({
      code,
      out,
      err,
    });
  });

  it('gives one document that names every node once, in order', async () => {
    const { run } = openCli(MODEL);
    const { out } = await run('model', 'plan', 'm.onnx', '--workers', 'w.json', '--json');
    const { plan, ...measured } = JSON.parse(out);
    expect(measured).toMatchObject({ nodes: 5, parts: 5, model: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(plan.stages.flatMap((s: { nodes: string[] }) => s.nodes)).toEqual(['a', 'b', 'c', 'd', 'out']);
    expect(plan.boundMs).toBeLessThanOrEqual(plan.bottleneckMs);
    expect(plan.gap).toBeGreaterThanOrEqual(1);
  });

  it('counts what the runtime folds as one, and still names all of it', async () => {
    const file = onnxFile({
      node: [node('Conv', ['x', 'k'], 'c'), node('Mul', ['c', 's'], 'm'), node('Relu', ['m'], 'out')],
      initializer: [floats('k', [1, 2, 3, 4], [1, 1, 2, 2]), floats('s', [3], [1, 1, 1])],
      input: [info('x', [1, 1, 8, 8])],
      output: [info('out', [1, 1, 7, 7])],
    });
    const { run } = openCli({ 'm.onnx': file, 'w.json': workers(1, 'a') });
    const { out } = await run('model', 'plan', 'm.onnx', '--workers', 'w.json', '--json');
    expect(JSON.parse(out)).toMatchObject({ nodes: 3, parts: 2, plan: { stages: [{ nodes: ['c', 'm', 'out'] }] } });
  });

  it('keeps one request on one machine for latency, and stages within --max-stages', async () => {
    const { run } = openCli({ 'm.onnx': layeredOnnx(), 'w.json': workers(1, 'a', 'b') });
    const plan = (...more: string[]) => run('model', 'plan', 'm.onnx', '--workers', 'w.json', ...more);
    expect((await plan('--objective', 'latency')).out).toContain('one machine is faster than several for one request');
    expect((await plan('--max-stages', '1')).out).toContain('b is left out: 1 stage is the most allowed');
  });

  it('leaves out a weak worker, and says why', async () => {
    const weak = { name: 'weak', speed: 0.0001, memoryGb: 1 };
    const spec = { workers: [{ name: 'a', memoryGb: 1 }, weak] };
    const { run } = openCli({ 'm.onnx': layeredOnnx(), 'w.json': spec });
    const { out } = await run('model', 'plan', 'm.onnx', '--workers', 'w.json');
    expect(out).toMatch(/- weak is left out: any stage on it would compute for at least/);
  });

  it('plans a branch, a recurrent state, and one node', async () => {
    const one = onnxFile({ node: [node('Relu', ['x'], 'y')], input: [info('x', [4])], output: [info('y', [4])] });
    const files = { 'if.onnx': branchingOnnx(), 'lstm.onnx': lstmOnnx(), 'one.onnx': one };
    const { run } = openCli({ ...files, 'w.json': workers(1, 'a', 'b'), 'solo.json': workers(1, 'a') });
    for (const file of Object.keys(files)) {
      for (const spec of ['w.json', 'solo.json']) {
        expect((await run('model', 'plan', file, '--workers', spec)).code).toBe(0);
      }
    }
    expect((await run('model', 'plan', 'one.onnx', '--workers', 'w.json')).out).toContain('one.onnx: 1 node,');
  });

  it('refuses with reasons where the model does not fit, and then draws nothing', async () => {
    const { run, cwd } = openCli({ 'm.onnx': layeredOnnx(), 'w.json': workers(1e-5, 'a', 'b') });
    const { code, out } = await run('model', 'plan', 'm.onnx', '--workers', 'w.json', '--svg', 'p.svg');
    expect(code).toBe(1);
    expect(out).toMatch(
      /- node \w+ needs 16.\d kB, the largest machine, a, has 10 kB: a machine with 16.\d kB or more/,
    );
    expect(existsSync(join(cwd, 'p.svg'))).toBe(false);
    const json = await run('model', 'plan', 'm.onnx', '--workers', 'w.json', '--json');
    expect(json.code).toBe(1);
    expect(JSON.parse(json.out).refused).toHaveLength(3);
  });

  it('draws where it may write', async () => {
    const { run, cwd } = openCli(MODEL);
    const draw = (path: string) => run('model', 'plan', 'm.onnx', '--workers', 'w.json', '--svg', path, '--json');
    expect((await draw('p.svg')).code).toBe(0);
    expect(readFileSync(join(cwd, 'p.svg'), 'utf8')).toContain('m.onnx: 5 nodes');
    const refused = await draw('nowhere/p.svg');
    expect([refused.code, JSON.parse(refused.out).error.code]).toEqual([1, 'file-unwritable']);
  });

  it.each([
    [[], 'takes FILE, received 0 arguments'],
    [['m.onnx'], 'needs --workers SPEC.json'],
    [['m.onnx', '--workers', 'w.json', '--objective', 'cost'], "throughput or latency, received 'cost'"],
    [['m.onnx', '--workers', 'w.json', '--max-stages', '0'], "a whole number from 1 on, received '0'"],
    [['m.onnx', '--workers', 'w.json', '--dims', 'batch'], "NAME=SIZE with a whole size from 1, received 'batch'"],
    [['m.onnx', '--workers', 'w.json', '--dims', 'batch=0.5'], "received 'batch=0.5'"],
  ])('is used wrongly with %j', async (args, message) => {
    const { code, err } = await openCli(MODEL).run('model', 'plan', ...args);
    expect(code).toBe(2);
    expect(err).toContain(message);
    expect(err).toContain("See 'quorate model plan --help'.");
  });

  it.each([
    ['{', 'these 1 characters are not JSON'],
    [{ workers: [] }, 'field workers: expected at least 1 worker'],
    [{ workers: [{ name: 'a' }] }, 'field workers.0.memoryGb'],
    [workers(1, 'a', 'a'), 'a is the name of two workers'],
  ])('refuses the machines %j, naming the field', async (spec, message) => {
    const { run } = openCli({ ...MODEL, 'w.json': spec });
    const { code, err } = await run('model', 'plan', 'm.onnx', '--workers', 'w.json');
    expect(code).toBe(1);
    expect(err).toContain(message);
    expect(err).toContain('(spec-invalid)');
  });
});
