//! `row_count`: the run sees so many rows.

use serde_json::Value;

use super::bound::{self, Bound};
use super::dataset::{DatasetCheck, Means, Rows, Totals, Verdict};
use super::measure::Ratio;
use super::{Arity, CheckKind, Clause, Compiled, Definition, Scope};
use crate::error::Result;

pub(super) struct RowCount;

impl CheckKind for RowCount {
    fn definition(&self) -> &'static Definition {
        &Definition {
            name: "row_count",
            aliases: &[],
            summary: "the dataset has so many rows",
            scope: Scope::Dataset,
            arity: Arity::None,
            applies_to: "the dataset",
            arguments: &[bound::OP, bound::BOUND, bound::MIN, bound::MAX],
            example: "{rule: row_count, args: {min: 1}}",
        }
    }

    fn compile(&self, clause: &Clause<'_>) -> Result<Compiled> {
        Ok(Compiled::Dataset(Box::new(Count { bound: Bound::counted(clause, None)? })))
    }
}

#[derive(Debug)]
struct Count {
    bound: Bound,
}

impl DatasetCheck for Count {
    // The run counts its rows.
    type State = ();

    fn start(&self, _: &Means<'_>) {}

    fn update(&self, (): &mut (), _: &Rows<'_>) -> Result<()> {
        Ok(())
    }

    fn merge(&self, (): &mut (), (): ()) -> Result<()> {
        Ok(())
    }

    fn finish(&self, (): &(), totals: &Totals) -> Verdict {
        let holds = self.bound.holds(&Ratio::new(totals.rows, 1u32).into());
        Verdict::of(holds, totals.rows.to_string())
    }

    fn carry(&self, (): &()) -> Option<Value> {
        Some(Value::Null)
    }

    fn carried(&self, _: Value) -> Option<()> {
        Some(())
    }

    fn bound(&self) -> String {
        self.bound.text()
    }
}
