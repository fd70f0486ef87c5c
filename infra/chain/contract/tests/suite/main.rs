//! One test binary: unit rules, vectors, flows on cw-multi-test and properties.

mod aggregation;
mod answers;
mod arithmetic;
mod asking;
mod bank;
mod callbacks;
mod committing;
mod machine;
mod nodes;
mod paging;
mod protocol_vectors;
mod prover;
mod revealing;
mod session_challenges;
mod session_chat;
mod session_draws;
mod session_edges;
mod session_lists;
mod session_machine;
mod session_merkle;
mod session_vectors;
mod settling;
mod validation;
mod vrf;
mod world;
