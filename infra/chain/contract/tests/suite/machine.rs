//! Random sequences of messages on the contract and on a small model of the protocol: every message is accepted by both or refused
//! by both, and balances, phases and seats are the same afterwards. `World` checks after every message that the books balance.

use cosmwasm_std::{Addr, Uint128};
use cw_multi_test::IntoBech32;
use proptest::prelude::*;
use proptest::sample::Index;
use quorate_contract::draw::qualifies;
use quorate_contract::msg::*;
use quorate_contract::{hash, vrf};

use crate::reference::{Agent, Reference};
use crate::world::*;

const NODES: usize = 5;

/// 100,000 messages in all.
const CASES: u32 = 1_000;
const STEPS: usize = 100;

#[derive(Clone, Debug)]
enum Step {
    Ask { seats: u32, tip: u128, agent: Agent },
    Commit { node: usize, query: Index, says: bool },
    Reveal { node: usize, query: Index, says: bool },
    Settle { query: Index },
    Expire { query: Index },
    Advance { blocks: u64 },
    Bond { node: usize, amount: u128 },
    Unbond { node: usize, amount: u128 },
    Withdraw { node: usize },
    Serve { node: usize, serves: bool },
}

fn step() -> impl Strategy<Value = Step> {
    let node = 0..NODES;
    let amount = prop_oneof![1..1_000u128, Just(BOND / 2), Just(BOND)];
    let agent = prop_oneof![Just(Agent::None), Just(Agent::Friend), Just(Agent::Blocked)];
    // Three of four things said are the same.
    let says = prop::bool::weighted(0.75);
    prop_oneof![
        4 => (1u32..=4, 0..5_000u128, agent).prop_map(|(seats, tip, agent)| Step::Ask { seats, tip, agent }),
        20 => (node.clone(), any::<Index>(), says)
            .prop_map(|(node, query, says)| Step::Commit { node, query, says }),
        20 => (node.clone(), any::<Index>(), says).prop_map(|(node, query, says)| Step::Reveal { node, query, says }),
        6 => any::<Index>().prop_map(|query| Step::Settle { query }),
        3 => any::<Index>().prop_map(|query| Step::Expire { query }),
        9 => prop_oneof![6 => 1..4u64, 2 => 8..40u64, 1 => Just(1_001)].prop_map(|blocks| Step::Advance { blocks }),
        1 => (node.clone(), amount.clone()).prop_map(|(node, amount)| Step::Bond { node, amount }),
        2 => (node.clone(), amount).prop_map(|(node, amount)| Step::Unbond { node, amount }),
        1 => node.clone().prop_map(|node| Step::Withdraw { node }),
        1 => (node, any::<bool>()).prop_map(|(node, serves)| Step::Serve { node, serves }),
    ]
}

fn friend() -> Addr {
    "friend".into_bech32()
}

fn answer(says_a: bool) -> Answer {
    says(if says_a { "a" } else { "b" })
}

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
    let count = model.queries.len();
    let pick = |query: &Index| (count > 0).then(|| query.index(count));
    let from = |world: &mut World, node: usize, msg: ExecuteMsg, funds: u128| {
        let sender = world.nodes[node].addr.clone();
        world.exec(&sender, &msg, funds).is_ok()
    };
    let (accepted, expected, about) = match step {
        Step::Ask { seats, tip, agent } => {
            let mut msg = world.ask_msg(*seats);
            msg.agent = match agent {
                Agent::None => None,
                Agent::Friend => Some(friend().to_string()),
                Agent::Blocked => Some(blocked().to_string()),
            };
            msg.callback = (*agent == Agent::Blocked).then(|| blocked().to_string());
            let fee = PRICE * u128::from(*seats) + tip;
            world.ask_with(msg, fee).unwrap();
            model.ask(fee, *seats as usize, *agent, height);
            (true, true, Some(count))
        }
        Step::Commit { node, query, says } => {
            let id = pick(query)?;
            let drawn = drawn(world, *node, id as u64 + 1);
            let opened = model.queries[id].attempt.is_some();
            let accepted = opened && world.commit(*node, id as u64 + 1, &answer(*says)).is_ok();
            (accepted, model.commit(id, *node, *says, drawn, height), Some(id))
        }
        Step::Reveal { node, query, says } => {
            let id = pick(query)?;
            let accepted = world.reveal(*node, id as u64 + 1, &answer(*says)).is_ok();
            (accepted, model.reveal(id, *node, *says, height), Some(id))
        }
        Step::Settle { query } => {
            let id = pick(query)?;
            let accepted = world.settle(id as u64 + 1).is_ok();
            (accepted, model.settle(id, height), Some(id))
        }
        Step::Expire { query } => {
            let id = pick(query)?;
            let accepted = world.expire(id as u64 + 1).is_ok();
            (accepted, model.expire(id, height), Some(id))
        }
        Step::Advance { blocks } => {
            world.advance(*blocks);
            return None;
        }
        Step::Bond { node, amount } => {
            let accepted = from(world, *node, ExecuteMsg::Bond {}, *amount);
            (accepted, model.bond(*node, *amount), None)
        }
        Step::Unbond { node, amount } => {
            let msg = ExecuteMsg::Unbond {
                amount: Uint128::new(*amount),
            };
            let accepted = from(world, *node, msg, 0);
            (accepted, model.unbond(*node, *amount, height), None)
        }
        Step::Withdraw { node } => {
            let accepted = from(world, *node, ExecuteMsg::Withdraw {}, 0);
            (accepted, model.withdraw(*node, height), None)
        }
        Step::Serve { node, serves } => {
            serve(world, *node, *serves);
            return None;
        }
    };
    assert_eq!(accepted, expected, "{step:?} at {height}, query {about:?}");
    about
}

/// Whom a model's total counts is what the draw is made of, and [`check_sums`] checks it.
fn serve(world: &mut World, node: usize, serves: bool) {
    let model = world.model.clone();
    let msg = match serves {
        true => ExecuteMsg::Serve { model, trial: None },
        false => ExecuteMsg::Unserve { model },
    };
    let sender = world.nodes[node].addr.clone();
    let _ = world.exec(&sender, &msg, 0);
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

fn live(world: &World) -> Vec<QueryResponse> {
    let limit = Some(100);
    let answer: LiveResponse = world.ask_contract(&QueryMsg::Live {
        start_after: None,
        limit,
    });
    answer.queries
}

/// The totals that are kept by differences equal the sums over all nodes.
fn check_sums(world: &World) {
    let answer: NodesResponse = world.ask_contract(&QueryMsg::Nodes {
        start_after: None,
        limit: None,
    });
    let (mut bonds, mut weight) = (0, 0);
    for node in &answer.nodes {
        let waiting: u128 = node.unbonding.iter().map(|part| part.amount.u128()).sum();
        bonds += node.bond.u128() + waiting;
        let counts = !node.models.is_empty() && node.bond >= params().min_bond;
        let capped = node.bond.min(params().bond_cap).u128();
        weight += if counts {
            capped * u128::from(node.reputation)
        } else {
            0
        };
        assert!((100..=10_000).contains(&node.reputation));
    }
    assert_eq!(world.totals().bonds.u128(), bonds);
    let model: ModelResponse = world.ask_contract(&QueryMsg::Model {
        model: world.model.clone(),
    });
    assert_eq!(model.total_weight.u128(), weight);
    let queries = live(world);
    let fees: u128 = queries.iter().map(|query| query.fee.u128()).sum();
    assert_eq!(world.totals().fees.u128(), fees);
    let open = queries.iter().filter(|query| query.opening.is_some()).count();
    assert!(
        open <= 2 && (open == 2 || open == queries.len()),
        "{open} of {} open",
        queries.len()
    );
}

/// Takes every query to its end: a phase that says `settle` or `expire` is a promise, and one block later all money is free.
fn drain(world: &mut World, model: &mut Reference) {
    for _ in 0..400 {
        let queries = live(world);
        if queries.is_empty() {
            break;
        }
        for query in queries {
            // One settlement may open what had waited too long, so each phase is read anew.
            let id = query.id as usize - 1;
            match world.query(query.id).phase {
                Phase::Settle => {
                    world.settle(query.id).unwrap();
                    assert!(model.settle(id, world.height()));
                }
                Phase::Expire => {
                    world.expire(query.id).unwrap();
                    assert!(model.expire(id, world.height()));
                }
                _ => {}
            }
        }
        world.advance(5);
    }
    assert_eq!(live(world), []);
    assert_eq!(world.totals().fees.u128(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, ..ProptestConfig::default() })]

    #[test]
    fn a_small_model_says_the_same_after_every_message(steps in prop::collection::vec(step(), STEPS)) {
        let params = Params { max_open: 2, ..params() };
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
                check_sums(&world);
            }
        }
        drain(&mut world, &mut model);
        same_money(&world, &model, &begun);
        same_nodes(&world, &model);
        check_sums(&world);
        for id in 0..model.queries.len() {
            same_query(&world, &model, id);
        }
    }
}
