//! Probe contract: every message exercises one behaviour of the host, so that a test can name what it checks.
use cosmwasm_std::{
    entry_point, from_json, to_json_binary, Addr, BankMsg, Binary, ContractInfoResponse,
    CosmosMsg, Deps, DepsMut, Empty, Env, Event, MessageInfo, Order, QueryRequest, Reply, ReplyOn,
    Response, StdError, StdResult, SubMsg, SubMsgResult, WasmMsg, WasmQuery,
};
use serde::Serialize;

mod msg;
pub use msg::{ExecuteMsg, InstantiateMsg, QueryMsg, ReplyWhen};

#[entry_point]
pub fn instantiate(
    deps: DepsMut,
    _env: Env,
    info: MessageInfo,
    msg: InstantiateMsg,
) -> StdResult<Response> {
    deps.storage.set(b"label", msg.label.as_bytes());
    deps.storage.set(b"owner", info.sender.as_bytes());
    Ok(Response::new()
        .add_attribute("label", msg.label)
        .set_data(b"born".to_vec()))
}

#[entry_point]
pub fn execute(deps: DepsMut, env: Env, info: MessageInfo, msg: ExecuteMsg) -> StdResult<Response> {
    match msg {
        ExecuteMsg::Set { key, value } => {
            deps.storage.set(key.as_bytes(), value.as_bytes());
            Ok(Response::new()
                .add_attribute("action", "set")
                .add_attribute("key", key))
        }
        ExecuteMsg::Remove { key } => {
            deps.storage.remove(key.as_bytes());
            Ok(Response::new())
        }
        ExecuteMsg::SetThenFail { key, value } => {
            deps.storage.set(key.as_bytes(), value.as_bytes());
            Err(StdError::msg("refused on purpose"))
        }
        ExecuteMsg::Panic {} => panic!("probe panics on purpose"),
        ExecuteMsg::Trap {} => {
            #[cfg(target_arch = "wasm32")]
            core::arch::wasm32::unreachable();
            #[cfg(not(target_arch = "wasm32"))]
            unreachable!()
        }
        ExecuteMsg::Spin { rounds } => {
            let mut x = 1u64;
            for i in 0..rounds {
                x = x.wrapping_mul(6364136223846793005).wrapping_add(i);
            }
            Ok(Response::new().add_attribute("x", x.to_string()))
        }
        ExecuteMsg::Emit { query_id } => Ok(Response::new().add_event(
            Event::new("quorate")
                .add_attribute("query_id", query_id)
                .add_attribute("sender", info.sender),
        )),
        ExecuteMsg::Data { data } => Ok(Response::new().set_data(data)),
        ExecuteMsg::Pay { to, amount } => Ok(Response::new().add_message(BankMsg::Send {
            to_address: to,
            amount,
        })),
        ExecuteMsg::Burn { amount } => Ok(Response::new().add_message(BankMsg::Burn { amount })),
        ExecuteMsg::Sub {
            before,
            msgs,
            reply_on,
            reply_fails,
            reply_data,
        } => {
            deps.storage.set(b"before", before.as_bytes());
            let mut response = Response::new().set_data(b"parent".to_vec());
            for (i, msg) in msgs.into_iter().enumerate() {
                let wasm = WasmMsg::Execute {
                    contract_addr: env.contract.address.to_string(),
                    msg,
                    funds: vec![],
                };
                let on = match reply_on {
                    ReplyWhen::Always => ReplyOn::Always,
                    ReplyWhen::Success => ReplyOn::Success,
                    ReplyWhen::Error => ReplyOn::Error,
                    ReplyWhen::Never => ReplyOn::Never,
                };
                let mut sub = SubMsg::new(wasm);
                sub.id = i as u64;
                sub.reply_on = on;
                sub.payload = to_json_binary(&(reply_fails, &reply_data))?;
                response = response.add_submessage(sub);
            }
            Ok(response)
        }
        ExecuteMsg::Spawn { code_id, label } => {
            let wasm = WasmMsg::Instantiate {
                admin: None,
                code_id,
                msg: to_json_binary(&InstantiateMsg {
                    label: label.clone(),
                })?,
                funds: vec![],
                label,
            };
            let mut sub = SubMsg::reply_on_success(wasm, 1000);
            sub.payload = to_json_binary(&(false, Option::<Binary>::None))?;
            Ok(Response::new().add_submessage(sub))
        }
        ExecuteMsg::Call {
            contract,
            msg,
            funds,
        } => Ok(Response::new().add_message(WasmMsg::Execute {
            contract_addr: contract,
            msg,
            funds,
        })),
        ExecuteMsg::Debug { text } => {
            deps.api.debug(&text);
            Ok(Response::new())
        }
        ExecuteMsg::Recurse {} => Ok(Response::new().add_message(CosmosMsg::Wasm(
            WasmMsg::Execute {
                contract_addr: env.contract.address.to_string(),
                msg: to_json_binary(&ExecuteMsg::Recurse {})?,
                funds: vec![],
            },
        ))),
    }
}

#[entry_point]
pub fn reply(deps: DepsMut, _env: Env, reply: Reply) -> StdResult<Response> {
    let (fails, data): (bool, Option<Binary>) = from_json(&reply.payload)?;
    let key = format!("reply-{}", reply.id);
    let response = Response::new().add_attribute("reply", reply.id.to_string());
    let outcome = match &reply.result {
        SubMsgResult::Ok(ok) => {
            let types: Vec<String> = ok.events.iter().map(|e| e.ty.clone()).collect();
            format!("ok:{}:{}", ok.msg_responses.len(), types.join(","))
        }
        SubMsgResult::Err(error) => format!("err:{error}"),
    };
    deps.storage.set(key.as_bytes(), outcome.as_bytes());
    if fails {
        return Err(StdError::msg("reply refused on purpose"));
    }
    Ok(match data {
        Some(data) => response.set_data(data),
        None => response,
    })
}

#[entry_point]
pub fn migrate(deps: DepsMut, _env: Env, msg: InstantiateMsg) -> StdResult<Response> {
    deps.storage.set(b"label", msg.label.as_bytes());
    Ok(Response::new().add_attribute("migrated", msg.label))
}

#[entry_point]
pub fn sudo(deps: DepsMut, _env: Env, msg: InstantiateMsg) -> StdResult<Response> {
    deps.storage.set(b"sudo", msg.label.as_bytes());
    Ok(Response::new())
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}

#[entry_point]
pub fn query(deps: Deps, env: Env, msg: QueryMsg) -> StdResult<Binary> {
    match msg {
        QueryMsg::Get { key } => to_json_binary(&deps.storage.get(key.as_bytes()).map(text)),
        QueryMsg::Scan {
            start,
            end,
            descending,
            keys_only,
            limit,
        } => {
            let order = if descending {
                Order::Descending
            } else {
                Order::Ascending
            };
            let (start, end) = (start.map(String::into_bytes), end.map(String::into_bytes));
            let limit = limit as usize;
            if keys_only {
                let keys = deps
                    .storage
                    .range_keys(start.as_deref(), end.as_deref(), order);
                return to_json_binary(&keys.take(limit).map(text).collect::<Vec<_>>());
            }
            let all = deps.storage.range(start.as_deref(), end.as_deref(), order);
            to_json_binary(
                &all.take(limit)
                    .map(|(k, v)| (text(k), text(v)))
                    .collect::<Vec<_>>(),
            )
        }
        QueryMsg::Address { human } => {
            let valid = deps.api.addr_validate(&human)?;
            let canonical = deps.api.addr_canonicalize(valid.as_str())?;
            to_json_binary(&(deps.api.addr_humanize(&canonical)?, canonical.len()))
        }
        QueryMsg::Humanize { canonical } => {
            let human: Addr = deps.api.addr_humanize(&canonical.to_vec().into())?;
            to_json_binary(&human)
        }
        QueryMsg::Secp256k1 {
            hash,
            signature,
            public_key,
        } => {
            let ok = deps.api.secp256k1_verify(&hash, &signature, &public_key);
            to_json_binary(&ok.map_err(|e| StdError::msg(e.to_string()))?)
        }
        QueryMsg::Recover {
            hash,
            signature,
            recovery,
        } => {
            let key = deps
                .api
                .secp256k1_recover_pubkey(&hash, &signature, recovery);
            to_json_binary(&Binary::from(
                key.map_err(|e| StdError::msg(e.to_string()))?,
            ))
        }
        QueryMsg::Ed25519 {
            message,
            signature,
            public_key,
        } => {
            let ok = deps.api.ed25519_verify(&message, &signature, &public_key);
            to_json_binary(&ok.map_err(|e| StdError::msg(e.to_string()))?)
        }
        QueryMsg::Ed25519Batch {
            messages,
            signatures,
            public_keys,
        } => {
            let messages: Vec<&[u8]> = messages.iter().map(|b| b.as_slice()).collect();
            let signatures: Vec<&[u8]> = signatures.iter().map(|b| b.as_slice()).collect();
            let keys: Vec<&[u8]> = public_keys.iter().map(|b| b.as_slice()).collect();
            let ok = deps.api.ed25519_batch_verify(&messages, &signatures, &keys);
            to_json_binary(&ok.map_err(|e| StdError::msg(e.to_string()))?)
        }
        QueryMsg::Balance { address, denom } => {
            to_json_binary(&deps.querier.query_balance(address, denom)?)
        }
        QueryMsg::Smart { contract, msg } => {
            let request: QueryRequest<Empty> = QueryRequest::Wasm(WasmQuery::Smart {
                contract_addr: contract,
                msg,
            });
            let answer: Option<String> = deps.querier.query(&request)?;
            to_json_binary(&answer)
        }
        QueryMsg::Raw { contract, key } => {
            let raw = deps.querier.query_wasm_raw(contract, key.to_vec())?;
            to_json_binary(&raw.map(text))
        }
        QueryMsg::Info { contract } => {
            let info: ContractInfoResponse = deps.querier.query_wasm_contract_info(contract)?;
            to_json_binary(&info)
        }
        QueryMsg::Unsupported {} => {
            let request = to_json_binary(&serde_unknown())?;
            let answer = deps.querier.raw_query(&request);
            to_json_binary(&format!("{answer:?}"))
        }
        QueryMsg::Env {} => to_json_binary(&env),
        QueryMsg::Fail {} => Err(StdError::msg("query refused on purpose")),
    }
}

#[derive(Serialize)]
struct Unknown {
    moon: Empty,
}

fn serde_unknown() -> Unknown {
    Unknown { moon: Empty {} }
}
