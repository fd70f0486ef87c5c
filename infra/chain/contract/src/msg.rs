use cosmwasm_schema::{cw_serde, QueryResponses};
use cosmwasm_std::{Binary, Uint128};

pub use crate::custom::Function;
pub use crate::lifecycle::{LifecycleParams, Speed, Tier, Timing};
pub use crate::log::{LogRecord, LogResponse};
pub use crate::query_view::{
    DrawResponse, GovernanceResponse, LiveResponse, ModelResponse, ModelsResponse, NodeResponse, NodesResponse,
    OpeningView, OutcomeView, ParamsResponse, Phase, QueryResponse, SeatView, SeatsResponse, TrialResponse,
};
pub use crate::session_msg::*;
pub use crate::session_query::{AgentView, AgentsResponse, SessionPhase, SessionResponse, SessionsResponse};
pub use crate::session_state::{EndReason, SessionEnd};
pub use crate::state::{OutcomeKind, RefundReason, SeatOutcome, Totals, Unbonding};

#[cw_serde]
pub struct InstantiateMsg {
    pub denom: String,
    pub params: Params,
    /// An account or a DAO's contract; nobody if none is named, for good.
    pub admin: Option<String>,
}

/// What version 0.1.0 lacked.
#[cw_serde]
pub struct MigrateMsg {
    pub admin: Option<String>,
    pub sessions: SessionParams,
    pub lifecycle: LifecycleParams,
}

#[cw_serde]
pub struct Params {
    pub max_open: u32,
    pub queue_blocks: u64,
    pub ageing_per_block: Uint128,
    pub grace_blocks: u64,
    pub max_seats: u32,
    pub bond_cap: Uint128,
    pub min_bond: Uint128,
    pub unbonding_blocks: u64,
    pub slash_ppm: u32,
    pub callback_gas: u64,
    pub sessions: SessionParams,
    pub lifecycle: LifecycleParams,
}

#[cw_serde]
pub enum ExecuteMsg {
    /// The attached funds are the first bond.
    RegisterNode {
        vrf_pubkey: Binary,
    },
    Bond {},
    Unbond {
        amount: Uint128,
    },
    Withdraw {},
    RegisterModel {
        manifest_hash: Binary,
        /// Price of one seat.
        price: Uint128,
        rule: Rule,
        windows: Windows,
        /// Digest of the known answer that a node must compute before it serves.
        trial: Option<Binary>,
        timing: Option<Timing>,
    },
    WithdrawModel {
        model: Binary,
    },
    Serve {
        model: Binary,
        /// What the node's machine computed; needed if the model has a trial.
        trial: Option<Binary>,
    },
    Unserve {
        model: Binary,
    },
    /// The attached funds are the fee.
    Ask(AskMsg),
    Commit {
        query_id: u64,
        round: u32,
        proof: Binary,
        commitment: Binary,
    },
    Reveal(RevealMsg),
    Settle {
        query_id: u64,
    },
    Expire {
        query_id: u64,
    },
    /// Offers sessions as an agent; none withdraws the offer.
    Announce {
        service: Option<Service>,
    },
    LockSession(LockSessionMsg),
    RegisterSession {
        session_id: Binary,
        /// The user's VRF proof over the session's seed.
        proof: Binary,
    },
    SubmitSession(SubmitSessionMsg),
    /// Whatever is due: a refund, the draw of a challenge, the agent's payment.
    SettleSession {
        session_id: Binary,
        /// The user's VRF proof over the submission, until the submission's deadline.
        proof: Option<Binary>,
    },
    OpenAnswer(OpenAnswerMsg),
    /// By the admin, as the next two.
    UpdateParams {
        params: Params,
    },
    ProposeAdmin {
        admin: String,
    },
    SpendPool {
        to: String,
        amount: Uint128,
    },
    /// By whom the admin proposed.
    AcceptAdmin {},
    /// By anyone, after a change of what weights follow from.
    Reweigh {
        limit: u32,
    },
}

#[cw_serde]
pub struct AskMsg {
    pub model: Binary,
    pub input_hash: Binary,
    pub input: Input,
    pub seats: u32,
    pub privacy: Privacy,
    pub max_units: u64,
    /// Gets a tenth of the fee when the query is verified.
    pub agent: Option<String>,
    /// Contract that is told the outcome.
    pub callback: Option<String>,
    /// Size of an input that lies elsewhere, for the expected time; an inline one has its number of bytes.
    pub input_units: Option<u64>,
}

#[cw_serde]
pub struct RevealMsg {
    pub query_id: u64,
    pub digest: Binary,
    pub sketch: Vec<i32>,
    pub receipts_root: Binary,
    pub salt: Binary,
}

#[cw_serde]
pub enum Input {
    Uri(String),
    Inline(Binary),
}

#[cw_serde]
#[derive(Copy)]
pub enum Privacy {
    Public,
}

impl Privacy {
    pub fn as_str(self) -> &'static str {
        match self {
            Privacy::Public => "public",
        }
    }
}

/// When two votes agree.
#[cw_serde]
#[derive(Copy)]
pub enum Rule {
    Exact {},
    Tolerant {
        tolerance: u32,
        sketch_len: u32,
    },
    /// Votes agree with a statistic of all votes, not with each other.
    Custom {
        function: Function,
        tolerance: u32,
        sketch_len: u32,
    },
}

impl Rule {
    /// How many numbers a vote has.
    pub fn sketch_len(&self) -> u32 {
        match self {
            Rule::Exact {} => 0,
            Rule::Tolerant { sketch_len, .. } | Rule::Custom { sketch_len, .. } => *sketch_len,
        }
    }
}

#[cw_serde]
#[derive(Copy)]
pub struct Windows {
    pub round_blocks: u64,
    pub commit_blocks: u64,
    pub reveal_blocks: u64,
}

#[cw_serde]
#[derive(QueryResponses)]
pub enum QueryMsg {
    #[returns(ParamsResponse)]
    Params {},
    #[returns(Totals)]
    Totals {},
    #[returns(NodeResponse)]
    Node { address: String },
    #[returns(NodesResponse)]
    Nodes {
        start_after: Option<String>,
        limit: Option<u32>,
    },
    #[returns(ModelResponse)]
    Model { model: Binary },
    #[returns(ModelsResponse)]
    Models {
        start_after: Option<Binary>,
        limit: Option<u32>,
    },
    #[returns(QueryResponse)]
    Query { id: u64 },
    /// Queries that are not final, by id.
    #[returns(LiveResponse)]
    Live {
        start_after: Option<u64>,
        limit: Option<u32>,
    },
    /// The seats of an attempt (the current one if none is named) in commit order.
    #[returns(SeatsResponse)]
    Seats {
        id: u64,
        attempt: Option<u32>,
        start_after: Option<u32>,
        limit: Option<u32>,
    },
    /// What a node needs to know to draw, and a reader to check a draw.
    #[returns(DrawResponse)]
    Draw { query_id: u64, node: String },
    #[returns(SessionResponse)]
    Session { id: Binary },
    #[returns(SessionsResponse)]
    Sessions {
        start_after: Option<Binary>,
        limit: Option<u32>,
    },
    /// Who could be drawn for a session with this model.
    #[returns(AgentsResponse)]
    Agents {
        model: Binary,
        start_after: Option<String>,
        limit: Option<u32>,
    },
    #[returns(GovernanceResponse)]
    Governance {},
    /// Whether a node is warm for a model.
    #[returns(TrialResponse)]
    Trial { node: String, model: Binary },
    /// The settled seats of a query, by attempt and commit order.
    #[returns(LogResponse)]
    QueryLog {
        id: u64,
        start_after: Option<u32>,
        limit: Option<u32>,
    },
    /// The last settled seats of a node, the newest first.
    #[returns(LogResponse)]
    NodeLog {
        node: String,
        start_after: Option<u32>,
        limit: Option<u32>,
    },
}

/// What a callback contract is sent.
#[cw_serde]
pub enum CallbackMsg {
    QuorateResult {
        query_id: u64,
        outcome: OutcomeKind,
        digest: Option<Binary>,
    },
}
