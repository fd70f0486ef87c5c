import { ExecTxResult } from 'cosmjs-types/tendermint/abci/types';
import type { PublicKey } from 'cosmjs-types/tendermint/crypto/keys';
import { HashedParams } from 'cosmjs-types/tendermint/types/params';
import { type Commit, CommitSig } from 'cosmjs-types/tendermint/types/types';
import { SimpleValidator } from 'cosmjs-types/tendermint/types/validator';
import type { KvWrite } from '../state/kv.ts';
import { merkleRoot, sha256 } from './merkle.ts';

/** The parts of a transaction's result that every node must agree on. Gas is counted in gas units. */
export interface DeterministicTxResult {
  readonly code: number;
  readonly data: Uint8Array;
  readonly gasWanted: bigint;
  readonly gasUsed: bigint;
}

/** Header.data_hash: Merkle root whose leaves are the SHA-256 hashes of the transactions (CometBFT types/tx.go Txs.Hash). */
export function dataHash(txs: readonly Uint8Array[]): Uint8Array {
  return merkleRoot(txs.map((tx) => sha256(tx)));
}

/** The leaf of one result under last_results_hash: ExecTxResult with only code, data, gas_wanted and gas_used set. */
export function resultLeaf(result: DeterministicTxResult): Uint8Array {
  const { code, data, gasWanted, gasUsed } = result;
  return ExecTxResult.encode(ExecTxResult.fromPartial({ code, data, gasWanted, gasUsed })).finish();
}

/** Header.last_results_hash over the results of the block before (CometBFT types/results.go ABCIResults.Hash). */
export function resultsHash(results: readonly DeterministicTxResult[]): Uint8Array {
  return merkleRoot(results.map(resultLeaf));
}

/** Header.last_commit_hash: Merkle root over the encoded signatures (CometBFT types/block.go Commit.Hash). */
export function commitHash(commit: Commit): Uint8Array {
  return merkleRoot(commit.signatures.map((signature) => CommitSig.encode(signature).finish()));
}

/** Header.validators_hash: Merkle root over SimpleValidator messages (CometBFT types/validator.go Validator.Bytes). */
export function validatorsHash(validators: readonly { pubKey: PublicKey; votingPower: bigint }[]): Uint8Array {
  return merkleRoot(validators.map((validator) => SimpleValidator.encode(validator).finish()));
}

/** Header.consensus_hash: SHA-256 of HashedParams (CometBFT types/params.go ConsensusParams.Hash). */
export function consensusHash(blockMaxBytes: bigint, blockMaxGas: bigint): Uint8Array {
  return sha256(HashedParams.encode({ blockMaxBytes, blockMaxGas }).finish());
}

/**
 * This chain's own app hash; NOT an IAVL root, so it proves no single key. SHA-256 over the previous app hash followed by
 * the block's writes in ascending key order, each as length(key) u32 big-endian || key || 0x01 || length(value) u32
 * big-endian || value, or with a single 0x00 after the key for a removal. A replayed chain must meet the same hashes.
 */
export function nextAppHash(previous: Uint8Array, writes: readonly KvWrite[]): Uint8Array {
  const parts: Uint8Array[] = [previous];
  for (const { key, value } of writes) {
    parts.push(u32(key.length), key);
    if (value === undefined) parts.push(Uint8Array.of(0));
    else parts.push(Uint8Array.of(1), u32(value.length), value);
  }
  return sha256(...parts);
}

function u32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
}
