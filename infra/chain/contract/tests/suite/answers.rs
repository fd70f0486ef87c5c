//! The data frames of each message, read back field by field, and the shape of events and query answers.

use cosmwasm_std::Binary;
use quorate_contract::hash::{self, Place, QueryFields};
use quorate_contract::msg::*;

use crate::world::*;

/// The fields of a frame or of a list.
pub fn fields(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut fields = vec![];
    while !bytes.is_empty() {
        let (length, rest) = bytes.split_at(4);
        let length = u32::from_be_bytes(length.try_into().unwrap()) as usize;
        fields.push(rest[..length].to_vec());
        bytes = &rest[length..];
    }
    fields
}

/// What the contract answered, out of the envelope that the chain puts around it.
fn data(response: &cw_multi_test::AppResponse) -> Vec<Vec<u8>> {
    fields(response.data.as_ref().expect("data is set"))
}

fn place<'a>(world: &'a World, chain_id: &'a str) -> Place<'a> {
    Place {
        chain_id,
        contract: world.contract.as_str(),
    }
}

#[test]
fn a_query_from_its_first_message_to_its_last() {
    let mut world = World::new(2);
    let chain_id = world.app.block_info().chain_id;
    let params: ParamsResponse = world.ask_contract(&QueryMsg::Params {});
    let ask = world.ask_msg(2);
    let response = world.ask_with(ask.clone(), 5_000).unwrap();
    let block = world.app.block_info();
    let query = world.query(1);

    let fields_of_query = QueryFields {
        query_id: 1,
        asker: world.asker.as_str(),
        model: &ask.model,
        input_hash: &ask.input_hash,
        seats: 2,
        privacy: "public",
        max_units: 100,
        fee: 5_000,
    };
    let query_hash = hash::query_hash(place(&world, &chain_id), &fields_of_query);
    assert_eq!(query.query_hash.as_slice(), query_hash);
    let (height, time) = (block.height, block.time.nanos());
    let seed = hash::seed(place(&world, &chain_id), &params.module_seed, 1, 0, height, time);
    let opening = query.opening.unwrap();
    assert_eq!(opening.seed.as_slice(), seed);
    assert_eq!(opening.time_ns.u64(), time);

    let asked = data(&response);
    assert_eq!(asked[0], b"quorate/asked/v1");
    assert_eq!(asked[1..3], [1u64.to_be_bytes().to_vec(), query_hash.to_vec()]);
    let opened = fields(&asked[3]);
    let total = 2 * BOND * 1_000;
    assert_eq!(
        opened,
        [
            b"quorate/opened/v1".to_vec(),
            1u64.to_be_bytes().to_vec(),
            0u32.to_be_bytes().to_vec(),
            query_hash.to_vec(),
            seed.to_vec(),
            height.to_be_bytes().to_vec(),
            2u32.to_be_bytes().to_vec(),
            total.to_be_bytes().to_vec(),
        ]
    );

    let response = world.commit(0, 1, &says("a")).unwrap();
    assert_eq!(
        data(&response),
        [
            b"quorate/committed/v1".to_vec(),
            1u64.to_be_bytes().to_vec(),
            0u32.to_be_bytes().to_vec(),
            world.nodes[0].addr.as_bytes().to_vec(),
            world.nodes[0].key.public.to_vec(),
            (BOND * 1_000).to_be_bytes().to_vec(),
            0u32.to_be_bytes().to_vec(),
            world.commitment(0, 1, 0, &says("a")).to_vec(),
        ]
    );
    world.commit(1, 1, &says("a")).unwrap();
    world.advance(3);
    let response = world.reveal(0, 1, &says("a")).unwrap();
    assert_eq!(
        data(&response),
        [
            b"quorate/revealed/v1".to_vec(),
            1u64.to_be_bytes().to_vec(),
            0u32.to_be_bytes().to_vec(),
            world.nodes[0].addr.as_bytes().to_vec(),
            b"revealed".to_vec(),
        ]
    );
    world.reveal(1, 1, &says("a")).unwrap();
    let settled = data(&world.settle(1).unwrap());
    assert_eq!(settled[0], b"quorate/settled/v1");
    assert_eq!(settled[2..4], [0u32.to_be_bytes().to_vec(), b"verified".to_vec()]);
    assert_eq!(settled[4], says("a").digest);
    assert_eq!(settled[5..7], [2u32.to_be_bytes(), 2u32.to_be_bytes()]);
    let seats = fields(&settled[7]);
    let paid = world.seats(1)[0].paid.u128();
    assert_eq!(seats.len(), 8);
    assert_eq!(seats[0], world.nodes[0].addr.as_bytes());
    assert_eq!(seats[1], b"majority");
    assert_eq!(seats[2..4], [paid.to_be_bytes(), 0u128.to_be_bytes()]);
    assert_eq!(settled[8], b"");
    assert_eq!(settled.len(), 9);

    let noop = data(&world.settle(1).unwrap());
    assert_eq!(noop[3], b"noop");
    let empty: Vec<u8> = vec![];
    assert_eq!([&noop[4], &noop[7], &noop[8]], [&empty, &empty, &empty]);
}

#[test]
fn opened_attempts_are_listed() {
    let mut world = World::with(
        Params {
            max_open: 1,
            ..params()
        },
        Rule::Exact {},
        2,
    );
    let id = world.ask(2);
    let queued = world.ask_with(world.ask_msg(1), PRICE).unwrap();
    assert_eq!(data(&queued)[3], b"");
    let reopened = data(&world.play(id, &[says("a"), says("b")]));
    assert_eq!(
        (reopened[3].as_slice(), reopened[4].as_slice()),
        (&b"reopened"[..], &b""[..])
    );
    let opened = fields(&fields(&reopened[8])[0]);
    assert_eq!(opened[1..3], [1u64.to_be_bytes().to_vec(), 1u32.to_be_bytes().to_vec()]);
    assert_eq!(opened[4], world.query(id).opening.unwrap().seed.to_vec());
    world.advance(21);
    let expired = data(&world.expire(id).unwrap());
    assert_eq!(expired[2..4], [1u32.to_be_bytes().to_vec(), b"refunded".to_vec()]);
    let opened = fields(&fields(&expired[8])[0]);
    assert_eq!(opened[1..3], [2u64.to_be_bytes().to_vec(), 0u32.to_be_bytes().to_vec()]);
}

#[test]
fn every_event_names_its_kind_first_and_has_no_empty_value() {
    let mut world = World::with(
        Params {
            max_open: 1,
            ..params()
        },
        Rule::Exact {},
        3,
    );
    let mut ask = world.ask_msg(3);
    ask.agent = Some(blocked().to_string());
    ask.callback = Some(blocked().to_string());
    let answers = [says("a"), says("a"), says("b")];
    let mut responses = vec![world.ask_with(ask, 3_000).unwrap()];
    responses.push(world.ask_with(world.ask_msg(1), 3_000).unwrap());
    responses.extend((0..3).map(|place| world.commit(place, 1, &answers[place]).unwrap()));
    world.advance(3);
    responses.extend((0..3).map(|place| world.reveal(place, 1, &answers[place]).unwrap()));
    responses.push(world.settle(1).unwrap());
    responses.push(world.settle(1).unwrap());
    world.advance(21);
    responses.push(world.expire(2).unwrap());
    let mut kinds: Vec<String> = vec![];
    for event in responses.iter().flat_map(|response| &response.events) {
        if event.ty.starts_with("wasm") {
            assert_eq!(event.ty, "wasm-quorate");
            assert_eq!(event.attributes[1].key, "kind");
            assert!(event.attributes.iter().all(|a| !a.value.is_empty()), "{event:?}");
            kinds.push(event.attributes[1].value.clone());
        }
    }
    for kind in [
        "asked",
        "queued",
        "opened",
        "committed",
        "revealed",
        "settled",
        "refunded",
        "paid",
        "slashed",
        "callback_failed",
    ] {
        assert!(kinds.iter().any(|found| found == kind), "no {kind} in {kinds:?}");
    }
}

#[test]
fn answers_in_json() {
    let mut world = World::new(1);
    world.ask(1);
    let raw: serde_json::Value = world.ask_contract(&QueryMsg::Query { id: 1 });
    let model = world.model.to_base64();
    assert_eq!(raw["model"], model);
    assert_eq!(raw["fee"], "1000");
    assert_eq!(raw["phase"], "commit");
    assert_eq!(raw["input"]["inline"], Binary::from(b"question").to_base64());
    assert_eq!(raw["privacy"], "public");
    assert!(raw["asked_height"].is_u64() && raw["max_units"].is_u64());
    assert!(raw["opening"]["time_ns"].is_string());
    assert!(raw["opening"]["reveal_close"].is_null() && raw["outcome"].is_null());
    world.play(1, &[says("a")]);
    let raw: serde_json::Value = world.ask_contract(&QueryMsg::Query { id: 1 });
    assert_eq!(raw["outcome"]["kind"], "verified");
    assert!(raw["outcome"]["reason"].is_null() && raw["queue_deadline"].is_null());
    let raw: serde_json::Value = world.ask_contract(&QueryMsg::Model {
        model: world.model.clone(),
    });
    assert_eq!(raw["rule"], serde_json::json!({"exact": {}}));
    assert_eq!(raw["windows"]["commit_blocks"], 20);
    let params: serde_json::Value = world.ask_contract(&QueryMsg::Params {});
    assert_eq!(params["params"]["bond_cap"], "1000000");
    let msg: ExecuteMsg = serde_json::from_value(serde_json::json!({"ask": {
        "model": model, "input_hash": model, "input": {"uri": "https://a"}, "seats": 1,
        "privacy": "public", "max_units": 5
    }}))
    .unwrap();
    assert!(matches!(msg, ExecuteMsg::Ask(AskMsg { agent: None, .. })));
}
