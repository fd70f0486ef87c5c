//! Which rules a query lives by: governance changes none that it was asked or opened under (section 11).

use cosmwasm_std::{StdError, StdResult, Storage, Uint128};

use crate::limits::MAX_AMOUNT;
use crate::money::rank_key;
use crate::msg::Params;
use crate::state::{Config, Query, CONFIG};
use crate::ContractError;

/// Those in force when the block at this height began.
pub fn rules_at(storage: &dyn Storage, height: u64) -> StdResult<Params> {
    config_at(storage, height).map(|config| config.params)
}

fn config_at(storage: &dyn Storage, height: u64) -> StdResult<Config> {
    CONFIG
        .may_load_at_height(storage, height)?
        .ok_or_else(|| StdError::msg("no configuration"))
}

/// Last height of a query in the queue.
pub fn queue_deadline(storage: &dyn Storage, query: &Query) -> StdResult<u64> {
    Ok(query.asked_height + rules_at(storage, query.asked_height)?.queue_blocks)
}

/// Where a query waits. A change of the ageing bends the line of keys but does not break it, so whoever asked before a
/// change keeps the place before those who pay as much after it.
pub fn queue_key(storage: &dyn Storage, query: &Query) -> Result<(u128, u64), ContractError> {
    let config = config_at(storage, query.asked_height)?;
    let blocks = query.asked_height - config.ageing_from;
    let rank = rank_key(query.fee, config.params.ageing_per_block, blocks, MAX_AMOUNT)?;
    let key = config.ageing_base.checked_add(Uint128::new(rank))?;
    Ok((key.u128(), query.id))
}

/// What all later queries start from when the ageing changes at this height.
pub fn ageing_base(config: &Config, height: u64) -> Result<Uint128, ContractError> {
    let blocks = Uint128::from(height - config.ageing_from);
    let grown = config.params.ageing_per_block.checked_mul(blocks)?;
    Ok(config.ageing_base.checked_add(grown)?)
}
