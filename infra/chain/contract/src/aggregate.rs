//! Which votes agree (section 5).

use crate::custom;
use crate::limits::MAX_COMMITTEE;
use crate::msg::Rule;
use crate::vote::{chebyshev, Agreement, Vote};

/// The votes that a rule unites; none if it unites none or several sets alike. Votes come in commit order.
pub fn agree(rule: &Rule, votes: &[Vote]) -> Option<Agreement> {
    match rule {
        Rule::Exact {} => largest(0, votes, |a, b| u32::from(a.digest != b.digest)),
        Rule::Tolerant { tolerance, .. } => largest(*tolerance, votes, |a, b| chebyshev(a.sketch, b.sketch)),
        Rule::Custom {
            function, tolerance, ..
        } => custom::agree(*function, *tolerance, votes),
    }
}

/// The one largest set of votes that are pairwise within the tolerance.
fn largest(tolerance: u32, votes: &[Vote], distance: impl Fn(&Vote, &Vote) -> u32) -> Option<Agreement> {
    let distances = Distances::new(tolerance, votes, distance);
    let mut search = Search {
        close: distances.close(),
        best: 0,
        tied: false,
    };
    let everyone = (1u32 << votes.len()) - 1;
    search.extend(0, everyone, 0);
    if search.best == 0 || search.tied {
        return None;
    }
    let members = indices(search.best);
    let result = distances.medoid(&members)?;
    Some(Agreement {
        members,
        result,
        value: vec![],
    })
}

/// Quorum of section 5: more than half of the committed seats, and more than half of the wanted ones.
pub fn is_majority(winners: u32, committed: u32, seats: u32) -> bool {
    winners * 2 > committed && winners > seats / 2
}

struct Distances {
    tolerance: u32,
    table: Vec<Vec<u32>>,
}

impl Distances {
    fn new(tolerance: u32, votes: &[Vote], distance: impl Fn(&Vote, &Vote) -> u32) -> Self {
        assert!(
            votes.len() <= MAX_COMMITTEE as usize,
            "a committee holds at most 21 seats"
        );
        Self {
            tolerance,
            table: votes
                .iter()
                .map(|a| votes.iter().map(|b| distance(a, b)).collect())
                .collect(),
        }
    }

    /// For each vote the others within the tolerance, as bits.
    fn close(&self) -> Vec<u32> {
        let near = |i: usize, j: usize| i != j && self.table[i][j] <= self.tolerance;
        (0..self.table.len())
            .map(|i| {
                (0..self.table.len())
                    .filter(|j| near(i, *j))
                    .fold(0, |bits, j| bits | 1 << j)
            })
            .collect()
    }

    /// The first of the members with the least sum of distances to the others.
    fn medoid(&self, members: &[usize]) -> Option<usize> {
        let sum = |i: usize| -> u64 { members.iter().map(|j| u64::from(self.table[i][*j])).sum() };
        members.iter().copied().min_by_key(|i| (sum(*i), *i))
    }
}

/// Bron-Kerbosch with a pivot: at most 3^7 maximal sets for 21 votes (Moon and Moser), each met exactly once.
struct Search {
    close: Vec<u32>,
    best: u32,
    tied: bool,
}

impl Search {
    fn extend(&mut self, chosen: u32, candidates: u32, excluded: u32) {
        if candidates == 0 {
            if excluded == 0 {
                self.found(chosen);
            }
            return;
        }
        if chosen.count_ones() + candidates.count_ones() < self.best.count_ones() {
            return;
        }
        let pivot = indices(candidates | excluded)
            .into_iter()
            .max_by_key(|i| (candidates & self.close[*i]).count_ones());
        let skipped = pivot.map_or(0, |i| self.close[i]);
        let (mut candidates, mut excluded) = (candidates, excluded);
        for i in indices(candidates & !skipped) {
            let bit = 1 << i;
            let close = self.close[i];
            self.extend(chosen | bit, candidates & close, excluded & close);
            candidates &= !bit;
            excluded |= bit;
        }
    }

    fn found(&mut self, set: u32) {
        let (size, best) = (set.count_ones(), self.best.count_ones());
        if size > best {
            self.best = set;
            self.tied = false;
        } else if size == best {
            self.tied = true;
        }
    }
}

fn indices(bits: u32) -> Vec<usize> {
    (0..32).filter(|i| bits >> i & 1 == 1).collect()
}
