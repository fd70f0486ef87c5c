//! Which votes agree: exact, tolerant, ties and medoids.

use cosmwasm_std::Binary;
use proptest::prelude::*;
use quorate_contract::aggregate::{agree, is_majority};
use quorate_contract::msg::*;
use quorate_contract::vote::{Agreement, Vote};

use crate::world::*;

fn tolerant(tolerance: u32, values: &[i32]) -> Option<Agreement> {
    let sketches: Vec<[i32; 1]> = values.iter().map(|value| [*value]).collect();
    let votes: Vec<Vote> = sketches.iter().map(|sketch| Vote { digest: &[], sketch }).collect();
    let rule = Rule::Tolerant {
        tolerance,
        sketch_len: 1,
    };
    agree(&rule, &votes)
}

fn exact(digests: &[&[u8]]) -> Option<Agreement> {
    let votes: Vec<Vote> = digests.iter().map(|digest| Vote { digest, sketch: &[] }).collect();
    agree(&Rule::Exact {}, &votes)
}

fn agreement(members: &[usize], result: usize) -> Option<Agreement> {
    Some(Agreement {
        members: members.to_vec(),
        result,
        value: vec![],
    })
}

#[test]
fn exact_votes() {
    assert_eq!(exact(&[]), None);
    assert_eq!(exact(&[b"a"]), agreement(&[0], 0));
    assert_eq!(exact(&[b"b", b"a", b"a"]), agreement(&[1, 2], 1));
    assert_eq!(exact(&[b"b", b"a"]), None);
    assert_eq!(
        exact(&[b"a".as_slice(); 21]),
        agreement(&(0..21).collect::<Vec<_>>(), 0)
    );
}

#[test]
fn tolerant_votes() {
    assert_eq!(tolerant(5, &[0, 5, 100]), agreement(&[0, 1], 0));
    assert_eq!(tolerant(4, &[0, 5, 100]), None, "three sets of one");
    assert_eq!(
        tolerant(5, &[0, 5, 10]),
        None,
        "0 and 10 are too far apart: two sets of two"
    );
    assert_eq!(
        tolerant(10, &[0, 6, 10]),
        agreement(&[0, 1, 2], 1),
        "6 lies in the middle"
    );
    assert_eq!(
        tolerant(10, &[10, 6, 0, 6]),
        agreement(&[0, 1, 2, 3], 1),
        "the earlier of equals"
    );
    assert_eq!(tolerant(0, &[7, 7, 8]), agreement(&[0, 1], 0));
    assert_eq!(tolerant(u32::MAX, &[i32::MIN, i32::MAX]), agreement(&[0, 1], 0));
    assert_eq!(tolerant(u32::MAX - 1, &[i32::MIN, i32::MAX]), None);
}

#[test]
fn distance_is_the_largest_difference() {
    let rule = Rule::Tolerant {
        tolerance: 3,
        sketch_len: 2,
    };
    let vote = |sketch| Vote { digest: &[], sketch };
    let votes = [vote(&[0, 0]), vote(&[3, -3]), vote(&[0, 4])];
    assert_eq!(agree(&rule, &votes), agreement(&[0, 1], 0));
}

#[test]
fn the_worst_committee_is_quick() {
    // Seven far triples of votes, each pairwise apart: the complement has 3^7 largest sets (Moon and Moser).
    let values: Vec<i32> = (0..21).collect();
    let sketches: Vec<Vec<i32>> = values
        .iter()
        .map(|i| {
            (0..7)
                .map(|group| if i / 3 == group { 10 * (i % 3) } else { 9 })
                .collect()
        })
        .collect();
    let votes: Vec<Vote> = sketches.iter().map(|sketch| Vote { digest: &[], sketch }).collect();
    let rule = Rule::Tolerant {
        tolerance: 9,
        sketch_len: 7,
    };
    assert_eq!(agree(&rule, &votes), None);
}

#[test]
fn quorum() {
    for (winners, committed, seats, verified) in [
        (1, 1, 1, true),
        (1, 2, 1, false),
        (2, 3, 3, true),
        (1, 1, 3, false),
        (2, 4, 3, false),
        (3, 4, 4, true),
        (2, 3, 4, false),
        (0, 0, 1, false),
        (11, 21, 11, true),
        (10, 21, 11, false),
    ] {
        assert_eq!(
            is_majority(winners, committed, seats),
            verified,
            "{winners} of {committed}"
        );
    }
}

fn sketched(text: &str, sketch: &[i32]) -> Answer {
    Answer {
        sketch: sketch.to_vec(),
        ..says(text)
    }
}

#[test]
fn the_medoid_is_the_result() {
    let rule = Rule::Tolerant {
        tolerance: 10,
        sketch_len: 2,
    };
    let mut world = World::with(params(), rule, 4);
    let id = world.ask(4);
    let answers = [
        sketched("a", &[0, 0]),
        sketched("b", &[5, 5]),
        sketched("c", &[10, 10]),
        sketched("d", &[-500, 0]),
    ];
    world.play(id, &answers);
    let outcome = world.query(id).outcome.unwrap();
    assert_eq!(outcome.digest, Some(Binary::from(says("b").digest)));
    use SeatOutcome::{Majority, Minority};
    assert_eq!(world.outcomes(id, 0), [Majority, Majority, Majority, Minority]);
    assert_eq!(world.seats(id)[2].sketch, [10, 10]);
}

#[test]
fn a_tie_is_no_majority() {
    let rule = Rule::Tolerant {
        tolerance: 5,
        sketch_len: 1,
    };
    let mut world = World::with(params(), rule, 3);
    let id = world.ask(3);
    let answers = [sketched("a", &[0]), sketched("b", &[5]), sketched("c", &[10])];
    let response = world.play(id, &answers);
    assert_eq!(attribute(&response, "settled", "outcome"), "reopened");
    assert_eq!(world.outcomes(id, 0), [SeatOutcome::Revealed; 3]);
}

/// By trying all subsets.
fn brute(tolerance: u32, values: &[i32]) -> Option<Vec<usize>> {
    let mut best: Vec<Vec<usize>> = vec![];
    for set in 1u32..1 << values.len() {
        let members: Vec<usize> = (0..values.len()).filter(|i| set >> i & 1 == 1).collect();
        let close = members
            .iter()
            .all(|i| members.iter().all(|j| values[*i].abs_diff(values[*j]) <= tolerance));
        let size = best.first().map_or(0, Vec::len);
        if close && members.len() >= size {
            if members.len() > size {
                best.clear();
            }
            best.push(members);
        }
    }
    match best.len() {
        1 => best.pop(),
        _ => None,
    }
}

proptest! {
    #[test]
    fn agrees_with_trying_everything(
        tolerance in 0u32..12,
        values in prop::collection::vec(0i32..40, 0..9),
    ) {
        let found = tolerant(tolerance, &values).map(|agreement| agreement.members);
        prop_assert_eq!(found, brute(tolerance, &values));
    }
}
