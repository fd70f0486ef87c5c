//! Lists: order, limits and stable pages.

use cosmwasm_std::Binary;
use quorate_contract::msg::*;

use crate::world::*;

#[test]
fn nodes_by_address() {
    let mut world = World::new(0);
    for _ in 0..35 {
        world.add_node(BOND);
    }
    let page = |start_after: Option<String>, limit: Option<u32>| -> Vec<String> {
        let answer: NodesResponse = world.ask_contract(&QueryMsg::Nodes { start_after, limit });
        answer.nodes.iter().map(|node| node.address.to_string()).collect()
    };
    let all = page(None, Some(1_000));
    let mut expected: Vec<String> = world.nodes.iter().map(|node| node.addr.to_string()).collect();
    expected.sort();
    assert_eq!(all, expected);
    assert_eq!(page(None, None), all[..30]);
    let mut paged = vec![];
    while let Some(next) = Some(page(paged.last().cloned(), Some(8))).filter(|next| !next.is_empty()) {
        paged.extend(next);
    }
    assert_eq!(paged, all);
}

#[test]
fn models_by_hash() {
    let mut world = World::new(0);
    for i in 0..104 {
        world.register_model(&format!("m{i}"), Rule::Exact {}, windows());
    }
    let page = |start_after: Option<Binary>, limit: Option<u32>| -> Vec<Binary> {
        let answer: ModelsResponse = world.ask_contract(&QueryMsg::Models { start_after, limit });
        answer.models.into_iter().map(|model| model.model).collect()
    };
    let first = page(None, Some(u32::MAX));
    assert_eq!(first.len(), 100);
    assert!(first.windows(2).all(|pair| pair[0].as_slice() < pair[1].as_slice()));
    assert_eq!(page(first.last().cloned(), None).len(), 5);
    assert_eq!(page(None, Some(0)).len(), 0);
}

#[test]
fn live_queries_by_id() {
    let mut world = World::with(
        Params {
            max_open: 2,
            ..params()
        },
        Rule::Exact {},
        1,
    );
    for _ in 0..5 {
        world.ask(1);
    }
    world.play(1, &[says("a")]);
    let page = |world: &World, start_after: Option<u64>, limit: Option<u32>| -> Vec<u64> {
        let answer: LiveResponse = world.ask_contract(&QueryMsg::Live { start_after, limit });
        answer.queries.iter().map(|query| query.id).collect()
    };
    assert_eq!(page(&world, None, None), [2, 3, 4, 5]);
    assert_eq!(page(&world, None, Some(2)), [2, 3]);
    world.advance(30);
    world.expire(2).unwrap();
    assert_eq!(
        page(&world, Some(3), None),
        [4, 5],
        "a page does not move when one before it ends"
    );
}

#[test]
fn seats_of_each_attempt() {
    let mut world = World::new(2);
    let id = world.ask(2);
    world.play(id, &[says("a"), says("b")]);
    world.commit(1, id, &says("c")).unwrap();
    let seats = |attempt: Option<u32>| -> Vec<SeatView> {
        let answer: SeatsResponse = world.ask_contract(&seats_of(id, attempt));
        answer.seats
    };
    assert_eq!(seats(Some(0)).len(), 2);
    assert_eq!(seats(None), seats(Some(1)));
    assert_eq!(seats(None)[0].attempt, 1);
    assert_eq!(seats(Some(2)), []);
}

#[test]
fn questions_about_nothing_are_errors() {
    let world = World::with(
        Params {
            max_open: 1,
            ..params()
        },
        Rule::Exact {},
        1,
    );
    let node = world.nodes[0].addr.to_string();
    refused(
        world.try_query::<QueryResponse>(&QueryMsg::Query { id: 1 }),
        "unknown query 1",
    );
    let id = 1;
    let seats = seats_of(id, None);
    refused(world.try_query::<SeatsResponse>(&seats), "unknown query 1");
    let draw = QueryMsg::Draw { query_id: 1, node };
    refused(world.try_query::<DrawResponse>(&draw), "unknown query 1");
    let address = world.asker.to_string();
    refused(
        world.try_query::<NodeResponse>(&QueryMsg::Node { address }),
        "unknown node",
    );
    let model = Binary::from([1; 32]);
    refused(
        world.try_query::<ModelResponse>(&QueryMsg::Model { model }),
        "unknown model",
    );
}
