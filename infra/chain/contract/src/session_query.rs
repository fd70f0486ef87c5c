//! What can be asked about sessions and agents.

use cosmwasm_schema::cw_serde;
use cosmwasm_std::{Addr, Binary, Deps, Env, Order, StdResult, Uint128};
use cw_storage_plus::Bound;

use crate::query::page;
use crate::session_msg::Service;
use crate::session_state::{
    load_session, Challenge, Session, SessionEnd, SessionOutcome, Stage, Submission, AGENTS, SESSIONS,
};
use crate::stake::weight_at;
use crate::ContractError;

/// `settle` means that `SettleSession` without a proof would do something at the current height.
#[cw_serde]
#[derive(Copy)]
pub enum SessionPhase {
    Locked,
    Registered,
    Submitted,
    Challenged,
    Rerun,
    Settle,
    Paid,
    Refunded,
    Breach,
}

#[cw_serde]
pub struct SessionResponse {
    pub id: Binary,
    pub user: Addr,
    pub model: Binary,
    pub vrf_pubkey: Binary,
    pub seed: Binary,
    pub lock: Uint128,
    pub price_in: Uint128,
    pub price_out: Uint128,
    pub locked_height: u64,
    pub phase: SessionPhase,
    /// Last height of the stage; null while a query decides, and at the end.
    pub deadline: Option<u64>,
    pub agent: Option<Addr>,
    pub submission: Option<Submission>,
    pub challenge: Option<Challenge>,
    pub outcome: Option<SessionOutcome>,
}

#[cw_serde]
pub struct SessionsResponse {
    pub sessions: Vec<SessionResponse>,
}

#[cw_serde]
pub struct AgentView {
    pub node: Addr,
    pub service: Service,
    /// With which it would be drawn for a session that is locked in the next block.
    pub weight: Uint128,
}

#[cw_serde]
pub struct AgentsResponse {
    pub agents: Vec<AgentView>,
}

pub fn session(deps: Deps, env: Env, id: Binary) -> Result<SessionResponse, ContractError> {
    let session = load_session(deps.storage, &id)?;
    Ok(session_view(&env, id, session))
}

pub fn sessions(deps: Deps, env: Env, start_after: Option<Binary>, limit: Option<u32>) -> StdResult<SessionsResponse> {
    let after = start_after.as_deref();
    let sessions = SESSIONS
        .range(deps.storage, after.map(Bound::exclusive), None, Order::Ascending)
        .take(page(limit))
        .map(|entry| entry.map(|(id, session)| session_view(&env, id.into(), session)))
        .collect::<StdResult<_>>()?;
    Ok(SessionsResponse { sessions })
}

/// The announced nodes that serve the model.
pub fn agents(
    deps: Deps,
    env: Env,
    model: Binary,
    start_after: Option<String>,
    limit: Option<u32>,
) -> StdResult<AgentsResponse> {
    let after = start_after
        .map(|address| deps.api.addr_validate(&address))
        .transpose()?;
    let view = |entry: StdResult<(Addr, crate::session_state::Agent)>| -> StdResult<Option<AgentView>> {
        let (node, agent) = entry?;
        let weight = weight_at(deps.storage, &node, &model, env.block.height + 1)?;
        let service = agent.service.filter(|_| !weight.is_zero());
        Ok(service.map(|service| AgentView { node, service, weight }))
    };
    let agents = AGENTS
        .range(
            deps.storage,
            after.as_ref().map(Bound::exclusive),
            None,
            Order::Ascending,
        )
        .filter_map(|entry| view(entry).transpose())
        .take(page(limit))
        .collect::<StdResult<_>>()?;
    Ok(AgentsResponse { agents })
}

fn phase(session: &Session, height: u64) -> SessionPhase {
    if let Some(outcome) = &session.outcome {
        return match outcome.kind {
            SessionEnd::Paid => SessionPhase::Paid,
            SessionEnd::Refunded => SessionPhase::Refunded,
            SessionEnd::Breach => SessionPhase::Breach,
        };
    }
    if session.deadline.is_some_and(|last| height > last) {
        return SessionPhase::Settle;
    }
    match session.stage {
        Stage::Locked => SessionPhase::Locked,
        Stage::Registered => SessionPhase::Registered,
        Stage::Submitted => SessionPhase::Submitted,
        Stage::Challenged => SessionPhase::Challenged,
        Stage::Rerun | Stage::Final => SessionPhase::Rerun,
    }
}

fn session_view(env: &Env, id: Binary, session: Session) -> SessionResponse {
    SessionResponse {
        id,
        phase: phase(&session, env.block.height),
        user: session.user,
        model: session.model,
        vrf_pubkey: session.vrf_pubkey,
        seed: session.seed,
        lock: session.lock,
        price_in: session.price_in,
        price_out: session.price_out,
        locked_height: session.locked_height,
        deadline: session.deadline,
        agent: session.agent,
        submission: session.submission,
        challenge: session.challenge,
        outcome: session.outcome,
    }
}
