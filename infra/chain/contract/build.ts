// Builds the contract: artifact/quorate.wasm, its hash, the toolchain it came from, and schema/.
// With --check it builds into a temporary folder and compares with what is committed.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir, tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import process from 'node:process';

const TARGET = 'wasm32-unknown-unknown';
const contract = import.meta.dirname;
const root = join(contract, '../../..');
const cargoHome = process.env.CARGO_HOME ?? join(homedir(), '.cargo');
const targetDir = process.env.CARGO_TARGET_DIR ?? join(contract, 'target');
const require = createRequire(import.meta.url);

function run(command: string, args: string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): void {
  execFileSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'], cwd: contract, ...options });
}

function read(command: string, args: string[]): string {
  return execFileSync(command, args, { cwd: contract, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();
}

function addTarget(): void {
  const library = join(read('rustc', ['--print', 'sysroot']), 'lib/rustlib', TARGET);
  const installed = readdirSync(dirname(library)).includes(TARGET);
  if (!installed) run('rustup', ['target', 'add', TARGET]);
}

/** What the bytes depend on besides the sources. */
function toolchain(): string {
  const version = read('rustc', ['-vV']).split('\n');
  const kept = version.filter((line) => /^(rustc|commit-hash|LLVM version)/.test(line));
  const binaryen: { version: string } = require('binaryen/package.json');
  return `${[...kept, `binaryen: ${binaryen.version}`].join('\n')}\n`;
}

/** No path of the machine that builds may reach the bytes. */
function rustFlags(): string {
  const sysroot = read('rustc', ['--print', 'sysroot']);
  const commit = /commit-hash: (\w+)/.exec(read('rustc', ['-vV']))?.[1] ?? 'unknown';
  const remaps = [
    [contract, '/contract'],
    [targetDir, '/target'],
    [cargoHome, '/cargo'],
    [join(sysroot, 'lib/rustlib/src/rust'), `/rustc/${commit}`],
  ];
  // dalek takes 32-bit limbs on a 32-bit target unless told, yet wasm multiplies 64 bits natively.
  const flags = ['--cfg', 'curve25519_dalek_bits="64"'];
  return [...flags, ...remaps.map(([from, to]) => `--remap-path-prefix=${from}=${to}`)].join('\x1f');
}

function buildWasm(out: string): void {
  addTarget();
  run('cargo', ['build', '--release', '--lib', '--locked', '--target', TARGET], {
    env: { ...process.env, CARGO_TARGET_DIR: targetDir, CARGO_ENCODED_RUSTFLAGS: rustFlags() },
  });
  mkdirSync(out, { recursive: true });
  const wasm = join(out, 'quorate.wasm');
  // Chains refuse bulk memory, which the prebuilt standard library uses: it is lowered here.
  const lower = ['llvm-memory-copy-fill-lowering', 'llvm-nontrapping-fptoint-lowering', 'signext-lowering'];
  const enable = ['bulk-memory', 'sign-ext', 'mutable-globals', 'nontrapping-float-to-int'];
  run(process.execPath, [
    join(dirname(require.resolve('binaryen/package.json')), 'bin/wasm-opt'),
    join(targetDir, TARGET, 'release/quorate_contract.wasm'),
    '-Oz',
    ...enable.map((feature) => `--enable-${feature}`),
    ...lower.map((pass) => `--${pass}`),
    '-o',
    wasm,
  ]);
  const bytes = readFileSync(wasm);
  writeFileSync(`${wasm}.sha256`, `${createHash('sha256').update(bytes).digest('hex')}  quorate.wasm\n`);
  writeFileSync(join(out, 'toolchain.txt'), toolchain());
  console.log(`${relative(root, wasm)}: ${bytes.length} bytes`);
}

function buildSchema(out: string): void {
  mkdirSync(out, { recursive: true });
  const manifest = join(contract, 'Cargo.toml');
  run('cargo', ['run', '--quiet', '--locked', '--manifest-path', manifest, '--bin', 'schema'], {
    cwd: out,
    env: { ...process.env, CARGO_TARGET_DIR: targetDir },
  });
}

function files(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}

function sameText(a: string, b: string): boolean {
  return readFileSync(a, 'utf8') === readFileSync(b, 'utf8');
}

/** Names what differs from the committed files. */
function compare(built: string): string[] {
  const problems: string[] = [];
  const [old, fresh] = [join(contract, 'schema'), join(built, 'schema')];
  for (const file of new Set([...files(old), ...files(fresh)])) {
    const both = files(old).includes(file) && files(fresh).includes(file);
    if (!both || !sameText(join(old, file), join(fresh, file))) problems.push(`schema/${file} differs`);
  }
  const artifact = (folder: string, name: string) => join(folder, 'artifact', name);
  const committed = readFileSync(artifact(contract, 'quorate.wasm'));
  const hash = createHash('sha256').update(committed).digest('hex');
  if (!readFileSync(artifact(contract, 'quorate.wasm.sha256'), 'utf8').startsWith(hash)) {
    problems.push('artifact/quorate.wasm.sha256 is not the hash of artifact/quorate.wasm');
  }
  if (sameText(artifact(contract, 'quorate.wasm.sha256'), artifact(built, 'quorate.wasm.sha256'))) return problems;
  const recorded = readFileSync(artifact(contract, 'toolchain.txt'), 'utf8');
  if (recorded === toolchain()) {
    problems.push('artifact/quorate.wasm differs from what its recorded toolchain builds');
  } else {
    console.log(`the wasm differs, and so does the toolchain:\nrecorded\n${recorded}here\n${toolchain()}`);
  }
  return problems;
}

if (process.argv.includes('--check')) {
  const built = mkdtempSync(join(tmpdir(), 'quorate-contract-'));
  try {
    buildWasm(join(built, 'artifact'));
    buildSchema(built);
    const problems = compare(built);
    for (const problem of problems) console.error(problem);
    if (problems.length > 0) process.exitCode = 1;
    else console.log('the committed artifact and schema are up to date');
  } finally {
    rmSync(built, { recursive: true });
  }
} else {
  buildWasm(join(contract, 'artifact'));
  rmSync(join(contract, 'schema'), { recursive: true, force: true });
  buildSchema(contract);
}
