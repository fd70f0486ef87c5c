import { sha256 } from '../comet/merkle.ts';
import { VmError } from './errors.ts';
import { SUPPORTED_IMPORTS } from './imports.ts';
import { type WasmModule, wasm } from './webassembly.ts';

/** A contract's code, compiled once and shared by all of its calls. */
export interface CompiledCode {
  /** SHA-256 of the (uncompressed) wasm, 32 bytes. */
  readonly checksum: Uint8Array;
  readonly module: WasmModule;
  /** The `cw_migrate_version` section, when the contract has one. */
  readonly migrateVersion: bigint | undefined;
}

const REQUIRED_EXPORTS = ['memory', 'allocate', 'deallocate', 'instantiate', 'interface_version_8'];

/**
 * Compiles and checks wasm as cosmwasm-vm 3.0 does on upload, as far as JavaScript can see: valid wasm, the exports of
 * interface version 8, no import outside of {@link SUPPORTED_IMPORTS}. It does NOT refuse floats or bulk memory, which a real
 * chain does: only an upload there is the judge. Throws VmError.
 */
export function compileCode(bytes: Uint8Array): CompiledCode {
  let module: WasmModule;
  try {
    module = new wasm.Module(bytes);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new VmError(`Error calling the VM: Error during static Wasm validation: ${reason}`, error);
  }
  const exported = new Set(wasm.Module.exports(module).map((entry) => entry.name));
  const missing = REQUIRED_EXPORTS.filter((name) => !exported.has(name));
  if (missing.length > 0) {
    throw new VmError(
      `Error calling the VM: Error during static Wasm validation: Wasm contract doesn't have required export: ${missing.join(', ')}`,
    );
  }
  const unknown = wasm.Module.imports(module).filter(
    (entry) => entry.module !== 'env' || !SUPPORTED_IMPORTS.has(entry.name),
  );
  if (unknown.length > 0) {
    const names = unknown.map((entry) => `${entry.module}.${entry.name}`).join(', ');
    throw new VmError(
      `Error calling the VM: Error during static Wasm validation: Wasm contract requires unsupported import: ${names}`,
    );
  }
  return {
    checksum: sha256(bytes),
    module,
    migrateVersion: readMigrateVersion(module),
  };
}

function readMigrateVersion(module: WasmModule): bigint | undefined {
  const [section] = wasm.Module.customSections(module, 'cw_migrate_version');
  const text = section === undefined ? '' : new TextDecoder().decode(section);
  return /^\d+$/.test(text) ? BigInt(text) : undefined;
}

/** Compiled codes by checksum; compiling takes tens of milliseconds, so each code is compiled once per process. */
export class CodeCache {
  readonly #codes = new Map<string, CompiledCode>();

  /** The code with this checksum, compiled from `load()` when it is not at hand. */
  get(checksum: Uint8Array, load: () => Uint8Array): CompiledCode {
    const name = Buffer.from(checksum).toString('hex');
    const known = this.#codes.get(name);
    if (known !== undefined) return known;
    const code = compileCode(load());
    this.#codes.set(name, code);
    return code;
  }
}
