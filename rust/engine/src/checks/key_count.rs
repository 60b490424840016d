//! `distinct_count` and `duplicate_count`: how many keys there are, and how many rows repeat one. Both
//! are exact. A null in any column exempts the row; no row is rejected.

use std::fmt;

use super::bound::{self, Bound};
use super::dataset::Verdict;
use super::measure::Ratio;
use super::share::{Unit, UNIT};
use super::{Argument, Arity, CheckKind, Clause, Compiled, Definition, Scope};
use crate::error::Result;
use crate::unique::{KeyForm, Nulls, Outcome};

const ANY_KEY: &str = "every column but lists, structs and maps";

/// A bound on something that is counted among the keys of the whole dataset.
pub(crate) trait KeyCount: Send + Sync + fmt::Debug {
    fn finish(&self, keys: &Outcome) -> Verdict;

    /// The bound, as the report shows it.
    fn bound(&self) -> String;
}

/// Refuses columns that cannot be keys.
fn keys_of(clause: &Clause<'_>) -> Result<()> {
    let types: Vec<_> = clause.columns.iter().map(|c| c.data_type.clone()).collect();
    KeyForm::compile(&types, Nulls::Distinct).map(|_| ())
}

pub(super) struct DistinctCount;

impl CheckKind for DistinctCount {
    fn definition(&self) -> &'static Definition {
        &Definition {
            name: "distinct_count",
            aliases: &[],
            summary: "there are so many different keys; a null in any column exempts the row",
            scope: Scope::Dataset,
            arity: Arity::Many,
            applies_to: ANY_KEY,
            arguments: &[bound::OP, bound::BOUND, bound::MIN, bound::MAX],
            example: "{column: country, rule: distinct_count, args: {max: 249}}",
        }
    }

    fn compile(&self, clause: &Clause<'_>) -> Result<Compiled> {
        distinct(clause)
    }
}

/// The bound of the clause, on how many different keys its columns hold.
pub(super) fn distinct(clause: &Clause<'_>) -> Result<Compiled> {
    keys_of(clause)?;
    Ok(Compiled::KeyCount(Box::new(Distinct { bound: Bound::counted(clause, None)? })))
}

#[derive(Debug)]
struct Distinct {
    bound: Bound,
}

impl KeyCount for Distinct {
    fn finish(&self, keys: &Outcome) -> Verdict {
        let tested = keys.rows - keys.exempt;
        if tested == 0 {
            return Verdict::holds("no value");
        }
        let distinct = tested - keys.surplus;
        Verdict::of(self.bound.holds(&Ratio::new(distinct, 1u32).into()), distinct.to_string())
    }

    fn bound(&self) -> String {
        self.bound.text()
    }
}

pub(super) struct DuplicateCount;

impl CheckKind for DuplicateCount {
    fn definition(&self) -> &'static Definition {
        &Definition {
            name: "duplicate_count",
            aliases: &[],
            summary: "so many rows repeat an earlier key; the rows are published all the same",
            scope: Scope::Dataset,
            arity: Arity::Many,
            applies_to: ANY_KEY,
            arguments: &[
                bound::OP,
                bound::BOUND,
                bound::MIN,
                bound::MAX,
                Argument { default: "rows", ..UNIT },
            ],
            example: "{columns: [customer, day], rule: duplicate_count, args: {op: le, bound: 0.1, unit: percent}}",
        }
    }

    fn compile(&self, clause: &Clause<'_>) -> Result<Compiled> {
        keys_of(clause)?;
        let unit = Unit::read(clause, Unit::Rows)?;
        let bound = Bound::counted(clause, unit.most())?;
        Ok(Compiled::KeyCount(Box::new(Duplicates { unit, bound })))
    }
}

#[derive(Debug)]
struct Duplicates {
    unit: Unit,
    bound: Bound,
}

impl KeyCount for Duplicates {
    fn finish(&self, keys: &Outcome) -> Verdict {
        let tested = keys.rows - keys.exempt;
        let verdict = if tested == 0 {
            Verdict::holds("no value")
        } else {
            let holds = self.bound.holds(&self.unit.measure(keys.surplus, tested));
            Verdict::of(holds, self.unit.text(keys.surplus, tested))
        };
        Verdict { failed_groups: Some(keys.groups), surplus: Some(keys.surplus), ..verdict }
    }

    fn bound(&self) -> String {
        self.unit.bound(&self.bound.text())
    }
}
