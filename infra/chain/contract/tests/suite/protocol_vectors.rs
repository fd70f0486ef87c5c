//! `test/vectors/protocol.json`, which the TypeScript side runs as well.

use std::collections::BTreeMap;

use cosmwasm_std::{Addr, Binary, Uint128};
use quorate_contract::aggregate::is_majority;
use quorate_contract::answer::Opened;
use quorate_contract::answer::{self, Committed, Settled};
use quorate_contract::draw::qualifies;
use quorate_contract::events::hex;
use quorate_contract::hash::{self, CommitmentFields, Place, QueryFields};
use quorate_contract::money;
use quorate_contract::msg::{Privacy, SeatOutcome};
use quorate_contract::state::{Opening, Query, Seat};
use serde::Deserialize;

use crate::answers::fields;
use crate::vrf::{unhex, vectors};

#[derive(Deserialize)]
pub struct File {
    pub cases: Vec<Case>,
}

#[derive(Deserialize)]
pub struct Case {
    pub name: String,
    pub input: Input,
    pub output: String,
}

#[derive(Deserialize)]
pub struct Input(BTreeMap<String, String>);

impl Input {
    pub fn text(&self, name: &str) -> &str {
        self.0
            .get(name)
            .unwrap_or_else(|| panic!("no {name} in {:?}", self.0.keys()))
    }

    pub fn number<T: std::str::FromStr>(&self, name: &str) -> T {
        self.text(name)
            .parse()
            .unwrap_or_else(|_| panic!("{name} is no number"))
    }

    pub fn bytes(&self, name: &str) -> Vec<u8> {
        unhex(self.text(name))
    }

    pub fn place(&self) -> Place<'_> {
        Place {
            chain_id: self.text("chain_id"),
            contract: self.text("contract"),
        }
    }
}

fn query_hash(input: &Input) -> [u8; 32] {
    hash::query_hash(
        input.place(),
        &QueryFields {
            query_id: input.number("query_id"),
            asker: input.text("asker"),
            model: &input.bytes("model"),
            input_hash: &input.bytes("input_hash"),
            seats: input.number("seats"),
            privacy: input.text("privacy"),
            max_units: input.number("max_units"),
            fee: input.number("fee"),
        },
    )
}

fn seed(input: &Input) -> [u8; 32] {
    hash::seed(
        input.place(),
        &input.bytes("module_seed"),
        input.number("query_id"),
        input.number("attempt"),
        input.number("opened_height"),
        input.number("opened_time_ns"),
    )
}

fn commitment(input: &Input) -> [u8; 32] {
    hash::commitment(
        input.place(),
        &CommitmentFields {
            query_id: input.number("query_id"),
            attempt: input.number("attempt"),
            node: input.text("node"),
            digest: &input.bytes("digest"),
            sketch_hash: &input.bytes("sketch_hash"),
            receipts_root: &input.bytes("receipts_root"),
            salt: &input.bytes("salt"),
        },
    )
}

fn sketch_hash(input: &Input) -> [u8; 32] {
    let sketch: Vec<i32> = input
        .bytes("sketch")
        .chunks(4)
        .map(|number| i32::from_be_bytes(number.try_into().unwrap()))
        .collect();
    hash::sketch_hash(&sketch)
}

fn opened(input: &Input) -> Vec<u8> {
    let query = Query {
        id: input.number("query_id"),
        query_hash: Binary::from(input.bytes("query_hash")),
        asker: Addr::unchecked("asker"),
        model: Binary::default(),
        input_hash: Binary::default(),
        seats: input.number("seats"),
        privacy: Privacy::Public,
        max_units: 0,
        fee: Uint128::zero(),
        agent: None,
        callback: None,
        asked_height: 0,
        outcome: None,
        session: None,
        input_units: 0,
    };
    let opening = Opening {
        attempt: input.number("attempt"),
        height: input.number("opened_height"),
        time_ns: 0,
        seed: Binary::from(input.bytes("seed")),
        total_weight: input.number("total_weight"),
        committed: 0,
        revealed: 0,
        full: None,
    };
    answer::opened(&query, &opening)
}

fn committed(input: &Input) -> Vec<u8> {
    answer::committed(&Committed {
        query_id: input.number("query_id"),
        attempt: input.number("attempt"),
        node: input.text("node"),
        vrf_pubkey: &input.bytes("vrf_pubkey"),
        weight: input.number("weight"),
        round: input.number("round"),
        commitment: &input.bytes("commitment"),
    })
}

fn outcome(text: &str) -> SeatOutcome {
    serde_json::from_value(text.into()).unwrap()
}

fn seat(fields: &[Vec<u8>]) -> Seat {
    let text = |i: usize| String::from_utf8(fields[i].clone()).unwrap();
    let amount = |i: usize| u128::from_be_bytes(fields[i].clone().try_into().unwrap()).into();
    Seat {
        node: Addr::unchecked(text(0)),
        round: 0,
        beta: Binary::default(),
        commitment: Binary::default(),
        committed_height: 0,
        outcome: outcome(&text(1)),
        digest: None,
        sketch: vec![],
        receipts_root: None,
        paid: amount(2),
        slashed: amount(3),
        actual_ms: None,
        record: None,
    }
}

fn settled(input: &Input) -> Vec<u8> {
    let seats: Vec<Seat> = fields(&input.bytes("seats")).chunks(4).map(seat).collect();
    let opened: Vec<Opened> = fields(&input.bytes("opened_list"))
        .into_iter()
        .map(|frame| Opened {
            frame,
            event: cosmwasm_std::Event::new("none"),
        })
        .collect();
    let settled = Settled {
        query_id: input.number("query_id"),
        attempt: input.number("attempt"),
        outcome: input.text("outcome"),
        digest: &input.bytes("digest"),
        votes: input.number("votes"),
        committed: input.number("committed"),
        seats: &seats,
    };
    answer::settled(&settled, &opened)
}

fn draws(input: &Input) -> bool {
    qualifies(
        &input.bytes("beta"),
        input.number("total_weight"),
        input.number("seats"),
        input.number("weight"),
        input.number("round"),
    )
    .unwrap()
}

fn cut(input: &Input) -> String {
    let reputations: Vec<u32> = input
        .text("reputations")
        .split(',')
        .map(|r| r.parse().unwrap())
        .collect();
    let cut = money::cut(input.number("fee"), &reputations, input.text("agent") == "true").unwrap();
    let winners: Vec<String> = cut.winners.iter().map(|amount| amount.to_string()).collect();
    format!("{};{};{}", winners.join(","), cut.agent, cut.pool)
}

fn weight(input: &Input) -> String {
    let number = |name: &str| -> Uint128 { input.number(name) };
    money::weight(
        number("bond"),
        number("min_bond"),
        number("bond_cap"),
        input.number("reputation"),
    )
    .unwrap()
    .to_string()
}

fn compute(name: &str, input: &Input) -> String {
    let number = |name: &str| input.number(name);
    match name {
        "query_hash" => hex(&query_hash(input)),
        "seed" => hex(&seed(input)),
        "first_module_seed" => hex(&hash::first_module_seed(input.place())),
        "next_module_seed" => {
            let (module_seed, beta) = (input.bytes("module_seed"), input.bytes("beta"));
            hex(&hash::next_module_seed(&module_seed, &beta))
        }
        "alpha" => hex(&hash::alpha(&input.bytes("seed"), input.number("round"))),
        "commitment" => hex(&commitment(input)),
        "sketch_hash" => hex(&sketch_hash(input)),
        "opened" => hex(&opened(input)),
        "asked" => {
            let (query_hash, opened) = (input.bytes("query_hash"), input.bytes("opened"));
            hex(&answer::asked(number("query_id"), &query_hash, &opened))
        }
        "committed" => hex(&committed(input)),
        "revealed" => {
            let (attempt, outcome) = (input.number("attempt"), outcome(input.text("outcome")));
            hex(&answer::revealed(
                number("query_id"),
                attempt,
                input.text("node"),
                outcome,
            ))
        }
        "settled" => hex(&settled(input)),
        "share" => money::share_ppm(input.number("reputation")).to_string(),
        "cut" => cut(input),
        "after_success" => money::after_success(input.number("reputation")).to_string(),
        "after_fault" => money::after_fault(input.number("reputation")).to_string(),
        "slash" => money::part(input.number("stake"), input.number("slash_ppm"))
            .unwrap()
            .to_string(),
        "weight" => weight(input),
        "majority" => {
            let (committed, seats) = (input.number("committed"), input.number("seats"));
            is_majority(input.number("agreeing"), committed, seats).to_string()
        }
        "qualifies" => draws(input).to_string(),
        other => panic!("no such case: {other}"),
    }
}

const NAMES: [&str; 20] = [
    "query_hash",
    "seed",
    "first_module_seed",
    "next_module_seed",
    "alpha",
    "commitment",
    "sketch_hash",
    "opened",
    "asked",
    "committed",
    "revealed",
    "settled",
    "share",
    "qualifies",
    "cut",
    "after_success",
    "after_fault",
    "slash",
    "weight",
    "majority",
];

#[test]
fn every_case() {
    let file: File = serde_json::from_str(&vectors("protocol.json")).unwrap();
    for (place, case) in file.cases.iter().enumerate() {
        // Hashes of other parts of the system are the other language's to check.
        if NAMES.contains(&case.name.as_str()) {
            assert_eq!(
                compute(&case.name, &case.input),
                case.output,
                "case {place}: {}",
                case.name
            );
        }
    }
    for name in NAMES {
        assert!(file.cases.iter().any(|case| case.name == name), "no case for {name}");
    }
}
