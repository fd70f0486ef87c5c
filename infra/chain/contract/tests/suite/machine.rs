//! Random sequences of messages on the contract and on a small model of the protocol: every message is accepted by both or refused
//! by both, and balances, phases and seats are the same afterwards. `World` checks after every message that the books balance.

use cosmwasm_std::Addr;
use proptest::prelude::*;
use quorate_contract::draw::qualifies;
use quorate_contract::msg::*;
use quorate_contract::{hash, vrf};

use crate::messages::*;
use crate::reference::Reference;
use crate::world::*;

/// 100,000 messages in all.
const CASES: u32 = 1_000;
const STEPS: usize = 100;
const MOST_OPEN: usize = 2;

/// Whether the node qualifies now, by the weights that the contract holds.
fn drawn(world: &World, node: usize, id: u64) -> bool {
    let msg = QueryMsg::Draw {
        query_id: id,
        node: world.nodes[node].addr.to_string(),
    };
    let Ok(draw) = world.try_query::<DrawResponse>(&msg) else {
        return false;
    };
    let proof = world.proof(node, &draw.seed, draw.round);
    let alpha = hash::alpha(&draw.seed, draw.round);
    let beta = vrf::verify(&draw.vrf_pubkey, &alpha, &proof).unwrap();
    let (total, weight) = (draw.total_weight.u128(), draw.weight.u128());
    weight > 0 && qualifies(&beta, total, draw.seats, weight, draw.round).unwrap()
}

/// Sends the message to both; they agree whether it is accepted. @returns the query that it was about
fn take(world: &mut World, model: &mut Reference, step: &Step) -> Option<usize> {
    let height = world.height();
    let place = about(step, model.queries.len());
    let drawn = matches!((step, place), (Step::Commit { node, .. }, Some(id)) if drawn(world, *node, id as u64 + 1));
    let accepted = send(world, step, model.queries.len());
    let expected = match (step, place) {
        (Step::Ask { seats, tip, agent }, _) => {
            model.ask(fee(*seats, *tip), *seats as usize, *agent, height);
            true
        }
        (Step::Commit { node, says, .. }, Some(id)) => model.commit(id, *node, *says, drawn, height),
        (Step::Reveal { node, says, .. }, Some(id)) => model.reveal(id, *node, *says, height),
        (Step::Settle { .. }, Some(id)) => model.settle(id, height),
        (Step::Expire { .. }, Some(id)) => model.expire(id, height),
        (Step::Bond { node, amount }, _) => model.bond(*node, *amount),
        (Step::Unbond { node, amount }, _) => model.unbond(*node, *amount, height),
        (Step::Withdraw { node }, _) => model.withdraw(*node, height),
        // Whom a model's total counts is what the draw is made of: `check_sums`.
        (Step::Serve { .. } | Step::Advance { .. }, _) => accepted,
        // About a query, and nobody has asked.
        (_, None) => false,
    };
    assert_eq!(accepted, expected, "{step:?} at {height}, query {place:?}");
    place
}

fn same_money(world: &World, model: &Reference, begun: &[i128]) {
    let totals = world.totals();
    assert_eq!(totals.bonds.u128(), model.bonds());
    assert_eq!(totals.fees.u128(), model.fees());
    assert_eq!(totals.pool.u128(), model.pool);
    let expected: Vec<i128> = wallets(model)
        .zip(begun)
        .map(|(change, before)| before + change)
        .collect();
    assert_eq!(balances(world), expected);
}

/// Of asker, friend and nodes.
fn balances(world: &World) -> Vec<i128> {
    let nodes = world.nodes.iter().map(|node| node.addr.clone());
    let all = [world.asker.clone(), friend()].into_iter().chain(nodes);
    all.map(|address| world.balance(&address) as i128).collect()
}

fn wallets(model: &Reference) -> impl Iterator<Item = i128> + '_ {
    [model.asker, model.friend]
        .into_iter()
        .chain(model.wallets.iter().copied())
}

fn same_query(world: &World, model: &Reference, id: usize) {
    let query = world.query(id as u64 + 1);
    assert_eq!(query.phase, model.phase(id, world.height()), "query {id}");
    let seats: Vec<(&Addr, SeatOutcome)> = model.queries[id]
        .attempt
        .iter()
        .flat_map(|attempt| &attempt.seats)
        .map(|seat| (&world.nodes[seat.node].addr, seat.outcome))
        .collect();
    let found = world.seats(id as u64 + 1);
    let found: Vec<_> = found.iter().map(|seat| (&seat.node, seat.outcome)).collect();
    assert_eq!(found, seats, "query {id}");
}

fn same_nodes(world: &World, model: &Reference) {
    for (place, node) in model.nodes.iter().enumerate() {
        let found = world.node(place);
        let parts: Vec<(u64, u128)> = found
            .unbonding
            .iter()
            .map(|part| (part.release_height, part.amount.u128()))
            .collect();
        assert_eq!(
            (found.bond.u128(), parts, found.reputation),
            (node.bond, node.unbonding.clone(), node.reputation)
        );
    }
}

/// Every place is taken while anybody waits.
fn check_open(world: &World) {
    check_sums(world, MOST_OPEN);
    let queries = live(world);
    let open = queries.iter().filter(|query| query.opening.is_some()).count();
    assert_eq!(open, MOST_OPEN.min(queries.len()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, ..ProptestConfig::default() })]

    #[test]
    fn a_small_model_says_the_same_after_every_message(steps in prop::collection::vec(step(), STEPS)) {
        let params = Params { max_open: MOST_OPEN as u32, ..params() };
        let mut world = World::with(params.clone(), Rule::Exact {}, NODES);
        let mut model = Reference::new(params, windows(), NODES, BOND);
        let begun = balances(&world);
        for (i, step) in steps.iter().enumerate() {
            let about = take(&mut world, &mut model, step);
            same_money(&world, &model, &begun);
            if let Some(id) = about {
                same_query(&world, &model, id);
            }
            if i % 20 == 0 {
                same_nodes(&world, &model);
                check_open(&world);
            }
        }
        drain(&mut world, |world, id, phase| {
            let height = world.height();
            assert!(if phase == Phase::Settle { model.settle(id, height) } else { model.expire(id, height) });
        });
        same_money(&world, &model, &begun);
        same_nodes(&world, &model);
        check_open(&world);
        for id in 0..model.queries.len() {
            same_query(&world, &model, id);
        }
    }
}
