//! What a node's life is ruled by: tiers and expected time (sections 6 and 10).

use cosmwasm_schema::cw_serde;

/// Cut-offs and factors. Bounds: `limits::check_lifecycle`.
#[cw_serde]
pub struct LifecycleParams {
    /// How long a node that failed a model's trial may not try again.
    pub cooldown_blocks: u64,
    /// Seats won and reputation (in thousandths) below which a node is on probation.
    pub standard_seats: u32,
    pub standard_reputation: u32,
    /// Seats won and reputation from which a node is trusted.
    pub trusted_seats: u32,
    pub trusted_reputation: u32,
    /// Times the expected time, in ppm, after which a seat was slow.
    pub timeout_factor_ppm: u32,
    /// Times the expected time, in ppm, after which a seat counts as no response.
    pub non_response_factor_ppm: u32,
}

/// Expected time of a model: `clamp(k1 * input units + k2 * output units, min, max)`.
#[cw_serde]
#[derive(Copy)]
pub struct Timing {
    pub k1_us: u64,
    pub k2_us: u64,
    pub min_ms: u64,
    pub max_ms: u64,
}

#[cw_serde]
#[derive(Copy)]
pub enum Tier {
    Probation,
    Standard,
    Trusted,
}

impl Tier {
    pub fn of(params: &LifecycleParams, reputation: u32, seats_won: u32) -> Self {
        if seats_won < params.standard_seats || reputation < params.standard_reputation {
            return Tier::Probation;
        }
        match seats_won >= params.trusted_seats && reputation >= params.trusted_reputation {
            true => Tier::Trusted,
            false => Tier::Standard,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Tier::Probation => "probation",
            Tier::Standard => "standard",
            Tier::Trusted => "trusted",
        }
    }
}

#[cw_serde]
#[derive(Copy)]
pub enum Speed {
    InTime,
    Slow,
    NonResponse,
}

impl Speed {
    pub fn as_str(self) -> &'static str {
        match self {
            Speed::InTime => "in_time",
            Speed::Slow => "slow",
            Speed::NonResponse => "non_response",
        }
    }
}
