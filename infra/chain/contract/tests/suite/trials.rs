//! The known answer before serving: warm, cool-down, and the heights between.

use cosmwasm_std::Binary;
use cw_multi_test::AppResponse;
use quorate_contract::frame::sha256;
use quorate_contract::msg::*;

use crate::world::*;

fn with_trial() -> (World, Binary) {
    let mut world = World::new(1);
    let mut msg = world.model_msg("tried", Rule::Exact {}, windows());
    if let ExecuteMsg::RegisterModel { trial, .. } = &mut msg {
        *trial = Some(Binary::from(sha256(b"known")));
    }
    world.exec(&world.asker.clone(), &msg, 0).unwrap();
    (world, Binary::from(sha256(b"tried")))
}

fn serve(world: &mut World, model: &Binary, answer: Option<&[u8]>) -> cosmwasm_std::StdResult<AppResponse> {
    let msg = ExecuteMsg::Serve {
        model: model.clone(),
        trial: answer.map(|answer| Binary::from(sha256(answer))),
    };
    world.exec(&world.nodes[0].addr.clone(), &msg, 0)
}

fn trial(world: &World, model: &Binary) -> TrialResponse {
    world.ask_contract(&QueryMsg::Trial {
        node: world.nodes[0].addr.to_string(),
        model: model.clone(),
    })
}

#[test]
fn the_right_answer_makes_a_node_warm() {
    let (mut world, model) = with_trial();
    assert!(!trial(&world, &model).warm);
    let response = serve(&mut world, &model, Some(b"known")).unwrap();
    assert_eq!(attribute(&response, "node", "action"), "serves");
    let state = trial(&world, &model);
    assert!(state.warm);
    assert_eq!(state.expected, Some(Binary::from(sha256(b"known"))));
    assert!(world.node(0).models.contains(&model));
}

#[test]
fn another_answer_is_recorded_and_cools_the_node_down() {
    let (mut world, model) = with_trial();
    let height = world.height();
    let response = serve(&mut world, &model, Some(b"other")).unwrap();
    assert_eq!(attribute(&response, "node", "action"), "trial_failed");
    let hex = |bytes: &[u8]| quorate_contract::events::hex(&sha256(bytes));
    assert_eq!(attribute(&response, "node", "expected"), hex(b"known"));
    assert_eq!(attribute(&response, "node", "received"), hex(b"other"));
    let allowed = height + lifecycle().cooldown_blocks;
    assert_eq!(attribute(&response, "node", "allowed_from"), allowed.to_string());
    let state = trial(&world, &model);
    assert_eq!((state.warm, state.allowed_from), (false, Some(allowed)));
    assert!(!world.node(0).models.contains(&model));

    let refusal = format!("it may serve from height {allowed}");
    refused(serve(&mut world, &model, Some(b"known")), &refusal);
    world.go_to(allowed - 1);
    refused(serve(&mut world, &model, Some(b"known")), &refusal);
    world.go_to(allowed);
    serve(&mut world, &model, Some(b"known")).unwrap();
    assert_eq!(trial(&world, &model).allowed_from, None);
}

#[test]
fn a_second_failure_counts_from_its_own_height_under_the_cooldown_of_then() {
    let (mut world, model) = with_trial();
    serve(&mut world, &model, Some(b"other")).unwrap();
    let first = trial(&world, &model).allowed_from.unwrap();
    world.govern(|params| params.lifecycle.cooldown_blocks = 1).unwrap();
    assert_eq!(
        trial(&world, &model).allowed_from,
        Some(first),
        "a change shortens none that runs"
    );
    world.go_to(first + 1);
    serve(&mut world, &model, Some(b"other")).unwrap();
    assert_eq!(trial(&world, &model).allowed_from, Some(first + 2));
}

#[test]
fn a_trial_needs_an_answer_of_32_bytes_and_only_where_there_is_one() {
    let (mut world, model) = with_trial();
    refused(serve(&mut world, &model, None), "has a trial");
    let short = ExecuteMsg::Serve {
        model: model.clone(),
        trial: Some(Binary::from([1; 31])),
    };
    let node = world.nodes[0].addr.clone();
    refused(world.exec(&node, &short, 0), "trial has 31 bytes, expected 32");
    assert_eq!(trial(&world, &model).allowed_from, None, "an error is no failed trial");
    let untried = world.register_model("untried", Rule::Exact {}, windows());
    serve(&mut world, &untried, Some(b"anything")).unwrap();
    let mut bad = world.model_msg("bad", Rule::Exact {}, windows());
    if let ExecuteMsg::RegisterModel { trial, .. } = &mut bad {
        *trial = Some(Binary::from([0; 33]));
    }
    refused(world.exec(&world.asker.clone(), &bad, 0), "trial has 33 bytes");
}

#[test]
fn cooling_down_for_one_model_leaves_others_alone() {
    let (mut world, model) = with_trial();
    serve(&mut world, &model, Some(b"other")).unwrap();
    let id = world.ask(1);
    let response = world.play(id, &[says("a")]);
    assert_eq!(attribute(&response, "settled", "outcome"), "verified");
}
