//! The shapes of query answers.

use cosmwasm_schema::cw_serde;
use cosmwasm_std::{Addr, Binary, Uint128, Uint64};

use crate::msg::{Input, Params, Privacy, Rule, Tier, Timing, Windows};
use crate::state::{OutcomeKind, RefundReason, SeatOutcome, Unbonding};

#[cw_serde]
pub struct ParamsResponse {
    pub denom: String,
    pub params: Params,
    pub module_seed: Binary,
}

#[cw_serde]
pub struct NodeResponse {
    pub address: Addr,
    pub vrf_pubkey: Binary,
    pub bond: Uint128,
    pub unbonding: Vec<Unbonding>,
    /// In thousandths.
    pub reputation: u32,
    /// At most 64, as the unbondings are at most 32.
    pub models: Vec<Binary>,
    pub tier: Tier,
    pub seats_settled: u32,
    /// Those in a majority, in time: what tiers count.
    pub seats_won: u32,
}

#[cw_serde]
pub struct NodesResponse {
    pub nodes: Vec<NodeResponse>,
}

#[cw_serde]
pub struct ModelResponse {
    pub model: Binary,
    pub owner: Addr,
    pub price: Uint128,
    pub rule: Rule,
    pub windows: Windows,
    pub withdrawn: bool,
    pub total_weight: Uint128,
    pub trial: Option<Binary>,
    pub timing: Option<Timing>,
}

#[cw_serde]
pub struct ModelsResponse {
    pub models: Vec<ModelResponse>,
}

/// `settle` and `expire` mean that this message would succeed at the current height.
#[cw_serde]
#[derive(Copy)]
pub enum Phase {
    Queued,
    Commit,
    Reveal,
    Settle,
    Expire,
    Verified,
    Refunded,
}

impl Phase {
    pub fn as_str(self) -> &'static str {
        match self {
            Phase::Queued => "queued",
            Phase::Commit => "commit",
            Phase::Reveal => "reveal",
            Phase::Settle => "settle",
            Phase::Expire => "expire",
            Phase::Verified => "verified",
            Phase::Refunded => "refunded",
        }
    }
}

#[cw_serde]
pub struct QueryResponse {
    pub id: u64,
    pub query_hash: Binary,
    pub asker: Addr,
    pub model: Binary,
    pub input_hash: Binary,
    pub input: Input,
    pub seats: u32,
    pub privacy: Privacy,
    pub max_units: u64,
    pub fee: Uint128,
    pub agent: Option<Addr>,
    pub callback: Option<Addr>,
    pub asked_height: u64,
    pub attempt: u32,
    pub phase: Phase,
    /// Of the current attempt; null if the query was never opened.
    pub opening: Option<OpeningView>,
    /// Last height in the queue; null once opened or final.
    pub queue_deadline: Option<u64>,
    pub outcome: Option<OutcomeView>,
    pub input_units: u64,
}

#[cw_serde]
pub struct OpeningView {
    pub height: u64,
    pub time_ns: Uint64,
    pub seed: Binary,
    pub total_weight: Uint128,
    /// The current round, or the one at which it was frozen.
    pub round: u32,
    pub committed: u32,
    /// Seats that revealed in time, rightly or wrongly.
    pub revealed: u32,
    pub commit_close: u64,
    /// Null while further commits could still move the commit window's end.
    pub reveal_close: Option<u64>,
}

#[cw_serde]
pub struct OutcomeView {
    pub kind: OutcomeKind,
    pub digest: Option<Binary>,
    pub votes: u32,
    pub committed: u32,
    pub height: u64,
    pub reason: Option<RefundReason>,
    /// The aggregate of a custom rule; empty for others.
    pub value: Vec<i32>,
}

#[cw_serde]
pub struct LiveResponse {
    pub queries: Vec<QueryResponse>,
}

#[cw_serde]
pub struct SeatsResponse {
    pub seats: Vec<SeatView>,
}

#[cw_serde]
pub struct SeatView {
    pub node: Addr,
    pub attempt: u32,
    pub round: u32,
    pub beta: Binary,
    pub commitment: Binary,
    pub committed_height: u64,
    pub outcome: SeatOutcome,
    pub digest: Option<Binary>,
    pub sketch: Vec<i32>,
    pub receipts_root: Option<Binary>,
    pub paid: Uint128,
    pub slashed: Uint128,
}

#[cw_serde]
pub struct DrawResponse {
    pub weight: Uint128,
    pub total_weight: Uint128,
    pub seats: u32,
    pub seed: Binary,
    pub attempt: u32,
    pub round: u32,
    pub vrf_pubkey: Binary,
}

#[cw_serde]
pub struct GovernanceResponse {
    pub admin: Option<Addr>,
    pub proposed_admin: Option<Addr>,
    /// What `unbonding_blocks` must stay above.
    pub longest_query_blocks: u64,
    /// Whether nodes are left whose weights follow from older parameters.
    pub reweighing: bool,
    pub version: String,
}

#[cw_serde]
pub struct TrialResponse {
    /// Null if the model has no trial.
    pub expected: Option<Binary>,
    /// Whether the node serves the model.
    pub warm: bool,
    /// Height from which it may try again after a failure; stays until it passes.
    pub allowed_from: Option<u64>,
}
