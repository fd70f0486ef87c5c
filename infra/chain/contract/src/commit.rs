use cosmwasm_std::{Binary, DepsMut, Env, MessageInfo, Response, Uint128};

use crate::answer::{self, Committed};
use crate::draw::qualifies;
use crate::events::{attempt_event, hex};
use crate::hash;
use crate::limits::{check_length, nonpayable, MAX_COMMITTEE};
use crate::phase::{check_not_final, current_round, Timeline};
use crate::rules::rules_at;
use crate::session_challenge::check_not_own;
use crate::stake::weight_at;
use crate::state::{load_model, load_node, load_query, Full, Seat, SeatOutcome, MODULE_SEED, OPENINGS, SEATS, SEAT_OF};
use crate::timing::{actual_ms, Elapsed};
use crate::{vrf, ContractError};

/// Claims a seat: the proof shows that the draw chose this node, so nobody knew the committee beforehand.
pub fn commit(
    deps: DepsMut,
    env: Env,
    info: MessageInfo,
    query_id: u64,
    round: u32,
    proof: Binary,
    commitment: Binary,
) -> Result<Response, ContractError> {
    nonpayable(&info)?;
    check_length("commitment", &commitment, 32)?;
    let query = load_query(deps.storage, query_id)?;
    check_not_final(&query)?;
    check_not_own(deps.storage, &query, &info.sender)?;
    let mut opening = OPENINGS
        .may_load(deps.storage, query_id)?
        .ok_or(ContractError::Queued { query_id })?;
    let (sender, attempt, height) = (info.sender, opening.attempt, env.block.height);
    let windows = load_model(deps.storage, &query.model)?.windows;
    let grace_blocks = rules_at(deps.storage, opening.height)?.grace_blocks;
    let closed = Timeline::new(&opening, &windows, grace_blocks).commit_close;
    if height > closed {
        return Err(ContractError::CommitWindowClosed {
            query_id,
            closed,
            height,
        });
    }
    let node = load_node(deps.storage, &sender)?;
    let seat_key = (query_id, attempt, &sender);
    if SEAT_OF.has(deps.storage, seat_key) {
        return Err(ContractError::AlreadyCommitted {
            query_id,
            attempt,
            node: sender,
        });
    }
    if opening.committed >= MAX_COMMITTEE {
        return Err(ContractError::CommitteeFull {
            query_id,
            max: MAX_COMMITTEE,
        });
    }
    let current = current_round(&opening, &windows, height);
    if round > current {
        return Err(ContractError::RoundNotReached { round, current });
    }
    let weight = weight_at(deps.storage, &sender, &query.model, opening.height)?;
    if weight.is_zero() {
        return Err(ContractError::NotEligible {
            node: sender,
            model: hex(&query.model),
            height: opening.height,
        });
    }
    let alpha = hash::alpha(&opening.seed, round);
    let beta =
        vrf::verify(&node.vrf_pubkey, &alpha, &proof).map_err(|source| ContractError::InvalidProof { source })?;
    let total = opening.total_weight.u128();
    if !qualifies(&beta, total, query.seats, weight.u128(), round)? {
        return Err(ContractError::NotQualified { node: sender, round });
    }

    let place = opening.committed;
    SEAT_OF.save(deps.storage, seat_key, &place)?;
    let seat = Seat {
        node: sender,
        round,
        beta: Binary::from(beta),
        commitment,
        committed_height: height,
        outcome: SeatOutcome::Committed,
        digest: None,
        sketch: vec![],
        receipts_root: None,
        paid: Uint128::zero(),
        slashed: Uint128::zero(),
        actual_ms: Some(actual_ms(&Elapsed {
            ns: env.block.time.nanos().saturating_sub(opening.time_ns),
            blocks: height - opening.height,
            round_start: u64::from(round) * windows.round_blocks,
        })),
        record: None,
    };
    SEATS.save(deps.storage, (query_id, attempt, place), &seat)?;
    opening.committed += 1;
    if opening.committed == query.seats {
        opening.full = Some(Full { height, round: current });
    }
    OPENINGS.save(deps.storage, query_id, &opening)?;
    let module_seed = MODULE_SEED.load(deps.storage)?;
    let next = hash::next_module_seed(&module_seed, &beta);
    MODULE_SEED.save(deps.storage, &Binary::from(next), height)?;

    let timeline = Timeline::new(&opening, &windows, grace_blocks);
    let event = attempt_event("committed", query_id, attempt)
        .add_attribute("node", &seat.node)
        .add_attribute("phase", timeline.phase(&opening, height).as_str())
        .add_attribute("outcome", seat.outcome.as_str())
        .add_attribute("round", round.to_string())
        .add_attribute("weight", weight)
        .add_attribute("commitment", hex(&seat.commitment))
        .add_attribute("committed", opening.committed.to_string())
        .add_attribute("commit_close", timeline.commit_close.to_string());
    let data = answer::committed(&Committed {
        query_id,
        attempt,
        node: seat.node.as_str(),
        vrf_pubkey: &node.vrf_pubkey,
        weight: weight.u128(),
        round,
        commitment: &seat.commitment,
    });
    Ok(Response::new().add_event(event).set_data(data))
}
