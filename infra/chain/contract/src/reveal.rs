use cosmwasm_std::{DepsMut, Env, MessageInfo, Response};

use crate::events::{attempt_event, hex};
use crate::hash::{self, CommitmentFields, Place};
use crate::limits::{check_length, nonpayable};
use crate::msg::{RevealMsg, Rule};
use crate::phase::{check_after, check_not_final, Timeline};
use crate::rules::rules_at;
use crate::state::{load_model, load_query, Seat, SeatOutcome, OPENINGS, SEATS, SEAT_OF};
use crate::{answer, ContractError};

/// A wrong or late reveal succeeds too: it stays on the chain as what it is.
pub fn reveal(deps: DepsMut, env: Env, info: MessageInfo, msg: RevealMsg) -> Result<Response, ContractError> {
    nonpayable(&info)?;
    check_length("digest", &msg.digest, 32)?;
    check_length("receipts_root", &msg.receipts_root, 32)?;
    check_length("salt", &msg.salt, 32)?;
    let query_id = msg.query_id;
    let query = load_query(deps.storage, query_id)?;
    check_not_final(&query)?;
    let mut opening = OPENINGS
        .may_load(deps.storage, query_id)?
        .ok_or(ContractError::Queued { query_id })?;
    let (node, attempt, height) = (info.sender, opening.attempt, env.block.height);
    let Some(place) = SEAT_OF.may_load(deps.storage, (query_id, attempt, &node))? else {
        return Err(ContractError::NoSeat {
            query_id,
            attempt,
            node,
        });
    };
    let model = load_model(deps.storage, &query.model)?;
    let grace_blocks = rules_at(deps.storage, opening.height)?.grace_blocks;
    let timeline = Timeline::new(&opening, &model.windows, grace_blocks);
    check_after("reveal", query_id, timeline.commit_close, height)?;
    let seat_key = (query_id, attempt, place);
    let mut seat = SEATS.load(deps.storage, seat_key)?;
    if seat.outcome != SeatOutcome::Committed {
        return Err(ContractError::AlreadyRevealed {
            query_id,
            attempt,
            node,
            outcome: seat.outcome.as_str().to_string(),
        });
    }

    if height > timeline.reveal_close {
        seat.outcome = SeatOutcome::Late;
    } else {
        opening.revealed += 1;
        OPENINGS.save(deps.storage, query_id, &opening)?;
        if opens(&env, attempt, &model.rule, &seat, &msg) {
            seat.outcome = SeatOutcome::Revealed;
            seat.digest = Some(msg.digest);
            seat.sketch = msg.sketch;
            seat.receipts_root = Some(msg.receipts_root);
        } else {
            seat.outcome = SeatOutcome::Mismatch;
        }
    }
    SEATS.save(deps.storage, seat_key, &seat)?;

    let mut event = attempt_event("revealed", query_id, attempt)
        .add_attribute("node", &node)
        .add_attribute("phase", timeline.phase(&opening, height).as_str())
        .add_attribute("outcome", seat.outcome.as_str());
    if let (Some(digest), Some(receipts_root)) = (&seat.digest, &seat.receipts_root) {
        event = event
            .add_attribute("digest", hex(digest))
            .add_attribute("receipts_root", hex(receipts_root));
    }
    let data = answer::revealed(query_id, attempt, node.as_str(), seat.outcome);
    Ok(Response::new().add_event(event).set_data(data))
}

fn opens(env: &Env, attempt: u32, rule: &Rule, seat: &Seat, msg: &RevealMsg) -> bool {
    if msg.sketch.len() != rule.sketch_len() as usize {
        return false;
    }
    let computed = hash::commitment(
        Place::of(env),
        &CommitmentFields {
            query_id: msg.query_id,
            attempt,
            node: seat.node.as_str(),
            digest: &msg.digest,
            sketch_hash: &hash::sketch_hash(&msg.sketch),
            receipts_root: &msg.receipts_root,
            salt: &msg.salt,
        },
    );
    computed.as_slice() == seat.commitment.as_slice()
}
