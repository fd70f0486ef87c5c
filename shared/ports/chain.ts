import type {
  ContractParams,
  ContractTotals,
  DrawState,
  ModelState,
  NodeState,
  QueryState,
  SeatState,
} from '../protocol/state.ts';

export interface Head {
  readonly height: number;
  readonly timeMs: number;
}

/** One event of the contract as a block's results carry it: a hint about state, never proof of it. */
export interface ContractEvent {
  /** `chain/height/tx/msg/event`: the same on each reading. */
  readonly id: string;
  readonly kind: string;
  /** Absent for events that are not about a query. */
  readonly queryId: number | undefined;
  readonly txHash: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface BlockEvents {
  readonly height: number;
  readonly timeMs: number;
  /** Header hashes, upper-case hex as CometBFT writes them. */
  readonly hash: string;
  readonly parentHash: string;
  readonly events: readonly ContractEvent[];
}

export interface BroadcastAnswer {
  /** ABCI code of CheckTx: 0 accepted, 32 sequence mismatch ... */
  readonly code: number;
  readonly codespace: string;
  readonly log: string;
}

/** One message of a transaction. Undefined where it is no call of this contract, or a call about no query. */
export interface TxMessage {
  readonly sender: string | undefined;
  /** `ask`, `commit`, `reveal`, `settle` ... */
  readonly call: string | undefined;
  readonly queryId: number | undefined;
}

export interface IncludedTx {
  readonly height: number;
  readonly code: number;
  readonly codespace: string;
  readonly log: string;
  readonly gasWanted: number;
  readonly gasUsed: number;
  /** What its fee payer paid, whether or not it succeeded. */
  readonly feeUnes: bigint;
  /** Whose account the fee was taken from; empty if the chain does not say. */
  readonly feePayer: string;
  /** In order, also when it failed. */
  readonly messages: readonly TxMessage[];
  /** Bytes that it takes on the chain. */
  readonly sizeBytes: number;
  /** Of all the contract's messages in the transaction. */
  readonly events: readonly ContractEvent[];
}

export interface AccountState {
  readonly accountNumber: number;
  readonly sequence: number;
}

/** Gas that it used, or what the node refused it with: text only, the code is lost on the way. */
export type SimulateAnswer = { readonly gasUsed: number } | { readonly refusal: string };

/** Execution of the contract with funds attached. */
export interface ContractCall {
  /** In whose name: the signer's if absent, another's by his authz grant. */
  readonly sender?: string;
  readonly msg: Readonly<Record<string, unknown>>;
  readonly fundsUnes: string;
}

/**
 * A CosmWasm chain behind one CometBFT RPC, and the contract on it. Reads may come from a node that lags; callers never
 * move backwards because of it.
 * Every method throws {@link TransientError} `rpc-unavailable` when the node cannot be reached or answers nonsense.
 */
export interface Chain {
  readonly chainId: string;
  readonly contract: string;
  head(): Promise<Head>;
  block(height: number): Promise<BlockEvents>;
  query(id: number): Promise<QueryState | undefined>;
  /** Not final ones, ascending ids greater than `after`. */
  live(after: number | undefined, limit: number): Promise<QueryState[]>;
  seats(queryId: number, attempt: number): Promise<SeatState[]>;
  draw(queryId: number, node: string): Promise<DrawState>;
  node(address: string): Promise<NodeState | undefined>;
  nodes(after: string | undefined, limit: number): Promise<NodeState[]>;
  model(id: string): Promise<ModelState | undefined>;
  models(after: string | undefined, limit: number): Promise<ModelState[]>;
  totals(): Promise<ContractTotals>;
  params(): Promise<ContractParams>;
  balanceUnes(address: string): Promise<bigint>;
  /** Undefined for an account that never received anything. */
  account(address: string): Promise<AccountState | undefined>;
  /** Undefined until it is in a block (and indexed). `hash` is upper-case hex. */
  transaction(hash: string): Promise<IncludedTx | undefined>;
  /** Runs an unsigned TxRaw on top of the last block and what is pending, and keeps nothing. */
  simulate(txBytes: Uint8Array): Promise<SimulateAnswer>;
  /** CheckTx only. What the mempool itself says has the SDK's code for it: 19 known already, 20 full, 21 too large. */
  broadcast(txBytes: Uint8Array): Promise<BroadcastAnswer>;
}
