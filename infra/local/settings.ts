/** What a local devnet runs with. Money in unes (the smallest unit of the devnet's token). */
export const DEVNET = {
  chainId: 'quorate-devnet-1',
  denom: 'unes',
  bech32Prefix: 'quo',
  gasPrice: '0.025unes',
  blockMs: 500,
  nodes: 5,
  seats: 3,
  nodeBondUnes: 1_000_000n,
  /** Balance of each account at genesis. */
  genesisUnes: 1_000_000_000n,
  faucetUnes: 10_000_000n,
  /** Transactions of the contract: gas is not metered by instruction here, so one generous limit serves all. */
  gasLimit: 1_000_000,
  feeUnes: '25000',
  timeoutBlocks: 20,
  windows: { roundBlocks: 8, commitBlocks: 120, revealBlocks: 120 },
  contract: {
    max_open: 64,
    queue_blocks: 1_000,
    ageing_per_block: '10',
    grace_blocks: 2,
    max_seats: 11,
    bond_cap: '10000000',
    min_bond: '100000',
    unbonding_blocks: 5_000,
    slash_ppm: 50_000,
    callback_gas: 300_000,
    lifecycle: {
      cooldown_blocks: 100,
      standard_seats: 5,
      standard_reputation: 500,
      trusted_seats: 50,
      trusted_reputation: 2_000,
      timeout_factor_ppm: 2_000_000,
      non_response_factor_ppm: 5_000_000,
    },
  },
} as const;

/** Password of keystores that guard nothing but devnet tokens; real deployments set QUORATE_PASSWORD. */
export const DEVNET_PASSWORD = 'quorate devnet: guards nothing';
