//! The log of settled seats: by query for ever, by node the last hundred.

use quorate_contract::limits::LOG_KEEP;
use quorate_contract::msg::*;

use crate::world::*;

fn node_log(world: &World, place: usize, start_after: Option<u32>, limit: Option<u32>) -> LogResponse {
    world.ask_contract(&QueryMsg::NodeLog {
        node: world.nodes[place].addr.to_string(),
        start_after,
        limit,
    })
}

fn query_log(world: &World, id: u64, start_after: Option<u32>, limit: Option<u32>) -> LogResponse {
    world.ask_contract(&QueryMsg::QueryLog { id, start_after, limit })
}

#[test]
fn a_record_tells_what_became_of_a_seat() {
    let mut world = World::new(3);
    let id = world.ask(3);
    assert_eq!(query_log(&world, id, None, None).records, []);
    world.commit_all(id, &[says("a"), says("b"), says("a")]);
    world.reveal_all(id, &[says("a"), says("b"), says("a")]);
    assert_eq!(
        query_log(&world, id, None, None).records,
        [],
        "committed seats are no record yet"
    );
    world.settle(id).unwrap();
    let log = query_log(&world, id, None, None);
    assert_eq!(log.next, None);
    let (seats, records) = (world.seats(id), log.records);
    assert_eq!(records.len(), 3);
    let loser = &records[1];
    assert_eq!((loser.query_id, loser.attempt), (id, 0));
    assert_eq!(loser.node, world.nodes[1].addr);
    assert_eq!(loser.model, world.model);
    assert_eq!(loser.outcome, SeatOutcome::Minority);
    assert_eq!((loser.input_units, loser.output_units), (8, 100));
    assert_eq!((loser.actual_ms, loser.expected_ms), (Some(0), None));
    assert_eq!((loser.reputation_before, loser.reputation_after), (1_000, 800));
    assert_eq!((loser.paid.u128(), loser.slashed), (0, seats[1].slashed));
    assert_eq!(loser.height, world.height());
    let winner = &records[0];
    assert_eq!((winner.reputation_before, winner.reputation_after), (1_000, 1_010));
    assert_eq!(winner.paid, seats[0].paid);
    assert_eq!(node_log(&world, 1, None, None).records, std::slice::from_ref(loser));
}

#[test]
fn a_query_s_log_has_all_its_attempts_in_pages() {
    let mut world = World::new(3);
    let id = world.ask(3);
    world.play(id, &[says("a"), says("b"), says("c")]);
    world.play(id, &[says("a"), says("a")]);
    let all = query_log(&world, id, None, None).records;
    let attempts: Vec<u32> = all.iter().map(|record| record.attempt).collect();
    assert_eq!(attempts, [0, 0, 0, 1, 1]);
    let (mut paged, mut next) = (vec![], None);
    loop {
        let page = query_log(&world, id, next, Some(2));
        assert!(page.records.len() <= 2);
        paged.extend(page.records);
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    assert_eq!(paged, all);
    assert_eq!(query_log(&world, id, Some(u32::MAX), None).records, []);
}

#[test]
fn a_node_s_log_keeps_the_last_hundred() {
    let mut world = World::new(1);
    let settled = LOG_KEEP + 3;
    for _ in 0..settled {
        let id = world.ask(1);
        world.play(id, &[says("a")]);
        world.advance(1);
    }
    assert_eq!(world.node(0).seats_settled, settled);
    let (mut ids, mut next) = (vec![], None);
    loop {
        let page = node_log(&world, 0, next, Some(30));
        ids.extend(page.records.iter().map(|record| record.query_id));
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    let newest_first: Vec<u64> = (4..=u64::from(settled)).rev().collect();
    assert_eq!(ids, newest_first);
    assert_eq!(
        query_log(&world, 1, None, None).records.len(),
        1,
        "a query's own log stays"
    );
    assert_eq!(
        node_log(&world, 0, Some(3), None).records,
        [],
        "older than what is kept"
    );
}

#[test]
fn logs_of_nothing_are_errors_or_empty() {
    let world = World::new(1);
    let id = 1;
    let query = QueryMsg::QueryLog {
        id,
        start_after: None,
        limit: None,
    };
    refused(world.try_query::<LogResponse>(&query), "unknown query 1");
    let node = QueryMsg::NodeLog {
        node: world.asker.to_string(),
        start_after: None,
        limit: None,
    };
    refused(world.try_query::<LogResponse>(&node), "unknown node");
    assert_eq!(node_log(&world, 0, None, None).records, []);
}

#[test]
fn seats_come_in_pages_too() {
    let mut world = World::new(5);
    let id = world.ask(5);
    world.play(id, &vec![says("a"); 5]);
    let page = |start_after: Option<u32>, limit: Option<u32>| -> Vec<SeatView> {
        let answer: SeatsResponse = world.ask_contract(&QueryMsg::Seats {
            id,
            attempt: None,
            start_after,
            limit,
        });
        answer.seats
    };
    let all = page(None, None);
    assert_eq!(all.len(), 5);
    assert_eq!(page(None, Some(2)), all[..2]);
    assert_eq!(page(Some(1), Some(2)), all[2..4]);
    assert_eq!(page(Some(4), None), []);
}

#[test]
fn a_settlement_s_log_costs_one_small_key_a_seat() {
    let mut world = World::new(5);
    let id = world.ask(5);
    let answers = vec![says("a"); 5];
    world.commit_all(id, &answers);
    world.reveal_all(id, &answers);
    let keys = |world: &World| -> Vec<(Vec<u8>, usize)> {
        let storage = world.app.contract_storage(&world.contract);
        let all = storage.range(None, None, cosmwasm_std::Order::Ascending);
        all.map(|(key, value)| (key, value.len())).collect()
    };
    let before = keys(&world);
    world.settle(id).unwrap();
    let is_log = |key: &[u8]| key.windows(5).any(|part| part == b"\0\x03log");
    let after = keys(&world);
    let added: Vec<_> = after.iter().filter(|(key, _)| is_log(key)).collect();
    assert!(!before.iter().any(|(key, _)| is_log(key)));
    assert_eq!(added.len(), 5);
    assert!(added.iter().all(|(_, size)| *size <= 16), "{added:?}");
}
