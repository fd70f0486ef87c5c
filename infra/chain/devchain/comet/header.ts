import { Timestamp } from 'cosmjs-types/google/protobuf/timestamp';
import { BlockID, type Header } from 'cosmjs-types/tendermint/types/types';
import { Consensus } from 'cosmjs-types/tendermint/version/types';
import { merkleRoot } from './merkle.ts';
import { bytesField, varintField } from './proto.ts';

/** Milliseconds since the epoch as a protobuf Timestamp; exact, the nanoseconds below one millisecond are zero. */
export function timestampFromMs(timeMs: number): Timestamp {
  const seconds = Math.floor(timeMs / 1000);
  return { seconds: BigInt(seconds), nanos: Math.round(timeMs - seconds * 1000) * 1_000_000 };
}

/** Inverse of {@link timestampFromMs}. */
export function msFromTimestamp(timestamp: Timestamp): number {
  return Number(timestamp.seconds) * 1000 + Math.floor(timestamp.nanos / 1_000_000);
}

/** CometBFT's cdcEncode (types/encoding_helper.go): a protobuf wrapper message (value is field 1), empty for an empty value. */
function wrapBytes(value: Uint8Array): Uint8Array {
  return bytesField(1, value);
}

/**
 * Hash of a block header: the Merkle root over its fourteen protobuf-encoded fields, CometBFT v0.38 types/block.go
 * Header.Hash. Undefined while `validatorsHash` is empty, as there. 32 bytes.
 */
export function headerHash(header: Header): Uint8Array | undefined {
  if (header.validatorsHash.length === 0) return undefined;
  return merkleRoot([
    Consensus.encode(header.version).finish(),
    wrapBytes(new TextEncoder().encode(header.chainId)),
    varintField(1, header.height),
    Timestamp.encode(header.time).finish(),
    BlockID.encode(header.lastBlockId).finish(),
    wrapBytes(header.lastCommitHash),
    wrapBytes(header.dataHash),
    wrapBytes(header.validatorsHash),
    wrapBytes(header.nextValidatorsHash),
    wrapBytes(header.consensusHash),
    wrapBytes(header.appHash),
    wrapBytes(header.lastResultsHash),
    wrapBytes(header.evidenceHash),
    wrapBytes(header.proposerAddress),
  ]);
}
