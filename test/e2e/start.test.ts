import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { newFolder, ROOT, runMain } from './process.ts';

const SAYS = readFileSync(`${ROOT}workers/inference/testdata/invoice.txt`, 'utf8').trim();

it('npm start -- --exit reads the shipped image, verifies the answer offline, and ends with 0', async () => {
  const { code, stdout, stderr } = await runMain(newFolder(), ['--exit']);
  expect(code, stdout + stderr).toBe(0);
  for (const line of SAYS.split('\n')) expect(stdout).toContain(line);
  for (const label of [
    'asked',
    'committee',
    'stage',
    'commit',
    'reveal',
    'settled',
    'paid',
    'answer',
    'receipt',
    'verified',
  ]) {
    expect(stdout).toMatch(new RegExp(` s  ${label} `));
  }
  expect(stdout).not.toContain('WRONG');
  expect(stderr).toBe('');
});

it('rejects unknown options and faults, naming what is allowed', async () => {
  const option = await runMain(newFolder(), ['--nonsense']);
  expect(option.code).toBe(2);
  expect(option.stderr).toContain('--nonsense');
  const fault = await runMain(newFolder(), ['--fault', 'earthquake']);
  expect(fault.code).toBe(2);
  expect(fault.stderr).toContain('copy-commit');
});
