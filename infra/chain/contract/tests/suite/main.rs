//! One test binary: unit rules, vectors, flows on cw-multi-test and properties.

mod aggregation;
mod answers;
mod arithmetic;
mod asking;
mod bank;
mod callbacks;
mod committing;
mod custom_rules;
mod fixtures;
mod governing;
mod governing_live;
mod logs;
mod machine;
mod migrating;
mod nodes;
mod paging;
mod protocol_vectors;
mod prover;
mod revealing;
mod settling;
mod tiers;
mod timing;
mod trials;
mod validation;
mod vrf;
mod world;
