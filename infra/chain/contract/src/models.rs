//! Models: registered once, immutable, withdrawn for good.

use cosmwasm_std::{Binary, DepsMut, MessageInfo, Response, Uint128};

use crate::events::{event, hex};
use crate::limits::{check_length, check_model, nonpayable};
use crate::msg::{Rule, Windows};
use crate::state::{load_model, Model, CONFIG, MODELS};
use crate::ContractError;

pub fn register(
    deps: DepsMut,
    info: MessageInfo,
    manifest_hash: Binary,
    price: Uint128,
    rule: Rule,
    windows: Windows,
) -> Result<Response, ContractError> {
    nonpayable(&info)?;
    check_length("manifest_hash", &manifest_hash, 32)?;
    let params = CONFIG.load(deps.storage)?.params;
    check_model(price, &rule, &windows, params.unbonding_blocks)?;
    if MODELS.has(deps.storage, &manifest_hash) {
        return Err(ContractError::ModelExists {
            model: hex(&manifest_hash),
        });
    }
    let model = Model {
        owner: info.sender,
        price,
        rule,
        windows,
        withdrawn: false,
    };
    MODELS.save(deps.storage, &manifest_hash, &model)?;
    let event = event("model")
        .add_attribute("model", hex(&manifest_hash))
        .add_attribute("action", "registered")
        .add_attribute("owner", &model.owner)
        .add_attribute("price", price);
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
