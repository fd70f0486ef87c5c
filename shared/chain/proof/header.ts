import { BinaryWriter } from 'cosmjs-types/binary';
import { Timestamp } from 'cosmjs-types/google/protobuf/timestamp';
import { BlockID, Header } from 'cosmjs-types/tendermint/types/types';
import { Consensus } from 'cosmjs-types/tendermint/version/types';
import { equalBytes, utf8 } from '../../protocol/encoding.ts';
import { merkleRoot } from '../../protocol/merkle.ts';

/** Block headers of CometBFT v0.38: encoding and hash. */

/** google.protobuf.BytesValue and StringValue: field 1, left out when empty (CometBFT types/encoding_helper.go cdcEncode). */
const wrapBytes = (value: Uint8Array): Uint8Array =>
  value.length === 0 ? new Uint8Array() : new BinaryWriter().uint32(10).bytes(value).finish();

/** google.protobuf.Int64Value: field 1, left out when 0. */
const wrapInt64 = (value: bigint): Uint8Array =>
  value === 0n ? new Uint8Array() : new BinaryWriter().uint32(8).int64(value).finish();

/** 32 bytes: Merkle root over the fourteen encoded fields in order (CometBFT types/block.go Header.Hash; spec, core/data_structures.md "Header"). */
export const headerHash = (h: Header): Uint8Array =>
  merkleRoot([
    Consensus.encode(h.version).finish(),
    wrapBytes(utf8(h.chainId)),
    wrapInt64(h.height),
    Timestamp.encode(h.time).finish(),
    BlockID.encode(h.lastBlockId).finish(),
    wrapBytes(h.lastCommitHash),
    wrapBytes(h.dataHash),
    wrapBytes(h.validatorsHash),
    wrapBytes(h.nextValidatorsHash),
    wrapBytes(h.consensusHash),
    wrapBytes(h.appHash),
    wrapBytes(h.lastResultsHash),
    wrapBytes(h.evidenceHash),
    wrapBytes(h.proposerAddress),
  ]);

export const encodeHeader = (h: Header): Uint8Array => Header.encode(h).finish();

/** @throws {RangeError} unless the bytes are the one canonical encoding of a header, so that the hash covers each of them */
export const decodeHeader = (bytes: Uint8Array): Header => {
  const header = Header.decode(bytes);
  if (!equalBytes(encodeHeader(header), bytes)) throw new RangeError('header is not in its canonical encoding');
  return header;
};

/** Milliseconds since 1970, rounded down. */
export const headerTimeMs = (h: Header): number =>
  Number(h.time.seconds) * 1_000 + Math.floor(h.time.nanos / 1_000_000);
