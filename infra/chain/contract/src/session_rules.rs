//! The hashes and the integer rules of sessions (section 9). Nothing here reads or writes state.

use cosmwasm_std::{OverflowError, StdResult, Uint128, Uint256};

use crate::frame::Frame;
use crate::hash::Place;
use crate::money::PPM;

/// What the user's proof is made over. Height and time are unknown to the user when the VRF key is fixed.
pub fn seed(place: Place, module_seed: &[u8], session_id: &[u8], locked_height: u64, locked_time_ns: u64) -> [u8; 32] {
    place
        .frame("quorate/session/v1")
        .bytes(module_seed)
        .bytes(session_id)
        .u64(locked_height)
        .u64(locked_time_ns)
        .hash()
}

/// VRF input of the draw of an agent.
pub fn draw_alpha(seed: &[u8]) -> [u8; 32] {
    Frame::new("quorate/session-draw/v1").bytes(seed).hash()
}

/// What the session key signs for each request. The limits count from the session's first request.
pub struct Request<'a> {
    pub sequence: u32,
    pub input_hash: &'a [u8],
    pub input_limit: u64,
    pub output_limit: u64,
}

pub fn request_hash(place: Place, session_id: &[u8], request: &Request) -> [u8; 32] {
    place
        .frame("quorate/session-request/v1")
        .bytes(session_id)
        .u32(request.sequence)
        .bytes(request.input_hash)
        .u64(request.input_limit)
        .u64(request.output_limit)
        .hash()
}

/// The leaf of an answer in the tree that the agent submits the root of; the leaf's place is the request's sequence.
pub fn answer_leaf(request_hash: &[u8], digest: &[u8], input_tokens: u64, output_tokens: u64) -> Vec<u8> {
    Frame::new("quorate/session-answer/v1")
        .bytes(request_hash)
        .bytes(digest)
        .u64(input_tokens)
        .u64(output_tokens)
        .encode()
}

pub fn submission_hash(
    session_id: &[u8],
    input_tokens: u64,
    output_tokens: u64,
    answers: u32,
    answers_root: &[u8],
) -> [u8; 32] {
    Frame::new("quorate/session-submission/v1")
        .bytes(session_id)
        .u64(input_tokens)
        .u64(output_tokens)
        .u32(answers)
        .bytes(answers_root)
        .hash()
}

/// VRF input of the draw of a challenge.
pub fn challenge_alpha(seed: &[u8], submission: &[u8]) -> [u8; 32] {
    Frame::new("quorate/session-challenge/v1")
        .bytes(seed)
        .bytes(submission)
        .hash()
}

/// What decides on a challenge when the user gave no proof in time.
pub fn public_lot(seed: &[u8], submission: &[u8], module_seed: &[u8], height: u64, time_ns: u64) -> [u8; 32] {
    Frame::new("quorate/session-lot/v1")
        .bytes(seed)
        .bytes(submission)
        .bytes(module_seed)
        .u64(height)
        .u64(time_ns)
        .hash()
}

/// `floor((in * price_in + out * price_out) / 10^6)`, never above the lock.
pub fn payment(
    input_tokens: u64,
    output_tokens: u64,
    price_in: Uint128,
    price_out: Uint128,
    lock: Uint128,
) -> Result<Uint128, OverflowError> {
    let part = |tokens: u64, price: Uint128| Uint256::from(price).checked_mul(Uint256::from(tokens));
    let due = part(input_tokens, price_in)?.checked_add(part(output_tokens, price_out)?)? / Uint256::from(PPM);
    Ok(Uint128::try_from(due).map_or(lock, |due| due.min(lock)))
}

/// The expected cost of a challenge, rounded up: what a payment leaves in the pool that pays for challenges.
pub fn premium(challenge_ppm: u32, fee: Uint128) -> Result<Uint128, OverflowError> {
    let product = fee.checked_mul(Uint128::from(challenge_ppm))?;
    Ok(Uint128::new(product.u128().div_ceil(PPM)))
}

/// `u64be(lot[0..8]) / 2^64 < challenge_ppm / 10^6`, in integers.
pub fn is_challenged(lot: &[u8], challenge_ppm: u32) -> StdResult<bool> {
    let head = u128::from(u64::from_be_bytes(lot[..8].try_into()?));
    Ok(head * PPM < u128::from(challenge_ppm) << 64)
}

/// Which of the answers is to be opened: `floor(u64be(lot[8..16]) * answers / 2^64)`.
pub fn chosen_answer(lot: &[u8], answers: u32) -> StdResult<u32> {
    let head = u128::from(u64::from_be_bytes(lot[8..16].try_into()?));
    Ok(((head * u128::from(answers)) >> 64) as u32)
}

/// The place whose share of the total weight holds the point `floor(u128be(beta[0..16]) * total / 2^128)`.
pub fn pick(beta: &[u8], weights: &[Uint128]) -> Result<Option<usize>, OverflowError> {
    let mut total = Uint128::zero();
    for weight in weights {
        total = total.checked_add(*weight)?;
    }
    let mut head = [0; 16];
    head.copy_from_slice(&beta[..16]);
    let product = Uint256::from(u128::from_be_bytes(head)).checked_mul(Uint256::from(total))?;
    let point = product >> 128;
    let mut end = Uint256::zero();
    for (place, weight) in weights.iter().enumerate() {
        end = end.checked_add(Uint256::from(*weight))?;
        if point < end {
            return Ok(Some(place));
        }
    }
    Ok(None)
}
