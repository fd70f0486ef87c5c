//! Who is named, and how often one is challenged.

use cosmwasm_std::Uint128;
use proptest::prelude::*;
use quorate_contract::frame::sha256;
use quorate_contract::limits::MAX_AMOUNT;
use quorate_contract::msg::*;
use quorate_contract::session_rules::{chosen_answer, draw_alpha, is_challenged, payment, pick, premium};
use quorate_contract::vrf;

use crate::session_chat::*;
use crate::world::*;

fn amounts(weights: &[u128]) -> Vec<Uint128> {
    weights.iter().map(|weight| Uint128::new(*weight)).collect()
}

fn lots() -> impl Iterator<Item = [u8; 32]> {
    (0u32..20_000).map(|i| sha256(&i.to_be_bytes()))
}

/// Five standard deviations of a binomial count.
fn is_near(count: usize, tries: usize, chance: f64) -> bool {
    let (mean, n) = (tries as f64 * chance, tries as f64);
    (count as f64 - mean).abs() < 5.0 * (n * chance * (1.0 - chance)).sqrt()
}

#[test]
fn agents_are_named_in_proportion_to_their_weight() {
    let weights = amounts(&[1_000_000, 0, 3_000_000, 6_000_000]);
    let mut counts = [0usize; 4];
    for lot in lots() {
        counts[pick(&lot, &weights).unwrap().unwrap()] += 1;
    }
    assert_eq!(counts[1], 0);
    for (place, chance) in [(0, 0.1), (2, 0.3), (3, 0.6)] {
        assert!(is_near(counts[place], 20_000, chance), "{counts:?}");
    }
}

#[test]
fn challenges_come_at_their_rate_and_choose_every_answer_alike() {
    for ppm in [10_000, 100_000, 500_000] {
        let count = lots().filter(|lot| is_challenged(lot, ppm).unwrap()).count();
        assert!(is_near(count, 20_000, f64::from(ppm) / 1e6), "{count} at {ppm} ppm");
    }
    assert_eq!(lots().filter(|lot| is_challenged(lot, 0).unwrap()).count(), 0);
    assert_eq!(lots().filter(|lot| !is_challenged(lot, 1_000_000).unwrap()).count(), 0);
    let challenged: Vec<_> = lots().filter(|lot| is_challenged(lot, 500_000).unwrap()).collect();
    for answer in 0..5 {
        let count = challenged
            .iter()
            .filter(|lot| chosen_answer(*lot, 5).unwrap() == answer)
            .count();
        assert!(is_near(count, challenged.len(), 0.2), "answer {answer}: {count}");
    }
}

#[test]
fn the_contract_names_whom_the_proof_names() {
    let mut world = World::with_agents(params(), 4);
    let mut order: Vec<_> = world.nodes.iter().map(|node| node.addr.clone()).collect();
    order.sort();
    for i in 0..8 {
        let (chat, agent) = world.chat(&format!("chat {i}"));
        let session = world.session(&chat);
        let alpha = draw_alpha(&session.seed);
        let beta = vrf::verify(&chat.vrf.public, &alpha, &chat.vrf.prove(&alpha)).unwrap();
        let weights: Vec<Uint128> = order
            .iter()
            .map(|addr| {
                let node: NodeResponse = world.ask_contract(&QueryMsg::Node {
                    address: addr.to_string(),
                });
                node.bond * Uint128::from(node.reputation)
            })
            .collect();
        let expected = pick(&beta, &weights).unwrap().unwrap();
        assert_eq!(world.nodes[agent].addr, order[expected]);
        world.advance(1);
    }
}

/// What an agent does after the lock moves nobody's share of the draw.
#[test]
fn the_draw_is_made_from_the_agents_at_the_lock() {
    for shuffle in 0..6 {
        let name = format!("chat {shuffle}");
        let drawn = |moves: bool| {
            let mut world = World::with_agents(params(), 3);
            let (chat, bonder) = (Chat::new(&name), world.nodes[2].addr.clone());
            world.lock(&chat).unwrap();
            if moves {
                world.withdraw_service(0).unwrap();
                world.announce(1, PRICE_IN + 1, PRICE_OUT).unwrap();
                world.exec(&bonder, &ExecuteMsg::Bond {}, 900_000).unwrap();
                let late = world.add_node(BOND);
                world.announce(late, 0, 0).unwrap();
            }
            world.advance(if moves { 3 } else { 1 });
            world.register_session(&chat).unwrap();
            world.session(&chat).agent
        };
        assert_eq!(drawn(true), drawn(false), "{name}");
    }
}

#[test]
fn only_who_works_for_the_price_is_drawn() {
    let mut world = World::with_agents(params(), 3);
    world.announce(0, PRICE_IN + 1, 0).unwrap();
    world.announce(1, 0, PRICE_OUT + 1).unwrap();
    world.advance(1);
    for i in 0..6 {
        assert_eq!(world.chat(&format!("chat {i}")).1, 2);
    }
    world.withdraw_service(2).unwrap();
    let chat = Chat::new("same block");
    world.lock(&chat).unwrap();
    world.advance(1);
    let chat = Chat::new("late");
    refused(world.lock(&chat), "no agent serves model");
}

proptest! {
    #[test]
    fn the_named_one_has_the_point_within_its_share(
        head: u128,
        weights in prop::collection::vec(0..1u128 << 114, 1..12),
    ) {
        let beta = [head.to_be_bytes(), [0; 16]].concat();
        let found = pick(&beta, &amounts(&weights)).unwrap();
        let total: u128 = weights.iter().sum();
        prop_assert_eq!(found.is_none(), total == 0);
        if let Some(place) = found {
            let before: u128 = weights[..place].iter().sum();
            let wide = |n: u128| cosmwasm_std::Uint512::from(n);
            let point = (wide(head) * wide(total)) >> 128;
            prop_assert!(point >= wide(before) && point < wide(before + weights[place]));
        }
    }

    #[test]
    fn a_payment_is_the_formula_up_to_the_lock(
        tokens: [u64; 2],
        prices in [0..=MAX_AMOUNT.u128(), 0..=MAX_AMOUNT.u128()],
        lock in 1..=MAX_AMOUNT.u128(),
    ) {
        let wide = |n: u128| cosmwasm_std::Uint512::from(n);
        let due = (wide(tokens[0].into()) * wide(prices[0]) + wide(tokens[1].into()) * wide(prices[1])) / wide(1_000_000);
        let found = payment(tokens[0], tokens[1], prices[0].into(), prices[1].into(), lock.into()).unwrap();
        prop_assert_eq!(wide(found.u128()), due.min(wide(lock)));
    }

    #[test]
    fn a_premium_is_the_expected_cost(ppm in 0u32..=1_000_000, fee in 0..=1u128 << 104) {
        let found = premium(ppm, Uint128::new(fee)).unwrap().u128();
        let exact = u128::from(ppm) * fee;
        prop_assert!(found * 1_000_000 >= exact && found * 1_000_000 < exact + 1_000_000);
        prop_assert!(found <= fee);
    }
}
