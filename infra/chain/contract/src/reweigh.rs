//! New weights for all nodes after a change of the rule that makes them, a bounded part in each message (section 11).

use cosmwasm_std::{Addr, DepsMut, Env, MessageInfo, Order, Response, StdResult};
use cw_storage_plus::Bound;

use crate::events::event;
use crate::limits::{nonpayable, MAX_REWEIGH};
use crate::stake::Ledger;
use crate::state::{load_node, NODES, REWEIGH};
use crate::ContractError;

/// Anyone may send it: the nodes come by address, so the sender chooses none.
pub fn reweigh(deps: DepsMut, env: Env, info: MessageInfo, limit: u32) -> Result<Response, ContractError> {
    nonpayable(&info)?;
    if !(1..=MAX_REWEIGH).contains(&limit) {
        return Err(ContractError::InvalidLimit {
            limit,
            max: MAX_REWEIGH,
        });
    }
    let after = REWEIGH
        .may_load(deps.storage)?
        .ok_or(ContractError::NothingToReweigh {})?;
    let nodes: Vec<Addr> = NODES
        .keys(
            deps.storage,
            after.as_ref().map(Bound::exclusive),
            None,
            Order::Ascending,
        )
        .take(limit as usize)
        .collect::<StdResult<_>>()?;
    let mut ledger = Ledger::open(deps.storage, env.block.height)?;
    for address in &nodes {
        let node = load_node(deps.storage, address)?;
        ledger.weigh(deps.storage, address, &node)?;
    }
    ledger.close(deps.storage)?;
    let done = nodes.len() < limit as usize;
    match nodes.last().filter(|_| !done) {
        Some(last) => REWEIGH.save(deps.storage, &Some(last.clone()))?,
        None => REWEIGH.remove(deps.storage),
    }
    let event = event("reweighed")
        .add_attribute("nodes", nodes.len().to_string())
        .add_attribute("done", done.to_string());
    Ok(Response::new().add_event(event))
}
