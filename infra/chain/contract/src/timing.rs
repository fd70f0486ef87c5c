//! Expected and actual time of a seat (section 10), in integers.

use crate::lifecycle::{LifecycleParams, Speed, Timing};
use crate::money::PPM;

const US_PER_MS: u128 = 1_000;
const NS_PER_MS: u128 = 1_000_000;

/// `clamp(floor((k1 * input + k2 * output) / 1,000), min, max)`; a model's k are at most 10^12, so nothing overflows.
pub fn expected_ms(timing: &Timing, input_units: u64, output_units: u64) -> u64 {
    let input_us = u128::from(timing.k1_us) * u128::from(input_units);
    let output_us = u128::from(timing.k2_us) * u128::from(output_units);
    let ms = (input_us + output_us) / US_PER_MS;
    u64::try_from(ms)
        .unwrap_or(u64::MAX)
        .clamp(timing.min_ms, timing.max_ms)
}

/// The part of an attempt in which a node could have worked before it committed.
pub struct Elapsed {
    /// From the opening's block time to that of the commit.
    pub ns: u64,
    /// Heights from the opening to the commit.
    pub blocks: u64,
    /// Heights from the opening to the start of the round that the commit names.
    pub round_start: u64,
}

/// Whoever is drawn in a later round could not have begun before it. Times of past heights are unknown to a contract, so
/// the start of the round is put between the two known times as its height lies between theirs.
pub fn actual_ms(elapsed: &Elapsed) -> u64 {
    if elapsed.blocks == 0 {
        return 0;
    }
    let worked = u128::from(elapsed.blocks.saturating_sub(elapsed.round_start));
    let ms = u128::from(elapsed.ns) * worked / u128::from(elapsed.blocks) / NS_PER_MS;
    u64::try_from(ms).unwrap_or(u64::MAX)
}

pub fn speed(params: &LifecycleParams, actual_ms: u64, expected_ms: u64) -> Speed {
    let actual = u128::from(actual_ms) * PPM;
    let limit = |factor_ppm: u32| u128::from(expected_ms) * u128::from(factor_ppm);
    if actual > limit(params.non_response_factor_ppm) {
        return Speed::NonResponse;
    }
    match actual > limit(params.timeout_factor_ppm) {
        true => Speed::Slow,
        false => Speed::InTime,
    }
}
