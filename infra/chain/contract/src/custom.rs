//! Aggregation by a statistic over sketches (section 5): element by element, in integers.

use cosmwasm_schema::cw_serde;

use crate::money::PPM;
use crate::vote::{chebyshev, Agreement, Vote};

#[cw_serde]
#[derive(Copy)]
pub enum Function {
    Mean {},
    Median {},
    /// Of the sorted values `floor(n * trim_ppm / 10^6)` are left out at either end.
    TrimmedMean {
        trim_ppm: u32,
    },
}

/// The votes within the tolerance of the aggregate of all votes; the result is that of the closest, then of the earliest.
pub fn agree(function: Function, tolerance: u32, votes: &[Vote]) -> Option<Agreement> {
    let value = aggregate(function, votes);
    let distances: Vec<u32> = votes.iter().map(|vote| chebyshev(vote.sketch, &value)).collect();
    let members: Vec<usize> = (0..votes.len()).filter(|i| distances[*i] <= tolerance).collect();
    let result = members.iter().copied().min_by_key(|i| (distances[*i], *i))?;
    Some(Agreement { members, result, value })
}

/// Sketches are of one length: a reveal of another is a mismatch.
fn aggregate(function: Function, votes: &[Vote]) -> Vec<i32> {
    let length = votes.first().map_or(0, |vote| vote.sketch.len());
    let column = |i: usize| votes.iter().map(|vote| vote.sketch[i]).collect();
    (0..length).map(|i| of_column(function, column(i))).collect()
}

/// All three are a mean of the sorted values with as many left out at either end; rounded down, also below zero, so that a
/// shift of all values shifts the aggregate.
pub fn of_column(function: Function, mut values: Vec<i32>) -> i32 {
    values.sort_unstable();
    let n = values.len();
    let left_out = match function {
        Function::Mean {} => 0,
        Function::Median {} => (n - 1) / 2,
        Function::TrimmedMean { trim_ppm } => (n as u128 * u128::from(trim_ppm) / PPM) as usize,
    };
    let kept = &values[left_out..n - left_out];
    let sum: i64 = kept.iter().map(|value| i64::from(*value)).sum();
    // A mean of i32 numbers is one.
    sum.div_euclid(kept.len() as i64) as i32
}
