//! The messages of sessions and their parameters.

use cosmwasm_schema::cw_serde;
use cosmwasm_std::{Binary, Uint128, Uint64};

use crate::msg::Input;

#[cw_serde]
pub struct SessionParams {
    pub min_lock: Uint128,
    /// For the user's proof, from the lock.
    pub register_blocks: u64,
    /// For the session itself, until the agent's submission.
    pub session_blocks: u64,
    /// For the user's proof that settles, from the submission.
    pub challenge_blocks: u64,
    /// For the agent to open the chosen answer.
    pub open_blocks: u64,
    pub challenge_ppm: u32,
    /// Seats of the committee that runs the chosen answer again.
    pub challenge_seats: u32,
    /// Of the agent's stake.
    pub breach_slash_ppm: u32,
    pub max_agents: u32,
}

impl SessionParams {
    /// Blocks from a lock to the end of waiting for a committee, each stage being left at its last height.
    pub fn longest(&self, queue_blocks: u64) -> u64 {
        [
            self.session_blocks,
            self.challenge_blocks,
            self.open_blocks,
            queue_blocks,
            1,
        ]
        .iter()
        .fold(self.register_blocks, |sum, blocks| sum.saturating_add(*blocks))
    }
}

/// Where an agent answers and the least it works for, in the smallest unit for 1,000,000 tokens.
#[cw_serde]
pub struct Service {
    pub url: String,
    pub price_in: Uint128,
    pub price_out: Uint128,
}

/// The attached funds are the lock.
#[cw_serde]
pub struct LockSessionMsg {
    /// Compressed secp256k1 key that signs the requests; its bytes are the session's id.
    pub session_pubkey: Binary,
    pub vrf_pubkey: Binary,
    pub model: Binary,
    /// For 1,000,000 tokens.
    pub price_in: Uint128,
    pub price_out: Uint128,
}

/// The signed part of a request that the contract needs; its sequence number follows from where it is used.
#[cw_serde]
pub struct SignedRequest {
    pub input_hash: Binary,
    /// The most tokens that the whole session may count, this request included.
    pub input_limit: Uint64,
    pub output_limit: Uint64,
    /// `r || s` by the session key over the request's hash.
    pub signature: Binary,
}

#[cw_serde]
pub struct SubmitSessionMsg {
    pub session_id: Binary,
    pub input_tokens: Uint64,
    pub output_tokens: Uint64,
    pub answers: u32,
    pub answers_root: Binary,
    /// The request with sequence number `answers - 1`.
    pub last_request: SignedRequest,
}

#[cw_serde]
pub struct OpenAnswerMsg {
    pub session_id: Binary,
    /// The request whose sequence number was chosen.
    pub request: SignedRequest,
    pub input: Input,
    pub digest: Binary,
    pub input_tokens: Uint64,
    pub output_tokens: Uint64,
    /// From the leaf to the root.
    pub path: Vec<Binary>,
}
