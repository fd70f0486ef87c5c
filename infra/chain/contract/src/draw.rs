//! Who qualifies for a seat (section 3).

use cosmwasm_std::{StdResult, Uint256};

/// Doubling stops here: at 2^16 every weight above 1/65,536 of the total qualifies.
pub const LAST_ROUND: u32 = 16;

/// The round that a height lies in, before freezing.
pub fn round_at(opened_height: u64, round_blocks: u64, height: u64) -> u32 {
    let round = height.saturating_sub(opened_height) / round_blocks;
    u32::try_from(round).map_or(LAST_ROUND, |round| round.min(LAST_ROUND))
}

/// `beta[0..8] / 2^64 < seats * weight / total_weight * 2^round`, in integers.
pub fn qualifies(beta: &[u8], total_weight: u128, seats: u32, weight: u128, round: u32) -> StdResult<bool> {
    let head: [u8; 8] = beta[..8].try_into()?;
    let ticket = Uint256::from(u64::from_be_bytes(head)).checked_mul(Uint256::from(total_weight))?;
    let chance = Uint256::from(weight)
        .checked_mul(Uint256::from(seats))?
        .checked_mul(Uint256::from(1u128 << round.min(LAST_ROUND)))?
        .checked_mul(Uint256::from(1u128 << 64))?;
    Ok(ticket < chance)
}
