//! One test binary: unit rules, vectors, flows on cw-multi-test and properties.

mod aggregation;
mod answers;
mod arithmetic;
mod asking;
mod bank;
mod callbacks;
mod committing;
mod edges;
mod machine;
mod nodes;
mod paging;
mod protocol_vectors;
mod prover;
mod reference;
mod revealing;
mod settling;
mod validation;
mod vrf;
mod world;
