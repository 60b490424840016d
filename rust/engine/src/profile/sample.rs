//! A sample of rows without replacement: those whose ordinals come first in the order of a fixed
//! hash. Which rows these are depends on their ordinals alone, so samples of parts merge into the
//! sample of the whole, in any order.
//!
//! A share or a rank that is read from n sampled rows is off by more than ε with a probability of
//! at most 2·exp(-2nε²) (Dvoretzky-Kiefer-Wolfowitz, Massart's constant): with 4,096 rows 2.6
//! points in one of a hundred cases. While no row was left out, both are exact.

/// Rows that were chosen, with what was kept of each.
#[derive(Debug, Clone)]
pub(super) struct Sample<T> {
    size: usize,
    entries: Vec<(u64, T)>,
    /// Priorities from here on cannot enter any more.
    end: u64,
}

impl<T> Sample<T> {
    pub(super) fn new(size: usize) -> Self {
        Self { size: size.max(1), entries: Vec::new(), end: u64::MAX }
    }

    /// The sample of some `rows` of a piece, given the priorities of all its rows, with what is to
    /// `keep` of each. `before` is what it will be merged into, which spares looking at rows that
    /// have no chance.
    pub(super) fn of(
        before: &Self,
        priorities: &[u64],
        rows: impl Iterator<Item = usize>,
        keep: impl Fn(usize) -> T,
    ) -> Self {
        let mut chosen = Sample { size: before.size, entries: Vec::new(), end: before.end };
        chosen.extend(rows.filter_map(|row| {
            let priority = priorities.get(row).copied()?;
            (priority < before.end).then_some((priority, row))
        }));
        let kept = chosen.entries.into_iter().map(|(priority, row)| (priority, keep(row)));
        Self { size: chosen.size, end: chosen.end, entries: kept.collect() }
    }

    fn extend(&mut self, more: impl Iterator<Item = (u64, T)>) {
        self.entries.extend(more);
        if self.entries.len() > self.size {
            let (_, last, _) =
                self.entries.select_nth_unstable_by_key(self.size - 1, |(priority, _)| *priority);
            self.end = last.0;
            self.entries.truncate(self.size);
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.end = self.end.min(other.end);
        self.extend(other.entries.into_iter());
    }

    /// Number of sampled rows.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// What was kept of the sampled rows, in no order.
    pub(super) fn kept(&self) -> impl Iterator<Item = &T> {
        self.entries.iter().map(|(_, kept)| kept)
    }
}
