//! `column_count`: the data has so many columns.

use super::bound::{self, Bound};
use super::measure::Ratio;
use super::{Arity, CheckKind, Clause, Compiled, Definition, Scope};
use crate::error::Result;

pub(super) struct ColumnCount;

impl CheckKind for ColumnCount {
    fn definition(&self) -> &'static Definition {
        &Definition {
            name: "column_count",
            aliases: &[],
            summary:
                "the data has so many columns, promised or not; fields of structs do not count",
            scope: Scope::Schema,
            arity: Arity::None,
            applies_to: "the dataset",
            arguments: &[bound::OP, bound::BOUND, bound::MIN, bound::MAX],
            example: "{rule: column_count, args: {op: eq, bound: 16}}",
        }
    }

    fn compile(&self, clause: &Clause<'_>) -> Result<Compiled> {
        let bound = Bound::counted(clause, None)?;
        let count = clause.schema.fields().len();
        let holds = bound.holds(&Ratio::new(count, 1u32).into());
        let noun = if count == 1 { "column" } else { "columns" };
        let reason = format!("the data has {count} {noun}, promised {}", bound.text());
        Ok(Compiled::Decided { holds, reason })
    }
}
