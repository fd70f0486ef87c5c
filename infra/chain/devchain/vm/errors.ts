import { BadInputError } from '../../../../shared/errors.ts';

/** The VM could not run a contract to its end: a trap, a panic, a broken region, a forbidden write. A failed call, no more. */
export class VmError extends BadInputError {
  constructor(message: string, cause?: unknown) {
    super('vm-error', message, { cause });
  }
}

/** Wording of wasmvm 3 for an error inside a running contract, so that logs read as on wasmd. */
export function runtimeError(message: string, cause?: unknown): VmError {
  return new VmError(
    `Error calling the VM: Error executing Wasm: Wasmer runtime error: RuntimeError: ${message}`,
    cause,
  );
}
