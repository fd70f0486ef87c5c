//! `test/vectors/session.json`, which the TypeScript side runs as well.

use cosmwasm_std::{Addr, Binary, Uint128};
use quorate_contract::events::hex;
use quorate_contract::merkle;
use quorate_contract::msg::{EndReason, SessionEnd};
use quorate_contract::session_answer as answer;
use quorate_contract::session_rules as rules;
use quorate_contract::session_state::{Session, SessionOutcome, Stage};

use crate::protocol_vectors::{File, Input};
use crate::vrf::vectors;

fn request(input: &Input) -> [u8; 32] {
    let request = rules::Request {
        sequence: input.number("sequence"),
        input_hash: &input.bytes("input_hash"),
        input_limit: input.number("input_limit"),
        output_limit: input.number("output_limit"),
    };
    rules::request_hash(input.place(), &input.bytes("session_id"), &request)
}

fn pick(input: &Input) -> String {
    let weights: Vec<Uint128> = input
        .text("weights")
        .split(',')
        .filter(|weight| !weight.is_empty())
        .map(|weight| weight.parse().unwrap())
        .collect();
    let place = rules::pick(&input.bytes("beta"), &weights).unwrap();
    place.map_or("none".to_string(), |place| place.to_string())
}

fn merkle_case(input: &Input) -> bool {
    let path: Vec<Vec<u8>> = input.bytes("path").chunks(32).map(<[u8]>::to_vec).collect();
    merkle::verify(
        &input.bytes("root"),
        &input.bytes("leaf"),
        input.number("index"),
        input.number("total"),
        &path,
    )
}

fn locked(input: &Input) -> Vec<u8> {
    let session = Session {
        user: Addr::unchecked("user"),
        model: Binary::from(input.bytes("model")),
        vrf_pubkey: Binary::from(input.bytes("vrf_pubkey")),
        seed: Binary::from(input.bytes("seed")),
        lock: input.number("lock"),
        price_in: input.number("price_in"),
        price_out: input.number("price_out"),
        locked_height: 0,
        stage: Stage::Locked,
        deadline: None,
        agent: None,
        submission: None,
        challenge: None,
        outcome: None,
    };
    answer::locked(&input.bytes("session_id"), &session, input.number("deadline"))
}

fn settled(input: &Input) -> Vec<u8> {
    let outcome = SessionOutcome {
        kind: SessionEnd::Paid,
        reason: EndReason::Unchallenged,
        paid: input.number("paid"),
        refunded: input.number("refunded"),
        pooled: input.number("pooled"),
        slashed: input.number("slashed"),
        height: 0,
    };
    let outcome = (input.text("outcome") != "noop").then_some(&outcome);
    answer::settled(&input.bytes("session_id"), outcome)
}

fn compute(name: &str, input: &Input) -> String {
    let bytes = |name: &str| input.bytes(name);
    let number = |name: &str| input.number::<u64>(name);
    let amount = |name: &str| input.number::<Uint128>(name);
    match name {
        "session_seed" => {
            let (height, time) = (number("locked_height"), number("locked_time_ns"));
            let (module_seed, id) = (bytes("module_seed"), bytes("session_id"));
            hex(&rules::seed(input.place(), &module_seed, &id, height, time))
        }
        "session_draw_alpha" => hex(&rules::draw_alpha(&bytes("seed"))),
        "session_request" => hex(&request(input)),
        "session_answer_leaf" => {
            let (inputs, outputs) = (number("input_tokens"), number("output_tokens"));
            let leaf = rules::answer_leaf(&bytes("request_hash"), &bytes("digest"), inputs, outputs);
            hex(&leaf)
        }
        "session_submission" => hex(&rules::submission_hash(
            &bytes("session_id"),
            number("input_tokens"),
            number("output_tokens"),
            input.number("answers"),
            &bytes("answers_root"),
        )),
        "session_challenge_alpha" => hex(&rules::challenge_alpha(&bytes("seed"), &bytes("submission"))),
        "session_public_lot" => hex(&rules::public_lot(
            &bytes("seed"),
            &bytes("submission"),
            &bytes("module_seed"),
            number("height"),
            number("time_ns"),
        )),
        "session_payment" => {
            let (price_in, price_out, lock) = (amount("price_in"), amount("price_out"), amount("lock"));
            let (inputs, outputs) = (number("input_tokens"), number("output_tokens"));
            let payment = rules::payment(inputs, outputs, price_in, price_out, lock);
            payment.unwrap().to_string()
        }
        "session_premium" => {
            let premium = rules::premium(input.number("challenge_ppm"), amount("fee"));
            premium.unwrap().to_string()
        }
        "session_challenged" => {
            let challenged = rules::is_challenged(&bytes("lot"), input.number("challenge_ppm"));
            challenged.unwrap().to_string()
        }
        "session_chosen_answer" => {
            let chosen = rules::chosen_answer(&bytes("lot"), input.number("answers"));
            chosen.unwrap().to_string()
        }
        "session_pick" => pick(input),
        "merkle" => merkle_case(input).to_string(),
        "session_locked" => hex(&locked(input)),
        "session_registered" => {
            let (weight, deadline) = (amount("weight"), number("deadline"));
            let data = answer::registered(&bytes("session_id"), input.text("node"), weight, deadline);
            hex(&data)
        }
        "session_submitted" => hex(&answer::submitted(
            &bytes("session_id"),
            &bytes("submission"),
            amount("payment"),
            amount("premium"),
            number("deadline"),
        )),
        "session_challenged_data" => {
            let answer = answer::challenged(&bytes("session_id"), input.number("answer"), number("deadline"));
            hex(&answer)
        }
        "session_settled" => hex(&settled(input)),
        "session_opened" => {
            let data = answer::opened(&bytes("session_id"), input.number("answer"), &bytes("asked"));
            hex(&data)
        }
        other => panic!("no such case: {other}"),
    }
}

#[test]
fn every_case() {
    let file: File = serde_json::from_str(&vectors("session.json")).unwrap();
    assert!(file.cases.len() > 80, "{} cases", file.cases.len());
    for (place, case) in file.cases.iter().enumerate() {
        let found = compute(&case.name, &case.input);
        assert_eq!(found, case.output, "case {place}: {}", case.name);
    }
}
