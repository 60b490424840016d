//! `null_fraction`: so many values of a column are null. No row is rejected for it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::bound::{self, Bound};
use super::dataset::{DatasetCheck, Means, Rows, Totals, Verdict};
use super::share::{Unit, UNIT};
use super::{Argument, Arity, CheckKind, Clause, Compiled, Definition, Scope};
use crate::error::Result;
use crate::kernels::bits;

pub(super) struct NullFraction;

impl CheckKind for NullFraction {
    fn definition(&self) -> &'static Definition {
        &Definition {
            name: "null_fraction",
            aliases: &[],
            summary: "so many of the values are null; the rows are published all the same",
            scope: Scope::Dataset,
            arity: Arity::One,
            applies_to: "every column",
            arguments: &[
                bound::OP,
                bound::BOUND,
                bound::MIN,
                bound::MAX,
                Argument { default: "fraction", ..UNIT },
            ],
            example: "{column: email, rule: null_fraction, args: {op: le, bound: 0.05}}",
        }
    }

    fn compile(&self, clause: &Clause<'_>) -> Result<Compiled> {
        let unit = Unit::read(clause, Unit::Fraction)?;
        compile(clause, unit)
    }
}

/// The check with its bound in this unit.
pub(super) fn compile(clause: &Clause<'_>, unit: Unit) -> Result<Compiled> {
    let bound = Bound::counted(clause, unit.most())?;
    Ok(Compiled::Dataset(Box::new(Nulls { unit, bound })))
}

#[derive(Debug)]
struct Nulls {
    unit: Unit,
    bound: Bound,
}

/// Rows that were judged, and those of them that are null.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Counts {
    rows: u64,
    nulls: u64,
}

impl DatasetCheck for Nulls {
    type State = Counts;

    fn start(&self, _: &Means<'_>) -> Counts {
        Counts::default()
    }

    fn update(&self, state: &mut Counts, rows: &Rows<'_>) -> Result<()> {
        state.rows += rows.count;
        state.nulls += rows.count - rows.valid.map_or(rows.count, bits::count);
        Ok(())
    }

    fn merge(&self, state: &mut Counts, later: Counts) -> Result<()> {
        state.rows += later.rows;
        state.nulls += later.nulls;
        Ok(())
    }

    fn finish(&self, state: &Counts, _: &Totals) -> Verdict {
        if state.rows == 0 {
            return Verdict::holds("no rows");
        }
        let holds = self.bound.holds(&self.unit.measure(state.nulls, state.rows));
        Verdict::of(holds, self.unit.text(state.nulls, state.rows))
    }

    fn bound(&self) -> String {
        self.unit.bound(&self.bound.text())
    }

    fn judges_nulls(&self) -> bool {
        true
    }

    fn carry(&self, state: &Counts) -> Option<Value> {
        serde_json::to_value(state).ok()
    }

    fn carried(&self, value: Value) -> Option<Counts> {
        serde_json::from_value(value).ok()
    }
}
