use cosmwasm_std::{Addr, Binary, DepsMut, Empty, Env, Event, MessageInfo, Response, Storage, Uint128};

use crate::events::{event, hex};
use crate::hash::{self, Place, QueryFields};
use crate::limits::{check_input, check_length, check_units, input_units, paid};
use crate::msg::{AskMsg, Input, Phase, Privacy};
use crate::opening::{enqueue, open_if_free};
use crate::rules::queue_deadline;
use crate::state::{load_model, Config, Query, CONFIG, INPUTS, LAST_QUERY, LIVE, QUERIES, TOTALS};
use crate::{answer, ContractError};

pub fn ask(deps: DepsMut, env: Env, info: MessageInfo, msg: AskMsg) -> Result<Response, ContractError> {
    let config = CONFIG.load(deps.storage)?;
    let fee = paid(&info, &config.denom)?;
    check_length("input_hash", &msg.input_hash, 32)?;
    check_input(&msg.input, &msg.input_hash)?;
    check_units("max_units", msg.max_units)?;
    let input_units = input_units(&msg.input, msg.input_units)?;
    let model = load_model(deps.storage, &msg.model)?;
    if model.withdrawn {
        return Err(ContractError::ModelWithdrawn { model: hex(&msg.model) });
    }
    let max = config.params.max_seats;
    if msg.seats < 1 || msg.seats > max {
        return Err(ContractError::InvalidSeats { seats: msg.seats, max });
    }
    let required = model.price.checked_mul(Uint128::from(msg.seats))?;
    if fee < required {
        return Err(ContractError::FeeTooSmall {
            fee,
            required,
            price: model.price,
            seats: msg.seats,
        });
    }
    let validate = |address: &String| deps.api.addr_validate(address);
    let agent = msg.agent.as_ref().map(validate).transpose()?;
    // Its share would come back to the contract and be in nobody's books.
    if agent.as_ref() == Some(&env.contract.address) {
        return Err(ContractError::AgentIsContract {});
    }
    let callback = msg.callback.as_ref().map(validate).transpose()?;

    let draft = Draft {
        asker: info.sender,
        model: msg.model,
        input_hash: msg.input_hash,
        input: msg.input,
        seats: msg.seats,
        privacy: msg.privacy,
        max_units: msg.max_units,
        fee,
        agent,
        callback,
        session: None,
        input_units,
    };
    let placed = place(deps.storage, &env, &config, draft)?;
    Ok(Response::new().add_events(placed.events).set_data(placed.frame))
}

/// A query whose fee has arrived and whose fields are checked.
pub struct Draft {
    pub asker: Addr,
    pub model: Binary,
    pub input_hash: Binary,
    pub input: Input,
    pub seats: u32,
    pub privacy: Privacy,
    pub max_units: u64,
    pub fee: Uint128,
    pub agent: Option<Addr>,
    pub callback: Option<Addr>,
    pub session: Option<Binary>,
    pub input_units: u64,
}

pub struct Placed {
    pub query_id: u64,
    pub events: Vec<Event>,
    /// The `asked` frame.
    pub frame: Vec<u8>,
}

/// Records a query and opens it, or lets it wait.
pub fn place(storage: &mut dyn Storage, env: &Env, config: &Config, draft: Draft) -> Result<Placed, ContractError> {
    let id = LAST_QUERY.load(storage)? + 1;
    let query_hash = hash::query_hash(
        Place::of(env),
        &QueryFields {
            query_id: id,
            asker: draft.asker.as_str(),
            model: &draft.model,
            input_hash: &draft.input_hash,
            seats: draft.seats,
            privacy: draft.privacy.as_str(),
            max_units: draft.max_units,
            fee: draft.fee.u128(),
        },
    );
    let query = Query {
        id,
        query_hash: Binary::from(query_hash),
        asker: draft.asker,
        model: draft.model,
        input_hash: draft.input_hash,
        seats: draft.seats,
        privacy: draft.privacy,
        max_units: draft.max_units,
        fee: draft.fee,
        agent: draft.agent,
        callback: draft.callback,
        asked_height: env.block.height,
        outcome: None,
        session: draft.session,
        input_units: draft.input_units,
    };
    LAST_QUERY.save(storage, &id)?;
    QUERIES.save(storage, id, &query)?;
    INPUTS.save(storage, id, &draft.input)?;
    LIVE.save(storage, id, &Empty {})?;
    TOTALS.update(storage, |mut totals| -> Result<_, ContractError> {
        totals.fees = totals.fees.checked_add(query.fee)?;
        Ok(totals)
    })?;

    let asked = event("asked")
        .add_attribute("query_id", id.to_string())
        .add_attribute("asker", &query.asker)
        .add_attribute("query_hash", hex(&query_hash))
        .add_attribute("model", hex(&query.model))
        .add_attribute("input_hash", hex(&query.input_hash))
        .add_attribute("seats", query.seats.to_string())
        .add_attribute("fee", query.fee);
    let (next, opened) = match open_if_free(storage, env, config, &query)? {
        Some(opened) => (opened.event, opened.frame),
        None => {
            enqueue(storage, &query)?;
            let deadline = queue_deadline(storage, &query)?;
            let queued = event("queued")
                .add_attribute("query_id", id.to_string())
                .add_attribute("phase", Phase::Queued.as_str())
                .add_attribute("queue_deadline", deadline.to_string());
            (queued, vec![])
        }
    };
    Ok(Placed {
        query_id: id,
        events: vec![asked, next],
        frame: answer::asked(id, &query_hash, &opened),
    })
}
