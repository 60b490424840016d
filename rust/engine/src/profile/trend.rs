//! Whether the values of a column rise or fall from row to row. Nulls are passed over.

use std::cmp::Ordering;

/// What neighbours did, as bits of a set.
const ROSE: u8 = 1;
const FELL: u8 = 2;
const SAME: u8 = 4;
const RISEN: u8 = ROSE | SAME;
const FALLEN: u8 = FELL | SAME;
/// A value has no order, such as NaN.
const UNORDERED: u8 = 8;

/// What is known of the order of the values so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Trend {
    /// The first and the last value.
    ends: Option<(i128, i128)>,
    steps: u8,
}

impl Trend {
    pub(super) fn add(&mut self, value: i128) {
        let first = self.ends.map_or(value, |(first, last)| {
            self.steps |= step(last, value);
            first
        });
        self.ends = Some((first, value));
    }

    /// A value that has no order.
    pub(super) fn unordered(&mut self) {
        self.steps |= UNORDERED;
    }

    /// Takes in what follows.
    pub(super) fn merge(&mut self, later: Self) {
        if let (Some((_, left)), Some((right, _))) = (self.ends, later.ends) {
            self.steps |= step(left, right);
        }
        self.steps |= later.steps;
        self.ends = match (self.ends, later.ends) {
            (Some((first, _)), Some((_, last))) => Some((first, last)),
            (ours, theirs) => ours.or(theirs),
        };
    }

    /// `increasing` or `decreasing`, `strictly` before it when no two neighbours are equal;
    /// nothing for other orders and for fewer than two different values.
    pub(super) fn word(&self) -> Option<&'static str> {
        match self.steps {
            ROSE => Some("strictly increasing"),
            RISEN => Some("increasing"),
            FELL => Some("strictly decreasing"),
            FALLEN => Some("decreasing"),
            _ => None,
        }
    }

    /// Whether the order alone shows that no value occurs twice.
    pub(super) fn is_strict(&self) -> bool {
        matches!(self.steps, ROSE | FELL)
    }
}

fn step(left: i128, right: i128) -> u8 {
    match right.cmp(&left) {
        Ordering::Greater => ROSE,
        Ordering::Less => FELL,
        Ordering::Equal => SAME,
    }
}
