//! Random messages about queries, nodes and bonds.

use cosmwasm_std::{Addr, Uint128};
use cw_multi_test::IntoBech32;
use proptest::prelude::*;
use proptest::sample::Index;
use quorate_contract::msg::*;

use crate::reference::Agent;
use crate::world::*;

pub const NODES: usize = 5;

#[derive(Clone, Debug)]
pub enum Step {
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

pub fn step() -> impl Strategy<Value = Step> {
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

pub fn friend() -> Addr {
    "friend".into_bech32()
}

fn answer(says_a: bool) -> Answer {
    says(if says_a { "a" } else { "b" })
}

/// Place of the query that a message is about; none while nobody asked.
pub fn about(step: &Step, asked: usize) -> Option<usize> {
    match step {
        Step::Ask { .. } => Some(asked),
        Step::Commit { query, .. } | Step::Reveal { query, .. } | Step::Settle { query } | Step::Expire { query } => {
            (asked > 0).then(|| query.index(asked))
        }
        _ => None,
    }
}

/// Whether the contract accepts it.
pub fn send(world: &mut World, step: &Step, asked: usize) -> bool {
    let id = about(step, asked).map_or(1, |place| place as u64 + 1);
    let from = |world: &mut World, node: usize, msg: ExecuteMsg, funds: u128| {
        let sender = world.nodes[node].addr.clone();
        world.exec(&sender, &msg, funds).is_ok()
    };
    match step {
        Step::Ask { seats, tip, agent } => {
            let mut msg = world.ask_msg(*seats);
            msg.agent = match agent {
                Agent::None => None,
                Agent::Friend => Some(friend().to_string()),
                Agent::Blocked => Some(blocked().to_string()),
            };
            msg.callback = (*agent == Agent::Blocked).then(|| blocked().to_string());
            world.ask_with(msg, fee(*seats, *tip)).is_ok()
        }
        Step::Commit { node, says, .. } => {
            let draw = QueryMsg::Draw {
                query_id: id,
                node: world.nodes[*node].addr.to_string(),
            };
            // Without a draw there is no proof to send.
            world.try_query::<DrawResponse>(&draw).is_ok() && world.commit(*node, id, &answer(*says)).is_ok()
        }
        Step::Reveal { node, says, .. } => {
            let known = world.try_query::<QueryResponse>(&QueryMsg::Query { id }).is_ok();
            known && world.reveal(*node, id, &answer(*says)).is_ok()
        }
        Step::Settle { .. } => world.settle(id).is_ok(),
        Step::Expire { .. } => world.expire(id).is_ok(),
        Step::Advance { blocks } => {
            world.advance(*blocks);
            true
        }
        Step::Bond { node, amount } => from(world, *node, ExecuteMsg::Bond {}, *amount),
        Step::Unbond { node, amount } => {
            let amount = Uint128::new(*amount);
            from(world, *node, ExecuteMsg::Unbond { amount }, 0)
        }
        Step::Withdraw { node } => from(world, *node, ExecuteMsg::Withdraw {}, 0),
        Step::Serve { node, serves } => {
            let model = world.model.clone();
            let msg = match serves {
                true => ExecuteMsg::Serve { model, trial: None },
                false => ExecuteMsg::Unserve { model },
            };
            from(world, *node, msg, 0)
        }
    }
}

pub fn fee(seats: u32, tip: u128) -> u128 {
    PRICE * u128::from(seats) + tip
}

pub fn live(world: &World) -> Vec<QueryResponse> {
    let limit = Some(100);
    let answer: LiveResponse = world.ask_contract(&QueryMsg::Live {
        start_after: None,
        limit,
    });
    answer.queries
}

/// The totals that are kept by differences equal the sums over all nodes.
pub fn check_sums(world: &World, most_open: usize) {
    let answer: NodesResponse = world.ask_contract(&QueryMsg::Nodes {
        start_after: None,
        limit: None,
    });
    let governance: GovernanceResponse = world.ask_contract(&QueryMsg::Governance {});
    let ParamsResponse { params, .. } = world.ask_contract(&QueryMsg::Params {});
    let (mut bonds, mut weight) = (0, 0);
    for node in &answer.nodes {
        let waiting: u128 = node.unbonding.iter().map(|part| part.amount.u128()).sum();
        bonds += node.bond.u128() + waiting;
        let counts = !node.models.is_empty() && node.bond >= params.min_bond;
        let capped = node.bond.min(params.bond_cap).u128();
        weight += if counts {
            capped * u128::from(node.reputation) / (1 + u128::from(node.tier == Tier::Probation))
        } else {
            0
        };
        assert!((100..=10_000).contains(&node.reputation));
    }
    assert_eq!(world.totals().bonds.u128(), bonds);
    let model: ModelResponse = world.ask_contract(&QueryMsg::Model {
        model: world.model.clone(),
    });
    // While a change is being carried to all nodes, some have the old weights.
    if !governance.reweighing {
        assert_eq!(model.total_weight.u128(), weight);
    }
    let queries = live(world);
    let fees: u128 = queries.iter().map(|query| query.fee.u128()).sum();
    assert_eq!(world.totals().fees.u128(), fees);
    let open = queries.iter().filter(|query| query.opening.is_some()).count();
    assert!(
        open <= most_open && (open > 0 || queries.is_empty()),
        "{open} of {} open",
        queries.len()
    );
}

/// Takes every query to its end: a phase that says `settle` or `expire` is a promise, and one block later all money is free.
pub fn drain(world: &mut World, mut ended: impl FnMut(&World, usize, Phase)) {
    for _ in 0..400 {
        let queries = live(world);
        if queries.is_empty() {
            break;
        }
        for query in queries {
            // One settlement may open what had waited too long, so each phase is read anew.
            let phase = world.query(query.id).phase;
            match phase {
                Phase::Settle => world.settle(query.id).map(|_| ()).unwrap(),
                Phase::Expire => world.expire(query.id).map(|_| ()).unwrap(),
                _ => continue,
            }
            ended(world, query.id as usize - 1, phase);
        }
        world.advance(5);
    }
    assert_eq!(live(world), []);
    assert_eq!(world.totals().fees.u128(), 0);
}
