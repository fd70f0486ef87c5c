//! The verdict on an attempt (sections 5 and 6), and expiry.

use cosmwasm_std::{Binary, DepsMut, Env, Event, MessageInfo, Response, Storage};

use crate::aggregate::{agree, is_majority};
use crate::answer::Opened;
use crate::answer::{self, Settled};
use crate::events::{attempt_event, hex};
use crate::finish::{finish, pay, refund};
use crate::limits::{nonpayable, MAX_ATTEMPTS};
use crate::msg::{Phase, Rule};
use crate::opening::open_attempt;
use crate::phase::{check_after, Timeline};
use crate::record::Case;
use crate::report::Report;
use crate::rules::{queue_deadline, rules_at};
use crate::stake::Ledger;
use crate::state::{
    load_model, load_query, load_seats, Outcome, OutcomeKind, Query, RefundReason, Seat, SeatOutcome, OPENINGS, SEATS,
};
use crate::vote::Vote;
use crate::ContractError;

pub fn settle(deps: DepsMut, env: Env, info: MessageInfo, query_id: u64) -> Result<Response, ContractError> {
    nonpayable(&info)?;
    let query = load_query(deps.storage, query_id)?;
    let height = env.block.height;
    if query.outcome.is_some() {
        return noop(deps.storage, &query);
    }
    let opening = OPENINGS
        .may_load(deps.storage, query_id)?
        .ok_or(ContractError::Queued { query_id })?;
    let attempt = opening.attempt;
    let model = load_model(deps.storage, &query.model)?;
    let mut ledger = Ledger::open(deps.storage, height)?;
    let rules = rules_at(deps.storage, opening.height)?;
    Timeline::new(&opening, &model.windows, rules.grace_blocks).check_settle(query_id, &opening, height)?;

    let mut seats = load_seats(deps.storage, query_id, attempt)?;
    let verdict = judge(&model.rule, query.seats, &mut seats);
    let verified = verdict.digest.is_some();
    let mut report = Report::default();
    let case = Case {
        query: &query,
        model: &model,
        rules: &rules,
        attempt,
        height,
    };
    if verified {
        pay(deps.storage, &mut ledger, &case, &mut seats, &mut report)?;
    }
    for (place, seat) in (0u32..).zip(seats.iter_mut()) {
        case.close_seat(deps.storage, &mut ledger, place, seat, &mut report)?;
        SEATS.save(deps.storage, (query_id, attempt, place), seat)?;
    }

    let (outcome, opened) = if !verified && attempt + 1 < MAX_ATTEMPTS {
        ledger.close(deps.storage)?;
        report
            .events
            .push(attempt_event("reopened", query_id, attempt + 1).add_attribute("phase", Phase::Commit.as_str()));
        let opened = open_attempt(deps.storage, &env, &query, attempt + 1)?;
        report.events.push(opened.event.clone());
        ("reopened", vec![opened])
    } else {
        let kind = match verified {
            true => OutcomeKind::Verified,
            false => OutcomeKind::Refunded,
        };
        let outcome = Outcome {
            kind,
            digest: verdict.digest.clone(),
            votes: verdict.votes,
            committed: opening.committed,
            height,
            reason: (!verified).then_some(RefundReason::NoMajority),
            value: verdict.value.clone(),
        };
        if !verified {
            refund(&mut ledger, &query, attempt, &outcome, &mut report)?;
        }
        let opened = finish(deps.storage, &env, ledger, query, outcome, &mut report)?;
        (kind.as_str(), opened)
    };
    let settled = Settled {
        query_id,
        attempt,
        outcome,
        digest: verdict.digest.as_deref().unwrap_or_default(),
        votes: verdict.votes,
        committed: opening.committed,
        seats: &seats,
    };
    Ok(respond(&settled, &verdict, report, opened))
}

/// Ends a query that waited too long or that nobody came for.
pub fn expire(deps: DepsMut, env: Env, info: MessageInfo, query_id: u64) -> Result<Response, ContractError> {
    nonpayable(&info)?;
    let query = load_query(deps.storage, query_id)?;
    let height = env.block.height;
    if query.outcome.is_some() {
        return noop(deps.storage, &query);
    }
    let mut ledger = Ledger::open(deps.storage, height)?;
    let (attempt, reason) = match OPENINGS.may_load(deps.storage, query_id)? {
        None => {
            check_after("expire", query_id, queue_deadline(deps.storage, &query)?, height)?;
            (0, RefundReason::ExpiredInQueue)
        }
        Some(opening) => {
            let windows = load_model(deps.storage, &query.model)?.windows;
            let grace_blocks = rules_at(deps.storage, opening.height)?.grace_blocks;
            Timeline::new(&opening, &windows, grace_blocks).check_expire(query_id, &opening, height)?;
            (opening.attempt, RefundReason::NoCommits)
        }
    };
    let outcome = Outcome {
        kind: OutcomeKind::Refunded,
        digest: None,
        votes: 0,
        committed: 0,
        height,
        reason: Some(reason),
        value: vec![],
    };
    let mut report = Report::default();
    refund(&mut ledger, &query, attempt, &outcome, &mut report)?;
    let opened = finish(deps.storage, &env, ledger, query, outcome, &mut report)?;
    let settled = Settled {
        query_id,
        attempt,
        outcome: "refunded",
        ..Default::default()
    };
    Ok(respond(&settled, &Verdict::default(), report, opened))
}

#[derive(Default)]
struct Verdict {
    digest: Option<Binary>,
    /// Seats that revealed rightly, whatever they said.
    votes: u32,
    winners: u32,
    value: Vec<i32>,
}

/// Gives every seat its final outcome.
fn judge(rule: &Rule, wanted: u32, seats: &mut [Seat]) -> Verdict {
    let voters: Vec<usize> = (0..seats.len())
        .filter(|i| seats[*i].outcome == SeatOutcome::Revealed)
        .collect();
    let votes: Vec<Vote> = voters
        .iter()
        .map(|i| Vote {
            digest: seats[*i].digest.as_deref().unwrap_or_default(),
            sketch: &seats[*i].sketch,
        })
        .collect();
    let count = |n: usize| n as u32;
    let agreement =
        agree(rule, &votes).filter(|agreement| is_majority(count(agreement.members.len()), count(seats.len()), wanted));
    let mut verdict = Verdict {
        digest: None,
        votes: count(votes.len()),
        ..Default::default()
    };
    for seat in seats.iter_mut() {
        if seat.outcome == SeatOutcome::Committed {
            seat.outcome = SeatOutcome::Absent;
        } else if seat.outcome == SeatOutcome::Revealed && agreement.is_some() {
            seat.outcome = SeatOutcome::Minority;
        }
    }
    if let Some(agreement) = agreement {
        verdict.digest = seats[voters[agreement.result]].digest.clone();
        verdict.winners = count(agreement.members.len());
        verdict.value = agreement.value;
        for member in agreement.members {
            seats[voters[member]].outcome = SeatOutcome::Majority;
        }
    }
    verdict
}

fn noop(storage: &dyn Storage, query: &Query) -> Result<Response, ContractError> {
    let opening = OPENINGS.may_load(storage, query.id)?;
    let settled = Settled {
        query_id: query.id,
        attempt: opening.map_or(0, |opening| opening.attempt),
        outcome: "noop",
        ..Default::default()
    };
    Ok(respond(&settled, &Verdict::default(), Report::default(), vec![]))
}

fn respond(settled: &Settled, verdict: &Verdict, report: Report, opened: Vec<Opened>) -> Response {
    Response::new()
        .add_event(settled_event(settled, verdict))
        .add_events(report.events)
        .add_submessages(report.messages)
        .set_data(answer::settled(settled, &opened))
}

fn settled_event(settled: &Settled, verdict: &Verdict) -> Event {
    let mut event = attempt_event("settled", settled.query_id, settled.attempt);
    if settled.outcome != "noop" {
        let phase = match settled.outcome {
            "reopened" => Phase::Commit.as_str(),
            kind => kind,
        };
        event = event.add_attribute("phase", phase);
    }
    event = event
        .add_attribute("outcome", settled.outcome)
        .add_attribute("votes", settled.votes.to_string())
        .add_attribute("majority", verdict.winners.to_string())
        .add_attribute("committed", settled.committed.to_string());
    if !settled.digest.is_empty() {
        event = event.add_attribute("digest", hex(settled.digest));
    }
    if !verdict.value.is_empty() {
        let numbers: Vec<String> = verdict.value.iter().map(i32::to_string).collect();
        event = event.add_attribute("value", numbers.join(","));
    }
    event
}
