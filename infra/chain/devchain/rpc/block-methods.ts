import type { Chain } from '../chain.ts';
import type { StoredBlock } from '../state/block-store.ts';
import { consensusParams } from './consensus-params.ts';
import { blockIdJson, blockJson, blockMetaJson, commitJson, headerJson, txResultJson } from './encode.ts';
import { RpcError } from './json-rpc.ts';
import { type Method, wantedHeight } from './method.ts';
import type { Params } from './params.ts';

const MAX_BLOCK_METAS = 20;
const NO_BLOCK_ID_JSON = { hash: '', parts: { total: 0, hash: '' } };

function wantedBlock(chain: Chain, params: Params): StoredBlock {
  const height = wantedHeight(chain.height, params);
  const block = chain.blocks.at(height);
  if (block === undefined) throw new RpcError(`block ${height} is not available`);
  return block;
}

function blockAnswer(chain: Chain, block: StoredBlock) {
  return { block_id: blockIdJson(block.blockId), block: blockJson(block, chain.blocks.txsOf(block.height)) };
}

/** Methods about blocks. */
export const blockMethods: Readonly<Record<string, Method>> = {
  block: { params: ['height'], run: (chain, params) => blockAnswer(chain, wantedBlock(chain, params)) },

  block_by_hash: {
    params: ['hash'],
    run: (chain, params) => {
      const block = chain.blocks.byHash(params.bytes('hash', 'base64') ?? new Uint8Array(0));
      return block === undefined ? { block_id: NO_BLOCK_ID_JSON, block: null } : blockAnswer(chain, block);
    },
  },

  block_results: {
    params: ['height'],
    run: (chain, params) => {
      const { height } = wantedBlock(chain, params);
      const results = chain.blocks.txsOf(height).map(({ result }) => txResultJson(result));
      return {
        height: height.toString(),
        txs_results: results.length === 0 ? null : results,
        finalize_block_events: [],
        validator_updates: null,
        // The SDK tells of its parameters in every block.
        consensus_param_updates: { ...consensusParams, version: {}, abci: {} },
        app_hash: Buffer.from(chain.blocks.at(height)?.appHash ?? []).toString('base64'),
      };
    },
  },

  header: { params: ['height'], run: (chain, params) => ({ header: headerJson(wantedBlock(chain, params).header) }) },

  header_by_hash: {
    params: ['hash'],
    run: (chain, params) => {
      const block = chain.blocks.byHash(params.bytes('hash', 'hex') ?? new Uint8Array(0));
      return { header: block === undefined ? null : headerJson(block.header) };
    },
  },

  commit: {
    params: ['height'],
    run: (chain, params) => {
      const block = wantedBlock(chain, params);
      const next = chain.blocks.at(block.height + 1);
      const commit = next?.lastCommit ?? block.seenCommit;
      return {
        signed_header: { header: headerJson(block.header), commit: commitJson(commit) },
        canonical: next !== undefined,
      };
    },
  },

  blockchain: {
    params: ['minHeight', 'maxHeight'],
    run: (chain, params) => {
      const asked = { min: params.integer('minHeight') ?? 0, max: params.integer('maxHeight') ?? 0 };
      if (asked.min < 0 || asked.max < 0) throw new RpcError('heights must be non-negative');
      const max = Math.min(chain.height, asked.max === 0 ? chain.height : asked.max);
      const min = Math.max(1, asked.min, max - MAX_BLOCK_METAS + 1);
      if (min > max) throw new RpcError(`min height ${min} can't be greater than max height ${max}`);
      const metas = [];
      for (let height = max; height >= min; height--) {
        const block = chain.blocks.at(height);
        if (block !== undefined) metas.push(blockMetaJson(block));
      }
      return { last_height: chain.height.toString(), block_metas: metas };
    },
  },
};
