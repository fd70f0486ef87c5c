import { homedir, tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Program } from './batch-server/container.ts';

/** The worker's real entry point, as the Batch simulator starts it instead of an image. @param aws endpoint, region and credentials */
export const workerProgram = (aws: Readonly<Record<string, string>>): Program => ({
  path: process.execPath,
  args: ['workers/inference/main.ts'],
  cwd: fileURLToPath(new URL('../../', import.meta.url)),
  environment: { ...aws, PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, HOME: homedir(), TMPDIR: tmpdir() },
});
