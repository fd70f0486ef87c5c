import type { Chain } from '../chain.ts';
import { BLOCK_PROTOCOL } from '../comet/block.ts';
import { abciQuery } from './abci-query.ts';
import { consensusParams } from './consensus-params.ts';
import { base64, hexUpper, rfc3339 } from './encode.ts';
import { RpcError } from './json-rpc.ts';
import { type Method, wantedHeight, wantedPage } from './method.ts';

const COMETBFT_VERSION = '0.38.19';
const GO_ZERO_TIME = '1970-01-01T00:00:00Z';

const pubKeyJson = (chain: Chain) => ({ type: 'tendermint/PubKeyEd25519', value: base64(chain.validator.publicKey) });

/** Methods about the node, the application and the mempool. */
export const infoMethods: Readonly<Record<string, Method>> = {
  health: { params: [], run: () => ({}) },

  status: {
    params: [],
    run: (chain) => {
      const { head, validator } = chain;
      const first = chain.blocks.at(1);
      const address = hexUpper(validator.address);
      return {
        node_info: {
          protocol_version: { p2p: '8', block: BLOCK_PROTOCOL.toString(), app: '0' },
          id: address.toLowerCase(),
          listen_addr: 'tcp://0.0.0.0:26656',
          network: chain.genesis.chainId,
          version: COMETBFT_VERSION,
          channels: '',
          moniker: 'devchain',
          other: { tx_index: 'on', rpc_address: 'tcp://127.0.0.1:26657' },
        },
        sync_info: {
          latest_block_hash: head === undefined ? '' : hexUpper(head.blockId.hash),
          latest_app_hash: head === undefined ? '' : hexUpper(head.header.appHash),
          latest_block_height: chain.height.toString(),
          latest_block_time: head === undefined ? GO_ZERO_TIME : rfc3339(head.timeMs),
          earliest_block_hash: first === undefined ? '' : hexUpper(first.blockId.hash),
          earliest_app_hash: first === undefined ? '' : hexUpper(first.header.appHash),
          earliest_block_height: first === undefined ? '0' : '1',
          earliest_block_time: first === undefined ? GO_ZERO_TIME : rfc3339(first.timeMs),
          catching_up: false,
        },
        validator_info: { address, pub_key: pubKeyJson(chain), voting_power: validator.votingPower.toString() },
      };
    },
  },

  abci_info: {
    params: [],
    run: (chain) => ({
      response: {
        data: 'devchain',
        version: '0.1.0',
        ...(chain.head !== undefined && {
          last_block_height: chain.height.toString(),
          last_block_app_hash: base64(chain.head.appHash),
        }),
      },
    }),
  },

  abci_query: {
    params: ['path', 'data', 'height', 'prove'],
    run: (chain, params) => {
      // The app hash commits to blocks of writes, not to a tree of keys: there is nothing to prove a value with.
      if (params.flag('prove')) throw new RpcError('this chain has no state proofs: query without prove');
      const height = params.integer('height') ?? 0;
      const data = params.bytes('data', 'hex') ?? new Uint8Array(0);
      const result = abciQuery(chain, params.text('path') ?? '', data, height);
      return {
        response: {
          code: result.code,
          log: result.log,
          info: '',
          index: '0',
          key: null,
          value: result.value.length === 0 ? null : base64(result.value),
          proofOps: null,
          height: result.height.toString(),
          codespace: result.codespace,
        },
      };
    },
  },

  genesis: {
    params: [],
    run: (chain) => {
      const { chainId, timeMs, balances } = chain.genesis;
      const { address, votingPower } = chain.validator;
      const power = votingPower.toString();
      return {
        genesis: {
          genesis_time: rfc3339(timeMs),
          chain_id: chainId,
          initial_height: '1',
          consensus_params: consensusParams,
          validators: [{ address: hexUpper(address), pub_key: pubKeyJson(chain), power, name: 'devchain' }],
          app_hash: hexUpper(chain.genesisAppHash),
          app_state: { bank: { balances } },
        },
      };
    },
  },

  consensus_params: {
    params: ['height'],
    run: (chain, params) => ({
      block_height: wantedHeight(chain.height + 1, params).toString(),
      consensus_params: consensusParams,
    }),
  },

  validators: {
    params: ['height', 'page', 'per_page'],
    run: (chain, params) => {
      const height = wantedHeight(chain.height + 1, params);
      wantedPage(1, params);
      const { address, votingPower } = chain.validator;
      return {
        block_height: height.toString(),
        validators: [
          {
            address: hexUpper(address),
            pub_key: pubKeyJson(chain),
            voting_power: votingPower.toString(),
            proposer_priority: '0',
          },
        ],
        count: '1',
        total: '1',
      };
    },
  },

  num_unconfirmed_txs: {
    params: [],
    run: ({ mempool }) => ({
      n_txs: mempool.size.toString(),
      total: mempool.size.toString(),
      total_bytes: mempool.sizeBytes.toString(),
      txs: null,
    }),
  },

  unconfirmed_txs: {
    params: ['limit'],
    run: ({ mempool }, params) => {
      const txs = mempool.pending().slice(0, Math.min(params.integer('limit') ?? 30, 100));
      return {
        n_txs: txs.length.toString(),
        total: mempool.size.toString(),
        total_bytes: mempool.sizeBytes.toString(),
        txs: txs.map(base64),
      };
    },
  },
};
