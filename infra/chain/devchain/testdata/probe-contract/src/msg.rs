//! What the probe contract is asked to do.
use cosmwasm_std::{Binary, Coin};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Clone, Debug)]
#[serde(rename_all = "snake_case")]
pub struct InstantiateMsg {
    pub label: String,
}

#[derive(Serialize, Deserialize, Clone, Debug)]
#[serde(rename_all = "snake_case")]
pub enum ReplyWhen {
    Always,
    Success,
    Error,
    Never,
}

#[derive(Serialize, Deserialize, Clone, Debug)]
#[serde(rename_all = "snake_case")]
pub enum ExecuteMsg {
    Set {
        key: String,
        value: String,
    },
    Remove {
        key: String,
    },
    /// Writes, then fails: the write must not survive.
    SetThenFail {
        key: String,
        value: String,
    },
    Panic {},
    /// Reads out of the contract's memory: a trap, not a panic.
    Trap {},
    Spin {
        rounds: u64,
    },
    Emit {
        query_id: String,
    },
    Data {
        data: Binary,
    },
    Pay {
        to: String,
        amount: Vec<Coin>,
    },
    Burn {
        amount: Vec<Coin>,
    },
    /// Writes `before`, sends `msgs` to this contract itself as submessages; the reply writes `reply-<id>`.
    Sub {
        before: String,
        msgs: Vec<Binary>,
        reply_on: ReplyWhen,
        reply_fails: bool,
        reply_data: Option<Binary>,
    },
    /// Instantiates another instance of the code; the reply returns its data.
    Spawn {
        code_id: u64,
        label: String,
    },
    /// A plain message to another contract.
    Call {
        contract: String,
        msg: Binary,
        funds: Vec<Coin>,
    },
    Debug {
        text: String,
    },
    /// Recurses until the host refuses.
    Recurse {},
}

#[derive(Serialize, Deserialize, Clone, Debug)]
#[serde(rename_all = "snake_case")]
pub enum QueryMsg {
    Get {
        key: String,
    },
    Scan {
        start: Option<String>,
        end: Option<String>,
        descending: bool,
        keys_only: bool,
        limit: u32,
    },
    Address {
        human: String,
    },
    Humanize {
        canonical: Binary,
    },
    Secp256k1 {
        hash: Binary,
        signature: Binary,
        public_key: Binary,
    },
    Recover {
        hash: Binary,
        signature: Binary,
        recovery: u8,
    },
    Ed25519 {
        message: Binary,
        signature: Binary,
        public_key: Binary,
    },
    Ed25519Batch {
        messages: Vec<Binary>,
        signatures: Vec<Binary>,
        public_keys: Vec<Binary>,
    },
    Balance {
        address: String,
        denom: String,
    },
    Smart {
        contract: String,
        msg: Binary,
    },
    Raw {
        contract: String,
        key: Binary,
    },
    Info {
        contract: String,
    },
    /// A query the host does not know.
    Unsupported {},
    Env {},
    /// Writes in a query: the host must refuse.
    Fail {},
}
