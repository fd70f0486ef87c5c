//! Changes of parameters under live queries: none is judged by rules that it was not opened under.

use cosmwasm_std::Uint128;
use quorate_contract::msg::*;

use crate::world::*;

fn one_place(nodes: usize) -> World {
    let params = Params {
        max_open: 1,
        ..params()
    };
    World::with(params, Rule::Exact {}, nodes)
}

fn waiting(world: &World) -> Vec<u64> {
    let answer: LiveResponse = world.ask_contract(&QueryMsg::Live {
        start_after: None,
        limit: None,
    });
    let queued = answer.queries.iter().filter(|query| query.opening.is_none());
    queued.map(|query| query.id).collect()
}

#[test]
fn the_grace_of_an_opening_stays() {
    let mut world = World::new(2);
    let id = world.ask(2);
    // In the block of the opening already: it has the rules of that block's start.
    world.govern(|params| params.grace_blocks = 0).unwrap();
    let height = world.height();
    world.commit(0, id, &says("a")).unwrap();
    world.commit(1, id, &says("a")).unwrap();
    assert_eq!(world.query(id).opening.unwrap().commit_close, height + 2);
    world.go_to(height + 2);
    refused(world.reveal(0, id, &says("a")), "too early");
    world.go_to(height + 3);
    world.reveal_all(id, &vec![says("a"); 2]);
    world.settle(id).unwrap();
    let next = world.ask(2);
    let height = world.height();
    world.commit(0, next, &says("a")).unwrap();
    world.commit(1, next, &says("a")).unwrap();
    assert_eq!(
        world.query(next).opening.unwrap().commit_close,
        height,
        "the next one has the new grace"
    );
}

#[test]
fn the_deadline_in_the_queue_stays() {
    let mut world = one_place(1);
    world.ask(1);
    let id = world.ask(1);
    let deadline = world.height() + 50;
    assert_eq!(world.query(id).queue_deadline, Some(deadline));
    world.advance(1);
    world.govern(|params| params.queue_blocks = 5).unwrap();
    assert_eq!(world.query(id).queue_deadline, Some(deadline));
    world.go_to(deadline);
    refused(world.expire(id), &format!("allowed from height {}", deadline + 1));
    world.go_to(deadline + 1);
    world.expire(id).unwrap();
    assert!(waiting(&world).is_empty());
    let later = world.ask(1);
    assert_eq!(world.query(later).queue_deadline, Some(world.height() + 5));
}

#[test]
fn a_seat_is_slashed_by_the_part_of_its_opening() {
    let mut world = World::new(3);
    let id = world.ask(3);
    world.advance(1);
    world.govern(|params| params.slash_ppm = 1_000_000).unwrap();
    world.play(id, &[says("a"), says("a"), says("b")]);
    assert_eq!(world.node(2).bond.u128(), BOND * 9 / 10);
}

#[test]
fn a_callback_has_the_gas_of_its_ask() {
    // A callback that is given too little fails; here the promise is that of the ask's block.
    let mut world = World::new(1);
    let id = world.ask(1);
    world.advance(1);
    world.govern(|params| params.callback_gas = 1).unwrap();
    let storage = world.app.contract_storage(&world.contract);
    let height = world.query(id).asked_height;
    let rules = quorate_contract::rules::rules_at(&*storage, height).unwrap();
    assert_eq!(rules.callback_gas, params().callback_gas);
}

/// Two who paid alike: whoever asked first goes first, whatever the ageing became between them.
#[test]
fn a_change_of_the_ageing_turns_no_queue_around() {
    for (before, after) in [(10, 0), (10, 1_000), (0, 10), (1_000_000, 1)] {
        let params = Params {
            max_open: 1,
            ageing_per_block: Uint128::new(before),
            ..params()
        };
        let mut world = World::with(params, Rule::Exact {}, 1);
        let open = world.ask(1);
        let first = world.ask(1);
        world.advance(3);
        world
            .govern(|params| params.ageing_per_block = Uint128::new(after))
            .unwrap();
        let second = world.ask(1);
        world.advance(3);
        let third = world.ask(1);
        let mut order = vec![];
        let mut next = open;
        for _ in 0..3 {
            let response = world.play(next, &[says("a")]);
            next = attribute(&response, "opened", "query_id").parse().unwrap();
            order.push(next);
        }
        assert_eq!(order, [first, second, third], "from {before} to {after}");
    }
}

#[test]
fn who_waits_under_an_older_ageing_can_leave_the_queue() {
    let mut world = one_place(1);
    world.ask(1);
    let id = world.ask(1);
    world.advance(1);
    world
        .govern(|params| params.ageing_per_block = Uint128::new(999))
        .unwrap();
    world.advance(50);
    world.expire(id).unwrap();
    world.expire(1).unwrap();
    let next = world.ask(1);
    assert!(world.query(next).opening.is_some(), "no dead entry is left at the head");
}

#[test]
fn more_places_are_filled_from_the_queue_before_newcomers() {
    let mut world = one_place(1);
    let open = world.ask(1);
    let queued: Vec<u64> = (0..4).map(|_| world.ask(1)).collect();
    world.govern(|params| params.max_open = 3).unwrap();
    let newcomer = world.ask(1);
    assert!(world.query(newcomer).opening.is_none(), "others wait");
    let response = world.play(open, &[says("a")]);
    assert_eq!(quorate_events(&response, "opened").len(), 2);
    assert_eq!(waiting(&world), [queued[2], queued[3], newcomer]);
    world.play(queued[0], &[says("a")]);
    assert_eq!(waiting(&world), [newcomer]);
}

#[test]
fn fewer_places_lose_nobody_in_the_queue() {
    let mut world = World::with(
        Params {
            max_open: 3,
            ..params()
        },
        Rule::Exact {},
        1,
    );
    for _ in 0..5 {
        world.ask(1);
    }
    world.govern(|params| params.max_open = 1).unwrap();
    world.play(1, &[says("a")]);
    world.play(2, &[says("a")]);
    assert_eq!(waiting(&world), [4, 5], "one is open, as many as may be");
    let response = world.play(3, &[says("a")]);
    assert_eq!(attribute(&response, "opened", "query_id"), "4");
}

#[test]
fn a_shorter_wait_leaves_what_waits_already_and_comes_first() {
    let mut world = World::new(1);
    let node = world.nodes[0].addr.clone();
    let unbond = |world: &mut World, amount: u128| {
        let amount = Uint128::new(amount);
        world.exec(&node, &ExecuteMsg::Unbond { amount }, 0).unwrap();
    };
    let start = world.height();
    unbond(&mut world, 1);
    world.govern(|params| params.unbonding_blocks = 200).unwrap();
    world.advance(1);
    unbond(&mut world, 2);
    unbond(&mut world, 4);
    let parts: Vec<(u128, u64)> = world
        .node(0)
        .unbonding
        .iter()
        .map(|part| (part.amount.u128(), part.release_height))
        .collect();
    assert_eq!(parts, [(6, start + 201), (1, start + 1_000)]);
    for (height, left) in [
        (start + 200, None),
        (start + 201, Some(1)),
        (start + 999, None),
        (start + 1_000, Some(0)),
    ] {
        world.go_to(height);
        let withdrawn = world.exec(&node, &ExecuteMsg::Withdraw {}, 0);
        assert_eq!(withdrawn.is_ok(), left.is_some(), "at {height}");
        if let Some(left) = left {
            assert_eq!(world.node(0).unbonding.len(), left);
        }
    }
}
