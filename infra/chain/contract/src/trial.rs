//! The trial before serving (section 10): the machine must compute the model's known answer.

use cosmwasm_std::{Addr, Binary, Deps, Event, Storage};

use crate::events::{event, hex};
use crate::limits::check_length;
use crate::msg::TrialResponse;
use crate::state::{load_model, load_node, Model, CONFIG, COOLDOWN, SERVING};
use crate::ContractError;

/// None if the node may serve; else the event of its failure, which is recorded.
pub fn take_trial(
    storage: &mut dyn Storage,
    height: u64,
    node: &Addr,
    model_id: &Binary,
    model: &Model,
    received: Option<Binary>,
) -> Result<Option<Event>, ContractError> {
    let key: (&Addr, &[u8]) = (node, model_id);
    if let Some(allowed_from) = COOLDOWN.may_load(storage, key)?.filter(|from| height < *from) {
        return Err(ContractError::CoolingDown {
            node: node.clone(),
            model: hex(model_id),
            allowed_from,
            height,
        });
    }
    let Some(expected) = &model.trial else {
        COOLDOWN.remove(storage, key);
        return Ok(None);
    };
    let received = received.ok_or_else(|| ContractError::TrialMissing { model: hex(model_id) })?;
    check_length("trial", &received, 32)?;
    if received == *expected {
        COOLDOWN.remove(storage, key);
        return Ok(None);
    }
    let allowed_from = height + CONFIG.load(storage)?.params.lifecycle.cooldown_blocks;
    COOLDOWN.save(storage, key, &allowed_from)?;
    let failed = event("node")
        .add_attribute("node", node)
        .add_attribute("action", "trial_failed")
        .add_attribute("model", hex(model_id))
        .add_attribute("expected", hex(expected))
        .add_attribute("received", hex(&received))
        .add_attribute("allowed_from", allowed_from.to_string());
    Ok(Some(failed))
}

pub fn trial(deps: Deps, node: String, model: Binary) -> Result<TrialResponse, ContractError> {
    let node = deps.api.addr_validate(&node)?;
    load_node(deps.storage, &node)?;
    let expected = load_model(deps.storage, &model)?.trial;
    let key: (&Addr, &[u8]) = (&node, &model);
    Ok(TrialResponse {
        expected,
        warm: SERVING.may_load(deps.storage, key)?.is_some(),
        allowed_from: COOLDOWN.may_load(deps.storage, key)?,
    })
}
