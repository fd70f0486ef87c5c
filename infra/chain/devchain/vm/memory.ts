import { runtimeError } from './errors.ts';
import type { WasmFunction, WasmInstance, WasmMemory } from './webassembly.ts';

/** Size of cosmwasm_std's Region { offset: u32, capacity: u32, length: u32 }. */
const REGION_BYTES = 12;

/**
 * A contract's linear memory, spoken to in Regions (cosmwasm-std 3.0 src/memory.rs): twelve little-endian bytes that
 * describe a buffer. Views are taken anew on every access because an allocation may grow, and so detach, the memory.
 */
export class ContractMemory {
  readonly #memory: WasmMemory;
  readonly #allocate: WasmFunction;

  constructor(instance: WasmInstance) {
    const { memory, allocate } = instance.exports;
    if (memory === undefined || typeof memory === 'function' || typeof allocate !== 'function') {
      throw runtimeError('contract exports no memory or no allocate');
    }
    this.#memory = memory;
    this.#allocate = allocate;
  }

  /** Bytes the contract has reserved so far. */
  get sizeBytes(): number {
    return this.#memory.buffer.byteLength;
  }

  /** Copies a region's bytes out. Throws VmError when the region is malformed or longer than `limitBytes`. */
  read(pointer: number, limitBytes: number): Uint8Array {
    const { offset, length } = this.#region(pointer);
    if (length > limitBytes) throw runtimeError(`Region length too big. Got ${length}, limit ${limitBytes}`);
    return new Uint8Array(this.#memory.buffer).slice(offset, offset + length);
  }

  /** As {@link read}, and undefined for the null pointer. */
  readOptional(pointer: number, limitBytes: number): Uint8Array | undefined {
    return pointer === 0 ? undefined : this.read(pointer, limitBytes);
  }

  /** Allocates a region inside the contract, copies `bytes` into it and returns its pointer. */
  give(bytes: Uint8Array): number {
    const pointer = Number(this.#allocate(bytes.length)) >>> 0;
    this.fill(pointer, bytes);
    return pointer;
  }

  /** Writes `bytes` into a region that the contract allocated. Throws VmError when they do not fit. */
  fill(pointer: number, bytes: Uint8Array): void {
    const { offset, capacity } = this.#region(pointer);
    if (bytes.length > capacity) throw runtimeError(`Region too small. Got ${capacity}, required ${bytes.length}`);
    new Uint8Array(this.#memory.buffer).set(bytes, offset);
    new DataView(this.#memory.buffer).setUint32((pointer >>> 0) + 8, bytes.length, true);
  }

  #region(signedPointer: number): { offset: number; capacity: number; length: number } {
    // WebAssembly hands an i32 to JavaScript as a signed number.
    const pointer = signedPointer >>> 0;
    const { buffer } = this.#memory;
    if (pointer === 0 || pointer + REGION_BYTES > buffer.byteLength) throw runtimeError('invalid Region pointer');
    const view = new DataView(buffer, pointer, REGION_BYTES);
    const offset = view.getUint32(0, true);
    const capacity = view.getUint32(4, true);
    const length = view.getUint32(8, true);
    if (length > capacity) throw runtimeError(`Region length exceeds capacity. Length ${length}, capacity ${capacity}`);
    if (offset + capacity > buffer.byteLength) throw runtimeError('Region exceeds address space');
    return { offset, capacity, length };
  }
}

/** cosmwasm-std's sections: each part followed by its length as u32 big-endian. */
export function encodeSections(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length + 4, 0));
  const view = new DataView(out.buffer);
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    view.setUint32(offset + part.length, part.length);
    offset += part.length + 4;
  }
  return out;
}

/** Inverse of {@link encodeSections}, in the original order. Throws VmError when the lengths do not add up. */
export function decodeSections(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: Uint8Array[] = [];
  let end = bytes.length;
  while (end > 0) {
    const start = end >= 4 ? end - 4 - view.getUint32(end - 4) : -1;
    if (start < 0) throw runtimeError('invalid section length');
    parts.push(bytes.slice(start, end - 4));
    end = start;
  }
  return parts.reverse();
}
