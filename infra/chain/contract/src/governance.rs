//! What the admin, an account or a DAO's contract, may do (section 11).

use cosmwasm_std::{to_json_string, Addr, BankMsg, Coin, Deps, DepsMut, Env, MessageInfo, Response, Storage, Uint128};

use crate::events::event;
use crate::limits::{check_params, nonpayable};
use crate::msg::{GovernanceResponse, Params};
use crate::rules::ageing_base;
use crate::state::{Config, CONFIG, LONGEST_QUERY, PROPOSED_ADMIN, REWEIGH, TOTALS};
use crate::ContractError;

pub fn update_params(deps: DepsMut, env: Env, info: MessageInfo, params: Params) -> Result<Response, ContractError> {
    nonpayable(&info)?;
    let mut config = admin_only(deps.storage, &info)?;
    check_params(&config.denom, &params)?;
    let longest = LONGEST_QUERY.may_load(deps.storage)?.unwrap_or_default();
    if params.unbonding_blocks <= longest {
        let problem = format!(
            "unbonding_blocks must be above the {longest} blocks that all attempts of a registered model may last, got {}",
            params.unbonding_blocks
        );
        return Err(ContractError::InvalidParams {
            problems: vec![problem],
        });
    }
    if changes_weights(&config.params, &params) {
        REWEIGH.save(deps.storage, &None)?;
    }
    if params.ageing_per_block != config.params.ageing_per_block {
        config.ageing_base = ageing_base(&config, env.block.height)?;
        config.ageing_from = env.block.height;
    }
    config.params = params;
    CONFIG.save(deps.storage, &config, env.block.height)?;
    let event = event("params")
        .add_attribute("admin", &info.sender)
        .add_attribute("params", to_json_string(&config.params)?);
    Ok(Response::new().add_event(event))
}

fn changes_weights(before: &Params, after: &Params) -> bool {
    let rule = |params: &Params| {
        (
            params.min_bond,
            params.bond_cap,
            params.lifecycle.standard_seats,
            params.lifecycle.standard_reputation,
        )
    };
    rule(before) != rule(after)
}

/// Takes effect when the proposed one accepts, so that a mistyped address locks nobody out.
pub fn propose_admin(deps: DepsMut, info: MessageInfo, admin: String) -> Result<Response, ContractError> {
    nonpayable(&info)?;
    admin_only(deps.storage, &info)?;
    let proposed = deps.api.addr_validate(&admin)?;
    PROPOSED_ADMIN.save(deps.storage, &proposed)?;
    Ok(Response::new().add_event(admin_event("proposed", &info.sender, &proposed)))
}

pub fn accept_admin(deps: DepsMut, env: Env, info: MessageInfo) -> Result<Response, ContractError> {
    nonpayable(&info)?;
    let proposed = PROPOSED_ADMIN.may_load(deps.storage)?;
    if proposed.as_ref() != Some(&info.sender) {
        return Err(ContractError::NotProposed {
            proposed: named(&proposed),
            sender: info.sender,
        });
    }
    let mut config = CONFIG.load(deps.storage)?;
    let before = config.admin.replace(info.sender.clone());
    CONFIG.save(deps.storage, &config, env.block.height)?;
    PROPOSED_ADMIN.remove(deps.storage);
    Ok(Response::new().add_event(admin_event(
        "accepted",
        &before.unwrap_or(info.sender.clone()),
        &info.sender,
    )))
}

pub fn spend_pool(
    deps: DepsMut,
    env: Env,
    info: MessageInfo,
    to: String,
    amount: Uint128,
) -> Result<Response, ContractError> {
    nonpayable(&info)?;
    let config = admin_only(deps.storage, &info)?;
    let to = deps.api.addr_validate(&to)?;
    // What the contract paid itself would be in no book any more.
    if to == env.contract.address {
        return Err(ContractError::SpendToItself {});
    }
    let mut totals = TOTALS.load(deps.storage)?;
    if amount.is_zero() || amount > totals.pool {
        return Err(ContractError::InvalidSpend {
            amount,
            pool: totals.pool,
        });
    }
    totals.pool = totals.pool.checked_sub(amount)?;
    TOTALS.save(deps.storage, &totals)?;
    let payment = BankMsg::Send {
        to_address: to.to_string(),
        amount: vec![Coin::new(amount, config.denom)],
    };
    let event = event("pool")
        .add_attribute("action", "spent")
        .add_attribute("to", to)
        .add_attribute("amount", amount)
        .add_attribute("pool", totals.pool);
    Ok(Response::new().add_message(payment).add_event(event))
}

pub fn governance(deps: Deps) -> Result<GovernanceResponse, ContractError> {
    Ok(GovernanceResponse {
        admin: CONFIG.load(deps.storage)?.admin,
        proposed_admin: PROPOSED_ADMIN.may_load(deps.storage)?,
        longest_query_blocks: LONGEST_QUERY.may_load(deps.storage)?.unwrap_or_default(),
        reweighing: REWEIGH.may_load(deps.storage)?.is_some(),
        version: cw2::get_contract_version(deps.storage)?.version,
    })
}

fn admin_only(storage: &dyn Storage, info: &MessageInfo) -> Result<Config, ContractError> {
    let config = CONFIG.load(storage)?;
    if config.admin.as_ref() != Some(&info.sender) {
        return Err(ContractError::NotAdmin {
            admin: named(&config.admin),
            sender: info.sender.clone(),
        });
    }
    Ok(config)
}

fn named(address: &Option<Addr>) -> String {
    address.as_ref().map_or("nobody".to_string(), Addr::to_string)
}

fn admin_event(action: &str, from: &Addr, to: &Addr) -> cosmwasm_std::Event {
    event("admin")
        .add_attribute("action", action)
        .add_attribute("from", from)
        .add_attribute("to", to)
}
