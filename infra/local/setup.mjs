// Installs the locked dependencies when they are missing or older than the lock file.
// Plain JavaScript: it runs on whatever Node (>= 20) the machine has, before Node 24 is installed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const stamp = join(root, 'node_modules', '.quorate-lock');
const lockHash = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex');

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lockHash) {
  const started = Date.now();
  process.stderr.write('quorate: installing the locked dependencies (once) ...\n');
  // onnxruntime-node's script would fetch CUDA libraries from outside the registry; the CPU library is in the package.
  const env = { ...process.env, npm_config_onnxruntime_node_install: 'skip' };
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const { status } = spawnSync(npm, args, { cwd: root, env, stdio: ['ignore', 2, 2] });
  if (status !== 0) {
    process.stderr.write(`quorate: 'npm ci' failed with ${status}; fix what it says above and run the command again\n`);
    process.exit(status ?? 1);
  }
  writeFileSync(stamp, lockHash);
  process.stderr.write(`quorate: installed in ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
}
