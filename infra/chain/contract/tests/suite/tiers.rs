//! Three tiers, and the one thing that they change: the weight.

use quorate_contract::msg::*;

use crate::world::*;

fn tiered() -> World {
    let mut params = params();
    params.lifecycle.standard_seats = 1;
    params.lifecycle.standard_reputation = 700;
    World::with(params, Rule::Exact {}, 3)
}

#[test]
fn cut_offs() {
    let params = LifecycleParams {
        standard_seats: 10,
        standard_reputation: 500,
        trusted_seats: 20,
        trusted_reputation: 2_000,
        ..lifecycle()
    };
    use Tier::{Probation, Standard, Trusted};
    for (reputation, won, tier) in [
        (500, 9, Probation),
        (500, 10, Standard),
        (499, 10, Probation),
        (10_000, 9, Probation),
        (2_000, 19, Standard),
        (1_999, 20, Standard),
        (2_000, 20, Trusted),
        (499, 1_000, Probation),
    ] {
        assert_eq!(Tier::of(&params, reputation, won), tier, "{reputation} {won}");
    }
}

#[test]
fn a_new_node_draws_with_half_its_weight_until_it_has_won_its_seats() {
    let mut world = tiered();
    assert_eq!(world.node(0).tier, Tier::Probation);
    let id = world.ask(3);
    assert_eq!(world.draw(0, id).weight.u128(), BOND * 1_000 / 2);
    assert_eq!(world.draw(0, id).total_weight.u128(), 3 * BOND * 1_000 / 2);
    let response = world.play(id, &[says("a"), says("a"), says("b")]);
    assert_eq!(
        quorate_events(&response, "tier").len(),
        2,
        "the third stays on probation"
    );
    assert_eq!(attribute(&response, "tier", "from"), "probation");
    assert_eq!(attribute(&response, "tier", "to"), "standard");
    let node = world.node(0);
    assert_eq!((node.tier, node.seats_won, node.seats_settled), (Tier::Standard, 1, 1));
    let node = world.node(2);
    assert_eq!((node.tier, node.seats_won, node.seats_settled), (Tier::Probation, 0, 1));
    world.advance(1);
    let id = world.ask(3);
    assert_eq!(world.draw(0, id).weight.u128(), BOND * 1_010);
    assert_eq!(world.draw(2, id).weight.u128(), BOND * 9 / 10 * 800 / 2);
    let response = world.play(id, &[says("a"), says("a")]);
    assert_eq!(attribute(&response, "tier", "to"), "trusted");
    assert_eq!(world.node(0).tier, Tier::Trusted);
}

#[test]
fn reputation_alone_puts_a_node_back_on_probation() {
    let mut world = tiered();
    let id = world.ask(3);
    world.play(id, &[says("a"), says("a"), says("a")]);
    for _ in 0..2 {
        world.advance(1);
        let id = world.ask(3);
        world.play(id, &[says("b"), says("a"), says("a")]);
    }
    let node = world.node(0);
    assert_eq!((node.reputation, node.seats_won), (646, 1));
    assert_eq!(node.tier, Tier::Probation);
}

#[test]
fn seats_of_refunded_queries_earn_no_tier() {
    let mut world = tiered();
    let id = world.ask(3);
    for attempt in 0..3 {
        let response = world.play(id, &[says("a"), says("b"), says("c")]);
        assert_eq!(quorate_events(&response, "tier").len(), 0, "attempt {attempt}");
    }
    assert_eq!(world.query(id).phase, Phase::Refunded);
    let node = world.node(0);
    assert_eq!((node.seats_won, node.seats_settled, node.tier), (0, 3, Tier::Probation));
}
