use cosmwasm_std::{Addr, OverflowError, StdError, Uint128, Uint256};
use thiserror::Error;

use crate::session_error::SessionError;
use crate::vrf::VrfError;

#[derive(Error, Debug)]
pub enum ContractError {
    #[error("{0}")]
    Std(#[from] StdError),

    #[error("{0}")]
    Overflow(#[from] OverflowError),

    #[error("invalid parameters: {}", problems.join("; "))]
    InvalidParams { problems: Vec<String> },

    #[error("invalid model: {}", problems.join("; "))]
    InvalidModel { problems: Vec<String> },

    #[error("{field} has {length} bytes, expected {expected}")]
    WrongLength {
        field: String,
        length: usize,
        expected: usize,
    },

    #[error("expected one coin of {denom}, got {received}")]
    WrongFunds { denom: String, received: String },

    #[error("expected no funds, got {received}")]
    UnexpectedFunds { received: String },

    #[error("amount {amount} is above the largest allowed {max}")]
    AmountTooLarge { amount: Uint256, max: Uint128 },

    #[error("unknown node {node}: register it first")]
    UnknownNode { node: String },

    #[error("node {node} is registered already")]
    NodeExists { node: Addr },

    #[error("the vrf key belongs to node {node} already")]
    VrfKeyTaken { node: Addr },

    #[error("invalid vrf key: {source}")]
    InvalidVrfKey { source: VrfError },

    #[error("bond of {bond} is below the minimum {min_bond}")]
    BondTooSmall { bond: Uint128, min_bond: Uint128 },

    #[error("cannot unbond {amount}: allowed are 1 to {bond}")]
    InvalidUnbond { amount: Uint128, bond: Uint128 },

    #[error("{pending} amounts are unbonding already, at most {max} may: withdraw or wait")]
    TooManyUnbonding { pending: usize, max: usize },

    #[error("nothing to withdraw at height {height}: {}", release_text(*next_release))]
    NothingToWithdraw { height: u64, next_release: Option<u64> },

    #[error("unknown model {model}")]
    UnknownModel { model: String },

    #[error("model {model} is registered already")]
    ModelExists { model: String },

    #[error("model {model} is withdrawn")]
    ModelWithdrawn { model: String },

    #[error("only its owner {owner} may withdraw model {model}, got {sender}")]
    NotOwner { model: String, owner: Addr, sender: Addr },

    #[error("node {node} serves model {model} already")]
    AlreadyServing { node: Addr, model: String },

    #[error("node {node} does not serve model {model}")]
    NotServing { node: Addr, model: String },

    #[error("node {node} serves {served} models already, at most {max} are allowed")]
    TooManyModels { node: Addr, served: usize, max: usize },

    #[error("fee {fee} is below {required}: price {price} for each of {seats} seats")]
    FeeTooSmall {
        fee: Uint128,
        required: Uint128,
        price: Uint128,
        seats: u32,
    },

    #[error("seats must be 1 to {max}, got {seats}")]
    InvalidSeats { seats: u32, max: u32 },

    #[error("input uri has {length} bytes, allowed are 1 to {max}")]
    InvalidUri { length: usize, max: usize },

    #[error("inline input has {length} bytes, at most {max} are allowed")]
    InputTooLarge { length: usize, max: usize },

    #[error("inline input hashes to {computed}, input_hash is {received}")]
    InputHashMismatch { computed: String, received: String },

    #[error("unknown query {query_id}")]
    UnknownQuery { query_id: u64 },

    #[error("query {query_id} is still queued")]
    Queued { query_id: u64 },

    #[error("query {query_id} is final: {outcome}")]
    Final { query_id: u64, outcome: String },

    #[error("commit window of query {query_id} closed at height {closed}, now {height}")]
    CommitWindowClosed { query_id: u64, closed: u64, height: u64 },

    #[error("too early to {action} query {query_id}: allowed from height {first}, now {height}")]
    TooEarly {
        action: &'static str,
        query_id: u64,
        first: u64,
        height: u64,
    },

    #[error("no seat is committed in query {query_id}: expire it from height {first}, now {height}")]
    NothingToSettle { query_id: u64, first: u64, height: u64 },

    #[error("query {query_id} has {committed} committed seats: settle it instead")]
    SettleInstead { query_id: u64, committed: u32 },

    #[error("node {node} has committed to query {query_id} attempt {attempt} already")]
    AlreadyCommitted { query_id: u64, attempt: u32, node: Addr },

    #[error("committee of query {query_id} is full: {max} seats")]
    CommitteeFull { query_id: u64, max: u32 },

    #[error("round {round} is not reached: the current one is {current}")]
    RoundNotReached { round: u32, current: u32 },

    #[error("node {node} is not eligible: it had no weight for model {model} when height {height} began")]
    NotEligible { node: Addr, model: String, height: u64 },

    #[error("invalid proof: {source}")]
    InvalidProof { source: VrfError },

    #[error("node {node} does not qualify in round {round}")]
    NotQualified { node: Addr, round: u32 },

    #[error("node {node} has no seat in query {query_id} attempt {attempt}")]
    NoSeat { query_id: u64, attempt: u32, node: Addr },

    #[error("node {node} has revealed in query {query_id} attempt {attempt} already: {outcome}")]
    AlreadyRevealed {
        query_id: u64,
        attempt: u32,
        node: Addr,
        outcome: String,
    },

    #[error("unknown reply id {id}")]
    UnknownReply { id: u64 },

    #[error("{0}")]
    Session(#[from] SessionError),

    #[error("the contract itself cannot be the agent")]
    AgentIsContract {},

    #[error("model {model} has a trial: serve it with the digest that this machine computed")]
    TrialMissing { model: String },

    #[error("node {node} failed the trial of model {model}: it may serve from height {allowed_from}, now {height}")]
    CoolingDown {
        node: Addr,
        model: String,
        allowed_from: u64,
        height: u64,
    },

    #[error("an inline input has {length} units, its number of bytes: leave input_units out, got {received}")]
    InputUnitsOfInline { length: usize, received: u64 },

    #[error("{field} must be at most {max}, got {received}")]
    TooManyUnits {
        field: &'static str,
        received: u64,
        max: u64,
    },

    #[error("only the admin {admin} may do this, got {sender}")]
    NotAdmin { admin: String, sender: Addr },

    #[error("proposed as admin is {proposed}, got {sender}")]
    NotProposed { proposed: String, sender: Addr },

    #[error("cannot spend {amount}: allowed are 1 to the pool's {pool}")]
    InvalidSpend { amount: Uint128, pool: Uint128 },

    #[error("the pool cannot be spent on the contract itself")]
    SpendToItself {},

    #[error("limit must be 1 to {max}, got {limit}")]
    InvalidLimit { limit: u32, max: u32 },

    #[error("all nodes have their weights")]
    NothingToReweigh {},

    #[error("cannot migrate {contract} {version} to {to}: {reason}")]
    CannotMigrate {
        reason: &'static str,
        contract: String,
        version: String,
        to: &'static str,
    },
}

fn release_text(next_release: Option<u64>) -> String {
    match next_release {
        Some(height) => format!("the next release is at {height}"),
        None => "nothing is unbonding".to_string(),
    }
}
