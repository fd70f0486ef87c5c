use cosmwasm_std::{
    entry_point, to_json_binary, Binary, Deps, DepsMut, Env, MessageInfo, Reply, Response, StdResult, Uint128,
};
use cw2::set_contract_version;

use crate::hash::{first_module_seed, Place};
use crate::limits::{check_params, nonpayable};
use crate::msg::{ExecuteMsg, InstantiateMsg, MigrateMsg, QueryMsg};
use crate::state::{Config, Model, Totals, CONFIG_NOW, LAST_QUERY, MODULE_SEED, OPEN_COUNT, TOTALS};
use crate::{agents, session, session_challenge, session_query, session_settle};
use crate::{
    ask, commit, governance, log, migrate, models, nodes, payout, query, reveal, reweigh, settle, trial, unbond,
    version, ContractError,
};

#[entry_point]
pub fn instantiate(deps: DepsMut, env: Env, info: MessageInfo, msg: InstantiateMsg) -> Result<Response, ContractError> {
    nonpayable(&info)?;
    check_params(&msg.denom, &msg.params)?;
    set_contract_version(deps.storage, version::NAME, version::NUMBER)?;
    let config = Config {
        denom: msg.denom,
        params: msg.params,
        admin: msg.admin.map(|address| deps.api.addr_validate(&address)).transpose()?,
        ageing_base: Uint128::zero(),
        ageing_from: 0,
    };
    CONFIG_NOW.save(deps.storage, &config)?;
    let seed = first_module_seed(Place::of(&env));
    MODULE_SEED.save(deps.storage, &Binary::from(seed), env.block.height)?;
    TOTALS.save(deps.storage, &Totals::default())?;
    LAST_QUERY.save(deps.storage, &0)?;
    OPEN_COUNT.save(deps.storage, &0)?;
    Ok(Response::new())
}

#[entry_point]
pub fn execute(deps: DepsMut, env: Env, info: MessageInfo, msg: ExecuteMsg) -> Result<Response, ContractError> {
    match msg {
        ExecuteMsg::RegisterNode { vrf_pubkey } => nodes::register(deps, env, info, vrf_pubkey),
        ExecuteMsg::Bond {} => nodes::bond(deps, env, info),
        ExecuteMsg::Unbond { amount } => unbond::unbond(deps, env, info, amount),
        ExecuteMsg::Withdraw {} => unbond::withdraw(deps, env, info),
        ExecuteMsg::RegisterModel {
            manifest_hash,
            price,
            rule,
            windows,
            trial,
            timing,
        } => {
            let model = Model {
                owner: info.sender.clone(),
                price,
                rule,
                windows,
                withdrawn: false,
                trial,
                timing,
            };
            models::register(deps, info, manifest_hash, model)
        }
        ExecuteMsg::WithdrawModel { model } => models::withdraw(deps, info, model),
        ExecuteMsg::Serve { model, trial } => nodes::serve(deps, env, info, model, trial),
        ExecuteMsg::Unserve { model } => nodes::unserve(deps, env, info, model),
        ExecuteMsg::Ask(msg) => ask::ask(deps, env, info, msg),
        ExecuteMsg::Commit {
            query_id,
            round,
            proof,
            commitment,
        } => commit::commit(deps, env, info, query_id, round, proof, commitment),
        ExecuteMsg::Reveal(msg) => reveal::reveal(deps, env, info, msg),
        ExecuteMsg::Settle { query_id } => settle::settle(deps, env, info, query_id),
        ExecuteMsg::Expire { query_id } => settle::expire(deps, env, info, query_id),

        ExecuteMsg::Announce { service } => agents::announce(deps, env, info, service),
        ExecuteMsg::LockSession(msg) => session::lock(deps, env, info, msg),
        ExecuteMsg::RegisterSession { session_id, proof } => session::register(deps, env, info, session_id, proof),
        ExecuteMsg::SubmitSession(msg) => session::submit(deps, env, info, msg),
        ExecuteMsg::SettleSession { session_id, proof } => session_settle::settle(deps, env, info, session_id, proof),
        ExecuteMsg::OpenAnswer(msg) => session_challenge::open(deps, env, info, msg),
        ExecuteMsg::UpdateParams { params } => governance::update_params(deps, env, info, params),
        ExecuteMsg::ProposeAdmin { admin } => governance::propose_admin(deps, info, admin),
        ExecuteMsg::AcceptAdmin {} => governance::accept_admin(deps, env, info),
        ExecuteMsg::SpendPool { to, amount } => governance::spend_pool(deps, env, info, to, amount),
        ExecuteMsg::Reweigh { limit } => reweigh::reweigh(deps, env, info, limit),
    }
}

#[entry_point]
pub fn migrate(deps: DepsMut, _env: Env, msg: MigrateMsg) -> Result<Response, ContractError> {
    migrate::migrate(deps, msg)
}

#[entry_point]
pub fn reply(deps: DepsMut, _env: Env, msg: Reply) -> Result<Response, ContractError> {
    payout::reply(deps, msg)
}

#[entry_point]
pub fn query(deps: Deps, env: Env, msg: QueryMsg) -> StdResult<Binary> {
    match msg {
        QueryMsg::Params {} => to_json_binary(&query::params(deps)?),
        QueryMsg::Totals {} => to_json_binary(&query::totals(deps)?),
        QueryMsg::Node { address } => to_json_binary(&query::node(deps, address)?),
        QueryMsg::Nodes { start_after, limit } => to_json_binary(&query::nodes(deps, start_after, limit)?),
        QueryMsg::Model { model } => to_json_binary(&query::model(deps, model)?),
        QueryMsg::Models { start_after, limit } => to_json_binary(&query::models(deps, start_after, limit)?),
        QueryMsg::Query { id } => to_json_binary(&query::query(deps, env, id)?),
        QueryMsg::Live { start_after, limit } => to_json_binary(&query::live(deps, env, start_after, limit)?),
        QueryMsg::Seats {
            id,
            attempt,
            start_after,
            limit,
        } => to_json_binary(&query::seats(deps, id, attempt, start_after, limit)?),
        QueryMsg::Draw { query_id, node } => to_json_binary(&query::draw(deps, env, query_id, node)?),

        QueryMsg::Session { id } => to_json_binary(&session_query::session(deps, env, id)?),
        QueryMsg::Sessions { start_after, limit } => {
            to_json_binary(&session_query::sessions(deps, env, start_after, limit)?)
        }
        QueryMsg::Agents {
            model,
            start_after,
            limit,
        } => to_json_binary(&session_query::agents(deps, env, model, start_after, limit)?),
        QueryMsg::Governance {} => to_json_binary(&governance::governance(deps)?),
        QueryMsg::Trial { node, model } => to_json_binary(&trial::trial(deps, node, model)?),
        QueryMsg::QueryLog { id, start_after, limit } => to_json_binary(&log::query_log(deps, id, start_after, limit)?),
        QueryMsg::NodeLog {
            node,
            start_after,
            limit,
        } => to_json_binary(&log::node_log(deps, node, start_after, limit)?),
    }
}
