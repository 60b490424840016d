//! From counts to the outcome of a clause: thresholds, severities, reasons.

use std::sync::Arc;

use super::keys::KeyVerdict;
use super::{Tally, FIRST_ROWS};
use crate::checks::{DatasetState, Ending, Totals, Verdict};
use crate::error::{Error, Result};
use crate::plan::{Planned, Work};
use crate::report::{CheckOutcome, Status};

/// The outcome of one clause, from its counts.
pub(super) fn outcome(
    clause: &Planned,
    tally: Tally,
    keys: Option<KeyVerdict>,
    state: Option<DatasetState>,
    unreferred: Option<String>,
    totals: &Totals,
) -> Result<CheckOutcome> {
    let faults = tally.faults;
    let mut outcome = judged(clause, tally, keys, state, unreferred, totals)?;
    if faults > 0 {
        let rows = if faults == 1 { "row" } else { "rows" };
        outcome.status = Status::Error;
        outcome.reason = Some(format!("an expression overflows in {faults} {rows}, not judged"));
    }
    Ok(outcome)
}

fn judged(
    clause: &Planned,
    tally: Tally,
    keys: Option<KeyVerdict>,
    state: Option<DatasetState>,
    unreferred: Option<String>,
    totals: &Totals,
) -> Result<CheckOutcome> {
    let mut outcome = CheckOutcome {
        head: Arc::clone(&clause.head),
        status: Status::Pass,
        reason: None,
        rows: totals.rows,
        tested: totals.rows - tally.skipped_when - tally.skipped_null,
        skipped_when: tally.skipped_when,
        skipped_null: tally.skipped_null,
        failed_rows: tally.failed,
        nan_rows: tally.nan,
        failed_groups: None,
        surplus: None,
        first_rows: tally.first_rows,
        observed: None,
        bound: None,
    };
    let inside = Totals { rows: totals.rows - tally.skipped_when, ..*totals };
    let broken = if clause.rejects { Status::Fail } else { Status::Warn };
    match &clause.work {
        Work::Decided { status, reason } => {
            outcome.status = *status;
            outcome.reason.clone_from(reason);
            outcome.tested = 0;
            return Ok(outcome);
        }
        Work::Dataset { check, .. } => {
            outcome.bound = Some(check.bound());
            let Some(state) = state else {
                return Err(Error::internal("a dataset check lost its state"));
            };
            decide(&mut outcome, check.finish(&state, &inside)?, broken);
            return Ok(outcome);
        }
        Work::Foreign { .. } if unreferred.is_some() => {
            outcome.status = Status::NotEnforced;
            outcome.reason = unreferred;
            outcome.tested = 0;
            return Ok(outcome);
        }
        Work::Always { why, .. } => outcome.reason = Some(format!("cannot fail: {why}")),
        Work::Key { count, keep_first, forbid_null, .. } => {
            let keys = match keys.transpose() {
                Ok(keys) => keys,
                Err(error) => {
                    // Never a verdict on the data, neither pass nor fail.
                    outcome.status = Status::Error;
                    outcome.reason = Some(no_verdict(&error));
                    return Ok(outcome);
                }
            };
            if let Some(count) = count {
                outcome.bound = Some(count.bound());
                if let Some(keys) = keys {
                    outcome.skipped_null = keys.exempt;
                    outcome.tested = totals.rows - keys.exempt;
                    decide(&mut outcome, count.finish(&keys), broken);
                }
                return Ok(outcome);
            }
            if let Some(keys) = keys {
                if !keys.verified {
                    outcome.reason = Some(UNVERIFIED.into());
                }
                outcome.failed_groups = Some(keys.groups);
                outcome.surplus = Some(keys.surplus);
                let (failed, first) = if *keep_first {
                    (keys.surplus, keys.first_surplus)
                } else {
                    (keys.members, keys.first_members)
                };
                // Null keys of a primary key were tallied; repeated keys come on top.
                outcome.failed_rows += failed;
                outcome.first_rows.extend(first);
                outcome.first_rows.sort_unstable();
                outcome.first_rows.dedup();
                outcome.first_rows.truncate(FIRST_ROWS);
                if !*forbid_null {
                    outcome.skipped_null = keys.exempt - outcome.skipped_when;
                    outcome.tested = totals.rows - keys.exempt;
                }
            }
        }
        Work::NotNull { .. }
        | Work::Row { .. }
        | Work::Expression { .. }
        | Work::Foreign { .. }
        | Work::Sequence { .. } => {}
    }
    if !clause.threshold.tolerates(outcome.failed_rows, outcome.tested) {
        outcome.status = broken;
    } else if unreferred.is_some() {
        outcome.status = Status::NotEnforced;
        outcome.reason = unreferred;
    }
    Ok(outcome)
}

/// What the verdict on the whole dataset makes of its outcome; `broken` is the status of a failure.
fn decide(outcome: &mut CheckOutcome, verdict: Verdict, broken: Status) {
    outcome.observed = verdict.observed;
    outcome.reason = verdict.reason;
    outcome.nan_rows = verdict.nan_rows;
    outcome.failed_groups = verdict.failed_groups;
    outcome.surplus = verdict.surplus;
    outcome.status = match verdict.ending {
        Ending::Holds => Status::Pass,
        Ending::Fails => broken,
        Ending::NotEnforced => Status::NotEnforced,
    };
}

/// What a report says where repeated keys could not be compared in full.
const UNVERIFIED: &str = "verified: false; keys of more than 15 bytes repeat by their 128-bit \
    fingerprints, which were not compared in full";

fn no_verdict(error: &Error) -> String {
    let help = error.help.as_ref().map_or_else(String::new, |help| format!("; {help}"));
    format!("{}: {}{help}", error.code.as_str(), error.message)
}
