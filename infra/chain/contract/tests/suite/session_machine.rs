//! Any sequence of messages about sessions keeps the books balanced, and no lock outlives its deadlines.

use cosmwasm_std::Binary;
use proptest::prelude::*;
use proptest::sample::Index;
use quorate_contract::msg::*;

use crate::session_chat::*;
use crate::world::*;

const NODES: usize = 4;

#[derive(Clone, Debug)]
enum Step {
    Lock,
    /// Lock, register and submit in one go.
    Converse,
    Register {
        chat: Index,
    },
    Submit {
        chat: Index,
        turns: u64,
    },
    Settle {
        chat: Index,
        proves: bool,
    },
    Open {
        chat: Index,
        by_uri: bool,
    },
    /// A whole attempt at the query about the chat's answer.
    Judge {
        chat: Index,
    },
    Announce {
        node: usize,
        offers: bool,
    },
    Unbond {
        node: usize,
    },
    Advance {
        blocks: u64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let chat = any::<Index>;
    prop_oneof![
        1 => Just(Step::Lock),
        3 => Just(Step::Converse),
        6 => chat().prop_map(|chat| Step::Register { chat }),
        6 => (chat(), 1u64..4).prop_map(|(chat, turns)| Step::Submit { chat, turns }),
        12 => (chat(), any::<bool>()).prop_map(|(chat, proves)| Step::Settle { chat, proves }),
        12 => (chat(), any::<bool>()).prop_map(|(chat, by_uri)| Step::Open { chat, by_uri }),
        10 => chat().prop_map(|chat| Step::Judge { chat }),
        1 => (0..NODES, any::<bool>()).prop_map(|(node, offers)| Step::Announce { node, offers }),
        1 => (0..NODES).prop_map(|node| Step::Unbond { node }),
        6 => prop_oneof![8 => 1..3u64, 2 => 5..12u64, 1 => Just(120)].prop_map(|blocks| Step::Advance { blocks }),
    ]
}

/// A session and what was said in it.
struct Held {
    chat: Chat,
    turns: Vec<Turn>,
}

fn query_of(world: &World, chat: &Chat) -> Option<QueryResponse> {
    let opened = world.session(chat).challenge?.opened?;
    Some(world.query(opened.query_id))
}

/// Whether the message was accepted.
fn take(world: &mut World, step: &Step, held: &mut Vec<Held>) -> bool {
    if let Step::Lock = step {
        let chat = Chat::new(&format!("chat {}", held.len()));
        let locked = world.lock(&chat).is_ok();
        if locked {
            let turns = talk(3);
            held.push(Held { chat, turns });
        }
        return locked;
    }
    if let Step::Converse = step {
        let begun = take(world, &Step::Lock, held);
        let Some(Held { chat, turns }) = held.last().filter(|_| begun) else {
            return false;
        };
        world.register_session(chat).unwrap();
        return world.submit(chat, turns).is_ok();
    }
    let place = match step {
        Step::Register { chat } | Step::Submit { chat, .. } | Step::Settle { chat, .. } => Some(chat),
        Step::Open { chat, .. } | Step::Judge { chat, .. } => Some(chat),
        _ => None,
    };
    let live: Vec<usize> = (0..held.len())
        .filter(|place| world.session(&held[*place].chat).outcome.is_none())
        .collect();
    // Now and then a session that is over is meant, too.
    let place = match place {
        Some(chat) if !live.is_empty() => live[chat.index(live.len())],
        Some(chat) if !held.is_empty() => chat.index(held.len()),
        Some(_) => return false,
        None => 0,
    };
    match step {
        Step::Lock | Step::Converse => unreachable!("handled above"),
        Step::Register { .. } => world.register_session(&held[place].chat).is_ok(),
        Step::Submit { turns, .. } => {
            let said = talk(*turns);
            let chat = held[place].chat.clone();
            let submitted = world.session(&chat).agent.is_some() && world.submit(&chat, &said).is_ok();
            if submitted {
                held[place].turns = said;
            }
            submitted
        }
        Step::Settle { proves, .. } => {
            let chat = held[place].chat.clone();
            let submitted = world.session(&chat).submission.is_some();
            let proof = (*proves && submitted).then(|| world.challenge_proof(&chat));
            world.settle_with(&chat, proof).is_ok()
        }
        Step::Open { by_uri, .. } => {
            let Held { chat, turns } = &held[place];
            let Some(challenge) = world.session(chat).challenge else {
                return false;
            };
            let mut msg = world.open_msg(chat, turns, challenge.answer as usize);
            if *by_uri {
                msg.input = Input::Uri("https://inputs.example/1".to_string());
            }
            world.open(&chat.clone(), msg).is_ok()
        }
        Step::Judge { .. } => {
            let Some(query) = query_of(world, &held[place].chat) else {
                return false;
            };
            let answer = says(if query.id.is_multiple_of(2) { "b" } else { "a" });
            if query.opening.is_none() {
                return world.expire(query.id).is_ok();
            }
            // Late commits and reveals are refused: then the query is settled or expires as it is.
            world.advance(5);
            for node in 0..NODES {
                let _ = world.commit(node, query.id, &answer);
            }
            let closed = world.query(query.id).opening.unwrap().commit_close;
            world.go_to(world.height().max(closed + 1));
            for node in 0..NODES {
                let _ = world.reveal(node, query.id, &answer);
            }
            world.settle(query.id).is_ok() || world.expire(query.id).is_ok()
        }
        Step::Announce { node, offers } => match offers {
            true => world.announce(*node, PRICE_IN, PRICE_OUT).is_ok(),
            false => world.withdraw_service(*node).is_ok(),
        },
        Step::Unbond { node } => {
            let amount = (BOND / 4).into();
            let sender = world.nodes[*node].addr.clone();
            world.exec(&sender, &ExecuteMsg::Unbond { amount }, 0).is_ok()
        }
        Step::Advance { blocks } => {
            world.advance(*blocks);
            true
        }
    }
}

fn all(world: &World) -> Vec<SessionResponse> {
    let mut found: Vec<SessionResponse> = vec![];
    loop {
        let start_after: Option<Binary> = found.last().map(|session| session.id.clone());
        let limit = Some(100);
        let page: SessionsResponse = world.ask_contract(&QueryMsg::Sessions { start_after, limit });
        if page.sessions.is_empty() {
            return found;
        }
        found.extend(page.sessions);
    }
}

/// The total equals what the sessions say, and a final one is cut without a rest.
fn check_sums(world: &World) {
    let mut sum = 0;
    for session in all(world) {
        match &session.outcome {
            Some(outcome) => {
                let cut = outcome.paid + outcome.refunded + outcome.pooled;
                assert_eq!(cut, session.lock);
            }
            None => {
                let waiting = session.challenge.filter(|challenge| challenge.opened.is_none());
                sum += session.lock.u128() + waiting.map_or(0, |challenge| challenge.fee.u128());
            }
        }
    }
    assert_eq!(world.totals().sessions.u128(), sum);
}

/// Everybody falls silent: permissionless messages alone end every session at its deadlines.
fn drain(world: &mut World, held: &[Held]) {
    for _ in 0..200 {
        for Held { chat, .. } in held {
            let session = world.session(chat);
            match session.phase {
                SessionPhase::Settle => {
                    world.settle_session(chat).unwrap();
                }
                SessionPhase::Rerun => {
                    let query = query_of(world, chat).unwrap();
                    match query.phase {
                        Phase::Settle => world.settle(query.id).map(|_| ()).unwrap(),
                        Phase::Expire => world.expire(query.id).map(|_| ()).unwrap(),
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        check_sums(world);
        if all(world).iter().all(|session| session.outcome.is_some()) {
            assert_eq!(world.totals().sessions.u128(), 0);
            return;
        }
        world.advance(5);
    }
    panic!("a session is still not final");
}

proptest! {
    // With 60 steps each, 100,000 messages in all.
    #![proptest_config(ProptestConfig { cases: 1_700, ..ProptestConfig::default() })]

    #[test]
    fn books_balance(steps in prop::collection::vec(step(), 60)) {
        let params = Params { max_open: 2, ..challenging(600_000) };
        let mut world = World::with_agents(params, NODES);
        let mut held = vec![];
        for step in &steps {
            take(&mut world, step, &mut held);
            check_sums(&world);
        }
        drain(&mut world, &held);
    }
}
