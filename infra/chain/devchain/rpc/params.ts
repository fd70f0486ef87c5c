import { invalidParams } from './json-rpc.ts';

/** A method's parameters by name. Bytes appear where a URI gave them as 0x...; JSON carries only the other types. */
export class Params {
  readonly #values: Readonly<Record<string, unknown>>;

  /** From a JSON-RPC `params` value: an object, or an array in the order of `names`. Throws RpcError -32602 otherwise. */
  constructor(params: unknown, names: readonly string[]) {
    if (params === undefined || params === null) this.#values = {};
    else if (Array.isArray(params)) {
      if (params.length > names.length) {
        throw invalidParams(`expected ${names.length} parameters (${names.join(', ')}), got ${params.length}`);
      }
      this.#values = Object.fromEntries(params.map((value, i) => [names[i], value]));
    } else if (typeof params === 'object') this.#values = { ...params };
    else throw invalidParams('params must be an object or an array');
  }

  /** An integer given as a number or as decimal digits; undefined when absent. */
  integer(name: string): number | undefined {
    const value = this.#values[name];
    if (value === undefined || value === null || value === '') return undefined;
    const number = typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN;
    if (!Number.isSafeInteger(number)) throw invalidParams(`${name} must be an integer`);
    return number;
  }

  text(name: string): string | undefined {
    const value = this.#values[name];
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'string') return value;
    throw invalidParams(`${name} must be a string`);
  }

  flag(name: string): boolean {
    const value = this.#values[name];
    return value === true || value === 'true';
  }

  /** Bytes in the encoding the method's JSON form uses, or from a URI's 0x... Throws RpcError -32602 when malformed. */
  bytes(name: string, encoding: 'base64' | 'hex'): Uint8Array | undefined {
    const value = this.#values[name];
    if (value instanceof Uint8Array) return value;
    const text = this.text(name);
    if (text === undefined) return undefined;
    const valid = encoding === 'hex' ? /^([0-9a-fA-F]{2})*$/ : /^[A-Za-z0-9+/]*={0,2}$/;
    if (!valid.test(text)) throw invalidParams(`${name} must be ${encoding}`);
    return Uint8Array.from(Buffer.from(text, encoding));
  }
}

/** The parameters of a URI request: "quoted" strings, 0x bytes, bare numbers and booleans. */
export function uriParams(query: URLSearchParams): Record<string, unknown> {
  const params: Record<string, unknown> = {};
  for (const [name, value] of query) {
    if (/^0x([0-9a-fA-F]{2})*$/.test(value)) params[name] = Uint8Array.from(Buffer.from(value.slice(2), 'hex'));
    else params[name] = /^".*"$/s.test(value) ? value.slice(1, -1) : value;
  }
  return params;
}
