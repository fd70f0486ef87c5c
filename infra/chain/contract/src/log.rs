//! The log of settled seats, by query and by node (section 10). Records lie in the seats; a node's log is a ring of places.

use cosmwasm_schema::cw_serde;
use cosmwasm_std::{Addr, Binary, Deps, Uint128};

use crate::lifecycle::Speed;
use crate::limits::{LOG_KEEP, MAX_COMMITTEE};
use crate::query::page;
use crate::record::expected;
use crate::state::{load_model, load_node, load_query, Model, Query, Seat, SeatOutcome, LOG, OPENINGS, SEATS};
use crate::ContractError;

#[cw_serde]
pub struct LogResponse {
    pub records: Vec<LogRecord>,
    /// `start_after` of the next page; null on the last one.
    pub next: Option<u32>,
}

/// One settled seat.
#[cw_serde]
pub struct LogRecord {
    pub query_id: u64,
    pub attempt: u32,
    pub node: Addr,
    pub model: Binary,
    pub outcome: SeatOutcome,
    pub input_units: u64,
    pub output_units: u64,
    /// Null for seats that were committed before version 0.2.0.
    pub actual_ms: Option<u64>,
    /// Null if the model states no timing.
    pub expected_ms: Option<u64>,
    pub speed: Speed,
    pub reputation_before: u32,
    pub reputation_after: u32,
    pub paid: Uint128,
    pub slashed: Uint128,
    /// Of the settlement.
    pub height: u64,
}

/// All attempts of a query in order; `start_after` counts 21 places an attempt.
pub fn query_log(
    deps: Deps,
    id: u64,
    start_after: Option<u32>,
    limit: Option<u32>,
) -> Result<LogResponse, ContractError> {
    let query = load_query(deps.storage, id)?;
    let model = load_model(deps.storage, &query.model)?;
    let attempts = OPENINGS
        .may_load(deps.storage, id)?
        .map_or(0, |opening| opening.attempt + 1);
    let first = start_after.map_or(0, |after| after.saturating_add(1));
    let places = first..attempts * MAX_COMMITTEE;
    let found = places.filter_map(|index| {
        let (attempt, place) = (index / MAX_COMMITTEE, index % MAX_COMMITTEE);
        let seat = SEATS.may_load(deps.storage, (id, attempt, place)).transpose()?;
        let record = seat.map(|seat| record(&query, &model, attempt, seat)).transpose()?;
        Some(record.map(|record| (index, record)).map_err(ContractError::from))
    });
    paged(found, limit)
}

/// The newest first; `start_after` is a node's seat number.
pub fn node_log(
    deps: Deps,
    node: String,
    start_after: Option<u32>,
    limit: Option<u32>,
) -> Result<LogResponse, ContractError> {
    let node = deps.api.addr_validate(&node)?;
    let settled = load_node(deps.storage, &node)?.seats_settled;
    let end = start_after.map_or(settled, |after| after.min(settled));
    let numbers = (settled.saturating_sub(LOG_KEEP)..end).rev();
    let found = numbers.filter_map(|number| {
        let found = (|| {
            let (id, attempt, place) = LOG.load(deps.storage, (&node, number % LOG_KEEP))?;
            let query = load_query(deps.storage, id)?;
            let model = load_model(deps.storage, &query.model)?;
            let seat = SEATS.load(deps.storage, (id, attempt, place))?;
            Ok::<_, ContractError>(record(&query, &model, attempt, seat))
        })();
        found.transpose().map(|record| record.map(|record| (number, record)))
    });
    paged(found, limit)
}

fn paged(
    mut found: impl Iterator<Item = Result<(u32, LogRecord), ContractError>>,
    limit: Option<u32>,
) -> Result<LogResponse, ContractError> {
    let page: Vec<_> = found.by_ref().take(page(limit)).collect::<Result<_, _>>()?;
    let more = found.next().transpose()?.is_some();
    let last = page.last().map(|(index, _)| *index);
    Ok(LogResponse {
        records: page.into_iter().map(|(_, record)| record).collect(),
        next: last.filter(|_| more),
    })
}

fn record(query: &Query, model: &Model, attempt: u32, seat: Seat) -> Option<LogRecord> {
    let settled = seat.record?;
    Some(LogRecord {
        query_id: query.id,
        attempt,
        node: seat.node,
        model: query.model.clone(),
        outcome: seat.outcome,
        input_units: query.input_units,
        output_units: query.max_units,
        actual_ms: seat.actual_ms,
        expected_ms: expected(query, model),
        speed: settled.speed,
        reputation_before: settled.reputation_before,
        reputation_after: settled.reputation_after,
        paid: seat.paid,
        slashed: seat.slashed,
        height: settled.height,
    })
}
