//! Announcements, locks that are refused, lists and the data of each message.

use cosmwasm_std::{Binary, Uint128};
use quorate_contract::msg::*;

use crate::answers::fields;
use crate::session_chat::*;
use crate::world::*;

fn agents(world: &World, start_after: Option<String>, limit: Option<u32>) -> Vec<AgentView> {
    let model = world.model.clone();
    let answer: AgentsResponse = world.ask_contract(&QueryMsg::Agents {
        model,
        start_after,
        limit,
    });
    answer.agents
}

#[test]
fn announcements() {
    let mut world = World::new(2);
    refused(world.withdraw_service(0), "is not announced");
    let asker = world.asker.clone();
    let msg = |url: &str, price: u128| ExecuteMsg::Announce {
        service: Some(Service {
            url: url.to_string(),
            price_in: Uint128::zero(),
            price_out: Uint128::new(price),
        }),
    };
    refused(world.exec(&asker, &msg("https://a", 1), 0), "unknown node");
    let node = world.nodes[0].addr.clone();
    let long = format!("https://{}", "a".repeat(505));
    for url in ["", "https://", "ftp://agent", "agent.example", &long] {
        refused(world.exec(&node, &msg(url, 1), 0), "service url must be");
    }
    refused(world.exec(&node, &msg("https://a", 1 << 101), 0), "above the largest");
    refused(world.exec(&node, &msg("https://a", 1), 5), "expected no funds");
    world.exec(&node, &msg("http://a", 1 << 100), 0).unwrap();
    let listed = agents(&world, None, None);
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (listed[0].service.url.as_str(), listed[0].weight.u128()),
        ("http://a", BOND * 1_000)
    );
    world.withdraw_service(0).unwrap();
    refused(world.withdraw_service(0), "is not announced");
    assert_eq!(agents(&world, None, None), []);
}

#[test]
fn places_of_agents_are_limited_and_become_free() {
    let mut world = World::new(9);
    for place in 0..8 {
        world.announce(place, 0, 0).unwrap();
    }
    refused(world.announce(8, 0, 0), "8 agents are announced already");
    world.announce(3, 1, 1).unwrap();
    world.withdraw_service(3).unwrap();
    // As long as a session that was locked before may still draw it.
    world.advance(10);
    refused(world.announce(8, 0, 0), "8 agents are announced already");
    world.advance(1);
    world.announce(8, 0, 0).unwrap();
    let all = agents(&world, None, None);
    assert_eq!(all.len(), 8);
    assert!(all.windows(2).all(|pair| pair[0].node < pair[1].node));
    assert_eq!(agents(&world, Some(all[2].node.to_string()), Some(3)), all[3..6]);
    let unserve = ExecuteMsg::Unserve {
        model: world.model.clone(),
    };
    world.exec(&all[0].node, &unserve, 0).unwrap();
    assert_eq!(agents(&world, None, None), all[1..], "who does not serve the model");
}

#[test]
fn locks_that_are_refused() {
    let mut world = World::with_agents(params(), 2);
    let chat = Chat::new("chat");
    let asker = world.asker.clone();
    let good = world.lock_msg(&chat);
    let lock = |msg: &LockSessionMsg| ExecuteMsg::LockSession(msg.clone());
    refused(world.exec(&asker, &lock(&good), 0), "expected one coin");
    refused(
        world.exec(&asker, &lock(&good), 999),
        "lock 999 is below the minimum 1000",
    );
    let rule = Rule::Tolerant {
        tolerance: 1,
        sketch_len: 4,
    };
    let tolerant = world.register_model("tolerant", rule, windows());
    let slow = Windows {
        commit_blocks: 200,
        reveal_blocks: 68,
        ..windows()
    };
    let long = world.register_model("long", Rule::Exact {}, slow);
    let fits = Windows {
        reveal_blocks: 67,
        ..slow
    };
    let unserved = world.register_model("unserved", Rule::Exact {}, fits);
    let cases: [Spoilt<LockSessionMsg>; 9] = [
        ("33 bytes that start", &|msg| msg.session_pubkey = Binary::from([2; 32])),
        ("33 bytes that start", &|msg| msg.session_pubkey = Binary::from([4; 33])),
        ("invalid vrf key", &|msg| msg.vrf_pubkey = Binary::from([0; 32])),
        ("a public key has 32 bytes", &|msg| msg.vrf_pubkey = Binary::default()),
        ("above the largest allowed", &|msg| msg.price_in = Uint128::MAX),
        ("unknown model", &|msg| msg.model = Binary::from([9; 32])),
        ("need an exact model", &|msg| msg.model = tolerant.clone()),
        (
            "could last 1000 blocks, it must be less than unbonding_blocks 1000",
            &|msg| msg.model = long.clone(),
        ),
        ("no agent serves model", &|msg| msg.model = unserved.clone()),
    ];
    for (text, spoil) in cases {
        let mut msg = good.clone();
        spoil(&mut msg);
        refused(world.exec(&asker, &lock(&msg), LOCK), text);
    }
    world.exec(&asker, &lock(&good), 1_000).unwrap();
    refused(world.exec(&asker, &lock(&good), LOCK), "take a new session key");
    let withdraw = ExecuteMsg::WithdrawModel {
        model: world.model.clone(),
    };
    world.exec(&asker, &withdraw, 0).unwrap();
    refused(world.lock(&Chat::new("late")), "is withdrawn");
}

#[test]
fn sessions_by_id() {
    let mut world = World::with_agents(params(), 2);
    for i in 0..7 {
        world.chat(&format!("chat {i}"));
    }
    let page = |start_after: Option<Binary>, limit: Option<u32>| -> Vec<Binary> {
        let answer: SessionsResponse = world.ask_contract(&QueryMsg::Sessions { start_after, limit });
        answer.sessions.into_iter().map(|session| session.id).collect()
    };
    let all = page(None, None);
    assert_eq!(all.len(), 7);
    assert!(all.windows(2).all(|pair| pair[0].as_slice() < pair[1].as_slice()));
    assert_eq!(page(Some(all[1].clone()), Some(2)), all[2..4]);
    let unknown = QueryMsg::Session {
        id: Chat::new("none").id,
    };
    refused(world.try_query::<SessionResponse>(&unknown), "unknown session 0");
}

#[test]
fn the_data_of_each_message() {
    let data = |response: &cw_multi_test::AppResponse| fields(response.data.as_ref().expect("data is set"));
    let u64be = |n: u64| n.to_be_bytes().to_vec();
    let u128be = |n: u128| n.to_be_bytes().to_vec();
    let mut world = World::with_agents(challenging(1_000_000), 4);
    let chat = Chat::new("chat");
    let response = world.lock(&chat).unwrap();
    let session = world.session(&chat);
    let expected = [
        b"quorate/session-locked/v1".to_vec(),
        chat.id.to_vec(),
        session.seed.to_vec(),
        chat.vrf.public.to_vec(),
        world.model.to_vec(),
        u128be(LOCK),
        u128be(PRICE_IN),
        u128be(PRICE_OUT),
        u64be(world.height() + 10),
    ];
    assert_eq!(data(&response), expected);
    let response = world.register_session(&chat).unwrap();
    let agent = world.session(&chat).agent.unwrap().to_string().into_bytes();
    assert_eq!(data(&response)[2], agent);
    let response = world.submit(&chat, &talk(3)).unwrap();
    assert_eq!(data(&response)[3..5], [u128be(PAYMENT), u128be(3_000)]);
    let response = world.settle_by_proof(&chat);
    assert_eq!(data(&response)[0], b"quorate/session-challenged/v1");
    let answer = world.session(&chat).challenge.unwrap().answer;
    let msg = world.open_msg(&chat, &talk(3), answer as usize);
    let response = world.open(&chat, msg).unwrap();
    assert_eq!(data(&response)[2], answer.to_be_bytes());
    assert_eq!(fields(&data(&response)[3])[0], b"quorate/asked/v1");
    world.advance(21);
    world.expire(2).unwrap();
    let response = world.settle_session(&chat).unwrap();
    assert_eq!(data(&response)[2], b"noop");
}
