//! Models: registered once, immutable, withdrawn for good.

use cosmwasm_std::{Binary, DepsMut, MessageInfo, Response};

use crate::events::{event, hex};
use crate::limits::{check_length, check_model, longest_query, nonpayable};
use crate::state::{load_model, Model, CONFIG, LONGEST_QUERY, MODELS};
use crate::ContractError;

pub fn register(
    deps: DepsMut,
    info: MessageInfo,
    manifest_hash: Binary,
    model: Model,
) -> Result<Response, ContractError> {
    nonpayable(&info)?;
    check_length("manifest_hash", &manifest_hash, 32)?;
    if let Some(trial) = &model.trial {
        check_length("trial", trial, 32)?;
    }
    let unbonding_blocks = CONFIG.load(deps.storage)?.params.unbonding_blocks;
    check_model(
        model.price,
        &model.rule,
        &model.windows,
        &model.timing,
        unbonding_blocks,
    )?;
    if MODELS.has(deps.storage, &manifest_hash) {
        return Err(ContractError::ModelExists {
            model: hex(&manifest_hash),
        });
    }
    MODELS.save(deps.storage, &manifest_hash, &model)?;
    // Below the unbonding time, which is a u64; withdrawn models count on, since queries may still run.
    let blocks = longest_query(&model.windows) as u64;
    if blocks > LONGEST_QUERY.may_load(deps.storage)?.unwrap_or_default() {
        LONGEST_QUERY.save(deps.storage, &blocks)?;
    }
    let event = event("model")
        .add_attribute("model", hex(&manifest_hash))
        .add_attribute("action", "registered")
        .add_attribute("owner", &model.owner)
        .add_attribute("price", model.price);
    Ok(Response::new().add_event(event))
}

/// Queries that were asked before are still answered.
pub fn withdraw(deps: DepsMut, info: MessageInfo, manifest_hash: Binary) -> Result<Response, ContractError> {
    nonpayable(&info)?;
    let mut model = load_model(deps.storage, &manifest_hash)?;
    if model.owner != info.sender {
        return Err(ContractError::NotOwner {
            model: hex(&manifest_hash),
            owner: model.owner,
            sender: info.sender,
        });
    }
    if model.withdrawn {
        return Err(ContractError::ModelWithdrawn {
            model: hex(&manifest_hash),
        });
    }
    model.withdrawn = true;
    MODELS.save(deps.storage, &manifest_hash, &model)?;
    let event = event("model")
        .add_attribute("model", hex(&manifest_hash))
        .add_attribute("action", "withdrawn")
        .add_attribute("owner", &model.owner);
    Ok(Response::new().add_event(event))
}
