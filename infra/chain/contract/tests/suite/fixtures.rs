//! Parameters and windows that tests start from.

use cosmwasm_std::Uint128;
use quorate_contract::msg::*;

pub fn params() -> Params {
    Params {
        max_open: 4,
        queue_blocks: 50,
        ageing_per_block: Uint128::new(10),
        grace_blocks: 2,
        max_seats: 11,
        bond_cap: Uint128::new(1_000_000),
        min_bond: Uint128::new(50_000),
        unbonding_blocks: 1_000,
        slash_ppm: 100_000,
        callback_gas: 500_000,
        sessions: sessions(),
        lifecycle: lifecycle(),
    }
}

pub fn sessions() -> SessionParams {
    SessionParams {
        min_lock: Uint128::new(1_000),
        register_blocks: 10,
        session_blocks: 100,
        challenge_blocks: 20,
        open_blocks: 15,
        challenge_ppm: 100_000,
        challenge_seats: 3,
        breach_slash_ppm: 500_000,
        max_agents: 8,
    }
}

/// Nobody starts on probation, so that weights are round numbers; tests of tiers say otherwise.
pub fn lifecycle() -> LifecycleParams {
    LifecycleParams {
        cooldown_blocks: 30,
        standard_seats: 0,
        standard_reputation: 100,
        trusted_seats: 2,
        trusted_reputation: 1_000,
        timeout_factor_ppm: 2_000_000,
        non_response_factor_ppm: 4_000_000,
    }
}

pub fn windows() -> Windows {
    Windows {
        round_blocks: 5,
        commit_blocks: 20,
        reveal_blocks: 10,
    }
}
