//! Opening of attempts: capacity, the queue and seeds.

use cosmwasm_std::{Binary, Env, Order, Storage};

use crate::answer::{self, Opened};
use crate::events::{attempt_event, hex};
use crate::hash::{self, Place};
use crate::limits::MAX_AMOUNT;
use crate::money::rank_key;
use crate::msg::Phase;
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

/// Opens a query that was not open before, if there is capacity.
pub fn open_if_free(
    storage: &mut dyn Storage,
    env: &Env,
    config: &Config,
    query: &Query,
) -> Result<Option<Opened>, ContractError> {
    let open = OPEN_COUNT.load(storage)?;
    if open >= config.params.max_open {
        return Ok(None);
    }
    OPEN_COUNT.save(storage, &(open + 1))?;
    open_attempt(storage, env, query, 0).map(Some)
}

pub fn enqueue(storage: &mut dyn Storage, config: &Config, query: &Query) -> Result<(), ContractError> {
    QUEUE.save(storage, queue_key(config, query)?, &Default::default())?;
    Ok(())
}

pub fn dequeue(storage: &mut dyn Storage, config: &Config, query: &Query) -> Result<(), ContractError> {
    QUEUE.remove(storage, queue_key(config, query)?);
    Ok(())
}

/// Gives a place back and opens what waits at the head of the queue.
pub fn release(storage: &mut dyn Storage, env: &Env, config: &Config) -> Result<Option<Opened>, ContractError> {
    let open = OPEN_COUNT.load(storage)?;
    OPEN_COUNT.save(storage, &(open - 1))?;
    let first = QUEUE.keys(storage, None, None, Order::Ascending).next().transpose()?;
    let Some(key) = first else {
        return Ok(None);
    };
    QUEUE.remove(storage, key);
    let query = load_query(storage, key.1)?;
    open_if_free(storage, env, config, &query)
}

fn queue_key(config: &Config, query: &Query) -> Result<(u128, u64), ContractError> {
    let ageing = config.params.ageing_per_block;
    let rank = rank_key(query.fee, ageing, query.asked_height, MAX_AMOUNT)?;
    Ok((rank, query.id))
}
