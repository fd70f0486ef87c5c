//! Ask, capacity, the queue and expiry.

use cosmwasm_std::{Binary, Coin};
use quorate_contract::msg::*;

use crate::world::*;

#[test]
fn refusals_name_what_is_allowed() {
    let mut world = World::new(1);
    let ask = world.ask_msg(3);
    let asker = world.asker.clone();
    refused(world.ask_with(ask.clone(), 2_999), "fee 2999 is below 3000");
    refused(world.ask_with(ask.clone(), 0), "expected one coin of uqrt, got nothing");

    world
        .app
        .sudo(
            cw_multi_test::BankSudo::Mint {
                to_address: asker.to_string(),
                amount: vec![Coin::new(9_000u128, "other")],
            }
            .into(),
        )
        .unwrap();
    let message = ExecuteMsg::Ask(ask.clone());
    let other = [Coin::new(3_000u128, "other")];
    refused(
        world.exec_coins(&asker, &message, &other),
        "expected one coin of uqrt, got 3000other",
    );
    let both = [Coin::new(3_000u128, "other"), Coin::new(3_000u128, DENOM)];
    refused(world.exec_coins(&asker, &message, &both), "expected one coin of uqrt");

    for seats in [0, 12] {
        let result = world.ask_with(AskMsg { seats, ..ask.clone() }, 100_000);
        refused(result, "seats must be 1 to 11");
    }
    let model = Binary::from([7; 32]);
    refused(
        world.ask_with(AskMsg { model, ..ask.clone() }, 3_000),
        "unknown model 0707",
    );
    let input_hash = Binary::from([1; 32]);
    refused(
        world.ask_with(
            AskMsg {
                input_hash,
                ..ask.clone()
            },
            3_000,
        ),
        "inline input hashes to",
    );
    let input_hash = Binary::from([1; 31]);
    refused(
        world.ask_with(
            AskMsg {
                input_hash,
                ..ask.clone()
            },
            3_000,
        ),
        "has 31 bytes, expected 32",
    );
    let input = Input::Inline(Binary::from(vec![0; 4_097]));
    refused(world.ask_with(AskMsg { input, ..ask.clone() }, 3_000), "at most 4096");
    for uri in [String::new(), "u".repeat(513)] {
        let input = Input::Uri(uri);
        refused(
            world.ask_with(AskMsg { input, ..ask.clone() }, 3_000),
            "allowed are 1 to 512",
        );
    }
    let agent = Some("nobody".to_string());
    assert!(world.ask_with(AskMsg { agent, ..ask.clone() }, 3_000).is_err());

    let withdraw = ExecuteMsg::WithdrawModel {
        model: world.model.clone(),
    };
    world.exec(&asker, &withdraw, 0).unwrap();
    refused(world.ask_with(ask, 3_000), "is withdrawn");
}

#[test]
fn the_largest_inputs_are_accepted() {
    let mut world = World::new(1);
    let ask = world.ask_msg(1);
    let input = Input::Uri("u".repeat(512));
    world
        .ask_with(
            AskMsg {
                input: input.clone(),
                ..ask.clone()
            },
            PRICE,
        )
        .unwrap();
    assert_eq!(world.query(1).input, input);
    let bytes = vec![5; 4_096];
    let input_hash = Binary::from(quorate_contract::frame::sha256(&bytes));
    let input = Input::Inline(Binary::from(bytes));
    world
        .ask_with(
            AskMsg {
                input,
                input_hash,
                ..ask
            },
            PRICE,
        )
        .unwrap();
}

#[test]
fn a_withdrawn_model_still_answers_what_was_asked() {
    let mut world = World::new(1);
    let id = world.ask(1);
    let withdraw = ExecuteMsg::WithdrawModel {
        model: world.model.clone(),
    };
    world.exec(&world.asker.clone(), &withdraw, 0).unwrap();
    world.play(id, &[says("a")]);
    assert_eq!(world.query(id).phase, Phase::Verified);
}

#[test]
fn capacity_and_the_order_of_the_queue() {
    let mut world = World::with(
        Params {
            max_open: 1,
            ..params()
        },
        Rule::Exact {},
        1,
    );
    let first = world.ask(1);
    let low = world.ask_paying(1, 1_000);
    let high = world.ask_paying(1, 1_500);
    let tie = world.ask_paying(1, 1_500);
    assert_eq!(world.query(first).phase, Phase::Commit);
    for id in [low, high, tie] {
        assert_eq!(world.query(id).phase, Phase::Queued);
        assert!(world.query(id).opening.is_none());
        assert_eq!(world.query(id).queue_deadline, Some(world.height() + 50));
    }
    let id = low;
    let answer = says("a");
    let closed = ExecuteMsg::Reveal(RevealMsg {
        query_id: id,
        digest: Binary::from(answer.digest),
        sketch: vec![],
        receipts_root: Binary::from([0; 32]),
        salt: Binary::from([0; 32]),
    });
    refused(world.exec(&world.nodes[0].addr.clone(), &closed, 0), "still queued");
    refused(world.settle(id), "still queued");

    let mut order = vec![];
    let mut open = first;
    for _ in 0..3 {
        let response = world.play(open, &[says("a")]);
        open = attribute(&response, "opened", "query_id").parse().unwrap();
        assert_eq!(world.query(open).phase, Phase::Commit);
        order.push(open);
    }
    assert_eq!(order, [high, tie, low]);
}

#[test]
fn age_lifts_a_waiting_query_above_a_richer_one() {
    for (blocks, older_first) in [(49, false), (50, true), (51, true)] {
        let mut world = World::with(
            Params {
                max_open: 1,
                queue_blocks: 1_000,
                unbonding_blocks: 2_000,
                ..params()
            },
            Rule::Exact {},
            1,
        );
        let first = world.ask(1);
        let older = world.ask_paying(1, 1_000);
        world.advance(blocks);
        let richer = world.ask_paying(1, 1_500);
        let response = world.expire(first).unwrap();
        let opened = attribute(&response, "opened", "query_id");
        let expected = if older_first { older } else { richer };
        assert_eq!(opened, expected.to_string(), "after {blocks} blocks");
    }
}

#[test]
fn a_query_that_waited_too_long_is_refunded() {
    let mut world = World::with(
        Params {
            max_open: 1,
            ..params()
        },
        Rule::Exact {},
        1,
    );
    let open = world.ask(1);
    let id = world.ask(1);
    let before = world.balance(&world.asker);
    let deadline = world.query(id).queue_deadline.unwrap();
    for height in [deadline - 1, deadline] {
        world.go_to(height);
        assert_eq!(world.query(id).phase, Phase::Queued);
        refused(world.expire(id), &format!("allowed from height {}", deadline + 1));
    }
    world.go_to(deadline + 1);
    assert_eq!(world.query(id).phase, Phase::Expire);
    world.expire(id).unwrap();
    assert_eq!(world.balance(&world.asker), before + PRICE);
    let query = world.query(id);
    assert_eq!((query.phase, query.queue_deadline), (Phase::Refunded, None));
    assert_eq!(query.outcome.unwrap().reason, Some(RefundReason::ExpiredInQueue));
    assert_eq!(world.query(open).phase, Phase::Expire);
    world.expire(open).unwrap();
    let live: LiveResponse = world.ask_contract(&QueryMsg::Live {
        start_after: None,
        limit: None,
    });
    assert_eq!(live.queries, []);
}

#[test]
fn nobody_came() {
    let mut world = World::new(1);
    let id = world.ask(1);
    let before = world.balance(&world.asker);
    let last = world.height() + windows().commit_blocks;
    for height in [last - 1, last] {
        world.go_to(height);
        refused(world.expire(id), &format!("allowed from height {}", last + 1));
        refused(world.settle(id), &format!("expire it from height {}", last + 1));
        assert_eq!(world.query(id).phase, Phase::Commit);
    }
    world.go_to(last + 1);
    assert_eq!(world.query(id).phase, Phase::Expire);
    refused(world.settle(id), "no seat is committed");
    refused(world.commit(0, id, &says("a")), "closed at height");
    world.expire(id).unwrap();
    let outcome = world.query(id).outcome.unwrap();
    assert_eq!(outcome.reason, Some(RefundReason::NoCommits));
    assert_eq!(world.balance(&world.asker), before + PRICE);
    assert_eq!(world.totals().pool.u128(), 0);
}

#[test]
fn unknown_queries() {
    let mut world = World::new(1);
    refused(world.settle(9), "unknown query 9");
    refused(world.expire(9), "unknown query 9");
    let money = world.exec(&world.asker.clone(), &ExecuteMsg::Settle { query_id: 1 }, 5);
    refused(money, "expected no funds, got 5uqrt");
}
