//! Messages that may fail without undoing a settlement: payments and callbacks, and the replies to their failures.

use cosmwasm_schema::cw_serde;
use cosmwasm_std::{
    from_json, to_json_binary, Addr, BankMsg, Coin, DepsMut, Reply, Response, StdResult, SubMsg, Uint128, WasmMsg,
};

use crate::events::{event, hex};
use crate::msg::CallbackMsg;
use crate::state::{Outcome, Query, TOTALS};
use crate::ContractError;

const PAYMENT: u64 = 1;
const CALLBACK: u64 = 2;

/// What a reply needs to know of the message that failed.
#[cw_serde]
struct Attempted {
    /// `query_id` or `session`, and which one.
    about: String,
    id: String,
    to: Addr,
    amount: Uint128,
}

/// A payment that comes back as [`reply`] if the bank refuses it; none for nothing.
pub fn payment(query_id: u64, to: &Addr, amount: Uint128, denom: &str) -> StdResult<Option<SubMsg>> {
    payment_about("query_id", query_id.to_string(), to, amount, denom)
}

pub fn session_payment(session: &[u8], to: &Addr, amount: Uint128, denom: &str) -> StdResult<Option<SubMsg>> {
    payment_about("session", hex(session), to, amount, denom)
}

fn payment_about(about: &str, id: String, to: &Addr, amount: Uint128, denom: &str) -> StdResult<Option<SubMsg>> {
    if amount.is_zero() {
        return Ok(None);
    }
    let send = BankMsg::Send {
        to_address: to.to_string(),
        amount: vec![Coin::new(amount, denom)],
    };
    let payload = to_json_binary(&Attempted {
        about: about.to_string(),
        id,
        to: to.clone(),
        amount,
    })?;
    let message = SubMsg::reply_on_error(send, PAYMENT).with_payload(payload);
    Ok(Some(message))
}

pub fn callback(gas: u64, query: &Query, outcome: &Outcome) -> StdResult<Option<SubMsg>> {
    let Some(contract) = &query.callback else {
        return Ok(None);
    };
    let execute = WasmMsg::Execute {
        contract_addr: contract.to_string(),
        msg: to_json_binary(&CallbackMsg::QuorateResult {
            query_id: query.id,
            outcome: outcome.kind,
            digest: outcome.digest.clone(),
        })?,
        funds: vec![],
    };
    let payload = to_json_binary(&Attempted {
        about: "query_id".to_string(),
        id: query.id.to_string(),
        to: contract.clone(),
        amount: Uint128::zero(),
    })?;
    let message = SubMsg::reply_on_error(execute, CALLBACK)
        .with_gas_limit(gas)
        .with_payload(payload);
    Ok(Some(message))
}

pub fn reply(deps: DepsMut, msg: Reply) -> Result<Response, ContractError> {
    let failed: Attempted = from_json(&msg.payload)?;
    let event = match msg.id {
        PAYMENT => {
            TOTALS.update(deps.storage, |mut totals| -> Result<_, ContractError> {
                totals.pool = totals.pool.checked_add(failed.amount)?;
                Ok(totals)
            })?;
            event("paid")
                .add_attribute(failed.about, failed.id)
                .add_attribute("outcome", "to_pool")
                .add_attribute("refused_by", failed.to)
                .add_attribute("amount", failed.amount)
        }
        CALLBACK => event("callback_failed")
            .add_attribute(failed.about, failed.id)
            .add_attribute("callback", failed.to),
        id => return Err(ContractError::UnknownReply { id }),
    };
    Ok(Response::new().add_event(event))
}
