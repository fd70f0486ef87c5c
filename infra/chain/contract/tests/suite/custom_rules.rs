//! Mean, median and trimmed mean over sketches.

use cosmwasm_std::Binary;
use proptest::prelude::*;
use quorate_contract::aggregate::agree;
use quorate_contract::custom::of_column;
use quorate_contract::msg::*;
use quorate_contract::vote::{Agreement, Vote};

use crate::world::*;

const MEAN: Function = Function::Mean {};
const MEDIAN: Function = Function::Median {};
const TRIMMED: Function = Function::TrimmedMean { trim_ppm: 250_000 };

fn rule(function: Function, tolerance: u32, sketch_len: u32) -> Rule {
    Rule::Custom {
        function,
        tolerance,
        sketch_len,
    }
}

fn agreement(function: Function, tolerance: u32, sketches: &[Vec<i32>]) -> Option<Agreement> {
    let votes: Vec<Vote> = sketches.iter().map(|sketch| Vote { digest: &[], sketch }).collect();
    agree(&rule(function, tolerance, 1), &votes)
}

#[test]
fn statistics_of_one_number() {
    for (function, values, expected) in [
        (MEAN, vec![1, 2], 1),
        (MEAN, vec![-1, -2], -2),
        (MEAN, vec![i32::MIN, i32::MIN], i32::MIN),
        (MEAN, vec![i32::MAX; 21], i32::MAX),
        (MEDIAN, vec![9, 1, 5], 5),
        (MEDIAN, vec![4, 1, 9, 6], 5),
        (MEDIAN, vec![-3, -4], -4),
        (MEDIAN, vec![7], 7),
        (TRIMMED, vec![1_000, 1, 2, -1_000], 1),
        (TRIMMED, vec![10, 20, 30], 20),
        (Function::TrimmedMean { trim_ppm: 499_999 }, vec![1, 2, 3, 100], 2),
        (Function::TrimmedMean { trim_ppm: 499_999 }, vec![5, 8], 6),
    ] {
        assert_eq!(of_column(function, values.clone()), expected, "{function:?} {values:?}");
    }
}

#[test]
fn members_are_within_the_tolerance_of_the_aggregate() {
    let one = |values: &[i32]| values.iter().map(|value| vec![*value]).collect::<Vec<_>>();
    let found = agreement(MEDIAN, 5, &one(&[10, 15, 16, 4, 5])).unwrap();
    assert_eq!(found.value, [10]);
    assert_eq!(
        (found.members, found.result),
        (vec![0, 1, 4], 0),
        "-6 and +6 are outside, -5 and +5 inside"
    );
    let found = agreement(MEDIAN, 5, &one(&[12, 8])).unwrap();
    assert_eq!((found.value, found.result), (vec![10], 0), "equally close: the earlier");
    let found = agreement(MEAN, 5, &one(&[0, 0, 0, 100]));
    assert_eq!(found, None, "one outlier takes a mean out of everybody's reach");
    assert_eq!(agreement(MEDIAN, 5, &one(&[0, 0, 0, 100])).unwrap().members, [0, 1, 2]);
    assert_eq!(agreement(MEAN, 5, &[]), None);
    assert_eq!(
        agreement(MEAN, u32::MAX, &one(&[i32::MIN, i32::MAX])).unwrap().members,
        [0, 1]
    );
}

fn sketched(text: &str, sketch: &[i32]) -> Answer {
    Answer {
        sketch: sketch.to_vec(),
        ..says(text)
    }
}

#[test]
fn the_aggregate_is_in_the_outcome_and_the_closest_vote_is_the_result() {
    let mut world = World::with(params(), rule(MEDIAN, 10, 2), 4);
    let id = world.ask(4);
    let answers = [
        sketched("a", &[0, 100]),
        sketched("b", &[4, 104]),
        sketched("c", &[8, 108]),
        sketched("d", &[900, -900]),
    ];
    let response = world.play(id, &answers);
    assert_eq!(attribute(&response, "settled", "value"), "6,102");
    let outcome = world.query(id).outcome.unwrap();
    assert_eq!(outcome.value, [6, 102]);
    assert_eq!(outcome.digest, Some(Binary::from(says("b").digest)));
    use SeatOutcome::{Majority, Minority};
    assert_eq!(world.outcomes(id, 0), [Majority, Majority, Majority, Minority]);
    assert!(!world.node(3).reputation.eq(&1_000));
}

#[test]
fn the_quorum_holds_for_custom_rules_and_a_wrong_length_is_a_mismatch() {
    let mut world = World::with(params(), rule(MEAN, 1, 1), 3);
    let id = world.ask(3);
    let response = world.play(
        id,
        &[sketched("a", &[0]), sketched("b", &[100]), sketched("c", &[50, 0])],
    );
    assert_eq!(attribute(&response, "settled", "outcome"), "reopened");
    use SeatOutcome::{Mismatch, Revealed};
    assert_eq!(world.outcomes(id, 0), [Revealed, Revealed, Mismatch]);
    assert_eq!(
        quorate_events(&response, "settled")[0]
            .attributes
            .iter()
            .filter(|a| a.key == "value")
            .count(),
        0
    );
}

#[test]
fn custom_rules_have_bounds() {
    let mut world = World::new(0);
    let asker = world.asker.clone();
    let mut try_rule = |rule: Rule| {
        let msg = world.model_msg("custom", rule, windows());
        world.exec(&asker, &msg, 0)
    };
    refused(try_rule(rule(MEAN, 1, 0)), "sketch_len must be 1 to 64");
    refused(try_rule(rule(MEAN, 1, 65)), "sketch_len must be 1 to 64");
    for trim_ppm in [0, 500_000] {
        let function = Function::TrimmedMean { trim_ppm };
        refused(try_rule(rule(function, 1, 1)), "trim_ppm must be 1 to 499999");
    }
    let function = Function::TrimmedMean { trim_ppm: 499_999 };
    try_rule(rule(function, 1, 64)).unwrap();
}

fn function() -> impl Strategy<Value = Function> {
    prop_oneof![
        Just(MEAN),
        Just(MEDIAN),
        (1u32..500_000).prop_map(|trim_ppm| Function::TrimmedMean { trim_ppm }),
    ]
}

/// The textbook's way, in wide integers.
fn plain(function: Function, values: &[i32]) -> i32 {
    let mut sorted: Vec<i128> = values.iter().map(|value| i128::from(*value)).collect();
    sorted.sort();
    let n = sorted.len();
    let floor_mean = |part: &[i128]| part.iter().sum::<i128>().div_euclid(part.len() as i128) as i32;
    match function {
        Function::Mean {} => floor_mean(&sorted),
        Function::Median {} if n % 2 == 1 => sorted[n / 2] as i32,
        Function::Median {} => floor_mean(&sorted[n / 2 - 1..=n / 2]),
        Function::TrimmedMean { trim_ppm } => {
            let cut = n * trim_ppm as usize / 1_000_000;
            floor_mean(&sorted[cut..n - cut])
        }
    }
}

proptest! {
    #[test]
    fn agrees_with_the_textbook(function in function(), values in prop::collection::vec(any::<i32>(), 1..22)) {
        let value = of_column(function, values.clone());
        prop_assert_eq!(value, plain(function, &values));
        prop_assert!(values.iter().min() <= Some(&value) && Some(&value) <= values.iter().max());
    }

    #[test]
    fn the_order_of_votes_does_not_matter(
        function in function(),
        tolerance in 0u32..200,
        (sketches, shuffled) in prop::collection::vec(prop::collection::vec(-100i32..100, 3), 1..12)
            .prop_flat_map(|sketches| (Just(sketches.clone()), Just(sketches).prop_shuffle())),
    ) {
        let kept = |sketches: &[Vec<i32>]| agreement(function, tolerance, sketches).map(|found| {
            let mut members: Vec<Vec<i32>> = found.members.iter().map(|i| sketches[*i].clone()).collect();
            members.sort();
            (found.value, members)
        });
        prop_assert_eq!(kept(&sketches), kept(&shuffled));
    }

    #[test]
    fn a_shift_of_all_votes_shifts_the_aggregate(
        function in function(),
        shift in -1_000i32..1_000,
        values in prop::collection::vec(-1_000i32..1_000, 1..22),
    ) {
        let shifted = values.iter().map(|value| value + shift).collect();
        prop_assert_eq!(of_column(function, shifted), of_column(function, values) + shift);
    }
}
