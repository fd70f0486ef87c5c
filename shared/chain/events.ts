import type { comet38 } from '@cosmjs/tendermint-rpc';
import type { ContractEvent } from '../ports/chain.ts';

/** Type of the contract's events as x/wasm prefixes it. */
const EVENT_TYPE = 'wasm-quorate';

export interface TxPlace {
  readonly chainId: string;
  readonly height: number;
  /** Place of the transaction in its block. */
  readonly index: number;
  readonly hash: string;
}

/** The contract's events of one delivered transaction; other contracts' and other types' are left out. */
export const contractEvents = (place: TxPlace, contract: string, events: readonly comet38.Event[]): ContractEvent[] => {
  const found: ContractEvent[] = [];
  events.forEach((event, at) => {
    if (event.type !== EVENT_TYPE) return;
    const attributes = Object.fromEntries(event.attributes.map(({ key, value }) => [key, value]));
    if (attributes._contract_address !== contract) return;
    const queryId = attributes.query_id;
    found.push({
      id: `${place.chainId}/${place.height}/${place.index}/${attributes.msg_index ?? '0'}/${at}`,
      kind: attributes.kind ?? '',
      queryId: queryId === undefined ? undefined : Number(queryId),
      txHash: place.hash,
      attributes,
    });
  });
  return found;
};

/** Whose account the SDK took the fee from (x/auth emits it before the messages run, so failed transactions have it too). */
export const feePayerOf = (events: readonly comet38.Event[]): string =>
  events
    .find(({ type, attributes }) => type === 'tx' && attributes.some(({ key }) => key === 'fee_payer'))
    ?.attributes.find(({ key }) => key === 'fee_payer')?.value ?? '';
