//! Payments and callbacks that fail without undoing a settlement.

use cosmwasm_std::testing::{message_info, mock_dependencies, mock_env};
use cosmwasm_std::{
    from_json, Addr, Binary, CosmosMsg, DepsMut, Empty, Env, Event, MessageInfo, Reply, Response, StdError, StdResult,
    SubMsgResult, Uint128, WasmMsg,
};
use cw_multi_test::{Contract, ContractWrapper, Executor, IntoBech32};
use cw_storage_plus::Item;
use quorate_contract::contract;
use quorate_contract::msg::*;
use quorate_contract::payout::callback;
use quorate_contract::state::{Outcome, Query, Totals, TOTALS};

use crate::world::*;

const HEARD: Item<CallbackMsg> = Item::new("heard");

fn init(_: DepsMut, _: Env, _: MessageInfo, _: Empty) -> StdResult<Response> {
    Ok(Response::new())
}

fn hear(deps: DepsMut, _: Env, _: MessageInfo, msg: CallbackMsg) -> StdResult<Response> {
    HEARD.save(deps.storage, &msg)?;
    Ok(Response::new().add_event(Event::new("heard")))
}

fn fail(_: DepsMut, _: Env, _: MessageInfo, _: CallbackMsg) -> StdResult<Response> {
    Err(StdError::msg("not today"))
}

/// Calls back into the contract, for the query that is being settled.
fn reenter(_: DepsMut, _: Env, info: MessageInfo, msg: CallbackMsg) -> StdResult<Response> {
    let CallbackMsg::QuorateResult { query_id, .. } = msg;
    let settle = WasmMsg::Execute {
        contract_addr: info.sender.to_string(),
        msg: cosmwasm_std::to_json_binary(&ExecuteMsg::Settle { query_id })?,
        funds: vec![],
    };
    Ok(Response::new().add_message(settle))
}

fn heard(deps: cosmwasm_std::Deps, _: Env, _: Empty) -> StdResult<Binary> {
    cosmwasm_std::to_json_binary(&HEARD.load(deps.storage)?)
}

type Handler = fn(DepsMut, Env, MessageInfo, CallbackMsg) -> StdResult<Response>;

fn add_contract(world: &mut World, handler: Handler) -> Addr {
    let wrapper: Box<dyn Contract<Empty>> = Box::new(ContractWrapper::new(handler, init, heard));
    let code = world.app.store_code(wrapper);
    let asker = world.asker.clone();
    world
        .app
        .instantiate_contract(code, asker, &Empty {}, &[], "callback", None)
        .unwrap()
}

fn ask(world: &mut World, agent: Option<&Addr>, callback: Option<&Addr>) -> u64 {
    let mut msg = world.ask_msg(1);
    msg.agent = agent.map(Addr::to_string);
    msg.callback = callback.map(Addr::to_string);
    let response = world.ask_with(msg, 10_000).unwrap();
    attribute(&response, "asked", "query_id").parse().unwrap()
}

#[test]
fn the_agent_gets_a_tenth() {
    let mut world = World::new(1);
    let agent = "agent".into_bech32();
    let id = ask(&mut world, Some(&agent), None);
    world.play(id, &[says("a")]);
    assert_eq!(world.balance(&agent), 1_000);
    assert_eq!(world.query(id).agent, Some(agent));
}

#[test]
fn an_agent_that_cannot_receive_leaves_its_share_to_the_pool() {
    let mut world = World::new(1);
    let id = ask(&mut world, Some(&blocked()), None);
    let response = world.play(id, &[says("a")]);
    let failed = quorate_events(&response, "paid").pop().unwrap().clone();
    assert!(failed
        .attributes
        .iter()
        .any(|a| a.key == "outcome" && a.value == "to_pool"));
    assert_eq!(world.query(id).phase, Phase::Verified);
    let paid = world.seats(id)[0].paid.u128();
    assert_eq!(world.totals().pool.u128(), 10_000 - paid);
    world.check_books();
}

#[test]
fn an_asker_that_cannot_receive_leaves_its_refund_to_the_pool() {
    let mut world = World::new(0);
    let asker = blocked();
    world.fund(&asker, 10_000);
    world.asker = asker;
    let id = world.ask_paying(1, 10_000);
    world.advance(21);
    world.expire(id).unwrap();
    assert_eq!(world.totals().pool.u128(), 10_000);
}

#[test]
fn a_callback_hears_the_result() {
    let mut world = World::new(1);
    let contract = add_contract(&mut world, hear);
    let id = ask(&mut world, None, Some(&contract));
    let response = world.play(id, &[says("a")]);
    assert!(response.has_event(&Event::new("wasm-heard")));
    let digest = Some(Binary::from(says("a").digest));
    let expected = CallbackMsg::QuorateResult {
        query_id: id,
        outcome: OutcomeKind::Verified,
        digest,
    };
    let found: CallbackMsg = world.app.wrap().query_wasm_smart(&contract, &Empty {}).unwrap();
    assert_eq!(found, expected);

    let id = ask(&mut world, None, Some(&contract));
    world.advance(21);
    world.expire(id).unwrap();
    let expected = CallbackMsg::QuorateResult {
        query_id: id,
        outcome: OutcomeKind::Refunded,
        digest: None,
    };
    let found: CallbackMsg = world.app.wrap().query_wasm_smart(&contract, &Empty {}).unwrap();
    assert_eq!(found, expected);
}

#[test]
fn a_failing_callback_changes_nothing_but_an_event() {
    let mut world = World::new(1);
    let contract = add_contract(&mut world, fail);
    for callback in [contract, "nobody".into_bech32()] {
        let id = ask(&mut world, None, Some(&callback));
        let response = world.play(id, &[says("a")]);
        assert_eq!(attribute(&response, "callback_failed", "query_id"), id.to_string());
        assert_eq!(world.query(id).phase, Phase::Verified);
        assert!(response.data.is_some(), "the reply keeps the settlement's data");
    }
}

#[test]
fn a_callback_may_settle_again_without_effect() {
    let mut world = World::new(1);
    let contract = add_contract(&mut world, reenter);
    let id = ask(&mut world, None, Some(&contract));
    let response = world.play(id, &[says("a")]);
    assert!(quorate_events(&response, "callback_failed").is_empty());
    assert_eq!(quorate_events(&response, "settled").len(), 2);
}

/// cw-multi-test meters no gas: the limit is on the message, and a chain reports running out of it as a failure.
#[test]
fn a_callback_runs_out_of_its_own_gas_only() {
    let contract = Addr::unchecked("callback");
    let query = Query {
        id: 7,
        query_hash: Binary::default(),
        asker: Addr::unchecked("asker"),
        model: Binary::default(),
        input_hash: Binary::default(),
        seats: 1,
        privacy: Privacy::Public,
        max_units: 1,
        fee: Uint128::one(),
        agent: None,
        callback: Some(contract),
        asked_height: 1,
        outcome: None,
        session: None,
        input_units: 0,
    };
    let outcome = Outcome {
        kind: OutcomeKind::Refunded,
        digest: None,
        votes: 0,
        committed: 0,
        height: 2,
        reason: None,
        value: vec![],
    };
    let message = callback(500_000, &query, &outcome).unwrap().unwrap();
    assert_eq!(message.gas_limit, Some(500_000));
    let CosmosMsg::Wasm(WasmMsg::Execute { msg, .. }) = message.msg else {
        panic!("a callback is an execution");
    };
    let text = r#"{"quorate_result":{"query_id":7,"outcome":"refunded","digest":null}}"#;
    assert_eq!(msg.as_slice(), text.as_bytes());
    let _: CallbackMsg = from_json(&msg).unwrap();

    let mut deps = mock_dependencies();
    TOTALS.save(&mut deps.storage, &Totals::default()).unwrap();
    let reply = |id: u64, payload: &Binary| Reply {
        id,
        payload: payload.clone(),
        gas_used: 500_000,
        result: SubMsgResult::Err("codespace: sdk, code: 11".to_string()),
    };
    let failed = reply(message.id, &message.payload);
    let response = contract::reply(deps.as_mut(), mock_env(), failed).unwrap();
    assert_eq!(response.events[0].attributes[0].value, "callback_failed");
    assert_eq!(response.data, None);
    let unknown = contract::reply(deps.as_mut(), mock_env(), reply(9, &message.payload));
    assert_eq!(unknown.unwrap_err().to_string(), "unknown reply id 9");
}

#[test]
fn instantiation_takes_no_money_and_checks_everything() {
    let mut deps = mock_dependencies();
    let msg = InstantiateMsg {
        denom: DENOM.to_string(),
        params: params(),
        admin: None,
    };
    let sender = Addr::unchecked("creator");
    let coins = [cosmwasm_std::Coin::new(1u128, DENOM)];
    let paying = message_info(&sender, &coins);
    assert!(contract::instantiate(deps.as_mut(), mock_env(), paying, msg.clone()).is_err());
    let free = message_info(&sender, &[]);
    let bad = InstantiateMsg {
        denom: "x".to_string(),
        ..msg.clone()
    };
    assert!(contract::instantiate(deps.as_mut(), mock_env(), free.clone(), bad).is_err());
    contract::instantiate(deps.as_mut(), mock_env(), free, msg).unwrap();
    let version = cw2::get_contract_version(&deps.storage).unwrap();
    assert_eq!(version.contract, "crates.io:quorate-contract");
}
