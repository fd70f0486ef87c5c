import type { CommittedBlock } from '../chain.ts';
import { base64, blockIdJson, blockJson, headerJson, hexUpper, txResultJson } from './encode.ts';
import { type Condition, matchesEventQuery, parseEventQuery } from './event-query.ts';
import { RpcError } from './json-rpc.ts';

/** CometBFT v0.38 config/config.go DefaultRPCConfig. */
const MAX_PER_CLIENT = 5;

/** What a subscriber is told: the JSON-RPC id of its subscription and the result to send under it. */
export interface Push {
  readonly id: number | string;
  readonly result: { readonly query: string; readonly data: unknown; readonly events: Record<string, string[]> };
}

interface Subscription {
  readonly id: number | string;
  readonly query: string;
  readonly conditions: readonly Condition[];
}

/** The subscriptions of one websocket client: tm.event 'NewBlock', 'NewBlockHeader' and 'Tx', with further conditions. */
export class Subscriptions {
  readonly #byQuery = new Map<string, Subscription>();

  /** Throws RpcError for a query that does not parse, one already subscribed to, or one too many. */
  add(id: number | string, query: string): void {
    if (this.#byQuery.has(query)) throw new RpcError('already subscribed');
    if (this.#byQuery.size >= MAX_PER_CLIENT)
      throw new RpcError(`max_subscriptions_per_client ${MAX_PER_CLIENT} reached`);
    this.#byQuery.set(query, { id, query, conditions: parseEventQuery(query) });
  }

  /** Throws RpcError when there is no such subscription. */
  remove(query: string): void {
    if (!this.#byQuery.delete(query)) throw new RpcError('subscription not found');
  }

  clear(): void {
    this.#byQuery.clear();
  }

  /** What a committed block means for this client, in CometBFT's order: the block, its header, its transactions. */
  *pushes(committed: CommittedBlock): IterableIterator<Push> {
    if (this.#byQuery.size === 0) return;
    for (const announced of announcements(committed)) {
      for (const { id, query, conditions } of this.#byQuery.values()) {
        if (!matchesEventQuery(conditions, announced.events)) continue;
        yield { id, result: { query, data: announced.data(), events: Object.fromEntries(announced.events) } };
      }
    }
  }
}

interface Announcement {
  readonly events: ReadonlyMap<string, string[]>;
  data(): unknown;
}

function* announcements({ block, txs }: CommittedBlock): IterableIterator<Announcement> {
  const finalized = {
    events: [],
    tx_results: txs.map(({ result }) => txResultJson(result)),
    validator_updates: [],
    app_hash: base64(block.appHash),
  };
  yield {
    events: new Map([['tm.event', ['NewBlock']]]),
    data: () => ({
      type: 'tendermint/event/NewBlock',
      value: { block: blockJson(block, txs), block_id: blockIdJson(block.blockId), result_finalize_block: finalized },
    }),
  };
  yield {
    events: new Map([['tm.event', ['NewBlockHeader']]]),
    data: () => ({ type: 'tendermint/event/NewBlockHeader', value: { header: headerJson(block.header) } }),
  };
  for (const { height, index, hash, tx, result } of txs) {
    const events = new Map<string, string[]>();
    for (const { type, attributes } of result.events) {
      for (const { key, value } of attributes) {
        const name = `${type}.${key}`;
        const values = events.get(name);
        if (values === undefined) events.set(name, [value]);
        else values.push(value);
      }
    }
    events
      .set('tm.event', ['Tx'])
      .set('tx.hash', [hexUpper(hash)])
      .set('tx.height', [String(height)]);
    const value = { TxResult: { height: String(height), index, tx: base64(tx), result: txResultJson(result) } };
    yield { events, data: () => ({ type: 'tendermint/event/Tx', value }) };
  }
}
