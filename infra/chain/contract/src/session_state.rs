//! What is kept of sessions and agents.

use cosmwasm_schema::cw_serde;
use cosmwasm_std::{Addr, Binary, Storage, Uint128, Uint64};
use cw_storage_plus::{Map, SnapshotMap, Strategy};

use crate::session_error::SessionError;
use crate::session_msg::Service;
use crate::ContractError;

/// An agent that withdrew stays for as long as a session could still draw it.
#[cw_serde]
pub struct Agent {
    pub service: Option<Service>,
    pub changed_height: u64,
}

#[cw_serde]
#[derive(Copy)]
pub enum Stage {
    Locked,
    Registered,
    Submitted,
    Challenged,
    Rerun,
    Final,
}

impl Stage {
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::Locked => "locked",
            Stage::Registered => "registered",
            Stage::Submitted => "submitted",
            Stage::Challenged => "challenged",
            Stage::Rerun => "rerun",
            Stage::Final => "final",
        }
    }
}

#[cw_serde]
pub struct Session {
    pub user: Addr,
    pub model: Binary,
    pub vrf_pubkey: Binary,
    pub seed: Binary,
    pub lock: Uint128,
    pub price_in: Uint128,
    pub price_out: Uint128,
    pub locked_height: u64,
    pub stage: Stage,
    /// Last height of the stage; none while a query decides, and at the end.
    pub deadline: Option<u64>,
    pub agent: Option<Addr>,
    pub submission: Option<Submission>,
    pub challenge: Option<Challenge>,
    pub outcome: Option<SessionOutcome>,
}

#[cw_serde]
pub struct Submission {
    pub hash: Binary,
    pub height: u64,
    pub input_tokens: Uint64,
    pub output_tokens: Uint64,
    pub answers: u32,
    pub answers_root: Binary,
    /// What the user owes.
    pub payment: Uint128,
    /// What of it goes to the pool.
    pub premium: Uint128,
}

#[cw_serde]
pub struct Challenge {
    /// Sequence number of the answer that must be opened.
    pub answer: u32,
    /// Taken from the pool for the query that will run it again.
    pub fee: Uint128,
    pub height: u64,
    pub opened: Option<OpenedAnswer>,
}

#[cw_serde]
pub struct OpenedAnswer {
    pub query_id: u64,
    pub digest: Binary,
    /// Whether every node had the input from the chain itself.
    pub inline: bool,
}

#[cw_serde]
#[derive(Copy)]
pub enum SessionEnd {
    Paid,
    Refunded,
    Breach,
}

impl SessionEnd {
    pub fn as_str(self) -> &'static str {
        match self {
            SessionEnd::Paid => "paid",
            SessionEnd::Refunded => "refunded",
            SessionEnd::Breach => "breach",
        }
    }
}

#[cw_serde]
#[derive(Copy)]
pub enum EndReason {
    NotRegistered,
    NotSubmitted,
    /// The lot fell elsewhere, or nothing was at stake.
    Unchallenged,
    PoolTooSmall,
    /// Nobody but the agent could have run the answer again.
    NoOtherNode,
    Upheld,
    /// The query about the answer gave no result.
    Undecided,
    NotOpened,
    /// Nobody could run the opened answer: its input was not to be had.
    InputWithheld,
    Differs,
}

impl EndReason {
    pub fn as_str(self) -> &'static str {
        match self {
            EndReason::NotRegistered => "not_registered",
            EndReason::NotSubmitted => "not_submitted",
            EndReason::Unchallenged => "unchallenged",
            EndReason::PoolTooSmall => "pool_too_small",
            EndReason::NoOtherNode => "no_other_node",
            EndReason::Upheld => "upheld",
            EndReason::Undecided => "undecided",
            EndReason::NotOpened => "not_opened",
            EndReason::InputWithheld => "input_withheld",
            EndReason::Differs => "differs",
        }
    }
}

/// `paid + refunded + pooled` is the lock.
#[cw_serde]
pub struct SessionOutcome {
    pub kind: SessionEnd,
    pub reason: EndReason,
    pub paid: Uint128,
    pub refunded: Uint128,
    pub pooled: Uint128,
    pub slashed: Uint128,
    pub height: u64,
}

/// Sessions by session key, final ones included.
pub const SESSIONS: Map<&[u8], Session> = Map::new("sessions");

/// Nodes that answer sessions, with their history.
pub const AGENTS: SnapshotMap<&Addr, Agent> = SnapshotMap::new(
    "agents",
    "agents__checkpoints",
    "agents__changelog",
    Strategy::EveryBlock,
);

pub fn load_session(storage: &dyn Storage, id: &[u8]) -> Result<Session, ContractError> {
    let session = SESSIONS.may_load(storage, id)?;
    Ok(session.ok_or_else(|| SessionError::Unknown {
        session: crate::events::hex(id),
    })?)
}
