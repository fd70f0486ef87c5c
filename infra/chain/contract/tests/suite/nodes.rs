//! Registration, bonds and models.

use cosmwasm_std::{Binary, Uint128};
use cw_multi_test::IntoBech32;
use quorate_contract::msg::*;

use crate::prover::SecretKey;
use crate::world::*;

fn register(seed: &str) -> ExecuteMsg {
    ExecuteMsg::RegisterNode {
        vrf_pubkey: Binary::from(SecretKey::new(seed.as_bytes()).public),
    }
}

fn unbond(amount: u128) -> ExecuteMsg {
    ExecuteMsg::Unbond {
        amount: Uint128::new(amount),
    }
}

#[test]
fn registration() {
    let mut world = World::empty(params());
    let node = "a".into_bech32();
    world.fund(&node, RICH);
    let thief = "thief".into_bech32();
    world.fund(&thief, RICH);
    refused(
        world.exec(&node, &register("a"), 49_999),
        "bond of 49999 is below the minimum 50000",
    );
    refused(world.exec(&node, &register("a"), 0), "got nothing");
    for (key, text) in [([0; 32], "low order"), ([0xff; 32], "no canonical point")] {
        let msg = ExecuteMsg::RegisterNode {
            vrf_pubkey: Binary::from(key),
        };
        refused(world.exec(&node, &msg, BOND), text);
    }
    let short = ExecuteMsg::RegisterNode {
        vrf_pubkey: Binary::from([1; 31]),
    };
    refused(world.exec(&node, &short, BOND), "32 bytes, got 31");
    refused(world.exec(&node, &ExecuteMsg::Bond {}, 5), "unknown node");
    world.exec(&node, &register("a"), 50_000).unwrap();
    refused(world.exec(&node, &register("b"), BOND), "is registered already");
    refused(world.exec(&thief, &register("a"), BOND), "vrf key belongs to node");
    world.exec(&node, &ExecuteMsg::Bond {}, 5).unwrap();
    let address = node.to_string();
    let view: NodeResponse = world.ask_contract(&QueryMsg::Node { address });
    assert_eq!((view.bond.u128(), view.reputation), (50_005, 1_000));
    assert_eq!(world.totals().bonds.u128(), 50_005);
}

#[test]
fn unbonding_waits_and_is_paid_once() {
    let mut world = World::new(1);
    let node = world.nodes[0].addr.clone();
    refused(world.exec(&node, &unbond(0), 0), "allowed are 1 to 100000");
    refused(world.exec(&node, &unbond(BOND + 1), 0), "allowed are 1 to 100000");
    refused(world.exec(&node, &ExecuteMsg::Withdraw {}, 0), "nothing is unbonding");
    world.exec(&node, &unbond(10), 0).unwrap();
    world.exec(&node, &unbond(20), 0).unwrap();
    let release = world.height() + 1_000;
    let expected = [Unbonding {
        amount: Uint128::new(30),
        release_height: release,
    }];
    assert_eq!(world.node(0).unbonding, expected);
    let before = world.balance(&node);
    world.go_to(release - 1);
    let early = world.exec(&node, &ExecuteMsg::Withdraw {}, 0);
    refused(early, &format!("the next release is at {release}"));
    world.exec(&node, &unbond(5), 0).unwrap();
    world.go_to(release);
    world.exec(&node, &ExecuteMsg::Withdraw {}, 0).unwrap();
    assert_eq!(world.balance(&node), before + 30);
    assert_eq!(world.node(0).unbonding.len(), 1);
    assert!(world.exec(&node, &ExecuteMsg::Withdraw {}, 0).is_err());
}

#[test]
fn the_number_of_unbonding_amounts_is_bounded() {
    let mut world = World::new(1);
    let node = world.nodes[0].addr.clone();
    for _ in 0..32 {
        world.exec(&node, &unbond(1), 0).unwrap();
        world.advance(1);
    }
    refused(
        world.exec(&node, &unbond(1), 0),
        "32 amounts are unbonding already, at most 32 may",
    );
}

#[test]
fn weight_follows_the_bond() {
    let mut world = World::new(1);
    let node = world.nodes[0].addr.clone();
    let total = |world: &World| -> u128 {
        let model = world.model.clone();
        let view: ModelResponse = world.ask_contract(&QueryMsg::Model { model });
        view.total_weight.u128()
    };
    assert_eq!(total(&world), 100_000_000);
    world.exec(&node, &unbond(50_000), 0).unwrap();
    assert_eq!(total(&world), 50_000_000);
    world.exec(&node, &unbond(1), 0).unwrap();
    assert_eq!(total(&world), 0, "below the minimum");
    world.exec(&node, &ExecuteMsg::Bond {}, 5_000_000).unwrap();
    assert_eq!(total(&world), 1_000_000_000, "capped");
    let model = world.model.clone();
    world.exec(&node, &ExecuteMsg::Unserve { model }, 0).unwrap();
    assert_eq!(total(&world), 0);
}

#[test]
fn serving() {
    let mut world = World::new(1);
    let (node, asker, model) = (world.nodes[0].addr.clone(), world.asker.clone(), world.model.clone());
    let serve = |model: &Binary| ExecuteMsg::Serve {
        model: model.clone(),
        trial: None,
    };
    let unserve = |model: &Binary| ExecuteMsg::Unserve { model: model.clone() };
    refused(world.exec(&node, &serve(&model), 0), "serves model");
    refused(world.exec(&asker, &serve(&model), 0), "unknown node");
    let unknown = Binary::from([9; 32]);
    refused(world.exec(&node, &serve(&unknown), 0), "unknown model");
    refused(world.exec(&node, &unserve(&unknown), 0), "does not serve model");
    world.exec(&node, &unserve(&model), 0).unwrap();
    refused(world.exec(&node, &unserve(&model), 0), "does not serve model");
    for i in 0..64 {
        let model = world.register_model(&format!("m{i}"), Rule::Exact {}, windows());
        world.exec(&node, &serve(&model), 0).unwrap();
    }
    refused(
        world.exec(&node, &serve(&model), 0),
        "serves 64 models already, at most 64",
    );
    assert_eq!(world.node(0).models.len(), 64);
    let model = world.node(0).models[0].clone();
    world.exec(&node, &unserve(&model), 0).unwrap();
    let withdraw = ExecuteMsg::WithdrawModel { model: model.clone() };
    refused(world.exec(&node, &withdraw, 0), "only its owner");
    world.exec(&asker, &withdraw, 0).unwrap();
    refused(world.exec(&asker, &withdraw, 0), "is withdrawn");
    refused(world.exec(&node, &serve(&model), 0), "is withdrawn");
    refused(world.exec(&node, &unserve(&Binary::from([1; 3])), 0), "does not serve");
}
