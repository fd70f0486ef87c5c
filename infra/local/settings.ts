import { DEFAULT_LANE_TERMS } from '../../shared/chain/lanes/deps.ts';

/** What a local devnet runs with. Money in unes (the smallest unit of the devnet's token). */
export const DEVNET = {
  chainId: 'quorate-devnet-1',
  denom: 'unes',
  bech32Prefix: 'quo',
  gasPrice: '0.025unes',
  blockMs: 500,
  nodes: 5,
  seats: 3,
  /** By the rule of docs/economics.md: the slashed part of it is more than 20 times the pay of a seat. */
  nodeBondUnes: 40_000_000n,
  /** Balance of each account at genesis. */
  genesisUnes: 1_000_000_000n,
  faucetUnes: 10_000_000n,
  /** Of transactions that are signed by hand, without a simulation. */
  gasLimit: 1_000_000,
  feeUnes: '25000',
  timeoutBlocks: 20,
  unsentAfterMs: 5_000,
  /** Everything that was read is read again once in this time, from this far behind at most. */
  sweepEveryMs: 3_600_000,
  sweepHeights: 10_000,
  windows: { roundBlocks: 8, commitBlocks: 120, revealBlocks: 120 },
  contract: {
    max_open: 64,
    queue_blocks: 1_000,
    ageing_per_block: '10',
    grace_blocks: 2,
    max_seats: 11,
    bond_cap: '100000000',
    min_bond: '100000',
    unbonding_blocks: 5_000,
    slash_ppm: 50_000,
    callback_gas: 300_000,
    sessions: {
      min_lock: '10000',
      register_blocks: 60,
      session_blocks: 1_200,
      challenge_blocks: 120,
      open_blocks: 120,
      challenge_ppm: 100_000,
      challenge_seats: 3,
      breach_slash_ppm: 200_000,
      max_agents: 128,
    },
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

/** What runs under the house: the embedded chain, or real nodes of wasmd (whose addresses have a prefix of their own). */
export const CHAINS = {
  devchain: { chainId: DEVNET.chainId, bech32Prefix: DEVNET.bech32Prefix },
  wasmd: { chainId: 'quorate-wasmd-1', bech32Prefix: 'wasm' },
} as const;
export type ChainKind = keyof typeof CHAINS;

/** How transactions are sent; a composition adds how often and how long it looks for them. */
export const LANE_TERMS = {
  ...DEFAULT_LANE_TERMS,
  denom: DEVNET.denom,
  gasPrice: DEVNET.gasPrice,
  timeoutBlocks: DEVNET.timeoutBlocks,
} as const;

/** Password of keystores that guard nothing but devnet tokens; real deployments set QUORATE_PASSWORD. */
export const DEVNET_PASSWORD = 'quorate devnet: guards nothing';
