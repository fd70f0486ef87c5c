import type { BlockID, Commit, Header } from 'cosmjs-types/tendermint/types/types';
import type { TxResult } from '../comet/abci.ts';
import { msFromTimestamp } from '../comet/header.ts';
import { merkleProof, merkleRoot, sha256 } from '../comet/merkle.ts';
import type { StoredBlock, StoredTx } from '../state/block-store.ts';

/*
 * CometBFT's JSON: 64-bit integers as strings, hashes as upper-case hex, other bytes as base64, times as RFC 3339 with the
 * trailing zeros of the fraction cut off.
 */

export function hexUpper(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex').toUpperCase();
}

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** Milliseconds since the epoch as Go's time.RFC3339Nano writes them. */
export function rfc3339(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/\.?0+Z$/, 'Z');
}

export function blockIdJson(blockId: BlockID) {
  const { total, hash } = blockId.partSetHeader;
  return { hash: hexUpper(blockId.hash), parts: { total, hash: hexUpper(hash) } };
}

export function headerJson(header: Header) {
  return {
    version: {
      block: header.version.block.toString(),
      ...(header.version.app > 0n && { app: `${header.version.app}` }),
    },
    chain_id: header.chainId,
    height: header.height.toString(),
    time: rfc3339(msFromTimestamp(header.time)),
    last_block_id: blockIdJson(header.lastBlockId),
    last_commit_hash: hexUpper(header.lastCommitHash),
    data_hash: hexUpper(header.dataHash),
    validators_hash: hexUpper(header.validatorsHash),
    next_validators_hash: hexUpper(header.nextValidatorsHash),
    consensus_hash: hexUpper(header.consensusHash),
    app_hash: hexUpper(header.appHash),
    last_results_hash: hexUpper(header.lastResultsHash),
    evidence_hash: hexUpper(header.evidenceHash),
    proposer_address: hexUpper(header.proposerAddress),
  };
}

export function commitJson(commit: Commit) {
  return {
    height: commit.height.toString(),
    round: commit.round,
    block_id: blockIdJson(commit.blockId),
    signatures: commit.signatures.map((signature) => ({
      block_id_flag: signature.blockIdFlag,
      validator_address: hexUpper(signature.validatorAddress),
      timestamp: rfc3339(msFromTimestamp(signature.timestamp)),
      signature: base64(signature.signature),
    })),
  };
}

export function blockJson(block: StoredBlock, txs: readonly StoredTx[]) {
  return {
    header: headerJson(block.header),
    data: { txs: txs.map(({ tx }) => base64(tx)) },
    evidence: { evidence: [] },
    last_commit: commitJson(block.lastCommit),
  };
}

export function blockMetaJson(block: StoredBlock) {
  return {
    block_id: blockIdJson(block.blockId),
    block_size: block.sizeBytes.toString(),
    header: headerJson(block.header),
    num_txs: block.txCount.toString(),
  };
}

export function txResultJson(result: TxResult) {
  return {
    code: result.code,
    data: result.data.length === 0 ? null : base64(result.data),
    log: result.log,
    info: '',
    gas_wanted: result.gasWanted.toString(),
    gas_used: result.gasUsed.toString(),
    events: result.events.map(({ type, attributes }) => ({
      type,
      attributes: attributes.map(({ key, value }) => ({ key, value, index: true })),
    })),
    codespace: result.codespace,
  };
}

/** A `tx` answer; `proofTxs` are the block's transactions when an inclusion proof is wanted. */
export function txJson(tx: StoredTx, proofTxs: readonly StoredTx[] | undefined) {
  return {
    hash: hexUpper(tx.hash),
    height: tx.height.toString(),
    index: tx.index,
    tx_result: txResultJson(tx.result),
    tx: base64(tx.tx),
    ...(proofTxs !== undefined && { proof: txProofJson(tx, proofTxs) }),
  };
}

function txProofJson(tx: StoredTx, txs: readonly StoredTx[]) {
  const leaves = txs.map((each) => sha256(each.tx));
  const proof = merkleProof(leaves, tx.index);
  return {
    root_hash: hexUpper(merkleRoot(leaves)),
    data: base64(tx.tx),
    proof: {
      total: proof.total.toString(),
      index: proof.index.toString(),
      leaf_hash: base64(proof.leafHash),
      aunts: proof.aunts.map(base64),
    },
  };
}
