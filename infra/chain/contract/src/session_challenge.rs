//! A challenged answer (section 9): opened by its agent, run again by a committee, judged by its digest.

use cosmwasm_std::{Addr, DepsMut, Env, MessageInfo, Response, Storage};

use crate::ask::{place, Draft};
use crate::events::hex;
use crate::limits::{check_input, check_length, nonpayable, MAX_UNITS};
use crate::merkle;
use crate::msg::{Input, Privacy};
use crate::report::Report;
use crate::session::{check_agent, check_limits, check_request, check_stage, session_event};
use crate::session_error::SessionError;
use crate::session_msg::OpenAnswerMsg;
use crate::session_rules::answer_leaf;
use crate::session_settle::end;
use crate::session_state::{load_session, EndReason, OpenedAnswer, Session, SessionEnd, Stage, SESSIONS};
use crate::stake::Ledger;
use crate::state::{Outcome, OutcomeKind, Query, RefundReason, CONFIG, TOTALS};
use crate::{session_answer as answer, ContractError};

/// Shows the chosen answer and has it run again, for a fee that the pool gave.
pub fn open(deps: DepsMut, env: Env, info: MessageInfo, msg: OpenAnswerMsg) -> Result<Response, ContractError> {
    nonpayable(&info)?;
    check_length("digest", &msg.digest, 32)?;
    check_input(&msg.input, &msg.request.input_hash)?;
    let id = msg.session_id;
    let mut session = load_session(deps.storage, &id)?;
    check_stage(&id, &session, Stage::Challenged, "open an answer of", env.block.height)?;
    check_agent(&id, &session, &info.sender)?;
    let (Some(submission), Some(challenge)) = (&session.submission, &mut session.challenge) else {
        return Err(SessionError::Unknown { session: hex(&id) }.into());
    };
    let number = challenge.answer;
    let request_hash = check_request(deps.api, &env, &id, number, &msg.request)?;
    let (input_tokens, output_tokens) = (msg.input_tokens.u64(), msg.output_tokens.u64());
    check_limits(&msg.request, input_tokens, output_tokens)?;
    let leaf = answer_leaf(&request_hash, &msg.digest, input_tokens, output_tokens);
    let root = &submission.answers_root;
    if !merkle::verify(root, &leaf, number, submission.answers, &msg.path) {
        return Err(SessionError::NotInRoot { answer: number }.into());
    }

    let config = CONFIG.load(deps.storage)?;
    let fee = challenge.fee;
    TOTALS.update(deps.storage, |mut totals| -> Result<_, ContractError> {
        totals.sessions = totals.sessions.checked_sub(fee)?;
        Ok(totals)
    })?;
    let (inline, input_units) = match &msg.input {
        Input::Inline(bytes) => (true, bytes.len() as u64),
        Input::Uri(_) => (false, input_tokens.min(MAX_UNITS)),
    };
    let draft = Draft {
        asker: env.contract.address.clone(),
        model: session.model.clone(),
        input_hash: msg.request.input_hash,
        input: msg.input,
        seats: config.params.sessions.challenge_seats,
        privacy: Privacy::Public,
        max_units: output_tokens.min(MAX_UNITS),
        fee,
        agent: None,
        callback: None,
        session: Some(id.clone()),
        input_units,
    };
    let placed = place(deps.storage, &env, &config, draft)?;
    challenge.opened = Some(OpenedAnswer {
        query_id: placed.query_id,
        digest: msg.digest,
        inline,
    });
    session.stage = Stage::Rerun;
    session.deadline = None;
    SESSIONS.save(deps.storage, &id, &session)?;
    let event = session_event("session_opened", &id)
        .add_attribute("phase", session.stage.as_str())
        .add_attribute("node", info.sender)
        .add_attribute("answer", number.to_string())
        .add_attribute("query_id", placed.query_id.to_string());
    Ok(Response::new()
        .add_event(event)
        .add_events(placed.events)
        .set_data(answer::opened(&id, number, &placed.frame)))
}

/// Ends the session that this query decides about, if it is about one.
pub fn conclude(
    storage: &mut dyn Storage,
    ledger: &mut Ledger,
    query: &Query,
    outcome: &Outcome,
    report: &mut Report,
) -> Result<(), ContractError> {
    let Some(id) = &query.session else {
        return Ok(());
    };
    let session = load_session(storage, id)?;
    let (kind, reason) = judge(&session, outcome);
    end(storage, ledger, id, session, kind, reason, outcome.height, report)?;
    Ok(())
}

/// Nothing was shown by a query without a result, except where nobody could get an input that its agent names.
fn judge(session: &Session, outcome: &Outcome) -> (SessionEnd, EndReason) {
    let challenge = session.challenge.as_ref();
    let Some(opened) = challenge.and_then(|challenge| challenge.opened.as_ref()) else {
        return (SessionEnd::Paid, EndReason::Undecided);
    };
    match (outcome.kind, outcome.reason) {
        (OutcomeKind::Verified, _) if outcome.digest.as_ref() == Some(&opened.digest) => {
            (SessionEnd::Paid, EndReason::Upheld)
        }
        (OutcomeKind::Verified, _) => (SessionEnd::Breach, EndReason::Differs),
        (_, Some(RefundReason::NoCommits)) if !opened.inline => (SessionEnd::Breach, EndReason::InputWithheld),
        _ => (SessionEnd::Paid, EndReason::Undecided),
    }
}

/// An agent has no seat in the committee that runs its own answer.
pub fn check_not_own(storage: &dyn Storage, query: &Query, node: &Addr) -> Result<(), ContractError> {
    let Some(id) = &query.session else {
        return Ok(());
    };
    match load_session(storage, id)?.agent.as_ref() == Some(node) {
        true => Err(SessionError::OwnAnswer {
            node: node.clone(),
            query_id: query.id,
        }
        .into()),
        false => Ok(()),
    }
}
