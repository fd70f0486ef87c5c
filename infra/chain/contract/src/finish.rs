//! The end of a query: who is paid, who is told, and who comes next.

use cosmwasm_std::{Env, Storage};

use crate::answer::Opened;
use crate::events::attempt_event;
use crate::lifecycle::Speed;
use crate::money;
use crate::msg::Phase;
use crate::opening::{dequeue, release};
use crate::payout::{callback, payment};
use crate::record::Case;
use crate::report::Report;
use crate::rules::rules_at;
use crate::session_challenge::conclude;
use crate::stake::Ledger;
use crate::state::{load_node, Outcome, Query, Seat, SeatOutcome, LIVE, OPENINGS, QUERIES};
use crate::ContractError;

/// Cuts the fee among the majority, the agent and the pool. Shares follow from the reputations before this query. What a
/// seat without response would have got is the pool's: nobody gains by making another late.
pub fn pay(
    storage: &dyn Storage,
    ledger: &mut Ledger,
    case: &Case,
    seats: &mut [Seat],
    report: &mut Report,
) -> Result<(), ContractError> {
    let (query, attempt) = (case.query, case.attempt);
    let is_winner = |seat: &&mut Seat| seat.outcome == SeatOutcome::Majority;
    let mut reputations = Vec::new();
    for seat in seats.iter_mut().filter(is_winner) {
        reputations.push(load_node(storage, &seat.node)?.reputation);
    }
    let cut = money::cut(query.fee, &reputations, query.agent.is_some())?;
    ledger.totals.fees = ledger.totals.fees.checked_sub(query.fee)?;
    ledger.totals.pool = ledger.totals.pool.checked_add(cut.pool)?;
    let denom = ledger.config.denom.clone();
    for (seat, amount) in seats.iter_mut().filter(is_winner).zip(cut.winners) {
        if case.speed(seat) == Speed::NonResponse {
            ledger.totals.pool = ledger.totals.pool.checked_add(amount)?;
            continue;
        }
        seat.paid = amount;
        report.messages.extend(payment(query.id, &seat.node, amount, &denom)?);
        report.events.push(
            attempt_event("paid", query.id, attempt)
                .add_attribute("node", &seat.node)
                .add_attribute("amount", amount),
        );
    }
    if let Some(agent) = &query.agent {
        report.messages.extend(payment(query.id, agent, cut.agent, &denom)?);
        report.events.push(
            attempt_event("paid", query.id, attempt)
                .add_attribute("agent", agent)
                .add_attribute("amount", cut.agent),
        );
    }
    Ok(())
}

/// Gives the whole fee back to whom it came from.
pub fn refund(
    ledger: &mut Ledger,
    query: &Query,
    attempt: u32,
    outcome: &Outcome,
    report: &mut Report,
) -> Result<(), ContractError> {
    ledger.totals.fees = ledger.totals.fees.checked_sub(query.fee)?;
    // The fee of a query about a session came from the pool.
    if query.session.is_some() {
        ledger.totals.pool = ledger.totals.pool.checked_add(query.fee)?;
    } else {
        let denom = &ledger.config.denom;
        report
            .messages
            .extend(payment(query.id, &query.asker, query.fee, denom)?);
    }
    let mut event = attempt_event("refunded", query.id, attempt)
        .add_attribute("phase", Phase::Refunded.as_str())
        .add_attribute("asker", &query.asker)
        .add_attribute("amount", query.fee);
    if let Some(reason) = outcome.reason {
        event = event.add_attribute("reason", reason.as_str());
    }
    report.events.push(event);
    Ok(())
}

/// Records the outcome, frees the query's place and tells the callback contract.
pub fn finish(
    storage: &mut dyn Storage,
    env: &Env,
    mut ledger: Ledger,
    mut query: Query,
    outcome: Outcome,
    report: &mut Report,
) -> Result<Vec<Opened>, ContractError> {
    let config = ledger.config.clone();
    conclude(storage, &mut ledger, &query, &outcome, report)?;
    ledger.close(storage)?;
    let callback_gas = rules_at(storage, query.asked_height)?.callback_gas;
    report.messages.extend(callback(callback_gas, &query, &outcome)?);
    query.outcome = Some(outcome);
    QUERIES.save(storage, query.id, &query)?;
    LIVE.remove(storage, query.id);
    if !OPENINGS.has(storage, query.id) {
        dequeue(storage, &query)?;
        return Ok(vec![]);
    }
    let opened = release(storage, env, &config)?;
    report.events.extend(opened.iter().map(|opened| opened.event.clone()));
    Ok(opened)
}
