import type { ChainUnderTest } from './chain-under-test.ts';
import { PROBE } from './probe-script.ts';
import { attribute, Node, Sender } from './sender.ts';

/** Type of every value in a JSON document by its path, array elements as one. */
export const shapeOf = (value: unknown, path = ''): string[] => {
  const found = new Set<string>();
  const walk = (at: unknown, name: string): void => {
    if (Array.isArray(at)) {
      if (at.length === 0) found.add(`${name}: []`);
      for (const item of at) walk(item, `${name}[]`);
    } else if (typeof at === 'object' && at !== null) {
      if (Object.keys(at).length === 0) found.add(`${name}: {}`);
      for (const [key, inner] of Object.entries(at)) walk(inner, name === '' ? key : `${name}.${key}`);
    } else {
      found.add(`${name}: ${at === null ? 'null' : typeof at === 'string' ? form(at) : typeof at}`);
    }
  };
  walk(value, path);
  return [...found].sort();
};

const form = (text: string): string => {
  if (text === '') return "''";
  if (/^\d+$/.test(text)) return 'digits';
  if (/^([0-9A-F]{40}|[0-9A-F]{64})$/.test(text)) return 'HEX';
  if (/^\d{4}-\d\d-\d\dT[\d:]+(\.\d+)?Z$/.test(text)) return 'time';
  return 'text';
};

/** One call of the RPC as it goes over the wire. */
export const call = async (rpcUrl: string, method: string, params: object): Promise<Record<string, unknown>> => {
  const answer = await fetch(rpcUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  return (await answer.json()) as Record<string, unknown>;
};

/** The answers' shapes to every method that our code, its tools or CosmJS call, by what was asked. */
export const rpcShapes = async (chain: ChainUnderTest): Promise<Record<string, readonly string[]>> => {
  const sender = new Sender(chain, 'rpc');
  const node = new Node(chain);
  const uploaded = await sender.deliver([sender.upload(PROBE)], { gas: 5_000_000 });
  const made = await sender.deliver([
    sender.instantiate(Number(attribute(uploaded, 'store_code', 'code_id')), { label: 'x' }, 'x'),
  ]);
  const probe = attribute(made, 'instantiate', '_contract_address');
  const tx = await sender.deliver([sender.execute(probe, { data: { data: 'AAAA' } })]);
  const failed = await sender.deliver([sender.execute(probe, { panic: {} })]);
  const empty = await emptyBlock(node);
  const at = (height: number) => ({ height: String(height) });
  const { blockId } = await node.comet.block(tx.height);
  const hash = Buffer.from(blockId.hash).toString('base64');
  const txHash = Buffer.from(tx.hash).toString('base64');
  const search = { query: `tx.height=${tx.height}`, prove: true, page: '1', per_page: '10', order_by: 'asc' };
  const asked: readonly [string, string, object][] = [
    ['health', 'health', {}],
    ['status', 'status', {}],
    ['abci_info', 'abci_info', {}],
    ['block', 'block', at(tx.height)],
    ['block, latest', 'block', {}],
    ['block, empty', 'block', at(empty)],
    ['block, to come', 'block', at(1_000_000)],
    ['block, height 0', 'block', at(0)],
    ['block_by_hash', 'block_by_hash', { hash }],
    ['block_by_hash, unknown', 'block_by_hash', { hash: Buffer.alloc(32).toString('base64') }],
    ['block_results', 'block_results', at(tx.height)],
    ['block_results, failed tx', 'block_results', at(failed.height)],
    ['block_results, empty', 'block_results', at(empty)],
    ['header', 'header', at(tx.height)],
    ['commit', 'commit', at(tx.height)],
    ['validators', 'validators', { ...at(tx.height), page: '1', per_page: '10' }],
    ['blockchain', 'blockchain', { minHeight: String(tx.height), maxHeight: String(tx.height) }],
    ['tx', 'tx', { hash: txHash, prove: false }],
    ['tx, with proof', 'tx', { hash: txHash, prove: true }],
    ['tx, unknown', 'tx', { hash: Buffer.alloc(32).toString('base64') }],
    ['tx_search', 'tx_search', search],
    ['tx_search, nothing', 'tx_search', { query: "tx.hash='AA'" }],
    ['tx_search, page beyond', 'tx_search', { ...search, page: '9' }],
    ['tx_search, bad query', 'tx_search', { query: 'tx.height=' }],
    ['broadcast_tx_sync, not a transaction', 'broadcast_tx_sync', { tx: 'AAAA' }],
    ['broadcast_tx_sync, nothing', 'broadcast_tx_sync', { tx: '' }],
    ['abci_query, unknown path', 'abci_query', { path: '/no.such/Query', data: '' }],
    ['abci_query, not to be decoded', 'abci_query', { path: '/cosmos.bank.v1beta1.Query/Balance', data: 'ff' }],
    ['num_unconfirmed_txs', 'num_unconfirmed_txs', {}],
    ['consensus_params', 'consensus_params', at(tx.height)],
    ['no such method', 'no_such_method', {}],
  ];
  const shapes: Record<string, readonly string[]> = {};
  for (const [name, method, params] of asked) {
    const { result, error } = await call(chain.rpcUrl, method, params);
    shapes[name] = error === undefined ? shapeOf(result) : [`error: ${errorText(error)}`];
  }
  return shapes;
};

/** Height of a block without transactions, made by waiting. */
const emptyBlock = async (node: Node): Promise<number> => {
  for (;;) {
    const height = await node.nextBlock();
    if ((await node.comet.block(height)).block.txs.length === 0) return height;
  }
};

const errorText = (error: unknown): string => {
  const { code, message, data = '' } = error as { code: number; message: string; data?: string };
  return `${code} ${message} ${data.replace(/\d{2,}/g, '<n>')}`.trim();
};
