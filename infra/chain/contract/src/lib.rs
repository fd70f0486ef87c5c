//! Quorate's contract. `docs/protocol.md` is its specification; section numbers in comments are that file's.

pub mod aggregate;
pub mod answer;
pub mod ask;
pub mod commit;
pub mod contract;
pub mod draw;
pub mod error;
pub mod events;
pub mod finish;
pub mod frame;
pub mod hash;
pub mod limits;
pub mod models;
pub mod money;
pub mod msg;
pub mod nodes;
pub mod opening;
pub mod payout;
pub mod phase;
pub mod query;
pub mod query_view;
pub mod reveal;
pub mod settle;
pub mod sigmoid;
pub mod stake;
pub mod state;
pub mod unbond;
pub mod vrf;

pub mod agents;
pub mod merkle;
pub mod session;
pub mod session_answer;
pub mod session_challenge;
pub mod session_error;
pub mod session_msg;
pub mod session_query;
pub mod session_rules;
pub mod session_settle;
pub mod session_state;

pub use error::ContractError;
