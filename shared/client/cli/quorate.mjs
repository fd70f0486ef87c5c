#!/usr/bin/env node
// Starts the CLI with the Node 24 that this project installs, whatever Node (>= 20) started this file. Plain JavaScript.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const cli = dirname(fileURLToPath(import.meta.url));
const root = join(cli, '..', '..', '..');
// The package `node` keeps its binary here; .bin/node is a link to it.
const node24 = () =>
  [join(root, 'node_modules', '.bin', 'node'), join(root, 'node_modules', 'node', 'bin', 'node.exe')].find(existsSync);

const run = (node, args) => {
  const { status, signal, error } = spawnSync(node, args, { stdio: 'inherit' });
  if (error) process.stderr.write(`quorate: ${node} could not be started: ${error.message}\n`);
  return status ?? (signal === 'SIGINT' ? 130 : 1);
};

let code = node24() ? 0 : run(process.execPath, [join(root, 'infra', 'local', 'setup.mjs')]);
// Ctrl-C reaches the child too; this process outlives it to hand on its exit code.
process.on('SIGINT', () => {});
if (code === 0) code = run(node24() ?? process.execPath, [join(cli, 'main.ts'), ...process.argv.slice(2)]);
process.exitCode = code;
