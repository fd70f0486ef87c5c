//! Who may govern, within which bounds, and what it costs nobody.

use cosmwasm_std::Uint128;
use cw_multi_test::IntoBech32;
use quorate_contract::msg::*;

use crate::world::*;

fn governance(world: &World) -> GovernanceResponse {
    world.ask_contract(&QueryMsg::Governance {})
}

fn spend(to: &str, amount: u128) -> ExecuteMsg {
    ExecuteMsg::SpendPool {
        to: to.to_string(),
        amount: Uint128::new(amount),
    }
}

/// A settled query leaves something in the pool.
fn with_pool() -> (World, u128) {
    let mut world = World::new(1);
    let id = world.ask(1);
    world.play(id, &[says("a")]);
    let pool = world.totals().pool.u128();
    assert!(pool > 2);
    (world, pool)
}

#[test]
fn only_the_admin_governs() {
    let (mut world, _) = with_pool();
    let to = world.asker.to_string();
    for msg in [
        ExecuteMsg::UpdateParams { params: params() },
        ExecuteMsg::ProposeAdmin { admin: to.clone() },
        spend(&to, 1),
    ] {
        for sender in [world.asker.clone(), world.nodes[0].addr.clone(), world.contract.clone()] {
            refused(world.exec(&sender, &msg, 0), "only the admin");
        }
        let admin = world.admin.clone();
        world.fund(&admin, 10);
        refused(world.exec(&admin, &msg, 5), "expected no funds");
        world.exec(&admin, &msg, 0).unwrap();
    }
}

#[test]
fn parameters_stay_within_their_bounds() {
    let mut world = World::new(0);
    refused(
        world.govern(|params| params.max_seats = 12),
        "max_seats must be 1 to 11",
    );
    refused(world.govern(|params| params.slash_ppm = 1_000_001), "slash_ppm");
    refused(
        world.govern(|params| params.min_bond = params.bond_cap + Uint128::one()),
        "min_bond",
    );
    refused(
        world.govern(|params| params.lifecycle.cooldown_blocks = 0),
        "lifecycle.cooldown_blocks",
    );
    let answer: ParamsResponse = world.ask_contract(&QueryMsg::Params {});
    assert_eq!(answer.params, params());
    let response = world.govern(|params| params.max_seats = 5).unwrap();
    assert!(attribute(&response, "params", "params").contains("\"max_seats\":5"));
    let answer: ParamsResponse = world.ask_contract(&QueryMsg::Params {});
    assert_eq!((answer.params.max_seats, answer.denom.as_str()), (5, DENOM));
}

#[test]
fn unbonding_outlasts_the_longest_registered_model() {
    let mut world = World::new(0);
    assert_eq!(governance(&world).longest_query_blocks, 90);
    let longer = Windows {
        reveal_blocks: 50,
        ..windows()
    };
    let model = world.register_model("long", Rule::Exact {}, longer);
    assert_eq!(governance(&world).longest_query_blocks, 210);
    let asker = world.asker.clone();
    world.exec(&asker, &ExecuteMsg::WithdrawModel { model }, 0).unwrap();
    refused(
        world.govern(|params| params.unbonding_blocks = 210),
        "unbonding_blocks must be above the 210 blocks",
    );
    world.govern(|params| params.unbonding_blocks = 211).unwrap();
    let longest = Windows {
        reveal_blocks: 51,
        ..windows()
    };
    let msg = world.model_msg("longest", Rule::Exact {}, longest);
    refused(world.exec(&asker, &msg, 0), "less than unbonding_blocks 211, got 213");
}

#[test]
fn an_admin_hands_over_in_two_steps() {
    let mut world = World::new(0);
    let (old, new, other) = (world.admin.clone(), world.asker.clone(), "other".into_bech32());
    refused(
        world.exec(&new, &ExecuteMsg::AcceptAdmin {}, 0),
        "proposed as admin is nobody",
    );
    let propose = |to: &cosmwasm_std::Addr| ExecuteMsg::ProposeAdmin { admin: to.to_string() };
    world.exec(&old, &propose(&other), 0).unwrap();
    world.exec(&old, &propose(&new), 0).unwrap();
    refused(
        world.exec(&other, &ExecuteMsg::AcceptAdmin {}, 0),
        "proposed as admin is cosmwasm",
    );
    assert_eq!(
        governance(&world).admin,
        Some(old.clone()),
        "a proposal changes nothing yet"
    );
    let response = world.exec(&new, &ExecuteMsg::AcceptAdmin {}, 0).unwrap();
    assert_eq!(attribute(&response, "admin", "action"), "accepted");
    assert_eq!(attribute(&response, "admin", "from"), old.to_string());
    let state = governance(&world);
    assert_eq!((state.admin, state.proposed_admin), (Some(new.clone()), None));
    refused(world.exec(&old, &propose(&old), 0), "only the admin");
    refused(
        world.exec(&new, &ExecuteMsg::AcceptAdmin {}, 0),
        "proposed as admin is nobody",
    );
    let nonsense = ExecuteMsg::ProposeAdmin {
        admin: "nonsense".to_string(),
    };
    assert!(world.exec(&new, &nonsense, 0).is_err());
}

#[test]
fn the_pool_is_spent_to_its_last_coin_and_no_further() {
    let (mut world, pool) = with_pool();
    let (admin, to) = (world.admin.clone(), "treasury".into_bech32());
    refused(world.exec(&admin, &spend(to.as_str(), 0), 0), "cannot spend 0");
    refused(
        world.exec(&admin, &spend(to.as_str(), pool + 1), 0),
        &format!("allowed are 1 to the pool's {pool}"),
    );
    let response = world.exec(&admin, &spend(to.as_str(), pool - 1), 0).unwrap();
    assert_eq!(attribute(&response, "pool", "pool"), "1");
    assert_eq!((world.balance(&to), world.totals().pool.u128()), (pool - 1, 1));
    world.exec(&admin, &spend(to.as_str(), 1), 0).unwrap();
    refused(world.exec(&admin, &spend(to.as_str(), 1), 0), "the pool's 0");
    assert_eq!(world.totals().bonds.u128(), BOND, "bonds are out of reach");
}

#[test]
fn the_pool_goes_neither_to_the_contract_nor_to_whom_the_bank_refuses() {
    let (mut world, pool) = with_pool();
    let (admin, contract) = (world.admin.clone(), world.contract.clone());
    refused(world.exec(&admin, &spend(contract.as_str(), 1), 0), "contract itself");
    assert!(world.exec(&admin, &spend(blocked().as_str(), 1), 0).is_err());
    assert_eq!(world.totals().pool.u128(), pool);
}

fn total_weight(world: &World) -> u128 {
    let answer: ModelResponse = world.ask_contract(&QueryMsg::Model {
        model: world.model.clone(),
    });
    answer.total_weight.u128()
}

#[test]
fn new_weights_come_in_bounded_parts_that_anyone_may_send() {
    let mut world = World::new(5);
    let asker = world.asker.clone();
    let reweigh = |world: &mut World, limit: u32| world.exec(&asker, &ExecuteMsg::Reweigh { limit }, 0);
    refused(reweigh(&mut world, 2), "all nodes have their weights");
    world.govern(|params| params.callback_gas += 1).unwrap();
    refused(reweigh(&mut world, 2), "all nodes have their weights");
    let cap = BOND / 2;
    world.govern(|params| params.bond_cap = Uint128::new(cap)).unwrap();
    assert!(governance(&world).reweighing);
    assert_eq!(total_weight(&world), 5 * BOND * 1_000, "a change alone moves no weight");
    refused(reweigh(&mut world, 0), "limit must be 1 to 30, got 0");
    refused(reweigh(&mut world, 31), "limit must be 1 to 30, got 31");
    let response = reweigh(&mut world, 2).unwrap();
    assert_eq!(attribute(&response, "reweighed", "done"), "false");
    assert_eq!(
        total_weight(&world),
        (3 * BOND + 2 * cap) * 1_000,
        "the total is the sum at each step"
    );
    // What is touched meanwhile follows the new rule, once.
    for place in 0..5 {
        let node = world.nodes[place].addr.clone();
        world.exec(&node, &ExecuteMsg::Bond {}, 1).unwrap();
    }
    assert_eq!(total_weight(&world), 5 * cap * 1_000);
    reweigh(&mut world, 3).unwrap();
    let response = reweigh(&mut world, 3).unwrap();
    assert_eq!(attribute(&response, "reweighed", "done"), "true");
    assert_eq!(total_weight(&world), 5 * cap * 1_000);
    assert!(!governance(&world).reweighing);
    world.govern(|params| params.min_bond = params.bond_cap).unwrap();
    world.govern(|params| params.bond_cap = Uint128::new(3 * BOND)).unwrap();
    world.govern(|params| params.min_bond = Uint128::new(2 * BOND)).unwrap();
    reweigh(&mut world, 30).unwrap();
    assert_eq!(total_weight(&world), 0, "nobody has the new minimum");
}

#[test]
fn a_draw_that_is_open_keeps_its_weights() {
    let mut world = World::new(3);
    let id = world.ask(3);
    let before = world.draw(0, id);
    world.govern(|params| params.min_bond = params.bond_cap).unwrap();
    let asker = world.asker.clone();
    world.exec(&asker, &ExecuteMsg::Reweigh { limit: 30 }, 0).unwrap();
    assert_eq!(total_weight(&world), 0);
    assert_eq!(world.draw(0, id), before);
    let response = world.play(id, &vec![says("a"); 3]);
    assert_eq!(attribute(&response, "settled", "outcome"), "verified");
}
