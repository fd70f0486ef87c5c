//! Registration, bonds and the models that a node serves.

use cosmwasm_std::{Addr, Binary, DepsMut, Empty, Env, MessageInfo, Response, Uint128};

use crate::events::{event, hex};
use crate::limits::{nonpayable, paid, MAX_MODELS_PER_NODE};
use crate::money::REPUTATION_START;
use crate::stake::{served_models, Ledger};
use crate::state::{load_model, load_node, Node, NODES, SERVING, VRF_KEYS, WEIGHTS};
use crate::trial::take_trial;
use crate::{vrf, ContractError};

pub fn register(deps: DepsMut, env: Env, info: MessageInfo, vrf_pubkey: Binary) -> Result<Response, ContractError> {
    let mut ledger = Ledger::open(deps.storage, env.block.height)?;
    let bond = paid(&info, &ledger.config.denom)?;
    let min_bond = ledger.config.params.min_bond;
    if bond < min_bond {
        return Err(ContractError::BondTooSmall { bond, min_bond });
    }
    vrf::validate_key(&vrf_pubkey).map_err(|source| ContractError::InvalidVrfKey { source })?;
    if NODES.has(deps.storage, &info.sender) {
        return Err(ContractError::NodeExists { node: info.sender });
    }
    // Nodes of one key would win and lose together: a small stake could fill a whole committee.
    if let Some(node) = VRF_KEYS.may_load(deps.storage, &vrf_pubkey)? {
        return Err(ContractError::VrfKeyTaken { node });
    }
    VRF_KEYS.save(deps.storage, &vrf_pubkey, &info.sender)?;
    let node = Node {
        vrf_pubkey,
        bond,
        unbonding: vec![],
        reputation: REPUTATION_START,
        seats_settled: 0,
        seats_won: 0,
    };
    ledger.add_bond(bond)?;
    ledger.save_node(deps.storage, &info.sender, &node)?;
    ledger.close(deps.storage)?;
    let event = event("node")
        .add_attribute("node", &info.sender)
        .add_attribute("action", "registered")
        .add_attribute("bond", bond)
        .add_attribute("vrf_pubkey", hex(&node.vrf_pubkey));
    Ok(Response::new().add_event(event))
}

pub fn bond(deps: DepsMut, env: Env, info: MessageInfo) -> Result<Response, ContractError> {
    let mut ledger = Ledger::open(deps.storage, env.block.height)?;
    let amount = paid(&info, &ledger.config.denom)?;
    let mut node = load_node(deps.storage, &info.sender)?;
    node.bond = node.bond.checked_add(amount)?;
    ledger.add_bond(amount)?;
    ledger.save_node(deps.storage, &info.sender, &node)?;
    ledger.close(deps.storage)?;
    let event = event("node")
        .add_attribute("node", &info.sender)
        .add_attribute("action", "bonded")
        .add_attribute("amount", amount)
        .add_attribute("bond", node.bond);
    Ok(Response::new().add_event(event))
}

/// A failed trial succeeds as a message: the chain keeps its record.
pub fn serve(
    deps: DepsMut,
    env: Env,
    info: MessageInfo,
    model: Binary,
    trial: Option<Binary>,
) -> Result<Response, ContractError> {
    nonpayable(&info)?;
    let node = info.sender;
    load_node(deps.storage, &node)?;
    let stored = load_model(deps.storage, &model)?;
    if stored.withdrawn {
        return Err(ContractError::ModelWithdrawn { model: hex(&model) });
    }
    let served = served_models(deps.storage, &node)?;
    if served.iter().any(|known| known == model.as_slice()) {
        return Err(ContractError::AlreadyServing {
            node,
            model: hex(&model),
        });
    }
    if served.len() >= MAX_MODELS_PER_NODE {
        return Err(ContractError::TooManyModels {
            node,
            served: served.len(),
            max: MAX_MODELS_PER_NODE,
        });
    }
    if let Some(failed) = take_trial(deps.storage, env.block.height, &node, &model, &stored, trial)? {
        return Ok(Response::new().add_event(failed));
    }
    let key: (&Addr, &[u8]) = (&node, &model);
    SERVING.save(deps.storage, key, &Empty {}, env.block.height)?;
    let weight = WEIGHTS.may_load(deps.storage, &node)?.unwrap_or_default();
    let mut ledger = Ledger::open(deps.storage, env.block.height)?;
    ledger.change_total(model.to_vec(), weight, Uint128::zero())?;
    ledger.close(deps.storage)?;
    Ok(Response::new().add_event(serving_event(&node, "serves", &model)))
}

pub fn unserve(deps: DepsMut, env: Env, info: MessageInfo, model: Binary) -> Result<Response, ContractError> {
    nonpayable(&info)?;
    let node = info.sender;
    let key: (&Addr, &[u8]) = (&node, &model);
    if SERVING.may_load(deps.storage, key)?.is_none() {
        return Err(ContractError::NotServing {
            model: hex(&model),
            node,
        });
    }
    SERVING.remove(deps.storage, key, env.block.height)?;
    let weight = WEIGHTS.may_load(deps.storage, &node)?.unwrap_or_default();
    let mut ledger = Ledger::open(deps.storage, env.block.height)?;
    ledger.change_total(model.to_vec(), Uint128::zero(), weight)?;
    ledger.close(deps.storage)?;
    Ok(Response::new().add_event(serving_event(&node, "unserves", &model)))
}

fn serving_event(node: &Addr, action: &str, model: &Binary) -> cosmwasm_std::Event {
    event("node")
        .add_attribute("node", node)
        .add_attribute("action", action)
        .add_attribute("model", hex(model))
}
