//! Three-valued outcomes of many rows, as two bitmaps: true, false, and unknown where neither is.
//!
//! A third one marks faults: rows whose outcome depends on a number that does not exist because an
//! operation overflowed. A fault is unknown, and stays a fault until the outcome no longer depends
//! on it (`fault AND false` is false).

use crate::kernels::bits;

/// One outcome per row. No bit is in two of the bitmaps, and bits past the end are zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Truth {
    pub(crate) yes: Vec<u64>,
    pub(crate) no: Vec<u64>,
    pub(crate) fault: Option<Vec<u64>>,
}

impl Truth {
    /// The same outcome for all rows.
    pub(crate) fn constant(truth: Option<bool>, rows: usize) -> Self {
        let (yes, no) = (truth == Some(true), truth == Some(false));
        let all = |on| if on { bits::ones(rows) } else { vec![0; bits::words(rows)] };
        Self { yes: all(yes), no: all(no), fault: None }
    }

    /// True where `holds` is set and false elsewhere, on the rows that have a value.
    pub(crate) fn of(
        mut holds: Vec<u64>,
        valid: Option<&[u64]>,
        fault: Option<Vec<u64>>,
        rows: usize,
    ) -> Self {
        let mut no = match valid {
            Some(valid) => valid.to_vec(),
            None => bits::ones(rows),
        };
        bits::and(&mut holds, &no);
        bits::and_not(&mut no, &holds);
        Self { yes: holds, no, fault }
    }

    pub(crate) fn not(self) -> Self {
        Self { yes: self.no, no: self.yes, fault: self.fault }
    }

    pub(crate) fn and(mut self, other: &Self) -> Self {
        bits::and(&mut self.yes, &other.yes);
        bits::or(&mut self.no, &other.no);
        self.fault = either(self.fault, other.fault.as_deref());
        self.settled()
    }

    pub(crate) fn or(mut self, other: &Self) -> Self {
        bits::or(&mut self.yes, &other.yes);
        bits::and(&mut self.no, &other.no);
        self.fault = either(self.fault, other.fault.as_deref());
        self.settled()
    }

    /// `IS TRUE`, `IS FALSE` or `IS UNKNOWN` (`None`): never unknown itself, save for faults.
    pub(crate) fn is(self, truth: Option<bool>, rows: usize) -> Self {
        let holds = match truth {
            Some(true) => self.yes,
            Some(false) => self.no,
            None => {
                let mut unknown = bits::ones(rows);
                bits::and_not(&mut unknown, &self.yes);
                bits::and_not(&mut unknown, &self.no);
                unknown
            }
        };
        let judged = self.fault.as_ref().map(|fault| {
            let mut judged = bits::ones(rows);
            bits::and_not(&mut judged, fault);
            judged
        });
        Self::of(holds, judged.as_deref(), self.fault, rows)
    }

    /// The rows that are true or false.
    pub(crate) fn known(&self) -> Vec<u64> {
        let mut known = self.yes.clone();
        bits::or(&mut known, &self.no);
        known
    }

    /// These outcomes on the rows of `chosen`, those of `other` elsewhere.
    pub(crate) fn select(mut self, chosen: &[u64], other: &Self) -> Self {
        bits::select(&mut self.yes, chosen, &other.yes);
        bits::select(&mut self.no, chosen, &other.no);
        self.fault = select_faults(self.fault, chosen, other.fault.as_deref());
        self
    }

    /// Makes these rows faults.
    pub(crate) fn fail(mut self, fault: Option<&[u64]>) -> Self {
        if let Some(fault) = fault {
            bits::and_not(&mut self.yes, fault);
            bits::and_not(&mut self.no, fault);
            self.fault = either(self.fault, Some(fault));
        }
        self
    }

    /// A row that is a fault by both, or by one and unknown by the other, stays one.
    fn settled(mut self) -> Self {
        if let Some(fault) = &mut self.fault {
            bits::and_not(fault, &self.yes);
            bits::and_not(fault, &self.no);
        }
        self
    }

    /// Puts the outcomes of the next rows behind these; a block of 64 rows is never split.
    pub(crate) fn append(&mut self, next: Self) {
        if let Some(fault) = next.fault {
            let words = self.yes.len();
            self.fault.get_or_insert_with(|| vec![0; words]).extend(fault);
        } else if let Some(fault) = &mut self.fault {
            fault.resize(fault.len() + next.yes.len(), 0);
        }
        self.yes.extend(next.yes);
        self.no.extend(next.no);
    }
}

/// The rows of either bitmap.
pub(crate) fn either(left: Option<Vec<u64>>, right: Option<&[u64]>) -> Option<Vec<u64>> {
    match (left, right) {
        (Some(mut left), Some(right)) => {
            bits::or(&mut left, right);
            Some(left)
        }
        (left, right) => left.or_else(|| right.map(<[u64]>::to_vec)),
    }
}

/// The bits of `left` on the rows of `chosen`, those of `right` elsewhere; none where absent.
pub(crate) fn select_faults(
    left: Option<Vec<u64>>,
    chosen: &[u64],
    right: Option<&[u64]>,
) -> Option<Vec<u64>> {
    if left.is_none() && right.is_none() {
        return None;
    }
    let mut left = left.unwrap_or_else(|| vec![0; chosen.len()]);
    match right {
        Some(right) => bits::select(&mut left, chosen, right),
        None => bits::and(&mut left, chosen),
    }
    Some(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// True, false, unknown, fault.
    fn four() -> Truth {
        Truth { yes: vec![0b0001], no: vec![0b0010], fault: Some(vec![0b1000]) }
    }

    fn all(truth: Option<bool>) -> Truth {
        Truth::constant(truth, 4)
    }

    #[test]
    fn a_fault_ends_where_the_outcome_does_not_depend_on_it() {
        let and = four().and(&all(Some(false)));
        assert_eq!((and.yes[0], and.no[0], and.fault), (0, 0b1111, Some(vec![0])));
        let or = four().or(&all(Some(true)));
        assert_eq!((or.yes[0], or.no[0], or.fault), (0b1111, 0, Some(vec![0])));
        let and = four().and(&all(None));
        assert_eq!((and.yes[0], and.no[0], and.fault), (0, 0b0010, Some(vec![0b1000])));
        let not = four().not();
        assert_eq!((not.yes[0], not.no[0], not.fault), (0b0010, 0b0001, Some(vec![0b1000])));
    }

    #[test]
    fn questions_about_truth_have_answers_save_for_faults() {
        for (truth, yes) in [(Some(true), 0b0001), (Some(false), 0b0010), (None, 0b0100)] {
            let is = four().is(truth, 4);
            let expected = (yes, 0b0111 & !yes, Some(vec![0b1000]));
            // The fault is unknown, but it is not known to be.
            assert_eq!((is.yes[0], is.no[0], is.fault), expected);
        }
    }
}
