import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { Timestamp } from 'cosmjs-types/google/protobuf/timestamp';
import { PublicKey } from 'cosmjs-types/tendermint/crypto/keys';
import { type BlockID, type Commit, PartSetHeader } from 'cosmjs-types/tendermint/types/types';
import { concatBytes } from '../state/kv.ts';
import { timestampFromMs } from './header.ts';
import { sha256 } from './merkle.ts';
import { bytesField, lengthPrefixed, messageField, sfixed64Field, varintField } from './proto.ts';

/** BLOCK_ID_FLAG_COMMIT: the validator voted for the committed block. */
const FLAG_COMMIT = 2;
/** SIGNED_MSG_TYPE_PRECOMMIT. */
const PRECOMMIT = 2;
/** PKCS #8 wrapping of a raw Ed25519 seed, RFC 8410 section 7. */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The chain's only validator; it holds all voting power. */
export interface Validator {
  /** Raw Ed25519 public key, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** First 20 bytes of SHA-256 of the public key (CometBFT crypto/ed25519 PubKey.Address). */
  readonly address: Uint8Array;
  readonly votingPower: bigint;
  /** Ed25519 signature, 64 bytes. */
  sign(message: Uint8Array): Uint8Array;
}

/** The validator of a 32-byte Ed25519 seed. Throws RangeError for another length. */
export function validatorFromSeed(seed: Uint8Array): Validator {
  if (seed.length !== 32) throw new RangeError(`an Ed25519 seed has 32 bytes, got ${seed.length}`);
  const key: KeyObject = createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seed]), format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  const publicKey = Uint8Array.from(spki.subarray(-32));
  return {
    publicKey,
    address: sha256(publicKey).slice(0, 20),
    votingPower: 10n,
    sign: (message) => Uint8Array.from(sign(null, message, key)),
  };
}

/** The validator's key as the protobuf that validators_hash covers. */
export function protoPublicKey(validator: Validator): PublicKey {
  return PublicKey.fromPartial({ ed25519: validator.publicKey });
}

/** A vote as it is signed: without validator, `blockId` absent for a nil vote. Types: 1 prevote, 2 precommit. */
export interface CanonicalVote {
  readonly type: number;
  readonly height: bigint;
  readonly round: bigint;
  readonly blockId?: BlockID;
  readonly timestamp: Timestamp;
  readonly chainId: string;
}

/** The bytes a validator signs: the length-prefixed CanonicalVote (CometBFT v0.38 types/vote.go VoteSignBytes). */
export function voteSignBytes(vote: CanonicalVote): Uint8Array {
  const { blockId } = vote;
  const canonicalBlockId =
    blockId &&
    concatBytes(bytesField(1, blockId.hash), messageField(2, PartSetHeader.encode(blockId.partSetHeader).finish()));
  return lengthPrefixed(
    concatBytes(
      varintField(1, BigInt(vote.type)),
      sfixed64Field(2, vote.height),
      sfixed64Field(3, vote.round),
      canonicalBlockId === undefined ? new Uint8Array(0) : messageField(4, canonicalBlockId),
      messageField(5, Timestamp.encode(vote.timestamp).finish()),
      bytesField(6, new TextEncoder().encode(vote.chainId)),
    ),
  );
}

/** A commit for one block with the validator's signature, its vote cast at `timeMs`. */
export function signCommit(
  validator: Validator,
  chainId: string,
  height: bigint,
  blockId: BlockID,
  timeMs: number,
): Commit {
  const timestamp = timestampFromMs(timeMs);
  const vote = { type: PRECOMMIT, height, round: 0n, blockId, timestamp, chainId };
  return {
    height,
    round: 0,
    blockId,
    signatures: [
      {
        blockIdFlag: FLAG_COMMIT,
        validatorAddress: validator.address,
        timestamp,
        signature: validator.sign(voteSignBytes(vote)),
      },
    ],
  };
}
