//! Money, reputation, weights, ranks and the draw as pure rules.

use cosmwasm_std::{Uint128, Uint256};
use proptest::prelude::*;
use quorate_contract::draw::{qualifies, round_at};
use quorate_contract::limits::{MAX_AGEING, MAX_AMOUNT};
use quorate_contract::money::*;
use quorate_contract::sigmoid::SIGMOID_PPM;

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-(8.0 * x - 3.5)).exp()) + 0.010987
}

#[test]
fn the_table_is_the_sigmoid() {
    for (step, ppm) in SIGMOID_PPM.iter().enumerate() {
        let exact = sigmoid(step as f64 / 100.0) * 1e6;
        assert!(
            (exact - f64::from(*ppm)).abs() <= 1.0,
            "{exact} at {step}, table says {ppm}"
        );
    }
    assert!(SIGMOID_PPM.is_sorted(), "interpolation relies on it");
}

#[test]
fn shares() {
    for (reputation, ppm) in [(0, 608_059), (100, 608_059), (10_000, 800_000), (20_000, 800_000)] {
        assert_eq!(share_ppm(reputation), ppm);
    }
    for reputation in 100..=10_000 {
        let exact = 600_000.0 + 200_000.0 * sigmoid((f64::from(reputation) - 100.0) / 9_900.0);
        let found = f64::from(share_ppm(reputation));
        // Linear between the steps: the curve bends at most 20 ppm of a share away.
        assert!(
            (exact - found).abs() < 20.0,
            "{found} for {reputation}, exactly {exact}"
        );
    }
}

#[test]
fn reputation_moves_and_stays_within_bounds() {
    assert_eq!(after_success(1_000), 1_010);
    assert_eq!(after_success(100), 101);
    assert_eq!(after_success(9_999), 10_000);
    assert_eq!(after_fault(1_000), 800);
    assert_eq!(after_fault(999), 799);
    assert_eq!(after_fault(101), 100);
    for reputation in 100..=10_000 {
        assert!((reputation + 1..=10_000).contains(&after_success(reputation)) || reputation == 10_000);
        assert!((100..=reputation).contains(&after_fault(reputation)));
    }
}

#[test]
fn an_agent_and_the_dust() {
    let cut = cut(Uint128::new(1_001), &[1_000, 1_000], true).unwrap();
    let share = u128::from(share_ppm(1_000));
    assert_eq!(cut.winners, [Uint128::new(500 * share / 1_000_000); 2]);
    assert_eq!(cut.agent.u128(), 100);
    assert_eq!(cut.pool.u128(), 1_001 - 100 - 2 * (500 * share / 1_000_000));
}

#[test]
fn rounds() {
    for (blocks, round) in [(0, 0), (4, 0), (5, 1), (79, 15), (80, 16), (81, 16), (u64::MAX - 7, 16)] {
        assert_eq!(round_at(7, 5, 7 + blocks), round, "after {blocks} blocks");
    }
}

fn beta(head: u64) -> [u8; 64] {
    let mut beta = [0; 64];
    beta[..8].copy_from_slice(&head.to_be_bytes());
    beta
}

#[test]
fn the_draw_at_its_edges() {
    // A quarter of the weight, one seat: below 2^62.
    let quarter = |head, round| qualifies(&beta(head), 4_000, 1, 1_000, round).unwrap();
    assert!(quarter((1 << 62) - 1, 0));
    assert!(!quarter(1 << 62, 0));
    assert!(quarter((1 << 63) - 1, 1));
    assert!(!quarter(1 << 63, 1));
    assert!(quarter(u64::MAX, 2));
    assert!(!qualifies(&beta(0), 4_000, 1, 0, 16).unwrap());
    assert!(qualifies(&beta(0), 0, 1, 1, 0).unwrap());
    let heavy = MAX_AMOUNT.u128() * 10_000;
    assert!(qualifies(&beta(u64::MAX), heavy, 11, heavy, 16).unwrap());
}

proptest! {
    #[test]
    fn shares_add_up_to_the_fee(
        fee in 0..=MAX_AMOUNT.u128(),
        reputations in prop::collection::vec(100u32..=10_000, 1..=21),
        agent: bool,
    ) {
        let cut = cut(Uint128::new(fee), &reputations, agent).unwrap();
        let paid: u128 = cut.winners.iter().map(|amount| amount.u128()).sum();
        prop_assert_eq!(paid + cut.agent.u128() + cut.pool.u128(), fee);
        prop_assert!(paid <= fee * 8 / 10);
        prop_assert!(cut.pool.u128() >= fee / 10);
    }

    #[test]
    fn the_rank_key_orders_as_the_rank(
        fees in [0..=MAX_AMOUNT.u128(), 0..=MAX_AMOUNT.u128()],
        heights in [0..u64::MAX, 0..u64::MAX],
        ageing in 0..=MAX_AGEING.u128(),
    ) {
        let key = |i: usize| {
            rank_key(Uint128::new(fees[i]), Uint128::new(ageing), heights[i], MAX_AMOUNT).unwrap()
        };
        let rank = |i: usize| fees[i] as i128 - (ageing as i128) * i128::from(heights[i]);
        prop_assert_eq!(key(0).cmp(&key(1)), rank(1).cmp(&rank(0)));
    }

    #[test]
    fn the_draw_is_the_stated_inequality(head: u64, total in 1u64.., weight: u64, seats in 1u32..=11, round in 0u32..=16) {
        let wide = |n: u64| Uint256::from(n);
        let left = wide(head) * wide(total);
        let right = (wide(weight) * Uint256::from(seats)) << (round + 64);
        let found = qualifies(&beta(head), total.into(), seats, weight.into(), round).unwrap();
        prop_assert_eq!(found, left < right);
    }

    #[test]
    fn weights(bond in 0..=MAX_AMOUNT.u128(), reputation in 100u32..=10_000) {
        let (min, cap) = (Uint128::new(1_000), Uint128::new(1 << 60));
        let found = weight(Uint128::new(bond), min, cap, reputation).unwrap().u128();
        let expected = if bond < 1_000 { 0 } else { bond.min(1 << 60) * u128::from(reputation) };
        prop_assert_eq!(found, expected);
    }
}
