import type { CompiledCode } from './code.ts';
import { runtimeError, VmError } from './errors.ts';
import type { VmHost } from './host.ts';
import { hostImports } from './imports.ts';
import { ContractMemory } from './memory.ts';
import { wasm } from './webassembly.ts';

/** Entry points of a contract that this chain calls. */
export type EntryPoint = 'instantiate' | 'execute' | 'query' | 'reply' | 'migrate' | 'sudo';

/** Upper bound of a contract's answer in bytes (cosmwasm-vm 3.0 src/calls.rs read limits for results). */
const MAX_RESULT = 64 * 1024 * 1024;
/** The memory a real node gives a contract, in bytes: 512 pages (wasmd v0.61 contractMemoryLimit, 32 MiB). */
const MAX_MEMORY = 32 * 1024 * 1024;

/**
 * Calls one entry point with its JSON arguments in a fresh instance, so that no call sees what another left in memory, and
 * returns the contract's JSON answer. Throws VmError for a trap, a panic or a missing entry point; whatever the host's
 * functions throw (out of gas, say) passes through.
 */
export function callContract(
  code: CompiledCode,
  entry: EntryPoint,
  args: readonly Uint8Array[],
  host: VmHost,
): Uint8Array {
  let memory: ContractMemory | undefined;
  const getMemory = () => {
    if (memory === undefined) throw runtimeError('contract ran before it was ready');
    return memory;
  };
  try {
    const instance = new wasm.Instance(code.module, { env: hostImports(host, getMemory) });
    const contractMemory = new ContractMemory(instance);
    memory = contractMemory;
    const run = instance.exports[entry];
    if (typeof run !== 'function') {
      throw new VmError(
        `Error calling the VM: Error resolving Wasm function: Could not get export: Missing export ${entry}`,
      );
    }
    // migrate may or may not take the MigrateInfo; a wasm export's length says so.
    const pointers = args.slice(0, run.length).map((arg) => contractMemory.give(arg));
    const result = Number(run(...pointers));
    // JavaScript cannot cap a memory that the module declares, so a contract that took too much fails only here.
    if (contractMemory.sizeBytes > MAX_MEMORY) throw runtimeError('contract used more than 32 MiB of memory');
    return contractMemory.read(result, MAX_RESULT);
  } catch (error) {
    throw asVmError(error);
  }
}

function asVmError(error: unknown): unknown {
  if (error instanceof wasm.RuntimeError) return runtimeError(error.message, error);
  // The engine reports an exhausted stack or memory as a RangeError.
  if (error instanceof RangeError) return runtimeError(error.message, error);
  return error;
}
