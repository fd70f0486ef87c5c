//! From 0.1.0 with everything in motion, and never backwards.

use cosmwasm_std::{StdResult, Storage};
use cw_multi_test::{AppResponse, Executor};
use quorate_contract::msg::*;
use serde_json::Value;

use crate::world::*;

/// What 0.1.0 did not know, by the name of its field.
const NEW_FIELDS: [&str; 14] = [
    "sessions",
    "session",
    "lifecycle",
    "admin",
    "ageing_base",
    "ageing_from",
    "seats_settled",
    "seats_won",
    "trial",
    "timing",
    "input_units",
    "value",
    "actual_ms",
    "record",
];

fn strip(value: &mut Value) {
    if let Value::Object(fields) = value {
        fields.retain(|name, _| !NEW_FIELDS.contains(&name.as_str()));
        fields.values_mut().for_each(strip);
    }
}

/// Rewrites the state as 0.1.0 would have left it.
fn downgrade(world: &mut World) {
    let contract = world.contract.clone();
    let mut storage = world.app.contract_storage_mut(&contract);
    let all: Vec<_> = storage.range(None, None, cosmwasm_std::Order::Ascending).collect();
    let mut old = 0;
    for (key, bytes) in all {
        let text = String::from_utf8_lossy(&key).into_owned();
        if ["longest_query", "\u{3}log", "cooldown"]
            .iter()
            .any(|new| text.contains(new))
        {
            storage.remove(&key);
            continue;
        }
        let mut value: Value = serde_json::from_slice(&bytes).unwrap();
        strip(&mut value);
        old += usize::from(value.to_string().len() < bytes.len());
        storage.set(&key, value.to_string().as_bytes());
    }
    assert!(old > 5, "nothing was rewritten");
    set_version(&mut *storage, "0.1.0");
    let config = String::from_utf8(storage.get(b"config").unwrap()).unwrap();
    assert_eq!(
        config,
        concat!(
            r#"{"denom":"uqrt","params":{"ageing_per_block":"10","bond_cap":"1000000","callback_gas":500000,"#,
            r#""grace_blocks":2,"max_open":2,"max_seats":11,"min_bond":"50000","queue_blocks":50,"slash_ppm":100000,"#,
            r#""unbonding_blocks":1000}}"#
        ),
        "as 0.1.0 wrote it"
    );
}

fn set_version(storage: &mut dyn Storage, version: &str) {
    cw2::set_contract_version(storage, "crates.io:quorate-contract", version).unwrap();
}

fn migrate(world: &mut World) -> StdResult<AppResponse> {
    let msg = MigrateMsg {
        admin: Some(world.admin.to_string()),
        sessions: sessions(),
        lifecycle: LifecycleParams {
            standard_seats: 1,
            ..lifecycle()
        },
    };
    let (sender, contract, code) = (world.asker.clone(), world.contract.clone(), world.code);
    world.app.migrate_contract(sender, contract, &msg, code)
}

/// One query in its reveal window, one committed to, one queued, one final, one node unbonding.
fn in_motion() -> World {
    let params = Params {
        max_open: 2,
        ..params()
    };
    let mut world = World::with(params, Rule::Exact {}, 3);
    let done = world.ask(3);
    world.play(done, &vec![says("a"); 3]);
    let revealing = world.ask(3);
    world.commit_all(revealing, &vec![says("a"); 3]);
    world.reveal(0, revealing, &says("a")).unwrap();
    let committing = world.ask(3);
    world.commit(0, committing, &says("b")).unwrap();
    world.ask(1);
    let node = world.nodes[2].addr.clone();
    let amount = cosmwasm_std::Uint128::new(1_234);
    world.exec(&node, &ExecuteMsg::Unbond { amount }, 0).unwrap();
    world
}

#[test]
fn all_that_was_in_motion_goes_on() {
    let mut world = in_motion();
    downgrade(&mut world);
    let response = migrate(&mut world).unwrap();
    let version = env!("CARGO_PKG_VERSION");
    let migrated = quorate_events(&response, "migrated");
    assert_eq!(migrated[0].attributes[2].value, "0.1.0");
    let governance: GovernanceResponse = world.ask_contract(&QueryMsg::Governance {});
    assert_eq!(governance.version, version);
    assert_eq!(governance.admin, Some(world.admin.clone()));
    assert!(governance.reweighing);

    // Every kind of record loads, in views and in messages.
    let _: NodesResponse = world.ask_contract(&QueryMsg::Nodes {
        start_after: None,
        limit: None,
    });
    let old = world.query(1);
    assert_eq!((old.phase, old.input_units), (Phase::Verified, 0));
    let old_log: LogResponse = world.ask_contract(&QueryMsg::QueryLog {
        id: 1,
        start_after: None,
        limit: None,
    });
    assert_eq!(old_log.records, [], "0.1.0 kept no log");

    world.reveal(1, 2, &says("a")).unwrap();
    world.reveal(2, 2, &says("a")).unwrap();
    let response = world.settle(2).unwrap();
    assert_eq!(attribute(&response, "settled", "outcome"), "verified");
    assert_eq!(
        attribute(&response, "opened", "query_id"),
        "4",
        "the queued one is found and opened"
    );
    let node = world.node(0);
    assert_eq!((node.seats_settled, node.seats_won, node.tier), (1, 1, Tier::Standard));

    world.commit(1, 3, &says("b")).unwrap();
    world.commit(2, 3, &says("b")).unwrap();
    world.go_to(world.query(3).opening.unwrap().commit_close + 1);
    world.reveal_all(3, &vec![says("b"); 3]);
    world.settle(3).unwrap();

    let withdraw = ExecuteMsg::Withdraw {};
    let node = world.nodes[2].addr.clone();
    refused(world.exec(&node, &withdraw, 0), "the next release is at");
    let asker = world.asker.clone();
    world.exec(&asker, &ExecuteMsg::Reweigh { limit: 30 }, 0).unwrap();
    world.advance(1_000);
    world.exec(&node, &withdraw, 0).unwrap();
    world.expire(4).unwrap();
    assert_eq!(world.totals().fees.u128(), 0);
}

#[test]
fn who_waits_in_a_queue_of_the_old_version_keeps_place_and_deadline() {
    let mut world = in_motion();
    let deadline = world.query(4).queue_deadline;
    downgrade(&mut world);
    migrate(&mut world).unwrap();
    world.advance(1);
    world
        .govern(|params| params.ageing_per_block += params.ageing_per_block)
        .unwrap();
    assert_eq!(world.query(4).queue_deadline, deadline);
    world.go_to(deadline.unwrap() + 1);
    world.expire(4).unwrap();
    assert_eq!(world.query(4).phase, Phase::Refunded);
}

#[test]
fn a_migrated_contract_keeps_its_unbonding_time_as_the_least() {
    let mut world = in_motion();
    downgrade(&mut world);
    migrate(&mut world).unwrap();
    refused(
        world.govern(|params| params.unbonding_blocks = 999),
        "above the 999 blocks",
    );
    world.govern(|params| params.unbonding_blocks = 1_000).unwrap();
}

#[test]
fn backwards_sideways_and_from_elsewhere_are_refused() {
    for (version, reason) in [
        (env!("CARGO_PKG_VERSION"), "not an older version"),
        ("0.2.1", "not an older version"),
        ("1.0.0", "not an older version"),
        ("0.10.0", "not an older version"),
        ("0.0.9", "only 0.1.0 can be migrated"),
        ("0.1.1", "only 0.1.0 can be migrated"),
        ("0.1", "not a version"),
        ("0.1.0-rc", "not a version"),
    ] {
        let mut world = World::new(1);
        let contract = world.contract.clone();
        set_version(&mut *world.app.contract_storage_mut(&contract), version);
        let before = world.query_raw_config();
        refused(migrate(&mut world), reason);
        assert_eq!(world.query_raw_config(), before, "a refusal changes nothing");
    }
    let mut world = World::new(1);
    let contract = world.contract.clone();
    cw2::set_contract_version(
        &mut *world.app.contract_storage_mut(&contract),
        "crates.io:other",
        "0.1.0",
    )
    .unwrap();
    refused(migrate(&mut world), "another contract");
}

#[test]
fn new_parameters_are_checked_before_anything_is_written() {
    let mut world = in_motion();
    downgrade(&mut world);
    let msg = MigrateMsg {
        admin: None,
        sessions: sessions(),
        lifecycle: LifecycleParams {
            cooldown_blocks: 0,
            ..lifecycle()
        },
    };
    let (sender, contract, code) = (world.asker.clone(), world.contract.clone(), world.code);
    let result = world.app.migrate_contract(sender, contract, &msg, code);
    refused(result, "lifecycle.cooldown_blocks");
    migrate(&mut world).unwrap();
}
