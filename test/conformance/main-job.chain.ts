import { expect, it } from 'vitest';
import { newFolder, runMain } from '../e2e/process.ts';

it('npm start -- --chain wasmd answers on two real nodes, and its receipt holds offline', {
  timeout: 180_000,
}, async () => {
  const { code, stdout, stderr } = await runMain(newFolder(), ['--chain', 'wasmd', '--exit']);
  expect(stdout).toMatch(/chain +quorate-wasmd-1 at http:\S+, http:\S+, contract wasm1/);
  expect(stdout).toContain('INVOICE 2026-117');
  expect(stdout).toMatch(/verified +offline in \d+ ms/);
  expect(code, stdout + stderr).toBe(0);
});
