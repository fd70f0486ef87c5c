import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventChain } from './event-chain.ts';

/** V8 collects garbage only when it has to: a heap as in a function of 256 MB shows what is needed, not what is there. */
const HEAP = '--max-old-space-size=128';
const CHILD = new URL('./watch-child.ts', import.meta.url).pathname;

const measure = async (
  shape: Parameters<typeof eventChain>[0],
  endpoints: number,
  flags: readonly string[] = [],
): Promise<void> => {
  const { chain, handle } = await eventChain(shape);
  const urls = await Promise.all(
    Array.from({ length: endpoints }, async () => (await chain.serve({ host: '127.0.0.1', port: 0, handle })).url),
  );
  const folder = mkdtempSync(join(tmpdir(), 'quorate-watch-'));
  const child = spawn(process.execPath, [...flags, CHILD, join(folder, 'store.sqlite'), ...urls], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  process.stdout.write(`${endpoints} endpoint${endpoints > 1 ? 's, compared' : ''}: `);
  await new Promise((resolve) => child.on('close', resolve));
  rmSync(folder, { recursive: true });
  await chain.close();
};

/** 3,600 blocks after an outage: every tenth with a matching event. Chain and watcher are two processes, over HTTP. */
export const catchUp = async ([blocks = '3600']: readonly string[]): Promise<void> => {
  for (const endpoints of [1, 2]) await measure({ blocks: Number(blocks), every: 10, events: 1 }, endpoints);
};

/** One block with 10,000 matching events about 100 queries among small ones. */
export const bigBlock = async ([events = '10000']: readonly string[]): Promise<void> => {
  for (const endpoints of [1, 2]) await measure({ blocks: 40, every: 20, events: Number(events) }, endpoints, [HEAP]);
};
