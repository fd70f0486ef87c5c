//! Fee shares, reputation and slashing as pure integer rules (section 6).

use cosmwasm_std::{OverflowError, Uint128};

use crate::sigmoid::SIGMOID_PPM;

pub const PPM: u128 = 1_000_000;
pub const AGENT_PPM: u128 = 100_000;

/// Reputation in thousandths: 0.1, 1 and 10.
pub const REPUTATION_MIN: u32 = 100;
pub const REPUTATION_START: u32 = 1_000;
pub const REPUTATION_MAX: u32 = 10_000;

/// The part of its slice that a winner gets, in ppm.
pub fn share_ppm(reputation: u32) -> u32 {
    const STEP: u32 = (REPUTATION_MAX - REPUTATION_MIN) / 100;
    let above = reputation.clamp(REPUTATION_MIN, REPUTATION_MAX) - REPUTATION_MIN;
    let (index, rest) = ((above / STEP) as usize, above % STEP);
    let low = SIGMOID_PPM[index];
    let high = SIGMOID_PPM[(index + 1).min(100)];
    600_000 + (low + (high - low) * rest / STEP) / 5
}

pub fn after_success(reputation: u32) -> u32 {
    (reputation * 1_010 / 1_000).clamp(REPUTATION_MIN, REPUTATION_MAX)
}

pub fn after_fault(reputation: u32) -> u32 {
    (reputation * 800 / 1_000).clamp(REPUTATION_MIN, REPUTATION_MAX)
}

/// How one fee is cut: `winners + agent + pool = fee`, always.
#[derive(Debug, PartialEq, Eq)]
pub struct Cut {
    pub winners: Vec<Uint128>,
    pub agent: Uint128,
    pub pool: Uint128,
}

/// Cuts the fee among winners of these reputations; without an agent its share stays in the pool.
pub fn cut(fee: Uint128, reputations: &[u32], with_agent: bool) -> Result<Cut, OverflowError> {
    let mut pool = fee;
    let mut winners = Vec::with_capacity(reputations.len());
    for reputation in reputations {
        let slice = fee.u128() / reputations.len() as u128;
        let paid = part(Uint128::new(slice), u128::from(share_ppm(*reputation)))?;
        pool = pool.checked_sub(paid)?;
        winners.push(paid);
    }
    let agent = match with_agent {
        true => part(fee, AGENT_PPM)?,
        false => Uint128::zero(),
    };
    pool = pool.checked_sub(agent)?;
    Ok(Cut { winners, agent, pool })
}

/// `amount * ppm / 10^6`, floor.
pub fn part(amount: Uint128, ppm: u128) -> Result<Uint128, OverflowError> {
    let product = amount.checked_mul(Uint128::new(ppm))?;
    Ok(Uint128::new(product.u128() / PPM))
}

/// Drawing weight of a bond, 0 below the minimum.
pub fn weight(bond: Uint128, min_bond: Uint128, bond_cap: Uint128, reputation: u32) -> Result<Uint128, OverflowError> {
    if bond < min_bond {
        return Ok(Uint128::zero());
    }
    bond.min(bond_cap).checked_mul(Uint128::from(reputation))
}

/// Where a query waits: smaller goes first. It orders as `fee - ageing * asked_height` falling, without negative numbers.
pub fn rank_key(
    fee: Uint128,
    ageing_per_block: Uint128,
    asked_height: u64,
    max_fee: Uint128,
) -> Result<u128, OverflowError> {
    let age = ageing_per_block.checked_mul(Uint128::from(asked_height))?;
    Ok(age.checked_add(max_fee.checked_sub(fee)?)?.u128())
}
