//! The values of a column that has few of them, with exact counts; nothing once it has many.

/// Most distinct values that are kept.
pub(super) const MOST: usize = 32;
/// Longest text that is kept, in bytes.
pub(super) const LONGEST: usize = 64;

/// The values seen so far with their counts, or nothing since there were too many or one was too
/// long. It never opens again, so the outcome does not depend on the order of rows.
#[derive(Debug, Clone)]
pub(super) struct Few<T>(Option<Vec<(T, u64)>>);

impl<T: Ord> Few<T> {
    pub(super) fn open() -> Self {
        Self(Some(Vec::new()))
    }

    pub(super) fn closed() -> Self {
        Self(None)
    }

    /// Nothing yet, and closed where `other` is: what it is merged into decides anyway.
    pub(super) fn like(other: &Self) -> Self {
        Self(other.0.as_ref().map(|_| Vec::new()))
    }

    /// Counts a value: the one that is the `same`, else what is to `keep`, unless it is too large.
    pub(super) fn add(
        &mut self,
        count: u64,
        same: impl Fn(&T) -> bool,
        keep: impl FnOnce() -> Option<T>,
    ) {
        let Some(seen) = &mut self.0 else { return };
        if let Some((_, sum)) = seen.iter_mut().find(|(value, _)| same(value)) {
            *sum += count;
        } else if let Some(value) = keep().filter(|_| seen.len() < MOST) {
            seen.push((value, count));
        } else {
            self.0 = None;
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        let Some(theirs) = other.0 else {
            self.0 = None;
            return;
        };
        for (value, count) in theirs {
            let Some(seen) = &mut self.0 else { return };
            match seen.iter_mut().find(|(known, _)| *known == value) {
                Some((_, sum)) => *sum += count,
                None => self.add(count, |_| false, || Some(value)),
            }
        }
    }

    /// All values, the most frequent first; `None` when there were too many.
    pub(super) fn ranked(self) -> Option<Vec<(T, u64)>> {
        self.0.map(|mut seen| {
            seen.sort_by(|(a, m), (b, n)| n.cmp(m).then_with(|| a.cmp(b)));
            seen
        })
    }
}
