//! Any sequence of messages keeps the books balanced while governance changes the rules under live queries, and never panics.

use cosmwasm_std::Uint128;
use proptest::prelude::*;
use proptest::sample::Index;
use quorate_contract::msg::*;

use crate::world::*;

const NODES: usize = 5;

#[derive(Clone, Debug)]
enum Step {
    Ask { seats: u32, tip: u128, refuses: bool },
    Commit { node: usize, query: Index, says: u8 },
    Reveal { node: usize, query: Index, says: u8 },
    Settle { query: Index },
    Expire { query: Index },
    Advance { blocks: u64 },
    Bond { node: usize, amount: u128 },
    Unbond { node: usize, amount: u128 },
    Withdraw { node: usize },
    Serve { node: usize, serves: bool },
    Everyone { query: Index, says: u8 },
    Govern { places: u32, blocks: u64 },
    Spend { amount: u128 },
    Reweigh,
}

fn step() -> impl Strategy<Value = Step> {
    let node = 0..NODES;
    let amount = prop_oneof![1..1_000u128, Just(BOND / 2), Just(BOND)];
    prop_oneof![
        3 => (1u32..=4, 0..5_000u128, any::<bool>())
            .prop_map(|(seats, tip, refuses)| Step::Ask { seats, tip, refuses }),
        6 => (node.clone(), any::<Index>(), 0u8..4)
            .prop_map(|(node, query, says)| Step::Commit { node, query, says }),
        6 => (node.clone(), any::<Index>(), 0u8..4)
            .prop_map(|(node, query, says)| Step::Reveal { node, query, says }),
        3 => (any::<Index>(), 0u8..4).prop_map(|(query, says)| Step::Everyone { query, says }),
        4 => any::<Index>().prop_map(|query| Step::Settle { query }),
        2 => any::<Index>().prop_map(|query| Step::Expire { query }),
        5 => prop_oneof![1..4u64, 8..40u64, Just(1_001)].prop_map(|blocks| Step::Advance { blocks }),
        1 => (node.clone(), amount.clone()).prop_map(|(node, amount)| Step::Bond { node, amount }),
        2 => (node.clone(), amount).prop_map(|(node, amount)| Step::Unbond { node, amount }),
        1 => node.clone().prop_map(|node| Step::Withdraw { node }),
        1 => (1..4u32, 0..60u64).prop_map(|(places, blocks)| Step::Govern { places, blocks }),
        1 => (1..2_000u128).prop_map(|amount| Step::Spend { amount }),
        1 => Just(Step::Reweigh),
        1 => (node, any::<bool>()).prop_map(|(node, serves)| Step::Serve { node, serves }),
    ]
}

/// Three of four things said are the same.
fn answer(says_what: u8) -> Answer {
    says(if says_what == 0 { "b" } else { "a" })
}

/// Whether the message was accepted.
fn take(world: &mut World, step: &Step, asked: &mut u64) -> bool {
    let pick = |query: &Index| match *asked {
        0 => 1,
        asked => query.index(asked as usize) as u64 + 1,
    };
    let from = |world: &mut World, node: &usize, msg: ExecuteMsg, funds: u128| {
        let sender = world.nodes[*node].addr.clone();
        world.exec(&sender, &msg, funds).is_ok()
    };
    match step {
        Step::Ask { seats, tip, refuses } => {
            let mut msg = world.ask_msg(*seats);
            if *refuses {
                msg.agent = Some(blocked().to_string());
                msg.callback = Some(blocked().to_string());
            }
            world.ask_with(msg, PRICE * u128::from(*seats) + tip).unwrap();
            *asked += 1;
            true
        }
        Step::Commit { node, query, says } => {
            let id = pick(query);
            let drawn = QueryMsg::Draw {
                query_id: id,
                node: world.nodes[*node].addr.to_string(),
            };
            world.try_query::<DrawResponse>(&drawn).is_ok() && world.commit(*node, id, &answer(*says)).is_ok()
        }
        Step::Reveal { node, query, says } => {
            let id = pick(query);
            world.try_query::<QueryResponse>(&QueryMsg::Query { id }).is_ok()
                && world.reveal(*node, id, &answer(*says)).is_ok()
        }
        Step::Everyone { query, says } => {
            let steps = |node| match says % 2 {
                0 => Step::Commit {
                    node,
                    query: *query,
                    says: *says,
                },
                _ => Step::Reveal {
                    node,
                    query: *query,
                    says: *says,
                },
            };
            (0..NODES).filter(|node| take(world, &steps(*node), asked)).count() > 0
        }
        Step::Govern { places, blocks } => {
            // All that a live query lives by, and what weights follow from.
            let change = |params: &mut Params| {
                params.max_open = *places;
                params.grace_blocks = *blocks;
                params.queue_blocks = *blocks + 1;
                params.ageing_per_block = Uint128::from(*blocks);
                params.slash_ppm = *places * 100_000;
                params.bond_cap = params.min_bond + Uint128::from(*blocks) * Uint128::new(1_000);
                params.lifecycle.standard_seats = *places - 1;
            };
            world.govern(change).unwrap();
            true
        }
        Step::Spend { amount } => {
            let (admin, to) = (world.admin.clone(), world.asker.to_string());
            let amount = Uint128::new(*amount);
            world.exec(&admin, &ExecuteMsg::SpendPool { to, amount }, 0).is_ok()
        }
        Step::Reweigh => {
            let asker = world.asker.clone();
            world.exec(&asker, &ExecuteMsg::Reweigh { limit: 2 }, 0).is_ok()
        }
        Step::Settle { query } => world.settle(pick(query)).is_ok(),
        Step::Expire { query } => world.expire(pick(query)).is_ok(),
        Step::Advance { blocks } => {
            world.advance(*blocks);
            true
        }
        Step::Bond { node, amount } => from(world, node, ExecuteMsg::Bond {}, *amount),
        Step::Unbond { node, amount } => {
            let amount = Uint128::new(*amount);
            from(world, node, ExecuteMsg::Unbond { amount }, 0)
        }
        Step::Withdraw { node } => from(world, node, ExecuteMsg::Withdraw {}, 0),
        Step::Serve { node, serves } => {
            let model = world.model.clone();
            let msg = match serves {
                true => ExecuteMsg::Serve { model, trial: None },
                false => ExecuteMsg::Unserve { model },
            };
            from(world, node, msg, 0)
        }
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
        open <= 3 && (open > 0 || queries.is_empty()),
        "{open} of {} open",
        queries.len()
    );
}

/// A phase that says `settle` or `expire` is a promise.
fn drain(world: &mut World) {
    for _ in 0..400 {
        let queries = live(world);
        if queries.is_empty() {
            break;
        }
        for query in queries {
            // One settlement may open what had waited too long, so each phase is read anew.
            match world.query(query.id).phase {
                Phase::Settle => world.settle(query.id).map(|_| ()).unwrap(),
                Phase::Expire => world.expire(query.id).map(|_| ()).unwrap(),
                _ => {}
            }
        }
        world.advance(5);
    }
    assert_eq!(live(world), []);
    assert_eq!(world.totals().fees.u128(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn books_balance(steps in prop::collection::vec(step(), 60)) {
        let mut world = World::with(Params { max_open: 2, ..params() }, Rule::Exact {}, NODES);
        let mut asked = 0;
        for step in &steps {
            take(&mut world, step, &mut asked);
            check_sums(&world);
        }
        drain(&mut world);
        check_sums(&world);
    }
}
