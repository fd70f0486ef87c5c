import { chmodSync, cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { CHECKSUMS, libraryName, sha256File } from './cache.ts';
import { runCommand } from './command.ts';

const MODULE = 'github.com/CosmWasm/wasmd';
/** What wasmd v0.61 asks for (1.14.2) does not compile with Go 1.26. */
const NEWER = 'github.com/bytedance/sonic@v1.15.0';
const TELL_EVERY_MS = 15_000;

/**
 * Builds wasmd from the Go module proxy into `folder`, which appears only when it is whole. @returns the program
 * @throws {TransientError} `command-failed`
 */
export const buildWasmd = async (version: string, folder: string, say: (line: string) => void): Promise<string> => {
  const started = Date.now();
  const work = mkdtempSync(join(tmpdir(), 'quorate-wasmd-'));
  const staged = mkdtempSync(join(dirname(folder), `.${basename(folder)}-`));
  try {
    say(`wasmd ${version}: downloading the module and what it needs (about 1.8 GB in Go's module cache)`);
    const source = join(work, 'src');
    const { Dir } = JSON.parse(await runCommand('go', ['mod', 'download', '-json', `${MODULE}@${version}`])) as {
      Dir: string;
    };
    cpSync(Dir, source, { recursive: true });
    // Go's module cache is read-only, and so is a copy of it.
    await runCommand('chmod', ['-R', 'u+w', source]);
    const env = { GOFLAGS: '-mod=mod' };
    await runCommand('go', ['get', NEWER], { cwd: source, env });
    say(`wasmd ${version}: compiling (about 5 minutes on two cores the first time)`);
    await compile(version, source, join(staged, 'wasmd'), say);
    const wasmvm = await runCommand('go', ['list', '-m', '-f', '{{.Dir}}', 'github.com/CosmWasm/wasmvm/v3'], {
      cwd: source,
      env,
    });
    const library = libraryName();
    cpSync(join(wasmvm.trim(), 'internal', 'api', library), join(staged, library));
    chmodSync(join(staged, library), 0o644);
    const sums = ['wasmd', library].map((name) => `${sha256File(join(staged, name))}  ${name}\n`);
    writeFileSync(join(staged, CHECKSUMS), sums.join(''));
    mkdirSync(dirname(folder), { recursive: true });
    rmSync(folder, { recursive: true, force: true });
    chmodSync(staged, 0o755);
    renameSync(staged, folder);
    say(`wasmd ${version}: built in ${Math.round((Date.now() - started) / 1000)} s, kept in ${folder}`);
    return join(folder, 'wasmd');
  } finally {
    rmSync(work, { recursive: true, force: true });
    rmSync(staged, { recursive: true, force: true });
  }
};

const compile = async (
  version: string,
  source: string,
  program: string,
  say: (line: string) => void,
): Promise<void> => {
  const names = `-X github.com/cosmos/cosmos-sdk/version.Name=wasm -X github.com/cosmos/cosmos-sdk/version.AppName=wasmd`;
  const flags = `-checklinkname=0 -w -s ${names} -X github.com/cosmos/cosmos-sdk/version.Version=${version}`;
  const args = ['build', '-v', '-mod=mod', '-tags', 'netgo', '-ldflags', flags, '-o', program, './cmd/wasmd'];
  let packages = 0;
  const timer = setInterval(() => say(`wasmd ${version}: ${packages} packages compiled`), TELL_EVERY_MS);
  try {
    await runCommand('go', args, { cwd: source, onLine: () => packages++ });
  } finally {
    clearInterval(timer);
  }
};
