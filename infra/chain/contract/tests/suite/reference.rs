//! The protocol in small, written from docs/protocol.md: what each message does to balances, phases and seats. It knows nothing of
//! storage, events or encodings; the draw is asked of the contract, whose arithmetic has vectors of its own.

use quorate_contract::money::{after_fault, after_success, share_ppm};
use quorate_contract::msg::{Params, Phase, SeatOutcome, Windows};

const PPM: u128 = 1_000_000;
const ATTEMPTS: u32 = 3;
const MOST_UNBONDING: usize = 32;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Agent {
    None,
    Friend,
    /// The bank refuses to pay it.
    Blocked,
}

#[derive(Debug)]
pub struct Seat {
    pub node: usize,
    says: bool,
    pub outcome: SeatOutcome,
}

#[derive(Debug)]
pub struct Attempt {
    pub number: u32,
    opened: u64,
    pub seats: Vec<Seat>,
    full: Option<u64>,
}

#[derive(Debug)]
pub struct Query {
    asked: u64,
    fee: u128,
    wanted: usize,
    agent: Agent,
    pub attempt: Option<Attempt>,
    pub end: Option<Phase>,
}

#[derive(Debug)]
pub struct Node {
    pub bond: u128,
    pub unbonding: Vec<(u64, u128)>,
    pub reputation: u32,
}

impl Node {
    pub fn stake(&self) -> u128 {
        self.bond + self.unbonding.iter().map(|part| part.1).sum::<u128>()
    }
}

/// Wallets are changes since the beginning.
pub struct Reference {
    params: Params,
    windows: Windows,
    pub nodes: Vec<Node>,
    pub queries: Vec<Query>,
    pub pool: u128,
    pub asker: i128,
    pub friend: i128,
    pub wallets: Vec<i128>,
}

impl Reference {
    pub fn new(params: Params, windows: Windows, nodes: usize, bond: u128) -> Self {
        let node = || Node {
            bond,
            unbonding: vec![],
            reputation: 1_000,
        };
        Self {
            params,
            windows,
            nodes: (0..nodes).map(|_| node()).collect(),
            queries: vec![],
            pool: 0,
            asker: 0,
            friend: 0,
            wallets: vec![0; nodes],
        }
    }

    pub fn bonds(&self) -> u128 {
        self.nodes.iter().map(Node::stake).sum()
    }

    pub fn fees(&self) -> u128 {
        self.queries
            .iter()
            .filter(|query| query.end.is_none())
            .map(|q| q.fee)
            .sum()
    }

    pub fn phase(&self, id: usize, height: u64) -> Phase {
        let query = &self.queries[id];
        let Some(attempt) = &query.attempt else {
            let waits = height <= query.asked + self.params.queue_blocks;
            return query.end.unwrap_or(if waits { Phase::Queued } else { Phase::Expire });
        };
        let (limit, close) = self.commit_ends(attempt);
        let all_revealed = attempt.seats.iter().all(|seat| seat.outcome != SeatOutcome::Committed);
        match query.end {
            Some(end) => end,
            None if attempt.seats.is_empty() && height > limit => Phase::Expire,
            None if attempt.seats.is_empty() || height <= close => Phase::Commit,
            None if all_revealed || height > close + self.windows.reveal_blocks => Phase::Settle,
            None => Phase::Reveal,
        }
    }

    /// Last height for a first commit, and for any.
    fn commit_ends(&self, attempt: &Attempt) -> (u64, u64) {
        let limit = attempt.opened + self.windows.commit_blocks;
        let close = attempt
            .full
            .map_or(limit, |full| limit.min(full + self.params.grace_blocks));
        (limit, close)
    }

    pub fn ask(&mut self, fee: u128, wanted: usize, agent: Agent, height: u64) {
        self.asker -= fee as i128;
        self.queries.push(Query {
            asked: height,
            fee,
            wanted,
            agent,
            attempt: None,
            end: None,
        });
        if self.open_count() < self.params.max_open as usize {
            self.open(self.queries.len() - 1, 0, height);
        }
    }

    fn open_count(&self) -> usize {
        let is_open = |query: &&Query| query.attempt.is_some() && query.end.is_none();
        self.queries.iter().filter(is_open).count()
    }

    fn open(&mut self, id: usize, number: u32, opened: u64) {
        self.queries[id].attempt = Some(Attempt {
            number,
            opened,
            seats: vec![],
            full: None,
        });
    }

    /// `drawn` tells whether the node qualifies in the present round. Each message returns whether it is accepted.
    pub fn commit(&mut self, id: usize, node: usize, says: bool, drawn: bool, height: u64) -> bool {
        let wanted = self.queries[id].wanted;
        if self.phase(id, height) != Phase::Commit || !drawn {
            return false;
        }
        let attempt = self.queries[id].attempt.as_mut().unwrap();
        if attempt.seats.iter().any(|seat| seat.node == node) {
            return false;
        }
        attempt.seats.push(Seat {
            node,
            says,
            outcome: SeatOutcome::Committed,
        });
        if attempt.seats.len() == wanted {
            attempt.full = Some(height);
        }
        true
    }

    pub fn reveal(&mut self, id: usize, node: usize, says: bool, height: u64) -> bool {
        let late = match self.phase(id, height) {
            Phase::Reveal => false,
            Phase::Settle => true,
            _ => return false,
        };
        let attempt = self.queries[id].attempt.as_mut().unwrap();
        let mut seats = attempt.seats.iter_mut();
        let Some(seat) = seats.find(|seat| seat.node == node && seat.outcome == SeatOutcome::Committed) else {
            return false;
        };
        seat.outcome = match (late, seat.says == says) {
            (true, _) => SeatOutcome::Late,
            (false, true) => SeatOutcome::Revealed,
            (false, false) => SeatOutcome::Mismatch,
        };
        true
    }

    pub fn settle(&mut self, id: usize, height: u64) -> bool {
        if self.queries[id].end.is_some() {
            return true;
        }
        if self.phase(id, height) != Phase::Settle {
            return false;
        }
        let mut attempt = self.queries[id].attempt.take().unwrap();
        let wanted = self.queries[id].wanted;
        let verified = judge(&mut attempt.seats, wanted);
        if verified {
            self.pay(id, &attempt.seats);
        }
        for seat in &attempt.seats {
            if !matches!(seat.outcome, SeatOutcome::Majority | SeatOutcome::Revealed) {
                self.punish(seat.node);
            }
        }
        let number = attempt.number;
        self.queries[id].attempt = Some(attempt);
        match verified {
            true => self.end(id, Phase::Verified, height),
            false if number + 1 < ATTEMPTS => self.open(id, number + 1, height),
            false => self.refund(id, height),
        }
        true
    }

    pub fn expire(&mut self, id: usize, height: u64) -> bool {
        if self.queries[id].end.is_some() {
            return true;
        }
        if self.phase(id, height) != Phase::Expire {
            return false;
        }
        self.refund(id, height);
        true
    }

    fn refund(&mut self, id: usize, height: u64) {
        self.asker += self.queries[id].fee as i128;
        self.end(id, Phase::Refunded, height);
    }

    /// A place that becomes free goes to the highest fee, aged.
    fn end(&mut self, id: usize, phase: Phase, height: u64) {
        self.queries[id].end = Some(phase);
        if self.queries[id].attempt.is_none() {
            return;
        }
        let ageing = self.params.ageing_per_block.u128() as i128;
        let rank = |query: &Query| query.fee as i128 - ageing * i128::from(query.asked);
        let waiting = (0..self.queries.len()).filter(|i| self.phase_is_waiting(*i));
        let next = waiting.min_by_key(|i| (-rank(&self.queries[*i]), *i));
        if let Some(next) = next {
            self.open(next, 0, height);
        }
    }

    fn phase_is_waiting(&self, id: usize) -> bool {
        let query = &self.queries[id];
        query.attempt.is_none() && query.end.is_none()
    }

    fn pay(&mut self, id: usize, seats: &[Seat]) {
        let Query { fee, agent, .. } = self.queries[id];
        let winners: Vec<usize> = seats
            .iter()
            .filter(|seat| seat.outcome == SeatOutcome::Majority)
            .map(|seat| seat.node)
            .collect();
        let mut left = fee;
        for node in &winners {
            let share = u128::from(share_ppm(self.nodes[*node].reputation));
            let paid = fee / winners.len() as u128 * share / PPM;
            self.wallets[*node] += paid as i128;
            left -= paid;
        }
        if agent == Agent::Friend {
            self.friend += (fee / 10) as i128;
            left -= fee / 10;
        }
        self.pool += left;
        for node in winners {
            self.nodes[node].reputation = after_success(self.nodes[node].reputation);
        }
    }

    fn punish(&mut self, node: usize) {
        let node = &mut self.nodes[node];
        let slashed = node.stake() * u128::from(self.params.slash_ppm) / PPM;
        let mut left = slashed;
        for amount in std::iter::once(&mut node.bond).chain(node.unbonding.iter_mut().map(|part| &mut part.1)) {
            let taken = left.min(*amount);
            *amount -= taken;
            left -= taken;
        }
        node.unbonding.retain(|part| part.1 > 0);
        node.reputation = after_fault(node.reputation);
        self.pool += slashed;
    }

    pub fn bond(&mut self, node: usize, amount: u128) -> bool {
        self.nodes[node].bond += amount;
        self.wallets[node] -= amount as i128;
        true
    }

    pub fn unbond(&mut self, node: usize, amount: u128, height: u64) -> bool {
        let release = height + self.params.unbonding_blocks;
        let node = &mut self.nodes[node];
        let joins = node.unbonding.last().is_some_and(|part| part.0 == release);
        if amount == 0 || amount > node.bond || (!joins && node.unbonding.len() >= MOST_UNBONDING) {
            return false;
        }
        node.bond -= amount;
        match node.unbonding.last_mut() {
            Some(last) if joins => last.1 += amount,
            _ => node.unbonding.push((release, amount)),
        }
        true
    }

    pub fn withdraw(&mut self, node: usize, height: u64) -> bool {
        let parts = &mut self.nodes[node].unbonding;
        let free: u128 = parts.iter().filter(|part| part.0 <= height).map(|part| part.1).sum();
        parts.retain(|part| part.0 > height);
        self.wallets[node] += free as i128;
        free > 0
    }
}

/// Gives every seat its outcome. More than half of those that committed, and of those that were wanted, must say the same.
fn judge(seats: &mut [Seat], wanted: usize) -> bool {
    let count = |says: bool| {
        let agrees = |seat: &&Seat| seat.outcome == SeatOutcome::Revealed && seat.says == says;
        seats.iter().filter(agrees).count()
    };
    let (yes, no) = (count(true), count(false));
    let (winners, winner) = (yes.max(no), yes > no);
    let verified = yes != no && winners * 2 > seats.len() && winners * 2 > wanted;
    for seat in seats {
        seat.outcome = match seat.outcome {
            SeatOutcome::Committed => SeatOutcome::Absent,
            SeatOutcome::Revealed if verified && seat.says == winner => SeatOutcome::Majority,
            SeatOutcome::Revealed if verified => SeatOutcome::Minority,
            outcome => outcome,
        };
    }
    verified
}
