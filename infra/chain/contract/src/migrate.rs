//! From the previous version's state to this one's: one record is rewritten, the rest loads as it is (section 11).

use cosmwasm_schema::cw_serde;
use cosmwasm_std::{DepsMut, Response, Uint128};
use cw2::{get_contract_version, set_contract_version};
use cw_storage_plus::Item;

use crate::events::event;
use crate::limits::check_params;
use crate::msg::{MigrateMsg, Params};
use crate::state::{Config, CONFIG_NOW, LONGEST_QUERY, REWEIGH};
use crate::{version, ContractError};

const PREVIOUS: [u64; 3] = [0, 1, 0];

#[cw_serde]
struct PreviousConfig {
    denom: String,
    params: PreviousParams,
}

#[cw_serde]
struct PreviousParams {
    max_open: u32,
    queue_blocks: u64,
    ageing_per_block: Uint128,
    grace_blocks: u64,
    max_seats: u32,
    bond_cap: Uint128,
    min_bond: Uint128,
    unbonding_blocks: u64,
    slash_ppm: u32,
    callback_gas: u64,
}

pub fn migrate(deps: DepsMut, msg: MigrateMsg) -> Result<Response, ContractError> {
    let stored = get_contract_version(deps.storage)?;
    check_version(&stored.contract, &stored.version)?;
    let before = Item::<PreviousConfig>::new("config").load(deps.storage)?;
    let old = before.params;
    let config = Config {
        denom: before.denom,
        params: Params {
            max_open: old.max_open,
            queue_blocks: old.queue_blocks,
            ageing_per_block: old.ageing_per_block,
            grace_blocks: old.grace_blocks,
            max_seats: old.max_seats,
            bond_cap: old.bond_cap,
            min_bond: old.min_bond,
            unbonding_blocks: old.unbonding_blocks,
            slash_ppm: old.slash_ppm,
            callback_gas: old.callback_gas,
            sessions: msg.sessions,
            lifecycle: msg.lifecycle,
        },
        admin: msg.admin.map(|address| deps.api.addr_validate(&address)).transpose()?,
        ageing_base: Uint128::zero(),
        ageing_from: 0,
    };
    check_params(&config.denom, &config.params)?;
    CONFIG_NOW.save(deps.storage, &config)?;
    // Every model was registered against this very number; going through them all could cost more than a block's gas.
    LONGEST_QUERY.save(deps.storage, &(config.params.unbonding_blocks - 1))?;
    // Tiers are new, so weights are.
    REWEIGH.save(deps.storage, &None)?;
    set_contract_version(deps.storage, version::NAME, version::NUMBER)?;
    let event = event("migrated")
        .add_attribute("from", stored.version)
        .add_attribute("to", version::NUMBER);
    Ok(Response::new().add_event(event))
}

fn check_version(contract: &str, version: &str) -> Result<(), ContractError> {
    let refuse = |reason: &'static str| ContractError::CannotMigrate {
        reason,
        contract: contract.to_string(),
        version: version.to_string(),
        to: version::NUMBER,
    };
    if contract != version::NAME {
        return Err(refuse("another contract"));
    }
    let from = numbers(version).ok_or_else(|| refuse("not a version"))?;
    if Some(from) >= numbers(version::NUMBER) {
        return Err(refuse("not an older version"));
    }
    match from == PREVIOUS {
        true => Ok(()),
        false => Err(refuse("only 0.1.0 can be migrated")),
    }
}

/// Major, minor and patch; none for anything else.
fn numbers(version: &str) -> Option<[u64; 3]> {
    let parts: Option<Vec<u64>> = version.split('.').map(|part| part.parse().ok()).collect();
    parts?.try_into().ok()
}
