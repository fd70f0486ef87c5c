//! Expected time, slow seats and seats without response.

use cosmwasm_std::Binary;
use proptest::prelude::*;
use quorate_contract::frame::sha256;
use quorate_contract::msg::*;
use quorate_contract::timing::{actual_ms, expected_ms, speed, Elapsed};

use crate::world::*;

const TIMING: Timing = Timing {
    k1_us: 0,
    k2_us: 100_000,
    min_ms: 1,
    max_ms: 60_000,
};

#[test]
fn expected_time_is_linear_between_its_bounds() {
    let timing = Timing {
        k1_us: 1_500,
        k2_us: 20_000,
        min_ms: 100,
        max_ms: 5_000,
    };
    for (input, output, ms) in [
        (0, 0, 100),
        (66, 0, 100),
        (67, 0, 100),
        (68, 0, 102),
        (10, 10, 215),
        (0, 249, 4_980),
        (0, 250, 5_000),
        (0, 251, 5_000),
        (u64::MAX, u64::MAX, 5_000),
    ] {
        assert_eq!(expected_ms(&timing, input, output), ms, "{input} {output}");
    }
    let huge = Timing {
        k1_us: 1_000_000_000_000,
        k2_us: 1_000_000_000_000,
        min_ms: 1,
        max_ms: 604_800_000,
    };
    assert_eq!(expected_ms(&huge, u64::MAX, u64::MAX), 604_800_000);
}

#[test]
fn factors_are_limits_that_still_hold() {
    let params = lifecycle();
    for (actual, expected) in [
        (20_000, Speed::InTime),
        (20_001, Speed::Slow),
        (40_000, Speed::Slow),
        (40_001, Speed::NonResponse),
        (u64::MAX, Speed::NonResponse),
    ] {
        assert_eq!(speed(&params, actual, 10_000), expected, "{actual}");
    }
}

#[test]
fn work_counts_from_the_round_drawn_in() {
    let actual = |ns, blocks, round_start| {
        actual_ms(&Elapsed {
            ns,
            blocks,
            round_start,
        })
    };
    assert_eq!(actual(0, 0, 0), 0);
    assert_eq!(actual(45_000_000_000, 45, 0), 45_000);
    assert_eq!(actual(45_000_000_000, 45, 30), 15_000);
    assert_eq!(actual(45_000_000_000, 45, 45), 0);
    assert_eq!(actual(u64::MAX, 100_000, 0), u64::MAX / 1_000_000);
}

/// One block a second; an expected time of 10 s for the 100 units that `World` asks for.
fn timed(round_blocks: u64) -> World {
    let mut world = World::empty(params());
    let windows = Windows {
        round_blocks,
        commit_blocks: 60,
        reveal_blocks: 10,
    };
    let mut msg = world.model_msg("model", Rule::Exact {}, windows);
    if let ExecuteMsg::RegisterModel { timing, .. } = &mut msg {
        *timing = Some(TIMING);
    }
    world.exec(&world.asker.clone(), &msg, 0).unwrap();
    for _ in 0..3 {
        world.add_node(BOND);
    }
    world.advance(1);
    world
}

/// Commits each node so many seconds after the opening, reveals and settles.
fn play_at(world: &mut World, seconds: [u64; 3], answers: [&str; 3]) -> (u64, cw_multi_test::AppResponse) {
    let id = world.ask(3);
    let opened = world.height();
    let answers = answers.map(says);
    for (place, after) in seconds.into_iter().enumerate() {
        world.go_to(opened + after);
        world.commit(place, id, &answers[place]).unwrap();
    }
    world.go_to(world.query(id).opening.unwrap().commit_close + 1);
    world.reveal_all(id, &answers);
    (id, world.settle(id).unwrap())
}

fn records(world: &World, id: u64) -> Vec<LogRecord> {
    let answer: LogResponse = world.ask_contract(&QueryMsg::QueryLog {
        id,
        start_after: None,
        limit: None,
    });
    answer.records
}

#[test]
fn a_slow_seat_is_paid_and_one_without_response_is_not_and_neither_is_slashed() {
    let mut world = timed(60);
    let bonds = world.totals().bonds;
    let (id, response) = play_at(&mut world, [20, 21, 41], ["a"; 3]);
    assert_eq!(attribute(&response, "settled", "outcome"), "verified");
    assert_eq!(
        attribute(&response, "settled", "majority"),
        "3",
        "the late ones' votes count"
    );
    let slow = quorate_events(&response, "slow");
    assert_eq!(slow.len(), 2);
    assert_eq!(attribute(&response, "slow", "actual_ms"), "21000");
    assert_eq!(attribute(&response, "slow", "expected_ms"), "10000");
    let reputations: Vec<u32> = (0..3).map(|place| world.node(place).reputation).collect();
    assert_eq!(reputations, [1_010, 800, 800]);
    let seats = world.seats(id);
    let share = u128::from(quorate_contract::money::share_ppm(1_000)) * PRICE / 1_000_000;
    let paid: Vec<u128> = seats.iter().map(|seat| seat.paid.u128()).collect();
    assert_eq!(paid, [share, share, 0]);
    assert_eq!(world.totals().pool.u128(), 3 * PRICE - 2 * share);
    assert!(seats.iter().all(|seat| seat.slashed.is_zero()));
    assert_eq!(world.totals().bonds, bonds);
    let won: Vec<u32> = (0..3).map(|place| world.node(place).seats_won).collect();
    assert_eq!(won, [1, 1, 0]);
    let speeds: Vec<Speed> = records(&world, id).iter().map(|record| record.speed).collect();
    assert_eq!(speeds, [Speed::InTime, Speed::Slow, Speed::NonResponse]);
}

#[test]
fn a_seat_that_is_wrong_and_slow_loses_reputation_once() {
    let mut world = timed(60);
    let (_, _) = play_at(&mut world, [1, 2, 50], ["a", "a", "b"]);
    assert_eq!(world.node(2).reputation, 800);
    assert_eq!(world.node(2).bond.u128(), BOND * 9 / 10);
}

#[test]
fn a_slow_seat_of_an_attempt_without_majority_loses_reputation_too() {
    let mut world = timed(60);
    let (_, response) = play_at(&mut world, [1, 2, 21], ["a", "b", "c"]);
    assert_eq!(attribute(&response, "settled", "outcome"), "reopened");
    let reputations: Vec<u32> = (0..3).map(|place| world.node(place).reputation).collect();
    assert_eq!(reputations, [1_000, 1_000, 800]);
}

#[test]
fn a_seat_of_a_later_round_begins_with_it() {
    let mut world = timed(30);
    let (id, _) = play_at(&mut world, [1, 2, 45], ["a"; 3]);
    assert_eq!(world.seats(id)[2].round, 1);
    let record = records(&world, id).remove(2);
    assert_eq!((record.actual_ms, record.speed), (Some(15_000), Speed::InTime));
    assert_eq!(world.node(2).reputation, 1_010);
}

#[test]
fn factors_are_those_at_the_opening() {
    let mut world = timed(60);
    let id = world.ask(3);
    world.advance(1);
    let change = |params: &mut Params| {
        params.lifecycle.timeout_factor_ppm = 1_000_000;
        params.lifecycle.non_response_factor_ppm = 1_000_000;
    };
    world.govern(change).unwrap();
    world.advance(14);
    world.play(id, &vec![says("a"); 3]);
    assert_eq!(world.node(0).reputation, 1_010, "15 s were in time when it opened");
}

#[test]
fn units_of_inputs_elsewhere_are_what_the_asker_says() {
    let mut world = World::new(1);
    let inline = AskMsg {
        input_units: Some(8),
        ..world.ask_msg(1)
    };
    refused(world.ask_with(inline, PRICE), "has 8 units, its number of bytes");
    let id = world.ask(1);
    assert_eq!(world.query(id).input_units, 8);
    for (stated, units) in [(Some(77), 77), (None, 0)] {
        let elsewhere = AskMsg {
            input: Input::Uri("ipfs://x".to_string()),
            input_units: stated,
            ..world.ask_msg(1)
        };
        let response = world.ask_with(elsewhere, PRICE).unwrap();
        let id = attribute(&response, "asked", "query_id").parse().unwrap();
        assert_eq!(world.query(id).input_units, units);
    }
}

#[test]
fn units_are_numbers_that_every_reader_of_json_holds() {
    let mut world = World::new(1);
    let most = (1u64 << 53) - 1;
    let ask = |max_units, input_units| AskMsg {
        input: Input::Uri("ipfs://x".to_string()),
        max_units,
        input_units: Some(input_units),
        ..world.ask_msg(1)
    };
    let (fits, output, input) = (ask(most, most), ask(most + 1, 0), ask(0, most + 1));
    world.ask_with(fits, PRICE).unwrap();
    refused(
        world.ask_with(output, PRICE),
        "max_units must be at most 9007199254740991",
    );
    refused(
        world.ask_with(input, PRICE),
        "input_units must be at most 9007199254740991",
    );
}

#[test]
fn timings_have_bounds() {
    let mut world = World::new(0);
    let bad = Timing {
        k1_us: 1_000_000_000_001,
        k2_us: 0,
        min_ms: 6,
        max_ms: 5,
    };
    let mut msg = world.model_msg("x", Rule::Exact {}, windows());
    if let ExecuteMsg::RegisterModel {
        timing, manifest_hash, ..
    } = &mut msg
    {
        *timing = Some(bad);
        *manifest_hash = Binary::from(sha256(b"x"));
    }
    let result = world
        .exec(&world.asker.clone(), &msg, 0)
        .map_err(|error| error.to_string());
    let message = result.unwrap_err();
    assert!(message.contains("k1_us must be 0 to 1000000000000"), "{message}");
    assert!(message.contains("min_ms must be 1 to 5, got 6"), "{message}");
}

proptest! {
    #[test]
    fn more_units_are_never_expected_sooner(
        k in (0u64..1_000_000_000_000, 0u64..1_000_000_000_000),
        bounds in (1u64..1_000, 1_000u64..604_800_000),
        units in (any::<u64>(), any::<u64>(), any::<u32>()),
    ) {
        let timing = Timing { k1_us: k.0, k2_us: k.1, min_ms: bounds.0, max_ms: bounds.1 };
        let less = expected_ms(&timing, units.0, units.1);
        let more = expected_ms(&timing, units.0.saturating_add(units.2.into()), units.1);
        prop_assert!(bounds.0 <= less && less <= more && more <= bounds.1);
    }
}
