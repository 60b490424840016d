//! Whether the values of a column rise or fall from row to row. Nulls are passed over.

/// What is known of the order of the values so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Trend {
    /// The first and the last value.
    ends: Option<(i128, i128)>,
    /// Two neighbours rose, fell, were equal, or could not be compared.
    rose: bool,
    fell: bool,
    same: bool,
    broken: bool,
}

impl Trend {
    pub(super) fn add(&mut self, value: i128) {
        self.merge(Self { ends: Some((value, value)), ..Self::default() });
    }

    /// A value that has no order, such as NaN.
    pub(super) fn unordered(&mut self) {
        self.broken = true;
    }

    /// Takes in what follows.
    pub(super) fn merge(&mut self, later: Self) {
        if let (Some((_, left)), Some((right, _))) = (self.ends, later.ends) {
            self.rose |= right > left;
            self.fell |= right < left;
            self.same |= right == left;
        }
        self.rose |= later.rose;
        self.fell |= later.fell;
        self.same |= later.same;
        self.broken |= later.broken;
        self.ends = match (self.ends, later.ends) {
            (Some((first, _)), Some((_, last))) => Some((first, last)),
            (ours, theirs) => ours.or(theirs),
        };
    }

    /// `increasing` or `decreasing`, `strictly` before it when no two neighbours are equal;
    /// nothing for other orders and for fewer than two different values.
    pub(super) fn word(&self) -> Option<&'static str> {
        match (self.rose, self.fell, self.same, self.broken) {
            (true, false, false, false) => Some("strictly increasing"),
            (true, false, true, false) => Some("increasing"),
            (false, true, false, false) => Some("strictly decreasing"),
            (false, true, true, false) => Some("decreasing"),
            _ => None,
        }
    }

    /// Whether the order alone shows that no value occurs twice.
    pub(super) fn is_strict(&self) -> bool {
        self.rose != self.fell && !self.same && !self.broken
    }
}
