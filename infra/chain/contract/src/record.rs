//! What a settlement does to each seat's node, and the log of it (sections 6 and 10).

use cosmwasm_std::{Event, Storage};

use crate::events::{attempt_event, event};
use crate::lifecycle::{Speed, Tier};
use crate::limits::LOG_KEEP;
use crate::money;
use crate::msg::Params;
use crate::report::Report;
use crate::stake::Ledger;
use crate::state::{load_node, Model, Node, Query, Seat, SeatOutcome, SeatRecord, LOG};
use crate::timing::{expected_ms, speed};
use crate::ContractError;

/// An attempt that is being settled.
pub struct Case<'a> {
    pub query: &'a Query,
    pub model: &'a Model,
    /// Those that the attempt was opened under.
    pub rules: &'a Params,
    pub attempt: u32,
    pub height: u64,
}

impl Case<'_> {
    pub fn speed(&self, seat: &Seat) -> Speed {
        match (expected(self.query, self.model), seat.actual_ms) {
            (Some(expected), Some(actual)) => speed(&self.rules.lifecycle, actual, expected),
            _ => Speed::InTime,
        }
    }

    /// Slashes, moves the reputation once, counts and logs. The seat's outcome and payment are final.
    pub fn close_seat(
        &self,
        storage: &mut dyn Storage,
        ledger: &mut Ledger,
        place: u32,
        seat: &mut Seat,
        report: &mut Report,
    ) -> Result<(), ContractError> {
        let mut node = load_node(storage, &seat.node)?;
        let (reputation_before, tier_before) = (node.reputation, tier(ledger, &node));
        let speed = self.speed(seat);
        let wins = seat.outcome == SeatOutcome::Majority;
        let is_fault = !matches!(seat.outcome, SeatOutcome::Majority | SeatOutcome::Revealed);
        if is_fault {
            seat.slashed = ledger.slash(&mut node, self.rules.slash_ppm)?;
            report.events.push(
                attempt_event("slashed", self.query.id, self.attempt)
                    .add_attribute("node", &seat.node)
                    .add_attribute("outcome", seat.outcome.as_str())
                    .add_attribute("amount", seat.slashed),
            );
        }
        if speed != Speed::InTime {
            report.events.push(self.slow_event(seat, speed));
        }
        if is_fault || speed != Speed::InTime {
            node.reputation = money::after_fault(node.reputation);
        } else if wins {
            node.reputation = money::after_success(node.reputation);
        }
        // Seats of refunded queries cost their asker nothing, so they earn no tier.
        if wins && speed != Speed::NonResponse {
            node.seats_won += 1;
        }
        let slot = node.seats_settled % LOG_KEEP;
        LOG.save(storage, (&seat.node, slot), &(self.query.id, self.attempt, place))?;
        node.seats_settled += 1;
        seat.record = Some(SeatRecord {
            height: self.height,
            speed,
            reputation_before,
            reputation_after: node.reputation,
        });
        ledger.save_node(storage, &seat.node, &node)?;
        report.events.extend(tier_event(seat, tier_before, tier(ledger, &node)));
        Ok(())
    }

    fn slow_event(&self, seat: &Seat, speed: Speed) -> Event {
        let expected = expected(self.query, self.model).unwrap_or_default();
        attempt_event("slow", self.query.id, self.attempt)
            .add_attribute("node", &seat.node)
            .add_attribute("outcome", speed.as_str())
            .add_attribute("actual_ms", seat.actual_ms.unwrap_or_default().to_string())
            .add_attribute("expected_ms", expected.to_string())
    }
}

/// None if the model states no timing.
pub fn expected(query: &Query, model: &Model) -> Option<u64> {
    let timing = model.timing.as_ref()?;
    Some(expected_ms(timing, query.input_units, query.max_units))
}

fn tier(ledger: &Ledger, node: &Node) -> Tier {
    Tier::of(&ledger.config.params.lifecycle, node.reputation, node.seats_won)
}

fn tier_event(seat: &Seat, before: Tier, after: Tier) -> Option<Event> {
    let event = event("tier")
        .add_attribute("node", &seat.node)
        .add_attribute("from", before.as_str())
        .add_attribute("to", after.as_str());
    (before != after).then_some(event)
}
