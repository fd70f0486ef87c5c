import type { Timestamp } from 'cosmjs-types/google/protobuf/timestamp';
import type { Header } from 'cosmjs-types/tendermint/types/types';
import { headerHash as hashOfFields } from '../../../../shared/chain/proof/header.ts';

/** Milliseconds since the epoch as a protobuf Timestamp; exact, the nanoseconds below one millisecond are zero. */
export function timestampFromMs(timeMs: number): Timestamp {
  const seconds = Math.floor(timeMs / 1000);
  return { seconds: BigInt(seconds), nanos: Math.round(timeMs - seconds * 1000) * 1_000_000 };
}

/** Inverse of {@link timestampFromMs}. */
export function msFromTimestamp(timestamp: Timestamp): number {
  return Number(timestamp.seconds) * 1000 + Math.floor(timestamp.nanos / 1_000_000);
}

/** Hash of a block header, 32 bytes; undefined while `validatorsHash` is empty, as CometBFT v0.38's Header.Hash. */
export function headerHash(header: Header): Uint8Array | undefined {
  return header.validatorsHash.length === 0 ? undefined : hashOfFields(header);
}
