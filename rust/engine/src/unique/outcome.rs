//! What a uniqueness check found, and how its parts are added up.

use arrow_buffer::NullBuffer;

/// How many row ordinals of a kind an outcome names.
pub const EXAMPLES: usize = 10;

/// What a uniqueness check found. Equal for the same rows, however they were cut, encoded, spread
/// over threads or squeezed into memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Rows seen.
    pub rows: u64,
    /// Rows without a verdict because of a null.
    pub exempt: u64,
    /// Rows whose key occurs more than once, the first occurrences included.
    pub members: u64,
    /// Rows whose key occurred before.
    pub surplus: u64,
    /// Keys that occur more than once.
    pub groups: u64,
    /// The smallest ordinals of `members`, ascending, at most [`EXAMPLES`].
    pub first_members: Vec<u64>,
    /// The smallest ordinals of `surplus`, ascending, at most [`EXAMPLES`].
    pub first_surplus: Vec<u64>,
    /// Whether repeated keys were compared in full. `false` only if there are some and they were
    /// found by their 128-bit fingerprints; that no key repeats is always certain.
    pub verified: bool,
    /// Bytes written to disk on the way.
    pub spilled_bytes: u64,
}

/// The smallest few of the ordinals offered, ascending and without repeats.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Smallest {
    rows: Vec<u64>,
}

impl Smallest {
    #[inline]
    pub(crate) fn offer(&mut self, row: u64) {
        if self.rows.len() == EXAMPLES && self.rows.last().is_some_and(|last| *last <= row) {
            return;
        }
        if let Err(at) = self.rows.binary_search(&row) {
            self.rows.insert(at, row);
            self.rows.truncate(EXAMPLES);
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        other.rows.iter().for_each(|row| self.offer(*row));
    }

    pub(crate) fn into_rows(self) -> Vec<u64> {
        self.rows
    }
}

/// Counts of repeats, to be added up over lanes, partitions and threads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) groups: u64,
    pub(crate) surplus: u64,
    pub(crate) first_members: Smallest,
    pub(crate) first_surplus: Smallest,
}

impl Tally {
    /// A row repeats a key; `first` is the ordinal of its first occurrence if this is the first
    /// repeat.
    #[inline]
    pub(crate) fn repeat(&mut self, row: u64, first: Option<u64>) {
        if let Some(first) = first {
            self.groups += 1;
            self.first_members.offer(first);
        }
        self.surplus += 1;
        self.first_members.offer(row);
        self.first_surplus.offer(row);
    }

    /// A row of a key that repeats, in any order; `group` counts the rows of the key and keeps the
    /// first of them. Gives the row that is now known not to be the first, if there is one.
    #[inline]
    pub(crate) fn member(&mut self, row: u64, group: &mut (u64, u64)) -> Option<u64> {
        let (count, first) = group;
        *count += 1;
        self.first_members.offer(row);
        if *count == 1 {
            *first = row;
            return None;
        }
        let later = row.max(*first);
        self.surplus += 1;
        self.first_surplus.offer(later);
        *first = row.min(*first);
        Some(later)
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.groups += other.groups;
        self.surplus += other.surplus;
        self.first_members.merge(&other.first_members);
        self.first_surplus.merge(&other.first_surplus);
    }

    pub(crate) fn outcome(self, rows: u64, exempt: u64) -> Outcome {
        Outcome {
            rows,
            exempt,
            members: self.surplus + self.groups,
            surplus: self.surplus,
            groups: self.groups,
            first_members: self.first_members.into_rows(),
            first_surplus: self.first_surplus.into_rows(),
            verified: true,
            spilled_bytes: 0,
        }
    }
}

/// The rows of the one null key, where null equals null. Nulls come in row order.
#[derive(Debug, Clone, Default)]
pub(crate) struct NullGroup {
    /// The first of them, and whether there was another.
    first: Option<(u64, bool)>,
}

impl NullGroup {
    /// Takes up the nulls of a piece; `repeat` is told of every row but the first ever.
    pub(crate) fn absorb(
        &mut self,
        nulls: &NullBuffer,
        base_row: u64,
        tally: &mut Tally,
        mut repeat: impl FnMut(usize),
    ) {
        for row in (0..nulls.len()).filter(|row| nulls.is_null(*row)) {
            let ordinal = base_row + row as u64;
            match &mut self.first {
                None => self.first = Some((ordinal, false)),
                Some((first, again)) => {
                    tally.repeat(ordinal, (!*again).then_some(*first));
                    *again = true;
                    repeat(row);
                }
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // how tests fail
mod tests {
    use super::*;

    #[test]
    fn the_smallest_are_kept_in_any_order() {
        let mut up = Smallest::default();
        let mut down = Smallest::default();
        (0..100).for_each(|row| up.offer(row * 3));
        (0..100).rev().for_each(|row| down.offer(row * 3));
        down.merge(&up);
        assert_eq!(up, down);
        assert_eq!(up.into_rows(), (0..10).map(|row| row * 3).collect::<Vec<_>>());
    }
}
