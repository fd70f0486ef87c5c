/** An ABCI event; attributes are mutable because wasmd sorts those of submessages in place. */
export interface AbciEvent {
  readonly type: string;
  readonly attributes: EventAttribute[];
}

export interface EventAttribute {
  readonly key: string;
  readonly value: string;
}

/** What a transaction came to (ABCI ExecTxResult); gas in gas units. `code` 0 is success, else codespace and log say why not. */
export interface TxResult {
  readonly code: number;
  readonly codespace: string;
  readonly log: string;
  /** Encoded TxMsgData on success, empty otherwise. */
  readonly data: Uint8Array;
  readonly gasWanted: bigint;
  readonly gasUsed: bigint;
  readonly events: readonly AbciEvent[];
}

/** An event of these attributes, in this order. */
export function event(type: string, ...attributes: readonly (readonly [key: string, value: string])[]): AbciEvent {
  return { type, attributes: attributes.map(([key, value]) => ({ key, value })) };
}
