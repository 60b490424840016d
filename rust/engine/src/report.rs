//! What a run found: a status for every clause of the contract, counts and row ordinals, no values.
//!
//! Equal rows give equal reports, byte for byte in JSON: nothing here depends on batch cuts,
//! encodings, threads or time. What does (bytes, seconds) is kept apart by whoever runs the engine.

use std::sync::Arc;

use serde::Serialize;

/// How a clause ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Executed, and failures are within the threshold.
    Pass,
    /// Executed, beyond the threshold, severity `warning`.
    Warn,
    /// Not executed, with the reason.
    NotEnforced,
    /// Executed, beyond the threshold, severity `error`.
    Fail,
    /// Did not finish; says nothing about the data.
    Error,
}

impl Status {
    /// The word for it in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::NotEnforced => "not_enforced",
            Self::Fail => "fail",
            Self::Error => "error",
        }
    }

    /// The worse of two: error, fail, not enforced, warn, pass.
    #[must_use]
    pub fn worst(self, other: Self) -> Self {
        if other as u8 > self as u8 {
            other
        } else {
            self
        }
    }
}

/// What the contract says of one clause: the same in every run of a plan.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Head {
    /// The clause's id.
    pub id: String,
    /// The check's name in the registry.
    pub check: String,
    /// The columns it judges.
    pub columns: Vec<String>,
    /// `error` or `warning`, or the contract's own word.
    pub severity: String,
    /// A quality dimension, if the contract names one.
    pub dimension: Option<String>,
    /// Tolerated failing rows.
    pub max_rows: Option<u64>,
    /// Tolerated failing rows in percent of the tested, as written.
    pub max_pct: Option<String>,
    /// JSON pointer of the clause in the canonical contract.
    pub clause: String,
}

/// The outcome of one clause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckOutcome {
    /// The clause.
    #[serde(flatten)]
    pub head: Arc<Head>,
    /// How it ended.
    pub status: Status,
    /// Why, when the counts do not say it.
    pub reason: Option<String>,
    /// Rows seen by the run.
    pub rows: u64,
    /// Rows judged.
    pub tested: u64,
    /// Rows outside of the clause's `when`.
    pub skipped_when: u64,
    /// Rows exempt because a needed value is null.
    pub skipped_null: u64,
    /// Judged rows that fail; for `unique` the rows beyond the first of their key.
    pub failed_rows: u64,
    /// Failing rows whose value is NaN.
    pub nan_rows: u64,
    /// For keys: how many keys occur more than once.
    pub failed_groups: Option<u64>,
    /// For keys: rows beyond the first of their key.
    pub surplus: Option<u64>,
    /// Ordinals of the first failing rows, ascending, from 0 over the whole stream.
    pub first_rows: Vec<u64>,
    /// For dataset checks: what was seen.
    pub observed: Option<String>,
    /// For dataset checks: what was allowed.
    pub bound: Option<String>,
}

/// What a mask did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MaskOutcome {
    /// Path of the column.
    pub column: String,
    /// The mask's name in the registry.
    pub method: String,
    /// Pseudonymisation domain of keyed masks.
    pub domain: Option<String>,
    /// Public id of the key of keyed masks.
    pub key_id: Option<String>,
    /// Rows that went through the mask.
    pub rows: u64,
}

/// Everything that a run found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The dataset's name in the contract.
    pub dataset: String,
    /// Worst status of all clauses.
    pub status: Status,
    /// Rows read.
    pub rows: u64,
    /// Rows that fail no check of severity `error`.
    pub accepted_rows: u64,
    /// Rows for the quarantine.
    pub rejected_rows: u64,
    /// One outcome per clause: derived schema checks first, then in contract order.
    pub checks: Vec<CheckOutcome>,
    /// One outcome per mask, in column order.
    pub masks: Vec<MaskOutcome>,
}

impl Report {
    /// Whether every clause passed without a failing row, tolerated or not.
    pub fn is_spotless(&self) -> bool {
        let spotless = |c: &CheckOutcome| c.status == Status::Pass && c.failed_rows == 0;
        self.checks.iter().all(spotless)
    }

    /// The report as JSON; equal reports give equal bytes.
    pub fn to_json(&self) -> String {
        // Strings, integers and lists always serialise.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Failures that a contract tolerates.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Threshold {
    pub(crate) max_rows: Option<u64>,
    /// Percent as numerator over a power of ten.
    pub(crate) max_pct: Option<(u128, u128)>,
}

impl Threshold {
    /// Whether `failed` of `tested` rows are tolerated. The limit itself is; compared in integers.
    pub(crate) fn tolerates(&self, failed: u64, tested: u64) -> bool {
        let by_rows = match (self.max_rows, self.max_pct) {
            (Some(max), _) => failed <= max,
            (None, Some(_)) => true,
            (None, None) => failed == 0,
        };
        let by_pct = self.max_pct.is_none_or(|(numerator, denominator)| {
            u128::from(failed) * 100 * denominator <= numerator * u128::from(tested)
        });
        by_rows && by_pct
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_exact_and_include_the_limit() {
        let pct = |n, d| Threshold { max_rows: None, max_pct: Some((n, d)) };
        assert!(Threshold::default().tolerates(0, 10) && !Threshold::default().tolerates(1, 10));
        assert!(pct(1, 10).tolerates(1, 1000) && !pct(1, 10).tolerates(2, 1000));
        // One bad row in 10^9 is 1e-7 percent: more than zero percent.
        assert!(!pct(0, 1).tolerates(1, 1_000_000_000));
        assert!(pct(0, 1).tolerates(0, 0));
        let both = Threshold { max_rows: Some(5), max_pct: Some((1, 1)) };
        assert!(!both.tolerates(5, 100) && both.tolerates(5, 500) && !both.tolerates(6, 10_000));
    }

    #[test]
    fn a_status_is_spelt_alike_everywhere() {
        use Status::{Error, Fail, NotEnforced, Pass, Warn};
        for status in [Pass, Warn, NotEnforced, Fail, Error] {
            assert_eq!(serde_json::to_string(&status).unwrap(), format!("{:?}", status.as_str()));
        }
    }

    #[test]
    fn the_worst_status_wins_in_the_documented_order() {
        use Status::{Error, Fail, NotEnforced, Pass, Warn};
        for pair in [Pass, Warn, NotEnforced, Fail, Error].windows(2) {
            assert_eq!(pair[0].worst(pair[1]), pair[1]);
            assert_eq!(pair[1].worst(pair[0]), pair[1]);
        }
    }
}
