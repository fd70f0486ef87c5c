import { Block } from 'cosmjs-types/tendermint/types/block';
import type { BlockID, Commit, Header, PartSetHeader } from 'cosmjs-types/tendermint/types/types';
import { commitHash, consensusHash, dataHash, validatorsHash } from './hashes.ts';
import { headerHash, timestampFromMs } from './header.ts';
import { merkleRoot } from './merkle.ts';
import { protoPublicKey, type Validator } from './validator.ts';

/** CometBFT types/params.go BlockPartSizeBytes. */
const PART_SIZE_BYTES = 65_536;
/** CometBFT version.BlockProtocol of v0.38. */
export const BLOCK_PROTOCOL = 11n;

/** Consensus parameters of this chain: 0.38's default block size, no gas limit (-1). */
export const BLOCK_MAX_BYTES = 22_020_096n;
export const BLOCK_MAX_GAS = -1n;

/** The block id of "no block": what a first block's last_block_id is. */
export const NO_BLOCK_ID: BlockID = { hash: new Uint8Array(0), partSetHeader: { total: 0, hash: new Uint8Array(0) } };

/** The commit that a first block carries: for no block, without signatures. */
export const NO_COMMIT: Commit = { height: 0n, round: 0, blockId: NO_BLOCK_ID, signatures: [] };

/** What a block is made from; `appHash` and `lastResultsHash` are those after the block before. */
export interface BlockInput {
  readonly chainId: string;
  readonly height: bigint;
  readonly timeMs: number;
  readonly lastBlockId: BlockID;
  readonly lastCommit: Commit;
  readonly appHash: Uint8Array;
  readonly lastResultsHash: Uint8Array;
  readonly txs: readonly Uint8Array[];
  readonly validator: Validator;
}

/** A block, its id and its encoded size in bytes. */
export interface MadeBlock {
  readonly block: Block;
  readonly blockId: BlockID;
  readonly sizeBytes: number;
}

/** Assembles and hashes a block as a CometBFT v0.38 proposer does (state/state.go MakeBlock). */
export function makeBlock(input: BlockInput): MadeBlock {
  const validators = validatorsHash([
    { pubKey: protoPublicKey(input.validator), votingPower: input.validator.votingPower },
  ]);
  const header: Header = {
    version: { block: BLOCK_PROTOCOL, app: 0n },
    chainId: input.chainId,
    height: input.height,
    time: timestampFromMs(input.timeMs),
    lastBlockId: input.lastBlockId,
    lastCommitHash: commitHash(input.lastCommit),
    dataHash: dataHash(input.txs),
    validatorsHash: validators,
    nextValidatorsHash: validators,
    consensusHash: consensusHash(BLOCK_MAX_BYTES, BLOCK_MAX_GAS),
    appHash: input.appHash,
    lastResultsHash: input.lastResultsHash,
    evidenceHash: merkleRoot([]),
    proposerAddress: input.validator.address,
  };
  const block: Block = {
    header,
    data: { txs: [...input.txs] },
    evidence: { evidence: [] },
    lastCommit: input.lastCommit,
  };
  const encoded = Block.encode(block).finish();
  const hash = headerHash(header) ?? new Uint8Array(0);
  return { block, blockId: { hash, partSetHeader: partSetHeader(encoded) }, sizeBytes: encoded.length };
}

/**
 * Header of the part set that CometBFT would gossip: Merkle root over 64 KiB slices of the protobuf-encoded block
 * (types/part_set.go NewPartSetFromData). Nothing is gossiped here; the hash is the real one all the same.
 */
export function partSetHeader(encodedBlock: Uint8Array): PartSetHeader {
  const parts: Uint8Array[] = [];
  for (let offset = 0; offset < encodedBlock.length; offset += PART_SIZE_BYTES) {
    parts.push(encodedBlock.subarray(offset, offset + PART_SIZE_BYTES));
  }
  return { total: parts.length, hash: merkleRoot(parts) };
}
