import type { Chain } from '../chain.ts';
import type { TxResult } from '../comet/abci.ts';
import { sha256 } from '../comet/merkle.ts';
import { base64, hexUpper, txJson } from './encode.ts';
import { parseEventQuery } from './event-query.ts';
import { invalidParams, RpcError } from './json-rpc.ts';
import { type Method, wantedPage } from './method.ts';
import type { Params } from './params.ts';

function wantedTx(params: Params): Uint8Array {
  const tx = params.bytes('tx', 'base64');
  if (tx === undefined) throw invalidParams('tx is required');
  return tx;
}

function broadcastAnswer(tx: Uint8Array, result: Pick<TxResult, 'code' | 'codespace' | 'log' | 'data'>) {
  const { code, codespace, log, data } = result;
  return { code, data: data.length === 0 ? '' : base64(data), log, codespace, hash: hexUpper(sha256(tx)) };
}

/** Methods about transactions. */
export const txMethods: Readonly<Record<string, Method>> = {
  broadcast_tx_sync: {
    params: ['tx'],
    run: (chain: Chain, params) => {
      const tx = wantedTx(params);
      return broadcastAnswer(tx, chain.checkTx(tx));
    },
  },

  broadcast_tx_async: {
    params: ['tx'],
    run: (chain, params) => {
      const tx = wantedTx(params);
      chain.checkTx(tx);
      return broadcastAnswer(tx, { code: 0, codespace: '', log: '', data: new Uint8Array(0) });
    },
  },

  tx: {
    params: ['hash', 'prove'],
    run: (chain, params) => {
      const hash = params.bytes('hash', 'base64') ?? new Uint8Array(0);
      const found = chain.blocks.txByHash(hash);
      if (found === undefined) throw new RpcError(`tx (${hexUpper(hash)}) not found`);
      return txJson(found, params.flag('prove') ? chain.blocks.txsOf(found.height) : undefined);
    },
  },

  tx_search: {
    params: ['query', 'prove', 'page', 'per_page', 'order_by'],
    run: (chain, params) => {
      const order = params.text('order_by') ?? '';
      if (order !== '' && order !== 'asc' && order !== 'desc') {
        throw new RpcError('expected order_by to be either `asc` or `desc` or empty');
      }
      const conditions = parseEventQuery(params.text('query') ?? '');
      const direction = order === 'desc' ? 'desc' : 'asc';
      const found = chain.searchTxs(conditions, direction, (total) => wantedPage(total, params));
      const prove = params.flag('prove');
      return {
        txs: found.txs.map((tx) => txJson(tx, prove ? chain.blocks.txsOf(tx.height) : undefined)),
        total_count: found.total.toString(),
      };
    },
  },
};
