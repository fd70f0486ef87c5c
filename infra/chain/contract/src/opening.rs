//! Opening of attempts: capacity, the queue and seeds.

use cosmwasm_std::{Binary, Env, Order, StdResult, Storage};

use crate::answer::{self, Opened};
use crate::events::{attempt_event, hex};
use crate::hash::{self, Place};
use crate::limits::MAX_OPENED;
use crate::msg::Phase;
use crate::rules::queue_key;
use crate::state::{load_query, Config, Opening, Query, MODULE_SEED, OPENINGS, OPEN_COUNT, QUEUE, TOTAL_WEIGHTS};
use crate::ContractError;

/// Starts an attempt; capacity is the caller's matter.
pub fn open_attempt(
    storage: &mut dyn Storage,
    env: &Env,
    query: &Query,
    attempt: u32,
) -> Result<Opened, ContractError> {
    let (height, time_ns) = (env.block.height, env.block.time.nanos());
    let module_seed = MODULE_SEED.load(storage)?;
    let seed = hash::seed(Place::of(env), &module_seed, query.id, attempt, height, time_ns);
    let total_weight = TOTAL_WEIGHTS
        .may_load_at_height(storage, &query.model, height)?
        .unwrap_or_default();
    let opening = Opening {
        attempt,
        height,
        time_ns,
        seed: Binary::from(seed),
        total_weight,
        committed: 0,
        revealed: 0,
        full: None,
    };
    OPENINGS.save(storage, query.id, &opening)?;
    let event = attempt_event("opened", query.id, attempt)
        .add_attribute("phase", Phase::Commit.as_str())
        .add_attribute("query_hash", hex(&query.query_hash))
        .add_attribute("model", hex(&query.model))
        .add_attribute("seed", hex(&seed))
        .add_attribute("height", height.to_string())
        .add_attribute("seats", query.seats.to_string())
        .add_attribute("total_weight", total_weight);
    Ok(Opened {
        frame: answer::opened(query, &opening),
        event,
    })
}

/// Opens a query that was not open before, if there is capacity and nobody waits for it.
pub fn open_if_free(
    storage: &mut dyn Storage,
    env: &Env,
    config: &Config,
    query: &Query,
) -> Result<Option<Opened>, ContractError> {
    let open = OPEN_COUNT.load(storage)?;
    if open >= config.params.max_open || head(storage)?.is_some() {
        return Ok(None);
    }
    OPEN_COUNT.save(storage, &(open + 1))?;
    open_attempt(storage, env, query, 0).map(Some)
}

pub fn enqueue(storage: &mut dyn Storage, query: &Query) -> Result<(), ContractError> {
    let key = queue_key(storage, query)?;
    QUEUE.save(storage, key, &Default::default())?;
    Ok(())
}

pub fn dequeue(storage: &mut dyn Storage, query: &Query) -> Result<(), ContractError> {
    let key = queue_key(storage, query)?;
    QUEUE.remove(storage, key);
    Ok(())
}

/// Gives a place back and opens what waits at the head of the queue, as far as there are places.
pub fn release(storage: &mut dyn Storage, env: &Env, config: &Config) -> Result<Vec<Opened>, ContractError> {
    let mut open = OPEN_COUNT.load(storage)? - 1;
    let mut opened = vec![];
    while open < config.params.max_open && opened.len() < MAX_OPENED {
        let Some(key) = head(storage)? else {
            break;
        };
        QUEUE.remove(storage, key);
        let query = load_query(storage, key.1)?;
        opened.push(open_attempt(storage, env, &query, 0)?);
        open += 1;
    }
    OPEN_COUNT.save(storage, &open)?;
    Ok(opened)
}

fn head(storage: &dyn Storage) -> StdResult<Option<(u128, u64)>> {
    QUEUE.keys(storage, None, None, Order::Ascending).next().transpose()
}
