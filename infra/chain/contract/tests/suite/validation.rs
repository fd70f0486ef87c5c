//! Bounds of parameters and models.

use cosmwasm_std::{Binary, Uint128};
use quorate_contract::limits::{check_model, check_params, MAX_AMOUNT};
use quorate_contract::msg::*;

use crate::world::*;

#[test]
fn good_parameters() {
    check_params(DENOM, &params()).unwrap();
    check_params("factory/cosmwasm1abc/token", &params()).unwrap();
}

#[test]
fn all_problems_are_named_at_once() {
    let bad = Params {
        max_open: 0,
        queue_blocks: 0,
        ageing_per_block: Uint128::MAX,
        grace_blocks: 100_001,
        max_seats: 12,
        bond_cap: Uint128::new(10),
        min_bond: Uint128::new(11),
        unbonding_blocks: 0,
        slash_ppm: 1_000_001,
        callback_gas: 0,
        sessions: SessionParams {
            min_lock: Uint128::zero(),
            register_blocks: 0,
            session_blocks: 10_000_001,
            challenge_blocks: 0,
            open_blocks: 0,
            challenge_ppm: 1_000_001,
            challenge_seats: 13,
            breach_slash_ppm: 1_000_001,
            max_agents: 1_001,
        },
        lifecycle: LifecycleParams {
            cooldown_blocks: 0,
            standard_seats: 5,
            standard_reputation: 99,
            trusted_seats: 4,
            trusted_reputation: 10_001,
            timeout_factor_ppm: 999_999,
            non_response_factor_ppm: 0,
        },
    };
    let message = check_params("u", &bad).unwrap_err().to_string();
    for part in [
        "max_open must be 1 to 10000, got 0",
        "queue_blocks must be 1",
        "ageing_per_block must be 0",
        "grace_blocks must be 0",
        "max_seats must be 1 to 11, got 12",
        "min_bond must be 1 to 10, got 11",
        "unbonding_blocks must be 1",
        "slash_ppm must be 0 to 1000000",
        "callback_gas must be 1",
        "sessions.min_lock must be 1",
        "sessions.register_blocks must be 1",
        "sessions.session_blocks must be 1 to 10000000, got 10000001",
        "sessions.challenge_blocks must be 1",
        "sessions.open_blocks must be 1",
        "sessions.challenge_ppm must be 0 to 1000000, got 1000001",
        "sessions.challenge_seats must be 1 to 12, got 13",
        "sessions.breach_slash_ppm must be 0 to 1000000",
        "sessions.max_agents must be 1 to 1000",
        "longest session in blocks must be 0 to 0, got 10000002",
        "lifecycle.cooldown_blocks must be 1 to 10000000, got 0",
        "lifecycle.trusted_seats must be 5 to 1000000, got 4",
        "lifecycle.standard_reputation must be 100 to 10000, got 99",
        "lifecycle.trusted_reputation must be 99 to 10000, got 10001",
        "lifecycle.timeout_factor_ppm must be 1000000",
        "lifecycle.non_response_factor_ppm must be 999999",
        "denom must be 3 to 128",
    ] {
        assert!(message.contains(part), "{part} in {message}");
    }
}

#[test]
fn a_session_must_end_before_stake_can_leave() {
    let with = |unbonding_blocks| {
        check_params(
            DENOM,
            &Params {
                unbonding_blocks,
                ..params()
            },
        )
    };
    let longest = params().sessions.longest(params().queue_blocks);
    assert_eq!(longest, 10 + 100 + 20 + 15 + 50 + 1);
    with(longest + 1).unwrap();
    refused(
        with(longest).map_err(cosmwasm_std::StdError::from),
        "longest session in blocks must be 0 to 195, got 196",
    );
}

#[test]
fn denominations() {
    for denom in ["", "ab", "1abc", "ab cd", "abcé"] {
        assert!(check_params(denom, &params()).is_err(), "{denom:?}");
    }
}

fn model(windows: Windows, rule: Rule, price: u128) -> Result<(), String> {
    check_model(Uint128::new(price), &rule, &windows, &None, 91).map_err(|error| error.to_string())
}

#[test]
fn models() {
    let exact = Rule::Exact {};
    model(windows(), exact, 1).unwrap();
    assert!(model(windows(), exact, 0).unwrap_err().contains("price must be 1"));
    assert!(model(windows(), exact, MAX_AMOUNT.u128() + 1).is_err());
    for sketch_len in [0, 65] {
        let rule = Rule::Tolerant {
            tolerance: 1,
            sketch_len,
        };
        assert!(model(windows(), rule, 1)
            .unwrap_err()
            .contains("sketch_len must be 1 to 64"));
    }
    let wide = Windows {
        round_blocks: 21,
        ..windows()
    };
    assert!(model(wide, exact, 1)
        .unwrap_err()
        .contains("round_blocks must be 1 to 20, got 21"));
    let zero = Windows {
        round_blocks: 0,
        commit_blocks: 0,
        reveal_blocks: 0,
    };
    assert!(model(zero, exact, 1).is_err());
    let long = Windows {
        reveal_blocks: 11,
        ..windows()
    };
    assert!(model(long, exact, 1)
        .unwrap_err()
        .contains("less than unbonding_blocks 91, got 93"));
    let huge = Windows {
        round_blocks: u64::MAX,
        commit_blocks: u64::MAX,
        reveal_blocks: u64::MAX,
    };
    assert!(model(huge, exact, 1).is_err());
}

#[test]
fn a_model_is_registered_once() {
    let mut world = World::new(0);
    let register = |hash: Binary| ExecuteMsg::RegisterModel {
        manifest_hash: hash,
        price: Uint128::one(),
        rule: Rule::Exact {},
        windows: windows(),
        trial: None,
        timing: None,
    };
    let asker = world.asker.clone();
    refused(
        world.exec(&asker, &register(world.model.clone()), 0),
        "is registered already",
    );
    refused(
        world.exec(&asker, &register(Binary::from([1; 20])), 0),
        "has 20 bytes, expected 32",
    );
}
