import { VmError } from '../vm/errors.ts';

/** Parsed JSON in which integers beyond 2^53 are bigints. */
export type Json = null | boolean | number | bigint | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

const MAY_HOLD_BIG_INTEGER = /\d{16}/;

type SourceReviver = (this: unknown, key: string, value: Json, context: { source?: string }) => Json;

/**
 * Parses what a contract wrote. Its u64 values (a submessage's id, say) may exceed 2^53, where a plain number would silently
 * change: those become bigints. Throws VmError for invalid JSON.
 */
export function parseContractJson(bytes: Uint8Array): Json {
  const text = new TextDecoder().decode(bytes);
  const keepIntegers: SourceReviver = (_key, value, context) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(context.source ?? '')
      ? BigInt(context.source ?? '')
      : value;
  try {
    if (!MAY_HOLD_BIG_INTEGER.test(text)) return JSON.parse(text) as Json;
    return JSON.parse(text, keepIntegers as Parameters<typeof JSON.parse>[1]) as Json;
  } catch (error) {
    throw new VmError(`Error calling the VM: Error parsing into type: ${reasonOf(error)}`, error);
  }
}

/** JSON text in which bigints are written as plain integers; `undefined` members are left out. */
export function writeContractJson(value: unknown): Uint8Array {
  return new TextEncoder().encode(write(value));
}

function write(value: unknown): string {
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${write(member)}`).join(',')}}`;
  }
  return JSON.stringify(value ?? null);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function wrong(what: string, wanted: string): VmError {
  return new VmError(`Error calling the VM: Error parsing into type: ${what} must be ${wanted}`);
}

/** `value` as an object; `what` names it in the VmError. The next four likewise. */
export function asObject(value: Json | undefined, what: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw wrong(what, 'an object');
}

export function asArray(value: Json | undefined, what: string): readonly Json[] {
  if (Array.isArray(value)) return value;
  throw wrong(what, 'an array');
}

export function asString(value: Json | undefined, what: string): string {
  if (typeof value === 'string') return value;
  throw wrong(what, 'a string');
}

export function asUint64(value: Json | undefined, what: string): bigint {
  if ((typeof value === 'number' && Number.isSafeInteger(value)) || typeof value === 'bigint') {
    const integer = BigInt(value);
    if (integer >= 0n && integer < 1n << 64n) return integer;
  }
  throw wrong(what, 'an unsigned 64-bit integer');
}

/** A base64 string as bytes. */
export function asBinary(value: Json | undefined, what: string): Uint8Array {
  return Uint8Array.from(Buffer.from(asString(value, what), 'base64'));
}
