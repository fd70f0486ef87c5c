use cosmwasm_std::{Addr, Uint128};
use thiserror::Error;

#[derive(Error, Debug)]
pub enum SessionError {
    #[error("unknown session {session}")]
    Unknown { session: String },

    #[error("session {session} exists already: take a new session key")]
    Exists { session: String },

    #[error("a session key is a compressed secp256k1 key: 33 bytes that start with 02 or 03")]
    BadKey {},

    #[error("lock {lock} is below the minimum {min_lock}")]
    LockTooSmall { lock: Uint128, min_lock: Uint128 },

    #[error("price {price} is above the largest allowed {max}")]
    PriceTooHigh { price: Uint128, max: Uint128 },

    #[error("sessions need an exact model: {model} is not")]
    NotExact { model: String },

    #[error("a session with model {model} could last {blocks} blocks, it must be less than unbonding_blocks {max}")]
    TooLong { model: String, blocks: u64, max: u64 },

    #[error("no agent serves model {model} at these prices")]
    NoAgent { model: String },

    #[error("service url must be http:// or https:// and 9 to {max} bytes, got {length} bytes")]
    BadUrl { length: usize, max: usize },

    #[error("{max} agents are announced already")]
    TooManyAgents { max: u32 },

    #[error("node {node} is not announced")]
    NotAnnounced { node: Addr },

    #[error("cannot {action} session {session}: it is {stage}")]
    WrongStage {
        session: String,
        stage: &'static str,
        action: &'static str,
    },

    #[error("too late to {action} session {session}: allowed until height {last}, now {height}")]
    TooLate {
        action: &'static str,
        session: String,
        last: u64,
        height: u64,
    },

    #[error("too early to settle session {session}: allowed from height {first}, now {height}")]
    TooEarly { session: String, first: u64, height: u64 },

    #[error("session {session} takes no proof now: the user's proof settles a submitted session until its deadline")]
    NoProofNow { session: String },

    #[error("session {session} waits for query {query_id}")]
    AwaitsQuery { session: String, query_id: u64 },

    #[error("only agent {agent} may do this in session {session}, got {sender}")]
    NotAgent { session: String, agent: Addr, sender: Addr },

    #[error("a submission has at least one answer")]
    NoAnswers {},

    #[error("{field} of {received} is above the {limit} that the user signed")]
    OverLimit {
        field: &'static str,
        received: u64,
        limit: u64,
    },

    #[error("request {sequence} is not signed by the session key")]
    BadSignature { sequence: u32 },

    #[error("this is not answer {answer} of the submitted root")]
    NotInRoot { answer: u32 },

    #[error("node {node} may not judge its own answer in query {query_id}")]
    OwnAnswer { node: Addr, query_id: u64 },
}
