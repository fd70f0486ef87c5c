//! Verdicts, money and reputation.

use cosmwasm_std::{Binary, Uint128};
use quorate_contract::money::share_ppm;
use quorate_contract::msg::*;

use crate::world::*;

fn majority(n: usize) -> Vec<SeatOutcome> {
    vec![SeatOutcome::Majority; n]
}

#[test]
fn all_agree() {
    for seats in [1usize, 3, 5] {
        let mut world = World::new(seats);
        let id = world.ask_paying(seats as u32, 7_777);
        let before: Vec<u128> = world.nodes.iter().map(|node| world.balance(&node.addr)).collect();
        let answers = vec![says("a"); seats];
        world.commit_all(id, &answers);
        world.reveal_all(id, &answers);
        assert_eq!(world.query(id).phase, Phase::Settle);
        let response = world.settle(id).unwrap();
        assert_eq!(attribute(&response, "settled", "outcome"), "verified");
        let query = world.query(id);
        assert_eq!(query.phase, Phase::Verified);
        let outcome = query.outcome.unwrap();
        assert_eq!(outcome.digest, Some(Binary::from(says("a").digest)));
        assert_eq!((outcome.votes, outcome.committed), (seats as u32, seats as u32));
        assert_eq!(world.outcomes(id, 0), majority(seats));

        let slice = 7_777 / seats as u128;
        let paid = slice * u128::from(share_ppm(1_000)) / 1_000_000;
        for (place, before) in before.into_iter().enumerate() {
            assert_eq!(world.balance(&world.nodes[place].addr), before + paid);
            assert_eq!(world.seats(id)[place].paid.u128(), paid);
            assert_eq!(world.node(place).reputation, 1_010);
        }
        let totals = world.totals();
        assert_eq!(totals.fees.u128(), 0);
        assert_eq!(totals.pool.u128(), 7_777 - paid * seats as u128);
        // Weights follow reputations.
        world.advance(1);
        let next = world.ask(1);
        assert_eq!(world.draw(0, next).weight.u128(), BOND * 1_010);
    }
}

#[test]
fn a_wrong_result_is_slashed() {
    let mut world = World::new(3);
    let id = world.ask(3);
    let response = world.play(id, &[says("a"), says("b"), says("a")]);
    assert_eq!(attribute(&response, "slashed", "outcome"), "minority");
    assert_eq!(
        world.outcomes(id, 0),
        [SeatOutcome::Majority, SeatOutcome::Minority, SeatOutcome::Majority]
    );
    let (node, seat) = (world.node(1), world.seats(id).remove(1));
    assert_eq!((node.bond.u128(), node.reputation), (BOND * 9 / 10, 800));
    assert_eq!((seat.slashed.u128(), seat.paid.u128()), (BOND / 10, 0));
    assert_eq!(world.totals().bonds.u128(), 3 * BOND - BOND / 10);
    assert_eq!(world.query(id).outcome.unwrap().votes, 3);
}

#[test]
fn more_than_half_of_the_committed_and_of_the_wanted_seats() {
    // Two of four committed seats are not more than half; one of three wanted is too few.
    let answers = [says("a"), says("a"), says("b"), says("c")];
    let mut world = World::new(4);
    let id = world.ask(4);
    let response = world.play(id, &answers);
    assert_eq!(attribute(&response, "settled", "outcome"), "reopened");
    let mut world = World::new(3);
    let id = world.ask(3);
    world.commit_all(id, &[says("a")]);
    world.reveal(0, id, &says("a")).unwrap();
    let response = world.settle(id).unwrap();
    assert_eq!(attribute(&response, "settled", "outcome"), "reopened");
    assert_eq!(world.node(0).reputation, 1_000);
}

#[test]
fn no_majority_three_times_is_a_refund() {
    let mut world = World::new(3);
    let before = world.balance(&world.asker);
    let id = world.ask_paying(3, 5_000);
    let answers = [says("a"), says("b")];
    let mut seeds = vec![];
    for attempt in 0..3u32 {
        let query = world.query(id);
        assert_eq!((query.attempt, query.phase), (attempt, Phase::Commit));
        seeds.push(query.opening.unwrap().seed);
        world.commit_all(id, &answers);
        if attempt == 1 {
            world.reveal(0, id, &answers[0]).unwrap();
            world.reveal(1, id, &says("wrong")).unwrap();
        } else {
            world.reveal_all(id, &answers);
        }
        let response = world.settle(id).unwrap();
        let expected = ["reopened", "reopened", "refunded"][attempt as usize];
        assert_eq!(attribute(&response, "settled", "outcome"), expected);
    }
    seeds.dedup();
    assert_eq!(seeds.len(), 3);
    assert_eq!(world.balance(&world.asker), before);
    let query = world.query(id);
    let outcome = query.outcome.unwrap();
    assert_eq!(outcome.reason, Some(RefundReason::NoMajority));
    assert_eq!((query.attempt, outcome.votes, outcome.committed), (2, 2, 2));
    assert_eq!(world.outcomes(id, 0), [SeatOutcome::Revealed, SeatOutcome::Revealed]);
    assert_eq!(world.outcomes(id, 1), [SeatOutcome::Revealed, SeatOutcome::Mismatch]);
    assert_eq!((world.node(0).reputation, world.node(1).reputation), (1_000, 800));
    assert_eq!(world.totals().pool.u128(), BOND / 10);
}

#[test]
fn a_reopened_query_keeps_its_place_and_may_expire() {
    let mut world = World::with(
        Params {
            max_open: 1,
            ..params()
        },
        Rule::Exact {},
        2,
    );
    let id = world.ask(2);
    let waiting = world.ask(2);
    let response = world.play(id, &[says("a"), says("b")]);
    assert!(quorate_events(&response, "opened").len() == 1);
    assert_eq!(world.query(waiting).phase, Phase::Queued);
    world.advance(21);
    let response = world.expire(id).unwrap();
    assert_eq!(attribute(&response, "opened", "query_id"), waiting.to_string());
    let outcome = world.query(id).outcome.unwrap();
    assert_eq!(outcome.reason, Some(RefundReason::NoCommits));
}

#[test]
fn settling_and_expiring_again_do_nothing() {
    let mut world = World::new(1);
    let id = world.ask(1);
    world.play(id, &[says("a")]);
    let query = world.query(id);
    let balance = world.balance(&world.contract);
    for response in [world.settle(id), world.expire(id)] {
        let response = response.unwrap();
        assert_eq!(attribute(&response, "settled", "outcome"), "noop");
        assert_eq!(response.events.iter().filter(|e| e.ty == "transfer").count(), 0);
    }
    assert_eq!(world.query(id), query);
    assert_eq!(world.balance(&world.contract), balance);
}

#[test]
fn expire_is_no_way_around_settle() {
    let mut world = World::new(1);
    let id = world.ask(1);
    world.commit_all(id, &[says("a")]);
    world.advance(100);
    refused(world.expire(id), "has 1 committed seats: settle it instead");
}

#[test]
fn what_is_unbonding_is_slashed_too() {
    let mut world = World::new(3);
    let id = world.ask(3);
    world.commit_all(id, &[says("a"), says("a"), says("b")]);
    let node = world.nodes[2].addr.clone();
    for amount in [BOND - 4_000, 1_000] {
        let unbond = ExecuteMsg::Unbond { amount: amount.into() };
        world.exec(&node, &unbond, 0).unwrap();
        world.advance(1);
    }
    world.reveal_all(id, &[says("a"), says("a"), says("b")]);
    world.settle(id).unwrap();
    // A tenth of 100,000: all of the 3,000 that are bonded, the rest from what is released first.
    let view = world.node(2);
    assert_eq!(view.bond.u128(), 0);
    let left: Vec<u128> = view.unbonding.iter().map(|part| part.amount.u128()).collect();
    assert_eq!(left, [BOND - 4_000 - 7_000, 1_000]);
    assert_eq!(world.seats(id)[2].slashed.u128(), BOND / 10);
    world.advance(1_000);
    let before = world.balance(&node);
    world.exec(&node, &ExecuteMsg::Withdraw {}, 0).unwrap();
    assert_eq!(world.balance(&node), before + BOND * 9 / 10);
}

#[test]
fn slashing_takes_no_more_than_there_is() {
    let all = Params {
        slash_ppm: 1_000_000,
        ..params()
    };
    let mut world = World::with(all, Rule::Exact {}, 3);
    for _ in 0..2 {
        let id = world.ask(3);
        let msg = world.commit_msg(2, id, &says("b"));
        world.commit(0, id, &says("a")).unwrap();
        world.commit(1, id, &says("a")).unwrap();
        let drawn = world.exec(&world.nodes[2].addr.clone(), &msg, 0).is_ok();
        world.go_to(world.query(id).opening.unwrap().commit_close + 1);
        world.reveal(0, id, &says("a")).unwrap();
        world.reveal(1, id, &says("a")).unwrap();
        world.advance(11);
        world.settle(id).unwrap();
        assert_eq!(world.node(2).bond, Uint128::zero());
        if drawn {
            assert_eq!(world.seats(id)[2].slashed.u128(), BOND);
        }
        world.advance(1);
    }
    assert_eq!(world.node(2).reputation, 800);
    assert_eq!(world.totals().bonds.u128(), 2 * BOND);
}

#[test]
fn two_open_queries_can_slash_one_stake_to_nothing_only() {
    let all = Params {
        slash_ppm: 1_000_000,
        ..params()
    };
    let mut world = World::with(all, Rule::Exact {}, 1);
    let ids = [world.ask(1), world.ask(1)];
    for id in ids {
        world.commit(0, id, &says("a")).unwrap();
    }
    world.advance(30);
    for (id, slashed) in ids.into_iter().zip([BOND, 0]) {
        world.settle(id).unwrap();
        let attempt = Some(0);
        let seats: SeatsResponse = world.ask_contract(&seats_of(id, attempt));
        assert_eq!(seats.seats[0].slashed.u128(), slashed);
    }
}
