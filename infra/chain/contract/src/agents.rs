//! Nodes that answer sessions: announcements and the list that a session draws from.

use cosmwasm_std::{Addr, DepsMut, Env, MessageInfo, Order, Response, StdResult, Storage, Uint128};

use crate::events::event;
use crate::limits::{nonpayable, MAX_AMOUNT, MAX_URI_BYTES};
use crate::session_error::SessionError;
use crate::session_msg::Service;
use crate::session_state::{Agent, Session, AGENTS};
use crate::stake::weight_at;
use crate::state::{load_node, CONFIG};
use crate::ContractError;

/// Tells where a node answers sessions and for how much; none withdraws it. Sessions that named it go on.
pub fn announce(
    deps: DepsMut,
    env: Env,
    info: MessageInfo,
    service: Option<Service>,
) -> Result<Response, ContractError> {
    nonpayable(&info)?;
    let (node, height) = (info.sender, env.block.height);
    load_node(deps.storage, &node)?;
    let known = AGENTS.may_load(deps.storage, &node)?;
    let mut event = event("node").add_attribute("node", &node);
    match &service {
        None if known.as_ref().is_none_or(|agent| agent.service.is_none()) => {
            return Err(SessionError::NotAnnounced { node }.into());
        }
        None => event = event.add_attribute("action", "withdrew_service"),
        Some(service) => {
            check_service(service)?;
            if known.is_none() {
                make_room(deps.storage, height)?;
            }
            event = event
                .add_attribute("action", "announced")
                .add_attribute("url", &service.url)
                .add_attribute("price_in", service.price_in)
                .add_attribute("price_out", service.price_out);
        }
    }
    let agent = Agent {
        service,
        changed_height: height,
    };
    AGENTS.save(deps.storage, &node, &agent, height)?;
    Ok(Response::new().add_event(event))
}

fn check_service(service: &Service) -> Result<(), ContractError> {
    let length = service.url.len();
    let has_scheme = ["https://", "http://"]
        .iter()
        .any(|scheme| service.url.starts_with(scheme) && length > scheme.len());
    if !has_scheme || length > MAX_URI_BYTES {
        return Err(SessionError::BadUrl {
            length,
            max: MAX_URI_BYTES,
        }
        .into());
    }
    check_prices(service.price_in, service.price_out)
}

pub fn check_prices(price_in: Uint128, price_out: Uint128) -> Result<(), ContractError> {
    let price = price_in.max(price_out);
    match price > MAX_AMOUNT {
        true => Err(SessionError::PriceTooHigh { price, max: MAX_AMOUNT }.into()),
        false => Ok(()),
    }
}

/// Forgets agents that withdrew before any session that may still draw was locked.
fn make_room(storage: &mut dyn Storage, height: u64) -> Result<(), ContractError> {
    let params = CONFIG.load(storage)?.params.sessions;
    let listed: Vec<(Addr, Agent)> = AGENTS
        .range(storage, None, None, Order::Ascending)
        .collect::<StdResult<_>>()?;
    let mut places = listed.len();
    for (node, agent) in listed {
        if agent.service.is_none() && agent.changed_height + params.register_blocks < height {
            AGENTS.remove(storage, &node, height)?;
            places -= 1;
        }
    }
    match places >= params.max_agents as usize {
        true => Err(SessionError::TooManyAgents { max: params.max_agents }.into()),
        false => Ok(()),
    }
}

/// Who may be drawn, by address, with weights as they were when the block of the lock began.
pub fn eligible<'a>(
    storage: &'a dyn Storage,
    session: &'a Session,
) -> impl Iterator<Item = StdResult<(Addr, Uint128)>> + 'a {
    AGENTS
        .keys(storage, None, None, Order::Ascending)
        .filter_map(move |node| weighed(storage, session, node).transpose())
}

fn weighed(storage: &dyn Storage, session: &Session, node: StdResult<Addr>) -> StdResult<Option<(Addr, Uint128)>> {
    let (node, height) = (node?, session.locked_height);
    let agent = AGENTS.may_load_at_height(storage, &node, height)?;
    let Some(service) = agent.and_then(|agent| agent.service) else {
        return Ok(None);
    };
    if service.price_in > session.price_in || service.price_out > session.price_out {
        return Ok(None);
    }
    let weight = weight_at(storage, &node, &session.model, height)?;
    Ok((!weight.is_zero()).then_some((node, weight)))
}
