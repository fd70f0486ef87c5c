//! The `data` of the messages of sessions (sections 7 and 9).

use cosmwasm_std::Uint128;

use crate::frame::Frame;
use crate::session_state::{Session, SessionOutcome};

pub fn locked(id: &[u8], session: &Session, deadline: u64) -> Vec<u8> {
    Frame::new("quorate/session-locked/v1")
        .bytes(id)
        .bytes(&session.seed)
        .bytes(&session.vrf_pubkey)
        .bytes(&session.model)
        .u128(session.lock.u128())
        .u128(session.price_in.u128())
        .u128(session.price_out.u128())
        .u64(deadline)
        .encode()
}

pub fn registered(id: &[u8], agent: &str, weight: Uint128, deadline: u64) -> Vec<u8> {
    Frame::new("quorate/session-registered/v1")
        .bytes(id)
        .text(agent)
        .u128(weight.u128())
        .u64(deadline)
        .encode()
}

pub fn submitted(id: &[u8], submission: &[u8], payment: Uint128, premium: Uint128, deadline: u64) -> Vec<u8> {
    Frame::new("quorate/session-submitted/v1")
        .bytes(id)
        .bytes(submission)
        .u128(payment.u128())
        .u128(premium.u128())
        .u64(deadline)
        .encode()
}

pub fn challenged(id: &[u8], answer: u32, deadline: u64) -> Vec<u8> {
    Frame::new("quorate/session-challenged/v1")
        .bytes(id)
        .u32(answer)
        .u64(deadline)
        .encode()
}

/// What a message did that ended the session, or nothing when it had ended before.
pub fn settled(id: &[u8], outcome: Option<&SessionOutcome>) -> Vec<u8> {
    let amount = |pick: fn(&SessionOutcome) -> Uint128| outcome.map_or(0, |outcome| pick(outcome).u128());
    Frame::new("quorate/session-settled/v1")
        .bytes(id)
        .text(outcome.map_or("noop", |outcome| outcome.kind.as_str()))
        .u128(amount(|outcome| outcome.paid))
        .u128(amount(|outcome| outcome.refunded))
        .u128(amount(|outcome| outcome.pooled))
        .u128(amount(|outcome| outcome.slashed))
        .encode()
}

pub fn opened(id: &[u8], answer: u32, asked: &[u8]) -> Vec<u8> {
    Frame::new("quorate/session-opened/v1")
        .bytes(id)
        .u32(answer)
        .bytes(asked)
        .encode()
}
