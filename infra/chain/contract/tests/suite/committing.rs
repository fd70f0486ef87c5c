//! The draw, rounds and the commit window.

use cosmwasm_std::Binary;
use quorate_contract::msg::*;

use crate::prover::SecretKey;
use crate::world::*;

#[test]
fn a_seat_is_recorded_as_it_was_claimed() {
    let mut world = World::new(2);
    let id = world.ask(2);
    let seed_before: ParamsResponse = world.ask_contract(&QueryMsg::Params {});
    world.advance(1);
    world.commit(1, id, &says("a")).unwrap();
    let seat = world.seats(id).remove(0);
    assert_eq!(seat.node, world.nodes[1].addr);
    assert_eq!(
        (seat.attempt, seat.round, seat.committed_height),
        (0, 0, world.height())
    );
    assert_eq!(seat.commitment, world.commitment(1, id, 0, &says("a")));
    assert_eq!((seat.outcome, seat.beta.len()), (SeatOutcome::Committed, 64));
    let seed_after: ParamsResponse = world.ask_contract(&QueryMsg::Params {});
    let expected = quorate_contract::hash::next_module_seed(&seed_before.module_seed, &seat.beta);
    assert_eq!(seed_after.module_seed.as_slice(), expected);
}

#[test]
fn refusals() {
    let mut world = World::new(2);
    let id = world.ask(2);
    let node = world.nodes[0].addr.clone();
    let seed = world.draw(0, id).seed;
    let commit = |round: u32, proof: Binary| ExecuteMsg::Commit {
        query_id: id,
        round,
        proof,
        commitment: Binary::from([1; 32]),
    };
    let ahead = commit(1, world.proof(0, &seed, 1));
    refused(
        world.exec(&node, &ahead, 0),
        "round 1 is not reached: the current one is 0",
    );
    let foreign = commit(0, world.proof(1, &seed, 0));
    refused(world.exec(&node, &foreign, 0), "invalid proof");
    let other_round = commit(0, world.proof(0, &seed, 1));
    refused(world.exec(&node, &other_round, 0), "invalid proof");
    refused(
        world.exec(&node, &commit(0, Binary::from([0; 79])), 0),
        "80 bytes, got 79",
    );
    let stranger = world.asker.clone();
    let good = commit(0, world.proof(0, &seed, 0));
    refused(world.exec(&stranger, &good, 0), "unknown node");
    refused(world.exec(&node, &good, 7), "expected no funds");
    let short = ExecuteMsg::Commit {
        query_id: id,
        round: 0,
        proof: world.proof(0, &seed, 0),
        commitment: Binary::from([1; 33]),
    };
    refused(world.exec(&node, &short, 0), "commitment has 33 bytes, expected 32");
    world.exec(&node, &good, 0).unwrap();
    refused(
        world.exec(&node, &good, 0),
        "has committed to query 1 attempt 0 already",
    );
}

#[test]
fn only_the_weights_at_the_start_of_the_opening_block_count() {
    let mut world = World::new(2);
    // In the opening block itself, before and after the query: both too late.
    let before = world.add_node(BOND);
    let id = world.ask(2);
    let after = world.add_node(BOND);
    world.advance(1);
    for late in [before, after] {
        assert_eq!(world.draw(late, id).weight.u128(), 0);
        refused(world.commit(late, id, &says("a")), "is not eligible");
    }
    assert_eq!(world.draw(0, id).total_weight.u128(), 2 * BOND * 1_000);
    // Who leaves after the opening was drawn all the same.
    let unserve = ExecuteMsg::Unserve {
        model: world.model.clone(),
    };
    world.exec(&world.nodes[0].addr.clone(), &unserve, 0).unwrap();
    let unbond = ExecuteMsg::Unbond { amount: BOND.into() };
    world.exec(&world.nodes[1].addr.clone(), &unbond, 0).unwrap();
    assert_eq!(world.draw(0, id).weight.u128(), BOND * 1_000);
    world.commit(0, id, &says("a")).unwrap();
    world.commit(1, id, &says("a")).unwrap();
    let model: ModelResponse = world.ask_contract(&QueryMsg::Model {
        model: world.model.clone(),
    });
    assert_eq!(model.total_weight.u128(), 2 * BOND * 1_000);
}

#[test]
fn serving_again_counts_from_the_next_opening() {
    let mut world = World::new(1);
    let node = world.nodes[0].addr.clone();
    let model = world.model.clone();
    world
        .exec(&node, &ExecuteMsg::Unserve { model: model.clone() }, 0)
        .unwrap();
    world.advance(1);
    let id = world.ask(1);
    world.exec(&node, &ExecuteMsg::Serve { model, trial: None }, 0).unwrap();
    refused(world.commit(0, id, &says("a")), "is not eligible");
    assert_eq!(world.draw(0, id).total_weight.u128(), 0);
    world.advance(1);
    let id = world.ask(1);
    world.commit(0, id, &says("a")).unwrap();
}

/// A key that does not qualify at once when one of `of` nodes is wanted.
fn unlucky(world: &World, id: u64) -> usize {
    (0..world.nodes.len())
        .find(|place| !qualifies(world, *place, id, 0))
        .expect("one of many nodes does not qualify")
}

fn qualifies(world: &World, place: usize, id: u64, round: u32) -> bool {
    let draw = world.draw(place, id);
    let alpha = quorate_contract::hash::alpha(&draw.seed, round);
    let key: &SecretKey = &world.nodes[place].key;
    let beta = quorate_contract::vrf::verify(&key.public, &alpha, &key.prove(&alpha)).unwrap();
    let (total, weight) = (draw.total_weight.u128(), draw.weight.u128());
    quorate_contract::draw::qualifies(&beta, total, draw.seats, weight, round).unwrap()
}

#[test]
fn rounds_widen_the_draw() {
    let mut world = World::new(16);
    let id = world.ask(1);
    let place = unlucky(&world, id);
    refused(world.commit(place, id, &says("a")), "does not qualify in round 0");
    // At 2^4 every one of sixteen equal nodes qualifies; it lies past the window of 20 blocks, so a model of its own.
    let slow = Windows {
        round_blocks: 2,
        ..windows()
    };
    let model = world.register_model("slow", Rule::Exact {}, slow);
    for member in world.nodes.clone() {
        let serve = ExecuteMsg::Serve {
            model: model.clone(),
            trial: None,
        };
        world.exec(&member.addr, &serve, 0).unwrap();
    }
    world.advance(1);
    world.model = model;
    let id = world.ask(1);
    let opened = world.height();
    let place = unlucky(&world, id);
    for (blocks, round) in [(0, 0), (1, 0), (2, 1), (3, 1), (7, 3), (8, 4)] {
        world.go_to(opened + blocks);
        assert_eq!(world.draw(place, id).round, round);
    }
    world.commit(place, id, &says("a")).unwrap();
    assert_eq!(world.seats(id)[0].round, 4);
}

#[test]
fn the_round_freezes_when_the_seats_are_filled() {
    let mut world = World::with(
        Params {
            grace_blocks: 12,
            ..params()
        },
        Rule::Exact {},
        4,
    );
    let id = world.ask(2);
    let opened = world.height();
    world.go_to(opened + 5);
    for place in 0..2 {
        world.commit(place, id, &says("a")).unwrap();
    }
    world.go_to(opened + 11);
    let opening = world.query(id).opening.unwrap();
    assert_eq!((opening.round, opening.commit_close), (1, opened + 17));
    assert_eq!(opening.reveal_close, Some(opened + 27));
}

#[test]
fn the_window_ends_early_once_full() {
    let mut world = World::new(3);
    let id = world.ask(3);
    let opened = world.height();
    for place in 0..2 {
        world.commit(place, id, &says("a")).unwrap();
    }
    let open = world.query(id).opening.unwrap();
    assert_eq!((open.commit_close, open.reveal_close), (opened + 20, None));
    world.go_to(opened + 3);
    world.commit(2, id, &says("a")).unwrap();
    let opening = world.query(id).opening.unwrap();
    assert_eq!(
        (opening.commit_close, opening.reveal_close),
        (opened + 5, Some(opened + 15))
    );
    for height in [opened + 4, opened + 5] {
        world.go_to(height);
        assert_eq!(world.query(id).phase, Phase::Commit);
        refused(
            world.reveal(0, id, &says("a")),
            &format!("allowed from height {}", opened + 6),
        );
        refused(world.settle(id), &format!("allowed from height {}", opened + 16));
    }
    world.go_to(opened + 6);
    assert_eq!(world.query(id).phase, Phase::Reveal);
    world.reveal(0, id, &says("a")).unwrap();
}

#[test]
fn grace_lets_further_nodes_in_and_ends() {
    for (blocks, accepted) in [(1, true), (2, true), (3, false)] {
        let mut world = World::new(2);
        let id = world.ask(1);
        let opened = world.height();
        world.go_to(opened + 5);
        world.commit(0, id, &says("a")).unwrap();
        world.go_to(opened + 5 + blocks);
        let result = world.commit(1, id, &says("a"));
        assert_eq!(result.is_ok(), accepted, "{blocks} blocks after the seat was filled");
        if !accepted {
            refused(result, &format!("closed at height {}", opened + 7));
        }
    }
}

#[test]
fn grace_never_extends_the_window() {
    let mut world = World::new(1);
    let id = world.ask(1);
    let opened = world.height();
    world.go_to(opened + 19);
    world.commit(0, id, &says("a")).unwrap();
    assert_eq!(world.query(id).opening.unwrap().commit_close, opened + 20);
}

#[test]
fn commits_at_the_edge_of_the_window() {
    for (blocks, accepted) in [(19, true), (20, true), (21, false)] {
        let mut world = World::new(1);
        let id = world.ask(1);
        world.advance(blocks);
        assert_eq!(
            world.commit(0, id, &says("a")).is_ok(),
            accepted,
            "after {blocks} blocks"
        );
    }
}

#[test]
fn a_committee_has_21_seats() {
    let long = Params {
        grace_blocks: 20,
        ..params()
    };
    let mut world = World::with(long, Rule::Exact {}, 22);
    let id = world.ask(11);
    world.advance(5);
    for place in 0..21 {
        world.commit(place, id, &says("a")).unwrap();
    }
    refused(
        world.commit(21, id, &says("a")),
        "committee of query 1 is full: 21 seats",
    );
    world.go_to(world.query(id).opening.unwrap().commit_close + 1);
    for place in 0..21 {
        world.reveal(place, id, &says("a")).unwrap();
    }
    world.settle(id).unwrap();
    assert_eq!(world.query(id).outcome.unwrap().votes, 21);
}
