use cosmwasm_std::{Binary, DepsMut, Empty, Env, MessageInfo, Response, Uint128};

use crate::events::{event, hex};
use crate::hash::{self, Place, QueryFields};
use crate::limits::{check_input, check_length, check_units, input_units, paid};
use crate::msg::{AskMsg, Phase};
use crate::opening::{enqueue, open_if_free};
use crate::rules::queue_deadline;
use crate::state::{load_model, Query, CONFIG, INPUTS, LAST_QUERY, LIVE, QUERIES, TOTALS};
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
    let callback = msg.callback.as_ref().map(validate).transpose()?;

    let id = LAST_QUERY.load(deps.storage)? + 1;
    let query_hash = hash::query_hash(
        Place::of(&env),
        &QueryFields {
            query_id: id,
            asker: info.sender.as_str(),
            model: &msg.model,
            input_hash: &msg.input_hash,
            seats: msg.seats,
            privacy: msg.privacy.as_str(),
            max_units: msg.max_units,
            fee: fee.u128(),
        },
    );
    let query = Query {
        id,
        query_hash: Binary::from(query_hash),
        asker: info.sender,
        model: msg.model,
        input_hash: msg.input_hash,
        seats: msg.seats,
        privacy: msg.privacy,
        max_units: msg.max_units,
        fee,
        agent,
        callback,
        asked_height: env.block.height,
        outcome: None,
        input_units,
    };
    LAST_QUERY.save(deps.storage, &id)?;
    QUERIES.save(deps.storage, id, &query)?;
    INPUTS.save(deps.storage, id, &msg.input)?;
    LIVE.save(deps.storage, id, &Empty {})?;
    TOTALS.update(deps.storage, |mut totals| -> Result<_, ContractError> {
        totals.fees = totals.fees.checked_add(fee)?;
        Ok(totals)
    })?;

    let asked = event("asked")
        .add_attribute("query_id", id.to_string())
        .add_attribute("asker", &query.asker)
        .add_attribute("query_hash", hex(&query_hash))
        .add_attribute("model", hex(&query.model))
        .add_attribute("input_hash", hex(&query.input_hash))
        .add_attribute("seats", query.seats.to_string())
        .add_attribute("fee", fee);
    match open_if_free(deps.storage, &env, &config, &query)? {
        Some(opened) => Ok(Response::new()
            .add_event(asked)
            .add_event(opened.event)
            .set_data(answer::asked(id, &query_hash, &opened.frame))),
        None => {
            enqueue(deps.storage, &query)?;
            let deadline = queue_deadline(deps.storage, &query)?;
            let queued = event("queued")
                .add_attribute("query_id", id.to_string())
                .add_attribute("phase", Phase::Queued.as_str())
                .add_attribute("queue_deadline", deadline.to_string());
            Ok(Response::new()
                .add_event(asked)
                .add_event(queued)
                .set_data(answer::asked(id, &query_hash, &[])))
        }
    }
}
