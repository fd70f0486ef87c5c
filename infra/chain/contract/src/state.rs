use cosmwasm_schema::cw_serde;
use cosmwasm_std::{Addr, Binary, Empty, StdResult, Storage, Uint128};
use cw_storage_plus::{Item, Map, SnapshotItem, SnapshotMap, Strategy};

use crate::lifecycle::{Speed, Timing};
use crate::msg::{Input, Params, Privacy, Rule, Windows};
use crate::ContractError;

#[cw_serde]
pub struct Config {
    pub denom: String,
    pub params: Params,
    pub admin: Option<Addr>,
    /// What ageing had made of rank keys at this height, when it last changed.
    pub ageing_base: Uint128,
    pub ageing_from: u64,
}

/// Their sum is the contract's balance after every message.
#[cw_serde]
#[derive(Default)]
pub struct Totals {
    /// Bonds of all nodes, what is unbonding included.
    pub bonds: Uint128,
    /// Fees of the queries that are not final.
    pub fees: Uint128,
    pub pool: Uint128,
    /// Locks of the sessions that are not final, and fees of challenges that await an opening.
    #[serde(default)]
    pub sessions: Uint128,
}

#[cw_serde]
pub struct Unbonding {
    pub amount: Uint128,
    pub release_height: u64,
}

#[cw_serde]
pub struct Node {
    pub vrf_pubkey: Binary,
    pub bond: Uint128,
    /// By release height, rising.
    pub unbonding: Vec<Unbonding>,
    pub reputation: u32,
    /// All settled seats: the number of the next one in the node's log.
    #[serde(default)]
    pub seats_settled: u32,
    /// Those in a majority, in time.
    #[serde(default)]
    pub seats_won: u32,
}

#[cw_serde]
pub struct Model {
    pub owner: Addr,
    pub price: Uint128,
    pub rule: Rule,
    pub windows: Windows,
    pub withdrawn: bool,
    pub trial: Option<Binary>,
    pub timing: Option<Timing>,
}

#[cw_serde]
pub struct Query {
    pub id: u64,
    pub query_hash: Binary,
    pub asker: Addr,
    pub model: Binary,
    pub input_hash: Binary,
    pub seats: u32,
    pub privacy: Privacy,
    pub max_units: u64,
    pub fee: Uint128,
    pub agent: Option<Addr>,
    pub callback: Option<Addr>,
    pub asked_height: u64,
    pub outcome: Option<Outcome>,
    /// The session that this query decides about; the contract itself is its asker.
    pub session: Option<Binary>,
    #[serde(default)]
    pub input_units: u64,
}

#[cw_serde]
#[derive(Copy)]
pub enum OutcomeKind {
    Verified,
    Refunded,
}

impl OutcomeKind {
    pub fn as_str(self) -> &'static str {
        match self {
            OutcomeKind::Verified => "verified",
            OutcomeKind::Refunded => "refunded",
        }
    }
}

#[cw_serde]
#[derive(Copy)]
pub enum RefundReason {
    ExpiredInQueue,
    NoCommits,
    NoMajority,
}

impl RefundReason {
    pub fn as_str(self) -> &'static str {
        match self {
            RefundReason::ExpiredInQueue => "expired_in_queue",
            RefundReason::NoCommits => "no_commits",
            RefundReason::NoMajority => "no_majority",
        }
    }
}

#[cw_serde]
pub struct Outcome {
    pub kind: OutcomeKind,
    pub digest: Option<Binary>,
    pub votes: u32,
    pub committed: u32,
    pub height: u64,
    pub reason: Option<RefundReason>,
    /// The aggregate of a custom rule.
    #[serde(default)]
    pub value: Vec<i32>,
}

/// The current attempt of a query.
#[cw_serde]
pub struct Opening {
    pub attempt: u32,
    pub height: u64,
    pub time_ns: u64,
    pub seed: Binary,
    pub total_weight: Uint128,
    pub committed: u32,
    pub revealed: u32,
    pub full: Option<Full>,
}

/// When the committed seats reached the wanted ones.
#[cw_serde]
#[derive(Copy)]
pub struct Full {
    pub height: u64,
    pub round: u32,
}

#[cw_serde]
#[derive(Copy)]
pub enum SeatOutcome {
    Committed,
    Revealed,
    Majority,
    Minority,
    Mismatch,
    Late,
    Absent,
}

impl SeatOutcome {
    pub fn as_str(self) -> &'static str {
        match self {
            SeatOutcome::Committed => "committed",
            SeatOutcome::Revealed => "revealed",
            SeatOutcome::Majority => "majority",
            SeatOutcome::Minority => "minority",
            SeatOutcome::Mismatch => "mismatch",
            SeatOutcome::Late => "late",
            SeatOutcome::Absent => "absent",
        }
    }
}

#[cw_serde]
pub struct Seat {
    pub node: Addr,
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
    /// From the opening, or the start of the round drawn in, to the commit.
    pub actual_ms: Option<u64>,
    pub record: Option<SeatRecord>,
}

/// What its settlement made of a seat's node.
#[cw_serde]
pub struct SeatRecord {
    pub height: u64,
    pub speed: Speed,
    pub reputation_before: u32,
    pub reputation_after: u32,
}

const CONFIG_KEY: &str = "config";

/// Denomination, parameters and admin, with their history by height.
pub const CONFIG: SnapshotItem<Config> = SnapshotItem::new(
    CONFIG_KEY,
    "config__checkpoints",
    "config__changelog",
    Strategy::EveryBlock,
);

/// The same record for who writes it first: there is no history before.
pub const CONFIG_NOW: Item<Config> = Item::new(CONFIG_KEY);

/// Chained over every accepted VRF output, with its history.
pub const MODULE_SEED: SnapshotItem<Binary> = SnapshotItem::new(
    "module_seed",
    "module_seed__checkpoints",
    "module_seed__changelog",
    Strategy::EveryBlock,
);

/// What the contract's balance consists of.
pub const TOTALS: Item<Totals> = Item::new("totals");

/// Nodes by address.
pub const NODES: Map<&Addr, Node> = Map::new("nodes");

/// Owner of each VRF public key.
pub const VRF_KEYS: Map<&[u8], Addr> = Map::new("vrf_keys");

/// Weight of each node, with its history by height.
pub const WEIGHTS: SnapshotMap<&Addr, Uint128> = SnapshotMap::new(
    "weights",
    "weights__checkpoints",
    "weights__changelog",
    Strategy::EveryBlock,
);

/// Which (node, model) pairs are served, with their history.
pub const SERVING: SnapshotMap<(&Addr, &[u8]), Empty> = SnapshotMap::new(
    "serving",
    "serving__checkpoints",
    "serving__changelog",
    Strategy::EveryBlock,
);

/// Total weight of each model's nodes, with its history.
pub const TOTAL_WEIGHTS: SnapshotMap<&[u8], Uint128> = SnapshotMap::new(
    "total_weights",
    "total_weights__checkpoints",
    "total_weights__changelog",
    Strategy::EveryBlock,
);

/// Models by manifest hash.
pub const MODELS: Map<&[u8], Model> = Map::new("models");

/// Id of the newest query; the first is 1.
pub const LAST_QUERY: Item<u64> = Item::new("last_query");

/// Number of open queries.
pub const OPEN_COUNT: Item<u32> = Item::new("open_count");

/// Queries by id, final ones included.
pub const QUERIES: Map<u64, Query> = Map::new("queries");

/// Inputs by query id, apart so that a commit does not read them.
pub const INPUTS: Map<u64, Input> = Map::new("inputs");

/// Ids of the queries that are not final.
pub const LIVE: Map<u64, Empty> = Map::new("live");

/// Waiting queries by (rank key, id): the first one goes next.
pub const QUEUE: Map<(u128, u64), Empty> = Map::new("queue");

/// Current or last attempt by query id; none while it was never opened.
pub const OPENINGS: Map<u64, Opening> = Map::new("openings");

/// Seats by (query id, attempt, place in commit order).
pub const SEATS: Map<(u64, u32, u32), Seat> = Map::new("seats");

/// Place of a node's seat by (query id, attempt, node).
pub const SEAT_OF: Map<(u64, u32, &Addr), u32> = Map::new("seat_of");

/// From which height a (node, model) pair that failed its trial may try again.
pub const COOLDOWN: Map<(&Addr, &[u8]), u64> = Map::new("cooldown");

/// (query id, attempt, place) of a node's settled seats by (node, seat number modulo `LOG_KEEP`).
pub const LOG: Map<(&Addr, u32), (u64, u32, u32)> = Map::new("log");

/// Blocks that all attempts of any registered model may last at most.
pub const LONGEST_QUERY: Item<u64> = Item::new("longest_query");

pub const PROPOSED_ADMIN: Item<Addr> = Item::new("proposed_admin");

/// The last node that has its new weight (none: the first comes next), while not all have.
pub const REWEIGH: Item<Option<Addr>> = Item::new("reweigh");

pub fn load_query(storage: &dyn Storage, query_id: u64) -> Result<Query, ContractError> {
    QUERIES
        .may_load(storage, query_id)?
        .ok_or(ContractError::UnknownQuery { query_id })
}

pub fn load_model(storage: &dyn Storage, model: &Binary) -> Result<Model, ContractError> {
    MODELS
        .may_load(storage, model)?
        .ok_or_else(|| ContractError::UnknownModel {
            model: crate::events::hex(model),
        })
}

pub fn load_node(storage: &dyn Storage, node: &Addr) -> Result<Node, ContractError> {
    NODES
        .may_load(storage, node)?
        .ok_or_else(|| ContractError::UnknownNode { node: node.to_string() })
}

/// The seats of an attempt in commit order.
pub fn load_seats(storage: &dyn Storage, query_id: u64, attempt: u32) -> StdResult<Vec<Seat>> {
    SEATS
        .prefix((query_id, attempt))
        .range(storage, None, None, cosmwasm_std::Order::Ascending)
        .map(|entry| entry.map(|(_, seat)| seat))
        .collect()
}
