//! Submissions, and what becomes of a challenged answer.

use cosmwasm_std::{Binary, Uint128, Uint64};
use quorate_contract::msg::*;

use crate::session_chat::*;
use crate::world::*;

fn outcome(world: &World, chat: &Chat) -> (SessionEnd, EndReason) {
    let outcome = world.session(chat).outcome.unwrap();
    (outcome.kind, outcome.reason)
}

#[test]
fn a_payment_leaves_its_premium_in_the_pool() {
    // A tenth of 3 seats: 300. The first lot that falls elsewhere pays.
    for i in 0.. {
        let mut world = World::with_agents(params(), 4);
        let (before, pool) = (world.balance(&world.asker), world.totals().pool.u128());
        let (chat, agent) = world.chat(&format!("chat {i}"));
        let agent_before = world.balance(&world.nodes[agent].addr);
        world.submit(&chat, &talk(3)).unwrap();
        world.settle_by_proof(&chat);
        if world.session(&chat).challenge.is_some() {
            continue;
        }
        assert_eq!(world.balance(&world.asker), before - PAYMENT);
        assert_eq!(world.balance(&world.nodes[agent].addr), agent_before + PAYMENT - 300);
        assert_eq!(world.totals().pool.u128(), pool + 300);
        break;
    }
}

#[test]
fn a_payment_that_is_no_more_than_its_premium_is_no_more_challenged() {
    let mut world = World::with_agents(challenging(1_000_000), 4);
    let pool = world.totals().pool.u128();
    let (chat, _) = world.chat("chat");
    let mut turns = talk(1);
    turns[0].tokens = 250_000;
    world.submit(&chat, &turns).unwrap();
    world.settle_by_proof(&chat);
    assert_eq!(outcome(&world, &chat), (SessionEnd::Paid, EndReason::Unchallenged));
    assert_eq!(world.totals().pool.u128(), pool + 3_000);
}

#[test]
fn a_payment_never_exceeds_the_lock() {
    let mut world = World::with_agents(challenging(0), 3);
    let (chat, agent) = world.chat("chat");
    let before = world.balance(&world.nodes[agent].addr);
    let mut turns = talk(1);
    turns[0].tokens = u64::MAX;
    world.submit(&chat, &turns).unwrap();
    world.settle_by_proof(&chat);
    assert_eq!(world.balance(&world.nodes[agent].addr), before + LOCK);
    assert_eq!(world.session(&chat).outcome.unwrap().refunded, Uint128::zero());
}

#[test]
fn submissions_that_are_refused() {
    let mut world = World::with_agents(params(), 3);
    let (chat, agent) = world.chat("chat");
    let sender = world.nodes[agent].addr.clone();
    let good = world.submit_msg(&chat, &talk(3));
    let stranger = world.nodes[(agent + 1) % 3].addr.clone();
    let msg = ExecuteMsg::SubmitSession(good.clone());
    refused(world.exec(&stranger, &msg, 0), &format!("only agent {sender}"));
    refused(world.exec(&sender, &msg, 1), "expected no funds");
    let other = Chat::new("other");
    let cases: [Spoilt<SubmitSessionMsg>; 9] = [
        ("unknown session", &|msg| msg.session_id = other.id.clone()),
        ("at least one answer", &|msg| msg.answers = 0),
        ("answers_root has 31 bytes", &|msg| {
            msg.answers_root = Binary::from([0; 31])
        }),
        ("request 3 is not signed", &|msg| msg.answers = 4),
        ("request 1 is not signed", &|msg| msg.answers = 2),
        ("input_tokens of 3000001 is above the 3000000", &|msg| {
            msg.input_tokens += Uint64::one()
        }),
        ("output_tokens of 3000001 is above", &|msg| {
            msg.output_tokens += Uint64::one()
        }),
        ("is not signed", &|msg| msg.last_request.output_limit += Uint64::one()),
        ("is not signed", &|msg| msg.last_request.signature = Binary::default()),
    ];
    for (text, spoil) in cases {
        let mut msg = good.clone();
        spoil(&mut msg);
        refused(world.exec(&sender, &ExecuteMsg::SubmitSession(msg), 0), text);
    }
    let mut forged = good.clone();
    forged.last_request = world.request(&other.posing_as(&chat), &talk(3), 2);
    let msg = ExecuteMsg::SubmitSession(forged);
    refused(world.exec(&sender, &msg, 0), "is not signed by the session key");
    world.exec(&sender, &ExecuteMsg::SubmitSession(good), 0).unwrap();
}

#[test]
fn an_answer_that_a_committee_repeats_is_paid() {
    for turns in [1, 3, 6] {
        let mut world = World::with_agents(challenging(1_000_000), 4);
        let (before, pool) = (world.balance(&world.asker), world.totals().pool.u128());
        let (chat, agent) = world.chat("chat");
        let agent_before = world.balance(&world.nodes[agent].addr);
        let query = world.challenged(&chat, &talk(turns), false);
        let asked = world.query(query);
        assert_eq!((asked.asker, asked.seats), (world.contract.clone(), 3));
        assert_eq!(asked.fee.u128(), 3 * PRICE);
        let response = world.judge(&chat, query, &[says("a"), says("a"), says("a")]);
        assert_eq!(attribute(&response, "session_settled", "reason"), "upheld");
        assert_eq!(outcome(&world, &chat), (SessionEnd::Paid, EndReason::Upheld));
        let payment = PAYMENT / 3 * u128::from(turns);
        assert_eq!(world.balance(&world.asker), before - payment);
        let premium = 3 * PRICE;
        assert_eq!(
            world.balance(&world.nodes[agent].addr),
            agent_before + payment - premium
        );
        let judges: u128 = world.seats(query).iter().map(|seat| seat.paid.u128()).sum();
        assert_eq!(world.totals().pool.u128(), pool + premium - judges);
        assert_eq!(world.totals().sessions.u128(), 0);
    }
}

#[test]
fn an_answer_that_a_committee_contradicts_is_a_breach() {
    let mut world = World::with_agents(challenging(1_000_000), 4);
    let before = world.balance(&world.asker);
    let (chat, agent) = world.chat("chat");
    let agent_before = world.balance(&world.nodes[agent].addr);
    let reputation = world.node(agent).reputation;
    let query = world.challenged(&chat, &talk(3), false);
    let response = world.judge(&chat, query, &[says("b"), says("b"), says("b")]);
    assert_eq!(attribute(&response, "session_settled", "slashed"), "50000");
    assert_eq!(outcome(&world, &chat), (SessionEnd::Breach, EndReason::Differs));
    assert_eq!(world.balance(&world.asker), before);
    assert_eq!(world.balance(&world.nodes[agent].addr), agent_before);
    assert_eq!(world.node(agent).bond.u128(), BOND / 2);
    assert_eq!(world.node(agent).reputation, reputation * 8 / 10);
}

/// What unbonds when the agent is named is still there to be slashed.
#[test]
fn unbonding_does_not_escape_a_breach() {
    let mut world = World::with_agents(challenging(1_000_000), 4);
    let (chat, agent) = world.chat("chat");
    let unbond = ExecuteMsg::Unbond {
        amount: Uint128::new(BOND),
    };
    world.exec(&world.nodes[agent].addr.clone(), &unbond, 0).unwrap();
    let query = world.challenged(&chat, &talk(3), false);
    world.judge(&chat, query, &[says("b"), says("b"), says("b")]);
    assert_eq!(world.session(&chat).outcome.unwrap().slashed.u128(), BOND / 2);
    assert_eq!(world.node(agent).unbonding[0].amount.u128(), BOND / 2);
}

#[test]
fn without_a_majority_nothing_was_shown() {
    let mut world = World::with_agents(challenging(1_000_000), 4);
    let pool = world.totals().pool.u128();
    let (chat, _) = world.chat("chat");
    let query = world.challenged(&chat, &talk(3), true);
    for _ in 0..3 {
        world.judge(&chat, query, &[says("b"), says("c"), says("d")]);
    }
    assert_eq!(outcome(&world, &chat), (SessionEnd::Paid, EndReason::Undecided));
    assert_eq!(world.query(query).phase, Phase::Refunded);
    assert_eq!(world.totals().pool.u128(), pool + 3 * PRICE);
}

#[test]
fn an_input_that_nobody_can_get_is_the_agents_fault_unless_it_lies_on_the_chain() {
    for (by_uri, expected) in [
        (false, (SessionEnd::Paid, EndReason::Undecided)),
        (true, (SessionEnd::Breach, EndReason::InputWithheld)),
    ] {
        let mut world = World::with_agents(challenging(1_000_000), 4);
        let (chat, _) = world.chat("chat");
        let query = world.challenged(&chat, &talk(3), by_uri);
        world.advance(21);
        world.expire(query).unwrap();
        assert_eq!(outcome(&world, &chat), expected);
        assert_eq!((world.totals().sessions, world.totals().fees), Default::default());
    }
}

#[test]
fn a_query_that_waited_too_long_shows_nothing() {
    let params = Params {
        max_open: 1,
        ..challenging(1_000_000)
    };
    let mut world = World::with_agents(params, 4);
    let (chat, _) = world.chat("chat");
    let first = world.ask(1);
    let query = world.challenged(&chat, &talk(3), true);
    assert_eq!(world.query(query).phase, Phase::Queued);
    world.advance(51);
    world.expire(query).unwrap();
    assert_eq!(outcome(&world, &chat), (SessionEnd::Paid, EndReason::Undecided));
    world.expire(first).unwrap();
}

#[test]
fn no_challenge_where_none_is_possible() {
    let mut world = World::with(challenging(1_000_000), Rule::Exact {}, 2);
    world.announce(0, 0, 0).unwrap();
    world.advance(1);
    let (chat, _) = world.chat("poor");
    world.submit(&chat, &talk(3)).unwrap();
    world.settle_by_proof(&chat);
    assert_eq!(outcome(&world, &chat), (SessionEnd::Paid, EndReason::PoolTooSmall));

    let mut world = World::with_agents(challenging(1_000_000), 1);
    let (chat, _) = world.chat("alone");
    world.submit(&chat, &talk(3)).unwrap();
    world.settle_by_proof(&chat);
    assert_eq!(outcome(&world, &chat), (SessionEnd::Paid, EndReason::NoOtherNode));
}

#[test]
fn an_agent_does_not_judge_its_own_answer() {
    let mut world = World::with_agents(challenging(1_000_000), 4);
    let (chat, agent) = world.chat("chat");
    let query = world.challenged(&chat, &talk(3), false);
    refused(world.commit(agent, query, &says("a")), "may not judge its own answer");
}

#[test]
fn openings_that_do_not_fit() {
    let mut world = World::with_agents(challenging(1_000_000), 4);
    let (chat, agent) = world.chat("chat");
    let turns = talk(6);
    world.submit(&chat, &turns).unwrap();
    let early = world.open_msg(&chat, &turns, 0);
    refused(world.open(&chat, early), "it is submitted");
    world.settle_by_proof(&chat);
    let answer = world.session(&chat).challenge.unwrap().answer as usize;
    let good = world.open_msg(&chat, &turns, answer);
    let stranger = world.nodes[(agent + 1) % 4].addr.clone();
    let msg = ExecuteMsg::OpenAnswer(good.clone());
    refused(world.exec(&stranger, &msg, 0), "only agent");
    let another = world.open_msg(&chat, &turns, (answer + 1) % 6);
    refused(world.open(&chat, another), "is not signed by the session key");
    let cases: [Spoilt<OpenAnswerMsg>; 9] = [
        ("is not answer", &|msg| msg.digest = Binary::from([7; 32])),
        ("digest has 0 bytes", &|msg| msg.digest = Binary::default()),
        ("is not answer", &|msg| msg.input_tokens = Uint64::new(1)),
        ("is not answer", &|msg| msg.path.clear()),
        ("is not answer", &|msg| msg.path.push(Binary::from([0; 32]))),
        ("is not answer", &|msg| msg.path[0] = Binary::from([0; 31])),
        ("inline input hashes to", &|msg| {
            msg.input = Input::Inline(Binary::from(b"easier"))
        }),
        ("input uri has 0 bytes", &|msg| msg.input = Input::Uri(String::new())),
        ("is above the", &|msg| msg.output_tokens = Uint64::MAX),
    ];
    for (text, spoil) in cases {
        let mut msg = good.clone();
        spoil(&mut msg);
        refused(world.open(&chat, msg), text);
    }
    // A question that the user never asked, answered rightly.
    let mut invented = turns.clone();
    invented[answer].input = b"easier".to_vec();
    let mut msg = world.open_msg(&chat, &invented, answer);
    msg.request.signature = good.request.signature.clone();
    refused(world.open(&chat, msg), "is not signed by the session key");
    world.open(&chat, good).unwrap();
}

#[test]
fn who_cannot_receive_leaves_it_to_the_pool() {
    let mut world = World::with_agents(challenging(0), 3);
    let pool = world.totals().pool.u128();
    world.fund(&blocked(), LOCK);
    world.asker = blocked();
    let (chat, _) = world.chat("chat");
    world.submit(&chat, &talk(3)).unwrap();
    let response = world.settle_by_proof(&chat);
    assert_eq!(attribute(&response, "paid", "outcome"), "to_pool");
    assert_eq!(attribute(&response, "paid", "session").len(), 66);
    assert_eq!(world.totals().pool.u128(), pool + LOCK - PAYMENT);
    assert_eq!(world.totals().sessions.u128(), 0);
    world.check_books();
}
