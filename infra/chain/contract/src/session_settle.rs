//! The end of a session (section 9): whatever is due at this height, sent by anyone.

use cosmwasm_std::{Addr, Binary, DepsMut, Env, MessageInfo, Response, StdResult, Storage, Uint128};

use crate::events::hex;
use crate::limits::nonpayable;
use crate::payout::session_payment;
use crate::report::Report;
use crate::session::session_event;
use crate::session_error::SessionError;
use crate::session_rules as rules;
use crate::session_state::{
    load_session, Challenge, EndReason, Session, SessionEnd, SessionOutcome, Stage, Submission, SESSIONS,
};
use crate::stake::{weight_at, Ledger};
use crate::state::{load_model, MODULE_SEED, TOTAL_WEIGHTS};
use crate::{session_answer as answer, vrf, ContractError};

pub fn settle(
    deps: DepsMut,
    env: Env,
    info: MessageInfo,
    id: Binary,
    proof: Option<Binary>,
) -> Result<Response, ContractError> {
    nonpayable(&info)?;
    let mut session = load_session(deps.storage, &id)?;
    let height = env.block.height;
    if session.stage == Stage::Final {
        let event = session_event("session_settled", &id).add_attribute("outcome", "noop");
        return Ok(Response::new().add_event(event).set_data(answer::settled(&id, None)));
    }
    let lot = match (&session.submission, session.stage) {
        (Some(submission), Stage::Submitted) => Some(lot(deps.storage, &env, &id, &session, submission, proof)?),
        _ => {
            if proof.is_some() {
                return Err(SessionError::NoProofNow { session: hex(&id) }.into());
            }
            check_due(&id, &session, height)?;
            None
        }
    };
    let mut ledger = Ledger::open(deps.storage, height)?;
    let (kind, reason) = match lot {
        Some(lot) => match after_submission(deps.storage, &mut ledger, &mut session, &lot, height)? {
            Some(reason) => (SessionEnd::Paid, reason),
            None => {
                ledger.close(deps.storage)?;
                return challenged(deps.storage, &id, &session);
            }
        },
        None => match session.stage {
            Stage::Locked => (SessionEnd::Refunded, EndReason::NotRegistered),
            Stage::Challenged => (SessionEnd::Breach, EndReason::NotOpened),
            _ => (SessionEnd::Refunded, EndReason::NotSubmitted),
        },
    };
    let mut report = Report::default();
    let outcome = end(
        deps.storage,
        &mut ledger,
        &id,
        session,
        kind,
        reason,
        height,
        &mut report,
    )?;
    ledger.close(deps.storage)?;
    Ok(Response::new()
        .add_events(report.events)
        .add_submessages(report.messages)
        .set_data(answer::settled(&id, Some(&outcome))))
}

/// That the stage's last height has passed, for stages that end by silence.
fn check_due(id: &[u8], session: &Session, height: u64) -> Result<(), ContractError> {
    let opened = session.challenge.as_ref().and_then(|open| open.opened.as_ref());
    match (session.deadline, opened) {
        (Some(last), _) if height <= last => Err(SessionError::TooEarly {
            session: hex(id),
            first: last + 1,
            height,
        }
        .into()),
        (None, Some(opened)) => Err(SessionError::AwaitsQuery {
            session: hex(id),
            query_id: opened.query_id,
        }
        .into()),
        _ => Ok(()),
    }
}

/// The number that decides on a challenge. Until the deadline it is the user's VRF output, which the agent cannot know;
/// after it the module seed as it stood at the deadline, which is the same whoever settles and whenever.
fn lot(
    storage: &dyn Storage,
    env: &Env,
    id: &[u8],
    session: &Session,
    submission: &Submission,
    proof: Option<Binary>,
) -> Result<Vec<u8>, ContractError> {
    let height = env.block.height;
    let last = session.deadline.unwrap_or_default();
    let too_early = |first: u64| SessionError::TooEarly {
        session: hex(id),
        first,
        height,
    };
    if height <= last {
        let first = submission.height + 1;
        if height < first {
            return Err(too_early(first).into());
        }
        let proof = proof.ok_or_else(|| too_early(last + 1))?;
        let alpha = rules::challenge_alpha(&session.seed, &submission.hash);
        let beta = vrf::verify(&session.vrf_pubkey, &alpha, &proof)
            .map_err(|source| ContractError::InvalidProof { source })?;
        return Ok(beta.to_vec());
    }
    if proof.is_some() {
        return Err(SessionError::NoProofNow { session: hex(id) }.into());
    }
    let at_end_of = |height: u64| -> StdResult<Binary> {
        let seed = MODULE_SEED.may_load_at_height(storage, height + 1)?;
        Ok(seed.unwrap_or_default())
    };
    let module_seed = at_end_of(last)?;
    // Where no node spoke in between, the agent knew that seed: only the settling block is left to decide.
    let (height, time_ns) = match module_seed == at_end_of(submission.height)? {
        true => (height, env.block.time.nanos()),
        false => (0, 0),
    };
    let lot = rules::public_lot(&session.seed, &submission.hash, &module_seed, height, time_ns);
    Ok(lot.to_vec())
}

/// Starts a challenge, or says why there is none.
fn after_submission(
    storage: &dyn Storage,
    ledger: &mut Ledger,
    session: &mut Session,
    lot: &[u8],
    height: u64,
) -> Result<Option<EndReason>, ContractError> {
    let params = ledger.config.params.sessions.clone();
    let (Some(submission), Some(agent)) = (&session.submission, &session.agent) else {
        return Ok(Some(EndReason::Unchallenged));
    };
    if submission.payment == submission.premium || !rules::is_challenged(lot, params.challenge_ppm)? {
        return Ok(Some(EndReason::Unchallenged));
    }
    let model = load_model(storage, &session.model)?;
    let fee = model.price.checked_mul(Uint128::from(params.challenge_seats))?;
    if fee > ledger.totals.pool {
        return Ok(Some(EndReason::PoolTooSmall));
    }
    let total = TOTAL_WEIGHTS.may_load(storage, &session.model)?.unwrap_or_default();
    if total <= weight_at(storage, agent, &session.model, height + 1)? {
        return Ok(Some(EndReason::NoOtherNode));
    }
    ledger.totals.pool = ledger.totals.pool.checked_sub(fee)?;
    ledger.totals.sessions = ledger.totals.sessions.checked_add(fee)?;
    session.challenge = Some(Challenge {
        answer: rules::chosen_answer(lot, submission.answers)?,
        fee,
        height,
        opened: None,
    });
    session.stage = Stage::Challenged;
    session.deadline = Some(height + params.open_blocks);
    Ok(None)
}

fn challenged(storage: &mut dyn Storage, id: &[u8], session: &Session) -> Result<Response, ContractError> {
    SESSIONS.save(storage, id, session)?;
    let answer = session.challenge.as_ref().map_or(0, |challenge| challenge.answer);
    let deadline = session.deadline.unwrap_or_default();
    let event = session_event("session_challenged", id)
        .add_attribute("phase", session.stage.as_str())
        .add_attribute("node", session.agent.as_ref().map_or("", Addr::as_str))
        .add_attribute("answer", answer.to_string())
        .add_attribute("deadline", deadline.to_string());
    let data = answer::challenged(id, answer, deadline);
    Ok(Response::new().add_event(event).set_data(data))
}

/// Cuts the lock, punishes a breach and records the outcome. The ledger is closed by the caller.
#[allow(clippy::too_many_arguments)]
pub fn end(
    storage: &mut dyn Storage,
    ledger: &mut Ledger,
    id: &[u8],
    mut session: Session,
    kind: SessionEnd,
    reason: EndReason,
    height: u64,
    report: &mut Report,
) -> Result<SessionOutcome, ContractError> {
    let mut outcome = SessionOutcome {
        kind,
        reason,
        paid: Uint128::zero(),
        refunded: session.lock,
        pooled: Uint128::zero(),
        slashed: Uint128::zero(),
        height,
    };
    if let (SessionEnd::Paid, Some(submission)) = (kind, &session.submission) {
        outcome.paid = submission.payment.checked_sub(submission.premium)?;
        outcome.refunded = session.lock.checked_sub(submission.payment)?;
        outcome.pooled = submission.premium;
    }
    let totals = &mut ledger.totals;
    totals.sessions = totals.sessions.checked_sub(session.lock)?;
    totals.pool = totals.pool.checked_add(outcome.pooled)?;
    if let Some(unused) = session
        .challenge
        .as_ref()
        .filter(|challenge| challenge.opened.is_none())
    {
        totals.sessions = totals.sessions.checked_sub(unused.fee)?;
        totals.pool = totals.pool.checked_add(unused.fee)?;
    }
    let denom = ledger.config.denom.clone();
    let mut event = session_event("session_settled", id)
        .add_attribute("phase", kind.as_str())
        .add_attribute("outcome", kind.as_str())
        .add_attribute("reason", reason.as_str())
        .add_attribute("user", &session.user);
    if let Some(agent) = &session.agent {
        if kind == SessionEnd::Breach {
            outcome.slashed = ledger.punish_by(storage, agent, ledger.config.params.sessions.breach_slash_ppm)?;
        }
        report
            .messages
            .extend(session_payment(id, agent, outcome.paid, &denom)?);
        event = event.add_attribute("node", agent);
    }
    report
        .messages
        .extend(session_payment(id, &session.user, outcome.refunded, &denom)?);
    report.events.push(
        event
            .add_attribute("paid", outcome.paid)
            .add_attribute("refunded", outcome.refunded)
            .add_attribute("pooled", outcome.pooled)
            .add_attribute("slashed", outcome.slashed),
    );
    session.stage = Stage::Final;
    session.deadline = None;
    session.outcome = Some(outcome.clone());
    SESSIONS.save(storage, id, &session)?;
    Ok(outcome)
}
