//! The way out of a bond: unbonding waits, and what waits is still slashable until it is withdrawn.

use cosmwasm_std::{BankMsg, Coin, DepsMut, Env, MessageInfo, Response, Uint128};

use crate::events::event;
use crate::limits::{nonpayable, MAX_UNBONDING};
use crate::stake::Ledger;
use crate::state::{load_node, Unbonding};
use crate::ContractError;

pub fn unbond(deps: DepsMut, env: Env, info: MessageInfo, amount: Uint128) -> Result<Response, ContractError> {
    nonpayable(&info)?;
    let mut ledger = Ledger::open(deps.storage, env.block.height)?;
    let mut node = load_node(deps.storage, &info.sender)?;
    if amount.is_zero() || amount > node.bond {
        return Err(ContractError::InvalidUnbond {
            amount,
            bond: node.bond,
        });
    }
    node.bond = node.bond.checked_sub(amount)?;
    let release_height = env.block.height + ledger.config.params.unbonding_blocks;
    let pending = node.unbonding.len();
    // Not always the last: the waiting time may have been made shorter.
    let place = node
        .unbonding
        .partition_point(|part| part.release_height < release_height);
    match node.unbonding.get_mut(place) {
        Some(part) if part.release_height == release_height => {
            part.amount = part.amount.checked_add(amount)?;
        }
        _ if pending >= MAX_UNBONDING => {
            return Err(ContractError::TooManyUnbonding {
                pending,
                max: MAX_UNBONDING,
            });
        }
        _ => node.unbonding.insert(place, Unbonding { amount, release_height }),
    }
    ledger.save_node(deps.storage, &info.sender, &node)?;
    ledger.close(deps.storage)?;
    let event = event("node")
        .add_attribute("node", &info.sender)
        .add_attribute("action", "unbonded")
        .add_attribute("amount", amount)
        .add_attribute("bond", node.bond)
        .add_attribute("release_height", release_height.to_string());
    Ok(Response::new().add_event(event))
}

pub fn withdraw(deps: DepsMut, env: Env, info: MessageInfo) -> Result<Response, ContractError> {
    nonpayable(&info)?;
    let height = env.block.height;
    let mut ledger = Ledger::open(deps.storage, height)?;
    let mut node = load_node(deps.storage, &info.sender)?;
    let mut amount = Uint128::zero();
    for part in &node.unbonding {
        if part.release_height <= height {
            amount = amount.checked_add(part.amount)?;
        }
    }
    node.unbonding.retain(|part| part.release_height > height);
    if amount.is_zero() {
        return Err(ContractError::NothingToWithdraw {
            height,
            next_release: node.unbonding.first().map(|part| part.release_height),
        });
    }
    ledger.totals.bonds = ledger.totals.bonds.checked_sub(amount)?;
    ledger.save_node(deps.storage, &info.sender, &node)?;
    let payment = BankMsg::Send {
        to_address: info.sender.to_string(),
        amount: vec![Coin::new(amount, &ledger.config.denom)],
    };
    ledger.close(deps.storage)?;
    let event = event("node")
        .add_attribute("node", &info.sender)
        .add_attribute("action", "withdrew")
        .add_attribute("amount", amount);
    Ok(Response::new().add_message(payment).add_event(event))
}
