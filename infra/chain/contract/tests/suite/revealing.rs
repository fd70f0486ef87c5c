//! The reveal window and what a seat becomes.

use cosmwasm_std::Binary;
use quorate_contract::msg::*;

use crate::world::*;

#[test]
fn a_wrong_reveal_is_a_mismatch_for_good() {
    let mut world = World::new(3);
    let id = world.ask(3);
    world.commit_all(id, &[says("a"), says("a"), says("a")]);
    let response = world.reveal(0, id, &says("b")).unwrap();
    assert_eq!(attribute(&response, "revealed", "outcome"), "mismatch");
    refused(world.reveal(0, id, &says("a")), "already: mismatch");
    world.reveal(1, id, &says("a")).unwrap();
    refused(world.reveal(1, id, &says("a")), "already: revealed");
    let seats = world.seats(id);
    assert_eq!((seats[0].outcome, &seats[0].digest), (SeatOutcome::Mismatch, &None));
    assert_eq!(seats[1].digest, Some(Binary::from(says("a").digest)));
    assert_eq!(world.query(id).opening.unwrap().revealed, 2);
}

#[test]
fn a_copied_commitment_cannot_be_revealed() {
    let mut world = World::new(3);
    let id = world.ask(3);
    world.commit(0, id, &says("a")).unwrap();
    world.commit(1, id, &says("a")).unwrap();
    let draw = world.draw(2, id);
    let copied = ExecuteMsg::Commit {
        query_id: id,
        round: 0,
        proof: world.proof(2, &draw.seed, 0),
        commitment: world.commitment(0, id, 0, &says("a")),
    };
    let thief = world.nodes[2].addr.clone();
    world.exec(&thief, &copied, 0).unwrap();
    world.go_to(world.query(id).opening.unwrap().commit_close + 1);
    let original = world.reveal_msg(0, id, &says("a"));
    world.exec(&world.nodes[0].addr.clone(), &original, 0).unwrap();
    world.reveal(1, id, &says("a")).unwrap();
    world.exec(&thief, &original, 0).unwrap();
    world.settle(id).unwrap();
    assert_eq!(
        world.outcomes(id, 0),
        [SeatOutcome::Majority, SeatOutcome::Majority, SeatOutcome::Mismatch]
    );
    assert_eq!(world.seats(id)[2].slashed.u128(), BOND / 10);
    assert_eq!(world.node(2).reputation, 800);
}

#[test]
fn reveals_at_the_edges_of_the_window() {
    let mut world = World::new(3);
    let id = world.ask(3);
    for place in 0..3 {
        world.commit(place, id, &says("a")).unwrap();
    }
    let opening = world.query(id).opening.unwrap();
    let (open, close) = (opening.commit_close, opening.reveal_close.unwrap());
    world.go_to(open);
    refused(
        world.reveal(0, id, &says("a")),
        &format!("allowed from height {}", open + 1),
    );
    world.go_to(open + 1);
    world.reveal(0, id, &says("a")).unwrap();
    world.go_to(close);
    refused(world.settle(id), &format!("allowed from height {}", close + 1));
    let response = world.reveal(1, id, &says("a")).unwrap();
    assert_eq!(attribute(&response, "revealed", "outcome"), "revealed");
    world.go_to(close + 1);
    assert_eq!(world.query(id).phase, Phase::Settle);
    let response = world.reveal(2, id, &says("a")).unwrap();
    assert_eq!(attribute(&response, "revealed", "outcome"), "late");
    refused(world.reveal(2, id, &says("a")), "already: late");
    assert_eq!(world.query(id).opening.unwrap().revealed, 2);
    world.settle(id).unwrap();
    assert_eq!(
        world.outcomes(id, 0),
        [SeatOutcome::Majority, SeatOutcome::Majority, SeatOutcome::Late]
    );
    refused(world.reveal(2, id, &says("a")), "query 1 is final: verified");
    refused(world.commit(2, id, &says("a")), "query 1 is final: verified");
}

#[test]
fn who_never_reveals_is_absent() {
    let mut world = World::new(3);
    let id = world.ask(3);
    world.commit_all(id, &[says("a"), says("a"), says("a")]);
    world.reveal(0, id, &says("a")).unwrap();
    world.reveal(1, id, &says("a")).unwrap();
    world.advance(10);
    world.settle(id).unwrap();
    assert_eq!(world.outcomes(id, 0)[2], SeatOutcome::Absent);
    assert_eq!(world.node(2).bond.u128(), BOND * 9 / 10);
}

#[test]
fn refusals() {
    let mut world = World::new(2);
    let id = world.ask(1);
    world.advance(5);
    world.commit(0, id, &says("a")).unwrap();
    world.advance(3);
    refused(world.reveal(1, id, &says("a")), "has no seat in query 1 attempt 0");
    let node = world.nodes[0].addr.clone();
    let reveal = RevealMsg {
        query_id: id,
        digest: Binary::from([0; 31]),
        sketch: vec![],
        receipts_root: Binary::from([0; 32]),
        salt: Binary::from([0; 32]),
    };
    let short = ExecuteMsg::Reveal(reveal.clone());
    refused(world.exec(&node, &short, 0), "digest has 31 bytes, expected 32");
    let digest = Binary::from([0; 32]);
    let salt = Binary::from([0; 16]);
    let short = ExecuteMsg::Reveal(RevealMsg { digest, salt, ..reveal });
    refused(world.exec(&node, &short, 0), "salt has 16 bytes, expected 32");
}

#[test]
fn a_sketch_of_the_wrong_length_is_a_mismatch() {
    let rule = Rule::Tolerant {
        tolerance: 5,
        sketch_len: 2,
    };
    for (rule, sketch) in [(rule, vec![1]), (rule, vec![1, 2, 3]), (Rule::Exact {}, vec![1])] {
        let mut world = World::with(params(), rule, 1);
        let id = world.ask(1);
        let answer = Answer { sketch, ..says("a") };
        world.commit_all(id, std::slice::from_ref(&answer));
        let response = world.reveal(0, id, &answer).unwrap();
        assert_eq!(attribute(&response, "revealed", "outcome"), "mismatch");
    }
}
