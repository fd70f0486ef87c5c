/*
 * The part of the WebAssembly JavaScript API that the VM uses. TypeScript declares it only in its DOM library, which would
 * make every browser global look available on a server.
 */

export interface WasmModule {
  readonly [Symbol.toStringTag]: string;
}

export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

export type WasmNumber = number | bigint;
export type WasmFunction = (...args: number[]) => WasmNumber | undefined;
export type WasmExport = WasmFunction | WasmMemory;

export interface WasmInstance {
  readonly exports: Readonly<Record<string, WasmExport | undefined>>;
}

interface ModuleDescriptor {
  readonly module?: string;
  readonly name: string;
  readonly kind: string;
}

interface WebAssemblyApi {
  readonly Module: {
    new (bytes: Uint8Array): WasmModule;
    imports(module: WasmModule): ModuleDescriptor[];
    exports(module: WasmModule): ModuleDescriptor[];
    customSections(module: WasmModule, name: string): ArrayBuffer[];
  };
  readonly Instance: new (module: WasmModule, imports: { env: Record<string, WasmFunction> }) => WasmInstance;
  readonly RuntimeError: new (message?: string) => Error;
  readonly CompileError: new (message?: string) => Error;
}

export const wasm: WebAssemblyApi = (globalThis as unknown as { WebAssembly: WebAssemblyApi }).WebAssembly;
