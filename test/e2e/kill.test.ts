import { expect, it } from 'vitest';
import { INVOICE, textOf } from '../../workers/inference/testdata/draw-text.ts';
import { newFolder, ROOT, runCli, serveMain } from './process.ts';

const SHIPPED = `${ROOT}workers/inference/testdata/invoice.png`;

it('kill -9 of everything, three times in mid-query, loses nothing', { timeout: 180_000 }, async () => {
  const folder = newFolder();
  let serving = await serveMain(folder);
  const asked = await runCli(folder, ['ask', SHIPPED, '--json']);
  expect(asked.code, asked.stderr + asked.stdout).toBe(0);
  for (let round = 0; round < 3; round++) {
    // Each time a little further into the query: a status call takes a few tenths of a second.
    for (let calls = 0; calls <= round; calls++) await runCli(folder, ['status', '1']);
    serving.child.kill('SIGKILL');
    await serving.ended;
    serving = await serveMain(folder);
  }
  let result = await runCli(folder, ['result', '1']);
  while (result.code === 3) result = await runCli(folder, ['result', '1']);
  expect(result.code, result.stderr).toBe(0);
  expect(result.stdout.trim()).toBe(textOf(INVOICE).trim());
  const nodes = (await runCli(folder, ['node', 'list'])).stdout;
  expect(nodes, 'nobody is punished for a crash').not.toMatch(/reputation 0\./);
  const health = (await (await fetch(`${serving.apiUrl}/v1/health`)).json()) as {
    queues: Record<string, { dead: number }>;
  };
  expect(Object.entries(health.queues).filter(([, { dead }]) => dead > 0)).toEqual([]);
  serving.child.kill('SIGTERM');
  expect((await serving.ended).code).toBe(0);
});
