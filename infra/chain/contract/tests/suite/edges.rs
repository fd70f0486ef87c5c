//! Every window of section 2 at its edge: the height before, the last height, and the one after it.

use cosmwasm_std::Uint128;
use quorate_contract::msg::*;

use crate::world::*;

const NODES: usize = 3;

/// A query for three seats that was opened in this block.
fn opened() -> (World, u64, u64) {
    let mut world = World::new(NODES);
    let id = world.ask(NODES as u32);
    let height = world.height();
    (world, id, height)
}

/// The height on this side of an edge.
fn beside(edge: u64, offset: i64) -> u64 {
    edge.checked_add_signed(offset).unwrap()
}

/// Plays on three worlds of their own at the edge - 1, the edge and the edge + 1; `last` tells what holds up to the edge.
#[track_caller]
fn at_edge(
    edge: impl Fn(&World, u64, u64) -> u64,
    prepare: impl Fn(&mut World, u64),
    holds: impl Fn(&mut World, u64) -> [bool; 2],
) {
    for (offset, expected) in [(-1, [true, false]), (0, [true, false]), (1, [false, true])] {
        let (mut world, id, height) = opened();
        prepare(&mut world, id);
        let edge = edge(&world, id, height);
        world.go_to(beside(edge, offset));
        assert_eq!(holds(&mut world, id), expected, "edge {edge}, offset {offset}");
    }
}

fn all_answers() -> Vec<Answer> {
    vec![says("a"); NODES]
}

#[test]
fn first_commits_end_with_the_commit_window_and_expiry_begins_after_it() {
    let limit = |_: &World, _, height| height + windows().commit_blocks;
    at_edge(
        limit,
        |_, _| {},
        |world, id| {
            let expired = world.expire(id).is_ok();
            [world.commit(0, id, &says("a")).is_ok(), expired]
        },
    );
}

#[test]
fn later_commits_end_with_the_commit_window_and_reveals_begin_after_it() {
    let limit = |_: &World, _, height| height + windows().commit_blocks;
    at_edge(
        limit,
        |world, id| world.commit(0, id, &says("a")).map(|_| ()).unwrap(),
        |world, id| {
            let revealed = world.reveal(0, id, &says("a")).is_ok();
            [world.commit(1, id, &says("a")).is_ok(), revealed]
        },
    );
}

#[test]
fn a_full_committee_ends_the_commit_window_after_the_grace_blocks() {
    let grace = |_: &World, _, height| height + params().grace_blocks;
    let prepare = |world: &mut World, id| {
        world.add_node(BOND);
        for (place, answer) in all_answers().iter().enumerate() {
            world.commit(place, id, answer).unwrap();
        }
    };
    at_edge(grace, prepare, |world, id| {
        let revealed = world.reveal(0, id, &says("a")).is_ok();
        // A newcomer was not there when the query opened; the window itself is told by the reason of the refusal.
        let refusal = world.commit(3, id, &says("a")).unwrap_err().to_string();
        assert!(
            refusal.contains("not eligible") || refusal.contains("closed at height"),
            "{refusal}"
        );
        [!refusal.contains("closed at height"), revealed]
    });
}

#[test]
fn reveals_count_until_the_reveal_window_ends_and_settling_begins_after_it() {
    let close = |world: &World, id, _| world.query(id).opening.unwrap().reveal_close.unwrap();
    let prepare = |world: &mut World, id| {
        world.commit_all(id, &all_answers());
        world.reveal(0, id, &says("a")).unwrap();
    };
    at_edge(close, prepare, |world, id| {
        world.reveal(1, id, &says("a")).unwrap();
        let counted = world.seats(id)[1].outcome == SeatOutcome::Revealed;
        assert!(counted || world.seats(id)[1].outcome == SeatOutcome::Late);
        [counted, world.settle(id).is_ok()]
    });
}

#[test]
fn with_all_reveals_in_settling_need_not_wait() {
    let (mut world, id, _) = opened();
    world.commit_all(id, &all_answers());
    let opens = world.height();
    assert_eq!(opens, world.query(id).opening.unwrap().commit_close + 1);
    world.reveal_all(id, &all_answers());
    world.settle(id).unwrap();
    assert_eq!(world.query(id).phase, Phase::Verified);
}

#[test]
fn a_waiting_query_expires_after_its_last_height_in_the_queue() {
    for (offset, expires) in [(-1, false), (0, false), (1, true)] {
        let mut world = World::with(
            Params {
                max_open: 1,
                ..params()
            },
            Rule::Exact {},
            NODES,
        );
        world.ask(1);
        let waiting = world.ask(1);
        let deadline = world.query(waiting).queue_deadline.unwrap();
        world.go_to(beside(deadline, offset));
        assert_eq!(world.expire(waiting).is_ok(), expires, "offset {offset}");
    }
}

#[test]
fn a_round_begins_at_its_first_height() {
    for (offset, round) in [(-1, 0), (0, 1), (1, 1)] {
        let (mut world, id, height) = opened();
        world.go_to(beside(height + windows().round_blocks, offset));
        assert_eq!(world.draw(0, id).round, round, "offset {offset}");
        let msg = ExecuteMsg::Commit {
            query_id: id,
            round: 1,
            proof: world.proof(0, &world.draw(0, id).seed, 1),
            commitment: world.commitment(0, id, 0, &says("a")),
        };
        let sender = world.nodes[0].addr.clone();
        assert_eq!(world.exec(&sender, &msg, 0).is_ok(), round == 1, "offset {offset}");
    }
}

#[test]
fn an_unbonded_amount_is_free_at_its_release_height() {
    for (offset, free) in [(-1, false), (0, true), (1, true)] {
        let mut world = World::new(1);
        let node = world.nodes[0].addr.clone();
        let amount = Uint128::new(BOND / 2);
        world.exec(&node, &ExecuteMsg::Unbond { amount }, 0).unwrap();
        let release = world.node(0).unbonding[0].release_height;
        assert_eq!(release, world.height() + params().unbonding_blocks);
        world.go_to(beside(release, offset));
        assert_eq!(
            world.exec(&node, &ExecuteMsg::Withdraw {}, 0).is_ok(),
            free,
            "offset {offset}"
        );
    }
}

#[test]
fn who_bonds_in_the_block_of_an_opening_is_not_in_its_draw() {
    for (offset, eligible) in [(-1, true), (0, false), (1, false)] {
        let mut world = World::new(NODES);
        let opens = world.height() + 2;
        let mut id = 0;
        let mut newcomer = 0;
        for height in opens - 1..=opens + 1 {
            world.go_to(height);
            if height == opens {
                id = world.ask(NODES as u32);
            }
            if height == beside(opens, offset) {
                newcomer = world.add_node(BOND);
            }
        }
        let weight = world.draw(newcomer, id).weight;
        assert_eq!(!weight.is_zero(), eligible, "offset {offset}");
    }
}
