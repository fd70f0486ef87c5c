//! Bounds of parameters, models and amounts.

use cosmwasm_std::{Binary, MessageInfo, Uint128};

use crate::lifecycle::{LifecycleParams, Timing};
use crate::money::{REPUTATION_MAX, REPUTATION_MIN};
use crate::msg::{Function, Input, Params, Rule, Windows};
use crate::ContractError;

/// No bond total and no fee is above this, so that products with 10^6 and sums of weights fit 128 bits.
pub const MAX_AMOUNT: Uint128 = Uint128::new(1 << 100);
/// Times any height it fits 128 bits beside a fee.
pub const MAX_AGEING: Uint128 = Uint128::new(1_000_000_000_000_000_000);
pub const MAX_COMMITTEE: u32 = 21;
pub const MAX_ATTEMPTS: u32 = 3;
pub const MAX_SEATS: u32 = 11;
pub const MAX_MODELS_PER_NODE: usize = 64;
pub const MAX_UNBONDING: usize = 32;
pub const MAX_URI_BYTES: usize = 512;
pub const MAX_INLINE_BYTES: usize = 4_096;
pub const MAX_SKETCH: u32 = 64;
/// What every reader of JSON holds exactly: one query with more would make lists unreadable for some.
pub const MAX_UNITS: u64 = (1 << 53) - 1;
pub const MAX_WINDOW_BLOCKS: u64 = 100_000;
pub const MAX_SESSION_BLOCKS: u64 = 10_000_000;
/// A registration reads every agent.
pub const MAX_AGENTS: u128 = 1_000;
/// Settled seats that are found by their node.
pub const LOG_KEEP: u32 = 100;
/// Nodes that one message gives new weights.
pub const MAX_REWEIGH: u32 = 30;
/// Queries that one message opens: two, so that places added by governance are filled.
pub const MAX_OPENED: usize = 2;
const MAX_COOLDOWN_BLOCKS: u64 = 10_000_000;
const MAX_TIER_SEATS: u32 = 1_000_000;
/// More than half from both ends would leave nothing.
const MAX_TRIM_PPM: u32 = 499_999;
const MAX_UNIT_US: u64 = 1_000_000_000_000;
/// A week.
const MAX_EXPECTED_MS: u64 = 604_800_000;

pub fn check_params(denom: &str, params: &Params) -> Result<(), ContractError> {
    let mut problems = Vec::new();
    let mut check = |field: &str, received: u128, min: u128, max: u128| {
        if received < min || received > max {
            problems.push(format!("{field} must be {min} to {max}, got {received}"));
        }
    };
    check("max_open", params.max_open.into(), 1, 10_000);
    check("queue_blocks", params.queue_blocks.into(), 1, 10_000_000);
    check("ageing_per_block", params.ageing_per_block.u128(), 0, MAX_AGEING.u128());
    check("grace_blocks", params.grace_blocks.into(), 0, MAX_WINDOW_BLOCKS.into());
    check("max_seats", params.max_seats.into(), 1, MAX_SEATS.into());
    check("bond_cap", params.bond_cap.u128(), 1, MAX_AMOUNT.u128());
    check("min_bond", params.min_bond.u128(), 1, params.bond_cap.u128());
    check("unbonding_blocks", params.unbonding_blocks.into(), 1, 100_000_000);
    check("slash_ppm", params.slash_ppm.into(), 0, 1_000_000);
    check("callback_gas", params.callback_gas.into(), 1, 100_000_000);
    let sessions = &params.sessions;
    let blocks = |count: u64| u128::from(count);
    check("sessions.min_lock", sessions.min_lock.u128(), 1, MAX_AMOUNT.u128());
    for (field, count) in [
        ("sessions.register_blocks", sessions.register_blocks),
        ("sessions.session_blocks", sessions.session_blocks),
        ("sessions.challenge_blocks", sessions.challenge_blocks),
        ("sessions.open_blocks", sessions.open_blocks),
    ] {
        check(field, blocks(count), 1, blocks(MAX_SESSION_BLOCKS));
    }
    check("sessions.challenge_ppm", sessions.challenge_ppm.into(), 0, 1_000_000);
    check(
        "sessions.challenge_seats",
        sessions.challenge_seats.into(),
        1,
        params.max_seats.into(),
    );
    check(
        "sessions.breach_slash_ppm",
        sessions.breach_slash_ppm.into(),
        0,
        1_000_000,
    );
    check("sessions.max_agents", sessions.max_agents.into(), 1, MAX_AGENTS);
    // An agent that unbonds when it is named must still be slashable when its session ends.
    let longest = blocks(sessions.longest(params.queue_blocks));
    check(
        "longest session in blocks",
        longest,
        0,
        blocks(params.unbonding_blocks.saturating_sub(1)),
    );
    check_lifecycle(&params.lifecycle, check);
    let starts_well = denom.starts_with(|c: char| c.is_ascii_alphabetic());
    let valid = |c: char| c.is_ascii_alphanumeric() || "/:._-".contains(c);
    if !(3..=128).contains(&denom.len()) || !starts_well || !denom.chars().all(valid) {
        problems.push(format!(
            "denom must be 3 to 128 letters, digits or /:._- and start with a letter, got {denom:?}"
        ));
    }
    match problems.is_empty() {
        true => Ok(()),
        false => Err(ContractError::InvalidParams { problems }),
    }
}

fn check_lifecycle(params: &LifecycleParams, mut check: impl FnMut(&str, u128, u128, u128)) {
    let mut check = |field: &str, received: u64, min: u64, max: u64| {
        check(&format!("lifecycle.{field}"), received.into(), min.into(), max.into());
    };
    check("cooldown_blocks", params.cooldown_blocks, 1, MAX_COOLDOWN_BLOCKS);
    let (standard, trusted) = (params.standard_seats, params.trusted_seats);
    check("standard_seats", standard.into(), 0, MAX_TIER_SEATS.into());
    check("trusted_seats", trusted.into(), standard.into(), MAX_TIER_SEATS.into());
    let (standard, trusted) = (params.standard_reputation, params.trusted_reputation);
    let (lowest, highest) = (REPUTATION_MIN.into(), REPUTATION_MAX.into());
    check("standard_reputation", standard.into(), lowest, highest);
    check("trusted_reputation", trusted.into(), standard.into(), highest);
    let (timeout, non_response) = (params.timeout_factor_ppm, params.non_response_factor_ppm);
    check("timeout_factor_ppm", timeout.into(), 1_000_000, u32::MAX.into());
    check(
        "non_response_factor_ppm",
        non_response.into(),
        timeout.into(),
        u32::MAX.into(),
    );
}

/// Blocks that all attempts of a query may last.
pub fn longest_query(windows: &Windows) -> u128 {
    (u128::from(windows.commit_blocks) + u128::from(windows.reveal_blocks)) * u128::from(MAX_ATTEMPTS)
}

pub fn check_model(
    price: Uint128,
    rule: &Rule,
    windows: &Windows,
    timing: &Option<Timing>,
    unbonding_blocks: u64,
) -> Result<(), ContractError> {
    let mut problems = Vec::new();
    let mut check = |field: &str, received: u128, min: u128, max: u128| {
        if received < min || received > max {
            problems.push(format!("{field} must be {min} to {max}, got {received}"));
        }
    };
    check("price", price.u128(), 1, MAX_AMOUNT.u128());
    check(
        "commit_blocks",
        windows.commit_blocks.into(),
        1,
        MAX_WINDOW_BLOCKS.into(),
    );
    check(
        "reveal_blocks",
        windows.reveal_blocks.into(),
        1,
        MAX_WINDOW_BLOCKS.into(),
    );
    check(
        "round_blocks",
        windows.round_blocks.into(),
        1,
        windows.commit_blocks.into(),
    );
    if !matches!(rule, Rule::Exact {}) {
        check("sketch_len", rule.sketch_len().into(), 1, MAX_SKETCH.into());
    }
    if let Rule::Custom {
        function: Function::TrimmedMean { trim_ppm },
        ..
    } = rule
    {
        check("trim_ppm", (*trim_ppm).into(), 1, MAX_TRIM_PPM.into());
    }
    if let Some(timing) = timing {
        check("k1_us", timing.k1_us.into(), 0, MAX_UNIT_US.into());
        check("k2_us", timing.k2_us.into(), 0, MAX_UNIT_US.into());
        check("max_ms", timing.max_ms.into(), 1, MAX_EXPECTED_MS.into());
        check("min_ms", timing.min_ms.into(), 1, timing.max_ms.into());
    }
    // Whoever commits and unbonds at once must still be slashable when the last attempt can be settled.
    let all = longest_query(windows);
    if all >= u128::from(unbonding_blocks) {
        problems.push(format!(
            "{MAX_ATTEMPTS} attempts must last less than unbonding_blocks {unbonding_blocks}, got {all} blocks"
        ));
    }
    match problems.is_empty() {
        true => Ok(()),
        false => Err(ContractError::InvalidModel { problems }),
    }
}

pub fn check_input(input: &Input, input_hash: &Binary) -> Result<(), ContractError> {
    match input {
        Input::Uri(uri) if uri.is_empty() || uri.len() > MAX_URI_BYTES => Err(ContractError::InvalidUri {
            length: uri.len(),
            max: MAX_URI_BYTES,
        }),
        Input::Uri(_) => Ok(()),
        Input::Inline(bytes) if bytes.len() > MAX_INLINE_BYTES => Err(ContractError::InputTooLarge {
            length: bytes.len(),
            max: MAX_INLINE_BYTES,
        }),
        Input::Inline(bytes) => {
            let computed = crate::frame::sha256(bytes);
            if computed.as_slice() != input_hash.as_slice() {
                return Err(ContractError::InputHashMismatch {
                    computed: crate::events::hex(&computed),
                    received: crate::events::hex(input_hash),
                });
            }
            Ok(())
        }
    }
}

pub fn check_units(field: &'static str, received: u64) -> Result<u64, ContractError> {
    match received <= MAX_UNITS {
        true => Ok(received),
        false => Err(ContractError::TooManyUnits {
            field,
            received,
            max: MAX_UNITS,
        }),
    }
}

/// Of an input elsewhere they are what its asker says: nodes that find it wrong need not commit.
pub fn input_units(input: &Input, stated: Option<u64>) -> Result<u64, ContractError> {
    match (input, stated) {
        (Input::Uri(_), stated) => check_units("input_units", stated.unwrap_or_default()),
        (Input::Inline(bytes), None) => Ok(bytes.len() as u64),
        (Input::Inline(bytes), Some(received)) => Err(ContractError::InputUnitsOfInline {
            length: bytes.len(),
            received,
        }),
    }
}

pub fn check_length(field: &str, value: &Binary, expected: usize) -> Result<(), ContractError> {
    if value.len() != expected {
        return Err(ContractError::WrongLength {
            field: field.to_string(),
            length: value.len(),
            expected,
        });
    }
    Ok(())
}

/// The one coin that was attached, in the contract's denomination.
pub fn paid(info: &MessageInfo, denom: &str) -> Result<Uint128, ContractError> {
    match info.funds.as_slice() {
        [coin] if coin.denom == denom && !coin.amount.is_zero() => match Uint128::try_from(coin.amount) {
            Ok(amount) if amount <= MAX_AMOUNT => Ok(amount),
            _ => Err(ContractError::AmountTooLarge {
                amount: coin.amount,
                max: MAX_AMOUNT,
            }),
        },
        _ => Err(ContractError::WrongFunds {
            denom: denom.to_string(),
            received: coins(info),
        }),
    }
}

/// Money sent along by mistake would be nobody's.
pub fn nonpayable(info: &MessageInfo) -> Result<(), ContractError> {
    if info.funds.is_empty() {
        return Ok(());
    }
    Err(ContractError::UnexpectedFunds { received: coins(info) })
}

fn coins(info: &MessageInfo) -> String {
    match info.funds.is_empty() {
        true => "nothing".to_string(),
        false => info
            .funds
            .iter()
            .map(|coin| coin.to_string())
            .collect::<Vec<_>>()
            .join(","),
    }
}
