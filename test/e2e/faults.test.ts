import { expect, it } from 'vitest';
import { FAULT_NAMES } from '../../infra/local/faults/names.ts';
import { newFolder, runMain } from './process.ts';

it.each(FAULT_NAMES)('fault %s ends as documented, asserted on chain state', { timeout: 120_000 }, async (fault) => {
  const { code, stdout, stderr } = await runMain(newFolder(), ['--fault', fault, '--exit']);
  expect(stdout + stderr).not.toContain('NOT SO');
  expect(stdout, stderr).toContain('as said');
  expect(code, stdout + stderr).toBe(0);
});
