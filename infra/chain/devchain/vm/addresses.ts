import { fromBech32, toBech32 } from '@cosmjs/encoding';
import { BadInputError } from '../../../../shared/errors.ts';
import { sha256 } from '../comet/merkle.ts';
import { concatBytes, u64BigEndian } from '../state/kv.ts';

/** cosmos-sdk types/bech32: longer than the 90 characters of BIP 173, for 32-byte addresses under long prefixes. */
const MAX_ADDRESS_LENGTH = 1023;

/** Converts between account bytes and the chain's bech32 form. */
export interface AddressCodec {
  readonly prefix: string;
  toText(bytes: Uint8Array): string;
  /** Throws BadInputError for another prefix, a broken checksum or an impossible length. */
  toBytes(text: string): Uint8Array;
}

/** The codec of one chain; results are remembered, since a block meets the same few addresses again and again. */
export function addressCodec(prefix: string): AddressCodec {
  const cache = new Map<string, Uint8Array>();
  return {
    prefix,
    toText: (bytes) => toBech32(prefix, bytes, MAX_ADDRESS_LENGTH),
    toBytes: (text) => {
      const known = cache.get(text);
      if (known !== undefined) return known.slice();
      const bytes = decode(prefix, text);
      if (cache.size >= 10_000) cache.clear();
      cache.set(text, bytes);
      return bytes.slice();
    },
  };
}

function decode(prefix: string, text: string): Uint8Array {
  if (text.trim() === '') throw new BadInputError('bad-address', 'empty address string is not allowed');
  // The SDK's decoder looks at the length before anything else.
  if (text.length < 8) {
    throw new BadInputError('bad-address', `decoding bech32 failed: invalid bech32 string length ${text.length}`);
  }
  let decoded: ReturnType<typeof fromBech32>;
  try {
    decoded = fromBech32(text, MAX_ADDRESS_LENGTH);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new BadInputError('bad-address', `decoding bech32 failed: ${reason}`, { cause: error });
  }
  if (decoded.prefix !== prefix) {
    throw new BadInputError('bad-address', `invalid Bech32 prefix; expected ${prefix}, got ${decoded.prefix}`);
  }
  if (decoded.data.length === 0 || decoded.data.length > 255) {
    throw new BadInputError('bad-address', `address length must be 1..255 bytes, got ${decoded.data.length}`);
  }
  return decoded.data;
}

/** cosmos-sdk types/address Module(name, key): SHA-256(SHA-256("module") || name || 0x00 || key). 32 bytes. */
export function moduleDerivedAddress(name: string, key: Uint8Array): Uint8Array {
  const utf8 = new TextEncoder();
  return sha256(sha256(utf8.encode('module')), utf8.encode(name), Uint8Array.of(0), key);
}

/** Address of the `instanceId`-th contract of the chain (wasmd keeper/addresses.go BuildContractAddressClassic). 32 bytes. */
export function contractAddress(codeId: bigint, instanceId: bigint): Uint8Array {
  return moduleDerivedAddress('wasm', concatBytes(u64BigEndian(codeId), u64BigEndian(instanceId)));
}

/** Address of a module account such as fee_collector: the first 20 bytes of SHA-256(name). */
export function moduleAccountAddress(name: string): Uint8Array {
  return sha256(new TextEncoder().encode(name)).slice(0, 20);
}

/** Bytes of an address in its one normal form, the rule of addr_validate. Throws BadInputError otherwise. */
export function validateHumanAddress(codec: AddressCodec, text: string): Uint8Array {
  const bytes = codec.toBytes(text);
  if (codec.toText(bytes) !== text) throw new BadInputError('bad-address', 'Address is not normalized');
  return bytes;
}

/** The reason a contract is told; only errors about the address are the contract's to handle, all others are thrown on. */
export function addressCodecErrorText(error: unknown): string {
  if (error instanceof BadInputError && error.code === 'bad-address') return error.message;
  if (error instanceof TypeError) return 'Input is not valid UTF-8';
  throw error;
}
