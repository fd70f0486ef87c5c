//! The windows of a session: the last height, the one before and the one after. And that no lock outlives them.

use cosmwasm_std::Binary;
use quorate_contract::hash::Place;
use quorate_contract::msg::*;
use quorate_contract::session_rules as rules;

use crate::session_chat::*;
use crate::world::*;

fn settled_as(world: &World, chat: &Chat, kind: SessionEnd, reason: EndReason) {
    let session = world.session(chat);
    let outcome = session.outcome.unwrap();
    assert_eq!((outcome.kind, outcome.reason), (kind, reason));
    let sum = outcome.paid + outcome.refunded + outcome.pooled;
    assert_eq!(sum.u128(), LOCK, "the lock is cut without a rest");
    assert_eq!(session.deadline, None);
    assert_eq!(world.totals().sessions.u128(), 0);
}

#[test]
fn a_registration_until_its_last_height() {
    for (late, good) in [(-1, true), (0, true), (1, false)] {
        let mut world = World::with_agents(params(), 3);
        let (chat, before) = (Chat::new("chat"), world.balance(&world.asker));
        world.lock(&chat).unwrap();
        assert_eq!(world.balance(&world.asker), before - LOCK);
        let last = world.session(&chat).deadline.unwrap();
        assert_eq!(last, world.height() + 10);
        world.go_to(last.checked_add_signed(late).unwrap());
        if good {
            refused(
                world.settle_session(&chat),
                &format!("allowed from height {}", last + 1),
            );
            world.register_session(&chat).unwrap();
            assert_eq!(world.session(&chat).phase, SessionPhase::Registered);
            continue;
        }
        assert_eq!(world.session(&chat).phase, SessionPhase::Settle);
        refused(world.register_session(&chat), "too late to register");
        world.settle_session(&chat).unwrap();
        settled_as(&world, &chat, SessionEnd::Refunded, EndReason::NotRegistered);
        assert_eq!(world.balance(&world.asker), before);
        refused(world.register_session(&chat), "it is final");
    }
}

#[test]
fn a_submission_until_its_last_height() {
    for (late, good) in [(-1, true), (0, true), (1, false)] {
        let mut world = World::with_agents(params(), 3);
        let before = world.balance(&world.asker);
        let (chat, agent) = world.chat("chat");
        let stake = world.node(agent);
        let last = world.session(&chat).deadline.unwrap();
        assert_eq!(last, world.height() + 100);
        world.go_to(last.checked_add_signed(late).unwrap());
        if good {
            refused(
                world.settle_session(&chat),
                &format!("allowed from height {}", last + 1),
            );
            world.submit(&chat, &talk(3)).unwrap();
            refused(world.submit(&chat, &talk(3)), "it is submitted");
            continue;
        }
        refused(world.submit(&chat, &talk(3)), "too late to submit");
        world.settle_session(&chat).unwrap();
        settled_as(&world, &chat, SessionEnd::Refunded, EndReason::NotSubmitted);
        assert_eq!(world.balance(&world.asker), before);
        assert_eq!(world.node(agent), stake, "an agent need not serve");
    }
}

#[test]
fn the_users_proof_settles_from_the_next_block_to_the_last_height() {
    for (height, text) in [
        (0, "too early"),
        (1, ""),
        (19, ""),
        (20, ""),
        (21, "takes no proof now"),
    ] {
        let mut world = World::with_agents(challenging(0), 3);
        let (chat, agent) = world.chat("chat");
        let before = world.balance(&world.nodes[agent].addr);
        world.submit(&chat, &talk(3)).unwrap();
        assert_eq!(world.session(&chat).deadline, Some(world.height() + 20));
        world.advance(height);
        let proof = world.challenge_proof(&chat);
        let result = world.settle_with(&chat, Some(proof));
        if !text.is_empty() {
            refused(result, text);
            continue;
        }
        settled_as(&world, &chat, SessionEnd::Paid, EndReason::Unchallenged);
        assert_eq!(world.balance(&world.nodes[agent].addr), before + PAYMENT);
    }
}

#[test]
fn without_a_proof_anyone_settles_after_the_last_height() {
    for (height, good) in [(19, false), (20, false), (21, true), (500, true)] {
        let mut world = World::with_agents(challenging(0), 3);
        let before = world.balance(&world.asker);
        let (chat, _) = world.chat("chat");
        world.submit(&chat, &talk(3)).unwrap();
        world.advance(height);
        let result = world.settle_session(&chat);
        if !good {
            refused(result, "too early to settle");
            continue;
        }
        settled_as(&world, &chat, SessionEnd::Paid, EndReason::Unchallenged);
        assert_eq!(world.balance(&world.asker), before - PAYMENT);
    }
}

#[test]
fn an_opening_until_its_last_height() {
    for (late, good) in [(-1, true), (0, true), (1, false)] {
        let mut world = World::with_agents(challenging(1_000_000), 4);
        let before = world.balance(&world.asker);
        let (chat, agent) = world.chat("chat");
        world.submit(&chat, &talk(3)).unwrap();
        let pool = world.totals().pool.u128();
        let response = world.settle_by_proof(&chat);
        assert_eq!(world.totals().pool.u128(), pool - 3 * PRICE, "the fee is set aside");
        let last: u64 = attribute(&response, "session_challenged", "deadline").parse().unwrap();
        assert_eq!(last, world.height() + 15);
        world.go_to(last.checked_add_signed(late).unwrap());
        let answer = world.session(&chat).challenge.unwrap().answer as usize;
        let msg = world.open_msg(&chat, &talk(3), answer);
        if good {
            refused(
                world.settle_session(&chat),
                &format!("allowed from height {}", last + 1),
            );
            world.open(&chat, msg).unwrap();
            refused(world.settle_session(&chat), "waits for query 2");
            continue;
        }
        refused(world.open(&chat, msg), "too late to open");
        world.settle_session(&chat).unwrap();
        settled_as(&world, &chat, SessionEnd::Breach, EndReason::NotOpened);
        assert_eq!(world.balance(&world.asker), before);
        let node = world.node(agent);
        assert_eq!(node.bond.u128(), BOND / 2);
        assert!([800, 808].contains(&node.reputation), "{}", node.reputation);
        assert_eq!(world.totals().pool.u128(), pool + BOND / 2);
    }
}

#[test]
fn settling_again_changes_nothing() {
    let mut world = World::with_agents(challenging(0), 3);
    let (chat, _) = world.chat("chat");
    world.submit(&chat, &talk(3)).unwrap();
    let proof = world.challenge_proof(&chat);
    world.settle_by_proof(&chat);
    let (session, totals) = (world.session(&chat), world.totals());
    for proof in [None, Some(proof)] {
        let again = world.settle_with(&chat, proof).unwrap();
        assert_eq!(attribute(&again, "session_settled", "outcome"), "noop");
        assert_eq!(
            (world.session(&chat), world.totals()),
            (session.clone(), totals.clone())
        );
    }
}

#[test]
fn wrong_proofs() {
    let mut world = World::with_agents(challenging(0), 3);
    let chat = Chat::new("chat");
    world.lock(&chat).unwrap();
    let register = |proof: Binary| ExecuteMsg::RegisterSession {
        session_id: chat.id.clone(),
        proof,
    };
    let asker = world.asker.clone();
    let seed = world.session(&chat).seed;
    let other = Binary::from(Chat::new("other").vrf.prove(&rules::draw_alpha(&seed)));
    refused(world.exec(&asker, &register(other), 0), "the proof does not verify");
    let bare = Binary::from(chat.vrf.prove(&seed));
    refused(world.exec(&asker, &register(bare), 0), "the proof does not verify");
    refused(world.exec(&asker, &register(Binary::default()), 0), "80 bytes");
    refused(world.settle_with(&chat, Some(Binary::default())), "takes no proof now");
    world.register_session(&chat).unwrap();
    refused(world.register_session(&chat), "it is registered");
    world.submit(&chat, &talk(1)).unwrap();
    world.advance(1);
    let draw = Binary::from(chat.vrf.prove(&rules::draw_alpha(&seed)));
    refused(world.settle_with(&chat, Some(draw)), "the proof does not verify");
}

/// The public lot: fixed at the deadline if a node spoke since the submission, by the settling block if none did.
#[test]
fn the_public_lot() {
    for (speaks, delay) in [(true, 1), (true, 7), (false, 1), (false, 7)] {
        for name in ["a", "b", "c", "d", "e"] {
            let mut world = World::with_agents(challenging(500_000), 4);
            let (chat, _) = world.chat(name);
            world.submit(&chat, &talk(3)).unwrap();
            let last = world.session(&chat).deadline.unwrap();
            world.advance(2);
            if speaks {
                let id = world.ask(4);
                world.commit(0, id, &says("a")).unwrap();
            }
            let params: ParamsResponse = world.ask_contract(&QueryMsg::Params {});
            world.go_to(last + 1);
            if speaks {
                // Too late to matter.
                let id = world.ask(4);
                world.commit(1, id, &says("a")).unwrap();
            }
            world.go_to(last + delay);
            let (session, block) = (world.session(&chat), world.app.block_info());
            let (height, time) = match speaks {
                true => (0, 0),
                false => (block.height, block.time.nanos()),
            };
            let hash = session.submission.unwrap().hash;
            let lot = rules::public_lot(&session.seed, &hash, &params.module_seed, height, time);
            world.settle_session(&chat).unwrap();
            let found = world.session(&chat).challenge.map(|challenge| challenge.answer);
            let expected = rules::is_challenged(&lot, 500_000)
                .unwrap()
                .then(|| rules::chosen_answer(&lot, 3).unwrap());
            assert_eq!(found, expected, "{name}, speaks: {speaks}, delay: {delay}");
        }
    }
}

#[test]
fn the_seed_is_that_of_the_locking_block() {
    let mut world = World::with_agents(params(), 3);
    let params: ParamsResponse = world.ask_contract(&QueryMsg::Params {});
    let chat = Chat::new("chat");
    world.lock(&chat).unwrap();
    let block = world.app.block_info();
    let place = Place {
        chain_id: &block.chain_id,
        contract: world.contract.as_str(),
    };
    let seed = rules::seed(place, &params.module_seed, &chat.id, block.height, block.time.nanos());
    assert_eq!(world.session(&chat).seed.as_slice(), seed);
}
