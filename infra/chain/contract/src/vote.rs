//! Votes, and what they agree on (section 5).

pub struct Vote<'a> {
    pub digest: &'a [u8],
    pub sketch: &'a [i32],
}

#[derive(Debug, PartialEq, Eq)]
pub struct Agreement {
    /// Indices of the agreeing votes, rising.
    pub members: Vec<usize>,
    /// Index of the vote whose digest is the result.
    pub result: usize,
    /// The aggregate of a custom rule; empty for others.
    pub value: Vec<i32>,
}

pub fn chebyshev(a: &[i32], b: &[i32]) -> u32 {
    let pairs = a.iter().zip(b);
    pairs.map(|(x, y)| x.abs_diff(*y)).max().unwrap_or(0)
}
