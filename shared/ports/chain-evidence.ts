/**
 * The raw bytes of a chain that prove what happened on it, as CometBFT hashes them. Answers may come from a node that lies:
 * whoever uses them checks them against a header hash.
 * Every method throws {@link TransientError} `rpc-unavailable` when the node cannot be reached, answers nonsense or does
 * not have that height (yet, or any more).
 */
export interface ChainEvidence {
  /** Protobuf `tendermint.types.Header` in its canonical encoding. */
  header(height: number): Promise<Uint8Array>;
  /** The transactions of the block at `height`, in order. */
  txs(height: number): Promise<readonly Uint8Array[]>;
  /**
   * What the transactions of the block at `height` gave, in the same order: protobuf `ExecTxResult` with nothing but code,
   * data, gas_wanted and gas_used, the leaves of the next header's last_results_hash.
   */
  results(height: number): Promise<readonly Uint8Array[]>;
}
