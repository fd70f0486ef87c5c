use cosmwasm_std::{Addr, Binary, Deps, Env, Order, StdResult, Uint64};
use cw_storage_plus::Bound;

use crate::msg::{
    DrawResponse, LiveResponse, ModelResponse, ModelsResponse, NodeResponse, NodesResponse, OpeningView, OutcomeView,
    ParamsResponse, Phase, QueryResponse, SeatView, SeatsResponse, Tier,
};
use crate::phase::{current_round, final_phase, Timeline};
use crate::rules::{queue_deadline, rules_at};
use crate::stake::{served_models, weight_at};
use crate::state::{
    load_model, load_node, load_query, Model, Node, Opening, Query, Seat, Totals, CONFIG, INPUTS, LIVE, MODELS,
    MODULE_SEED, NODES, OPENINGS, QUERIES, SEATS, TOTALS, TOTAL_WEIGHTS,
};
use crate::ContractError;

const DEFAULT_LIMIT: u32 = 30;
const MAX_LIMIT: u32 = 100;

pub fn page(limit: Option<u32>) -> usize {
    limit.unwrap_or(DEFAULT_LIMIT).min(MAX_LIMIT) as usize
}

pub fn params(deps: Deps) -> StdResult<ParamsResponse> {
    let config = CONFIG.load(deps.storage)?;
    Ok(ParamsResponse {
        denom: config.denom,
        params: config.params,
        module_seed: MODULE_SEED.load(deps.storage)?,
    })
}

pub fn totals(deps: Deps) -> StdResult<Totals> {
    TOTALS.load(deps.storage)
}

pub fn node(deps: Deps, address: String) -> Result<NodeResponse, ContractError> {
    let address = deps.api.addr_validate(&address)?;
    let node = load_node(deps.storage, &address)?;
    Ok(node_view(deps, address, node)?)
}

pub fn nodes(deps: Deps, start_after: Option<String>, limit: Option<u32>) -> StdResult<NodesResponse> {
    let after = start_after
        .map(|address| deps.api.addr_validate(&address))
        .transpose()?;
    let nodes = NODES
        .range(
            deps.storage,
            after.as_ref().map(Bound::exclusive),
            None,
            Order::Ascending,
        )
        .take(page(limit))
        .map(|entry| entry.and_then(|(address, node)| node_view(deps, address, node)))
        .collect::<StdResult<_>>()?;
    Ok(NodesResponse { nodes })
}

fn node_view(deps: Deps, address: Addr, node: Node) -> StdResult<NodeResponse> {
    let models = served_models(deps.storage, &address)?;
    let lifecycle = CONFIG.load(deps.storage)?.params.lifecycle;
    Ok(NodeResponse {
        tier: Tier::of(&lifecycle, node.reputation, node.seats_won),
        seats_settled: node.seats_settled,
        seats_won: node.seats_won,
        address,
        vrf_pubkey: node.vrf_pubkey,
        bond: node.bond,
        unbonding: node.unbonding,
        reputation: node.reputation,
        models: models.into_iter().map(Binary::from).collect(),
    })
}

pub fn model(deps: Deps, model: Binary) -> Result<ModelResponse, ContractError> {
    let stored = load_model(deps.storage, &model)?;
    Ok(model_view(deps, model, stored)?)
}

pub fn models(deps: Deps, start_after: Option<Binary>, limit: Option<u32>) -> StdResult<ModelsResponse> {
    let after = start_after.as_deref();
    let models = MODELS
        .range(deps.storage, after.map(Bound::exclusive), None, Order::Ascending)
        .take(page(limit))
        .map(|entry| entry.and_then(|(key, model)| model_view(deps, Binary::from(key), model)))
        .collect::<StdResult<_>>()?;
    Ok(ModelsResponse { models })
}

fn model_view(deps: Deps, key: Binary, model: Model) -> StdResult<ModelResponse> {
    let total_weight = TOTAL_WEIGHTS.may_load(deps.storage, &key)?;
    Ok(ModelResponse {
        model: key,
        owner: model.owner,
        price: model.price,
        rule: model.rule,
        windows: model.windows,
        withdrawn: model.withdrawn,
        total_weight: total_weight.unwrap_or_default(),
        trial: model.trial,
        timing: model.timing,
    })
}

pub fn query(deps: Deps, env: Env, id: u64) -> Result<QueryResponse, ContractError> {
    let query = load_query(deps.storage, id)?;
    query_view(deps, &env, query)
}

pub fn live(deps: Deps, env: Env, start_after: Option<u64>, limit: Option<u32>) -> Result<LiveResponse, ContractError> {
    let queries = LIVE
        .keys(deps.storage, start_after.map(Bound::exclusive), None, Order::Ascending)
        .take(page(limit))
        .map(|id| query_view(deps, &env, QUERIES.load(deps.storage, id?)?))
        .collect::<Result<_, ContractError>>()?;
    Ok(LiveResponse { queries })
}

fn query_view(deps: Deps, env: &Env, query: Query) -> Result<QueryResponse, ContractError> {
    let height = env.block.height;
    let deadline = queue_deadline(deps.storage, &query)?;
    let attempt = OPENINGS.may_load(deps.storage, query.id)?;
    let waits = attempt.is_none() && query.outcome.is_none();
    let mut phase = match height > deadline {
        true => Phase::Expire,
        false => Phase::Queued,
    };
    let mut opening = None;
    if let Some(attempt) = &attempt {
        let windows = load_model(deps.storage, &query.model)?.windows;
        let grace_blocks = rules_at(deps.storage, attempt.height)?.grace_blocks;
        let timeline = Timeline::new(attempt, &windows, grace_blocks);
        phase = timeline.phase(attempt, height);
        let round = current_round(attempt, &windows, height);
        opening = Some(opening_view(attempt, &timeline, round, height));
    }
    if let Some(outcome) = &query.outcome {
        phase = final_phase(outcome.kind);
    }
    Ok(QueryResponse {
        id: query.id,
        query_hash: query.query_hash,
        asker: query.asker,
        model: query.model,
        input_hash: query.input_hash,
        input: INPUTS.load(deps.storage, query.id)?,
        seats: query.seats,
        privacy: query.privacy,
        max_units: query.max_units,
        fee: query.fee,
        agent: query.agent,
        callback: query.callback,
        asked_height: query.asked_height,
        attempt: attempt.map_or(0, |attempt| attempt.attempt),
        phase,
        opening,
        queue_deadline: waits.then_some(deadline),
        outcome: query.outcome.map(|outcome| OutcomeView {
            kind: outcome.kind,
            digest: outcome.digest,
            votes: outcome.votes,
            committed: outcome.committed,
            height: outcome.height,
            reason: outcome.reason,
            value: outcome.value,
        }),
        input_units: query.input_units,
    })
}

fn opening_view(opening: &Opening, timeline: &Timeline, round: u32, height: u64) -> OpeningView {
    let may_move = timeline.may_move(opening, height);
    OpeningView {
        height: opening.height,
        time_ns: Uint64::new(opening.time_ns),
        seed: opening.seed.clone(),
        total_weight: opening.total_weight,
        round,
        committed: opening.committed,
        revealed: opening.revealed,
        commit_close: timeline.commit_close,
        reveal_close: (!may_move).then_some(timeline.reveal_close),
    }
}

/// `start_after` is a place in commit order.
pub fn seats(
    deps: Deps,
    id: u64,
    attempt: Option<u32>,
    start_after: Option<u32>,
    limit: Option<u32>,
) -> Result<SeatsResponse, ContractError> {
    load_query(deps.storage, id)?;
    let current = OPENINGS.may_load(deps.storage, id)?;
    let attempt = attempt.unwrap_or(current.map_or(0, |opening| opening.attempt));
    let seats = SEATS
        .prefix((id, attempt))
        .range(deps.storage, start_after.map(Bound::exclusive), None, Order::Ascending)
        .take(page(limit))
        .map(|entry| entry.map(|(_, seat)| seat_view(seat, attempt)))
        .collect::<StdResult<_>>()?;
    Ok(SeatsResponse { seats })
}

fn seat_view(seat: Seat, attempt: u32) -> SeatView {
    SeatView {
        node: seat.node,
        attempt,
        round: seat.round,
        beta: seat.beta,
        commitment: seat.commitment,
        committed_height: seat.committed_height,
        outcome: seat.outcome,
        digest: seat.digest,
        sketch: seat.sketch,
        receipts_root: seat.receipts_root,
        paid: seat.paid,
        slashed: seat.slashed,
    }
}

pub fn draw(deps: Deps, env: Env, query_id: u64, node: String) -> Result<DrawResponse, ContractError> {
    let query = load_query(deps.storage, query_id)?;
    let address = deps.api.addr_validate(&node)?;
    let node = load_node(deps.storage, &address)?;
    let opening = OPENINGS
        .may_load(deps.storage, query_id)?
        .ok_or(ContractError::Queued { query_id })?;
    let windows = load_model(deps.storage, &query.model)?.windows;
    Ok(DrawResponse {
        weight: weight_at(deps.storage, &address, &query.model, opening.height)?,
        total_weight: opening.total_weight,
        seats: query.seats,
        round: current_round(&opening, &windows, env.block.height),
        seed: opening.seed,
        attempt: opening.attempt,
        vrf_pubkey: node.vrf_pubkey,
    })
}
