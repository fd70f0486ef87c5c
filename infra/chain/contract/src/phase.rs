//! Phases follow from heights, never from a timer (section 2). All heights are inclusive.

use crate::draw::round_at;
use crate::msg::{Phase, Windows};
use crate::state::{Opening, OutcomeKind, Query};
use crate::ContractError;

/// The deadlines of an attempt as known now.
pub struct Timeline {
    /// Last height for a first commit.
    pub commit_limit: u64,
    pub commit_close: u64,
    pub reveal_close: u64,
    grace_blocks: u64,
}

impl Timeline {
    pub fn new(opening: &Opening, windows: &Windows, grace_blocks: u64) -> Self {
        let commit_limit = opening.height + windows.commit_blocks;
        let commit_close = match opening.full {
            Some(full) => commit_limit.min(full.height + grace_blocks),
            None => commit_limit,
        };
        Self {
            commit_limit,
            commit_close,
            reveal_close: commit_close + windows.reveal_blocks,
            grace_blocks,
        }
    }

    /// Whether a commit at this height or later could still bring the end of the window forward.
    pub fn may_move(&self, opening: &Opening, height: u64) -> bool {
        opening.full.is_none() && height + self.grace_blocks < self.commit_limit
    }

    pub fn phase(&self, opening: &Opening, height: u64) -> Phase {
        if opening.committed == 0 {
            return match height > self.commit_limit {
                true => Phase::Expire,
                false => Phase::Commit,
            };
        }
        if height <= self.commit_close {
            return Phase::Commit;
        }
        match height > self.reveal_close || opening.revealed == opening.committed {
            true => Phase::Settle,
            false => Phase::Reveal,
        }
    }

    pub fn check_settle(&self, query_id: u64, opening: &Opening, height: u64) -> Result<(), ContractError> {
        if opening.committed == 0 {
            return Err(ContractError::NothingToSettle {
                query_id,
                first: self.commit_limit + 1,
                height,
            });
        }
        match self.phase(opening, height) {
            Phase::Settle => Ok(()),
            _ => Err(ContractError::TooEarly {
                action: "settle",
                query_id,
                first: match opening.revealed == opening.committed {
                    true => self.commit_close + 1,
                    false => self.reveal_close + 1,
                },
                height,
            }),
        }
    }

    pub fn check_expire(&self, query_id: u64, opening: &Opening, height: u64) -> Result<(), ContractError> {
        if opening.committed > 0 {
            return Err(ContractError::SettleInstead {
                query_id,
                committed: opening.committed,
            });
        }
        check_after("expire", query_id, self.commit_limit, height)
    }
}

pub fn check_after(action: &'static str, query_id: u64, last: u64, height: u64) -> Result<(), ContractError> {
    match height > last {
        true => Ok(()),
        false => Err(ContractError::TooEarly {
            action,
            query_id,
            first: last + 1,
            height,
        }),
    }
}

pub fn current_round(opening: &Opening, windows: &Windows, height: u64) -> u32 {
    match opening.full {
        Some(full) => full.round,
        None => round_at(opening.height, windows.round_blocks, height),
    }
}

pub fn check_not_final(query: &Query) -> Result<(), ContractError> {
    match &query.outcome {
        None => Ok(()),
        Some(outcome) => Err(ContractError::Final {
            query_id: query.id,
            outcome: outcome.kind.as_str().to_string(),
        }),
    }
}

pub fn final_phase(kind: OutcomeKind) -> Phase {
    match kind {
        OutcomeKind::Verified => Phase::Verified,
        OutcomeKind::Refunded => Phase::Refunded,
    }
}
