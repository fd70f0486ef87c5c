//! Sessions up to the agent's submission (section 9): lock, register, submit.

use cosmwasm_std::{Addr, Api, Binary, DepsMut, Env, Event, MessageInfo, Response, StdResult, Uint128};

use crate::agents::{check_prices, eligible};
use crate::events::{event, hex};
use crate::hash::Place;
use crate::limits::{check_length, nonpayable, paid, MAX_ATTEMPTS};
use crate::msg::{Params, Rule, Windows};
use crate::session_error::SessionError;
use crate::session_msg::{LockSessionMsg, SignedRequest, SubmitSessionMsg};
use crate::session_rules::{self as rules, Request};
use crate::session_state::{load_session, Session, Stage, Submission, SESSIONS};
use crate::state::{load_model, CONFIG, LONGEST_QUERY, MODULE_SEED, TOTALS};
use crate::{session_answer as answer, vrf, ContractError};

pub fn lock(deps: DepsMut, env: Env, info: MessageInfo, msg: LockSessionMsg) -> Result<Response, ContractError> {
    let config = CONFIG.load(deps.storage)?;
    let (lock, params) = (paid(&info, &config.denom)?, &config.params.sessions);
    let min_lock = params.min_lock;
    if lock < min_lock {
        return Err(SessionError::LockTooSmall { lock, min_lock }.into());
    }
    let id = msg.session_pubkey;
    if id.len() != 33 || !matches!(id[0], 2 | 3) {
        return Err(SessionError::BadKey {}.into());
    }
    if SESSIONS.has(deps.storage, &id) {
        return Err(SessionError::Exists { session: hex(&id) }.into());
    }
    vrf::validate_key(&msg.vrf_pubkey).map_err(|source| ContractError::InvalidVrfKey { source })?;
    check_prices(msg.price_in, msg.price_out)?;
    let model = load_model(deps.storage, &msg.model)?;
    let name = hex(&msg.model);
    if model.withdrawn {
        return Err(ContractError::ModelWithdrawn { model: name });
    }
    // Another digest proves a lie only where honest nodes cannot differ.
    if !matches!(model.rule, Rule::Exact {}) {
        return Err(SessionError::NotExact { model: name }.into());
    }
    let (blocks, max) = (longest(&config.params, &model.windows), config.params.unbonding_blocks);
    if blocks >= max {
        return Err(SessionError::TooLong {
            model: name,
            blocks,
            max,
        }
        .into());
    }

    // Governance may not shorten unbonding below it while the session lasts.
    if blocks > LONGEST_QUERY.may_load(deps.storage)?.unwrap_or_default() {
        LONGEST_QUERY.save(deps.storage, &blocks)?;
    }

    let (height, time_ns) = (env.block.height, env.block.time.nanos());
    let module_seed = MODULE_SEED.load(deps.storage)?;
    let seed = rules::seed(Place::of(&env), &module_seed, &id, height, time_ns);
    let deadline = height + params.register_blocks;
    let session = Session {
        user: info.sender,
        model: msg.model,
        vrf_pubkey: msg.vrf_pubkey,
        seed: Binary::from(seed),
        lock,
        price_in: msg.price_in,
        price_out: msg.price_out,
        locked_height: height,
        stage: Stage::Locked,
        deadline: Some(deadline),
        agent: None,
        submission: None,
        challenge: None,
        outcome: None,
    };
    if eligible(deps.storage, &session).next().transpose()?.is_none() {
        return Err(SessionError::NoAgent { model: name }.into());
    }
    SESSIONS.save(deps.storage, &id, &session)?;
    TOTALS.update(deps.storage, |mut totals| -> Result<_, ContractError> {
        totals.sessions = totals.sessions.checked_add(lock)?;
        Ok(totals)
    })?;
    let event = session_event("session_locked", &id)
        .add_attribute("phase", session.stage.as_str())
        .add_attribute("user", &session.user)
        .add_attribute("model", name)
        .add_attribute("seed", hex(&seed))
        .add_attribute("height", height.to_string())
        .add_attribute("lock", lock)
        .add_attribute("price_in", session.price_in)
        .add_attribute("price_out", session.price_out)
        .add_attribute("deadline", deadline.to_string());
    let data = answer::locked(&id, &session, deadline);
    Ok(Response::new().add_event(event).set_data(data))
}

/// An agent that unbonds when it is named must still be slashable when the query about its answer ends.
fn longest(params: &Params, windows: &Windows) -> u64 {
    let attempts = (windows.commit_blocks + windows.reveal_blocks) * u64::from(MAX_ATTEMPTS);
    params.sessions.longest(params.queue_blocks) + attempts
}

/// Names the agent. Whoever sends it: only the user can make the proof, and there is only one.
pub fn register(
    deps: DepsMut,
    env: Env,
    info: MessageInfo,
    id: Binary,
    proof: Binary,
) -> Result<Response, ContractError> {
    nonpayable(&info)?;
    let mut session = load_session(deps.storage, &id)?;
    let height = env.block.height;
    check_stage(&id, &session, Stage::Locked, "register", height)?;
    let alpha = rules::draw_alpha(&session.seed);
    let beta =
        vrf::verify(&session.vrf_pubkey, &alpha, &proof).map_err(|source| ContractError::InvalidProof { source })?;
    let (agents, weights): (Vec<Addr>, Vec<Uint128>) = eligible(deps.storage, &session)
        .collect::<StdResult<Vec<_>>>()?
        .into_iter()
        .unzip();
    let place = rules::pick(&beta, &weights)?.ok_or_else(|| SessionError::NoAgent {
        model: hex(&session.model),
    })?;
    let (agent, weight) = (agents[place].clone(), weights[place]);
    let deadline = height + CONFIG.load(deps.storage)?.params.sessions.session_blocks;
    session.agent = Some(agent.clone());
    session.stage = Stage::Registered;
    session.deadline = Some(deadline);
    SESSIONS.save(deps.storage, &id, &session)?;
    let event = session_event("session_registered", &id)
        .add_attribute("phase", session.stage.as_str())
        .add_attribute("node", &agent)
        .add_attribute("weight", weight)
        .add_attribute("deadline", deadline.to_string());
    let data = answer::registered(&id, agent.as_str(), weight, deadline);
    Ok(Response::new().add_event(event).set_data(data))
}

pub fn submit(deps: DepsMut, env: Env, info: MessageInfo, msg: SubmitSessionMsg) -> Result<Response, ContractError> {
    nonpayable(&info)?;
    check_length("answers_root", &msg.answers_root, 32)?;
    let (id, height) = (msg.session_id, env.block.height);
    let mut session = load_session(deps.storage, &id)?;
    check_stage(&id, &session, Stage::Registered, "submit", height)?;
    check_agent(&id, &session, &info.sender)?;
    let last = msg.answers.checked_sub(1).ok_or(SessionError::NoAnswers {})?;
    check_request(deps.api, &env, &id, last, &msg.last_request)?;
    let (input_tokens, output_tokens) = (msg.input_tokens.u64(), msg.output_tokens.u64());
    check_limits(&msg.last_request, input_tokens, output_tokens)?;

    let hash = rules::submission_hash(&id, input_tokens, output_tokens, msg.answers, &msg.answers_root);
    let payment = rules::payment(
        input_tokens,
        output_tokens,
        session.price_in,
        session.price_out,
        session.lock,
    )?;
    let params = CONFIG.load(deps.storage)?.params.sessions;
    let price = load_model(deps.storage, &session.model)?.price;
    let fee = price.checked_mul(Uint128::from(params.challenge_seats))?;
    let premium = rules::premium(params.challenge_ppm, fee)?.min(payment);
    let deadline = height + params.challenge_blocks;
    session.submission = Some(Submission {
        hash: Binary::from(hash),
        height,
        input_tokens: msg.input_tokens,
        output_tokens: msg.output_tokens,
        answers: msg.answers,
        answers_root: msg.answers_root,
        payment,
        premium,
    });
    session.stage = Stage::Submitted;
    session.deadline = Some(deadline);
    SESSIONS.save(deps.storage, &id, &session)?;
    let event = session_event("session_submitted", &id)
        .add_attribute("phase", session.stage.as_str())
        .add_attribute("node", &info.sender)
        .add_attribute("submission", hex(&hash))
        .add_attribute("answers", msg.answers.to_string())
        .add_attribute("payment", payment)
        .add_attribute("deadline", deadline.to_string());
    let data = answer::submitted(&id, &hash, payment, premium, deadline);
    Ok(Response::new().add_event(event).set_data(data))
}

pub fn session_event(kind: &str, id: &[u8]) -> Event {
    event(kind).add_attribute("session", hex(id))
}

/// That the session is in this stage and its last height has not passed.
pub fn check_stage(
    id: &[u8],
    session: &Session,
    stage: Stage,
    action: &'static str,
    height: u64,
) -> Result<(), ContractError> {
    let name = hex(id);
    if session.stage != stage {
        return Err(SessionError::WrongStage {
            session: name,
            stage: session.stage.as_str(),
            action,
        }
        .into());
    }
    match session.deadline {
        Some(last) if height > last => Err(SessionError::TooLate {
            action,
            session: name,
            last,
            height,
        }
        .into()),
        _ => Ok(()),
    }
}

pub fn check_agent(id: &[u8], session: &Session, sender: &Addr) -> Result<(), ContractError> {
    match &session.agent {
        Some(agent) if agent != sender => Err(SessionError::NotAgent {
            session: hex(id),
            agent: agent.clone(),
            sender: sender.clone(),
        }
        .into()),
        _ => Ok(()),
    }
}

/// That the session key signed this request; returns the request's hash.
pub fn check_request(
    api: &dyn Api,
    env: &Env,
    id: &[u8],
    sequence: u32,
    request: &SignedRequest,
) -> Result<[u8; 32], ContractError> {
    check_length("input_hash", &request.input_hash, 32)?;
    let fields = Request {
        sequence,
        input_hash: &request.input_hash,
        input_limit: request.input_limit.u64(),
        output_limit: request.output_limit.u64(),
    };
    let hash = rules::request_hash(Place::of(env), id, &fields);
    // A key or signature that is none is an error there, and no better than one that does not fit.
    match api.secp256k1_verify(&hash, &request.signature, id) {
        Ok(true) => Ok(hash),
        _ => Err(SessionError::BadSignature { sequence }.into()),
    }
}

pub fn check_limits(request: &SignedRequest, input_tokens: u64, output_tokens: u64) -> Result<(), ContractError> {
    for (field, received, limit) in [
        ("input_tokens", input_tokens, request.input_limit.u64()),
        ("output_tokens", output_tokens, request.output_limit.u64()),
    ] {
        if received > limit {
            return Err(SessionError::OverLimit { field, received, limit }.into());
        }
    }
    Ok(())
}
