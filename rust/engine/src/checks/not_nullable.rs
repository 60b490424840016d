//! `not_nullable`: the producer declares that the column never holds null.

use arrow_schema::DataType;

use super::{Arity, CheckKind, Clause, Compiled, Definition, Scope};
use crate::error::Result;

pub(super) struct NotNullable;

impl CheckKind for NotNullable {
    fn definition(&self) -> &'static Definition {
        &Definition {
            name: "not_nullable",
            aliases: &[],
            summary: "the data's schema declares the column as one without nulls. The declaration \
                      is judged, not believed: not_null looks at the rows",
            scope: Scope::Schema,
            arity: Arity::One,
            applies_to: "every column; Polars, pandas and DuckDB declare none without nulls",
            arguments: &[],
            example: "{column: order_id, rule: not_nullable}",
        }
    }

    fn compile(&self, clause: &Clause<'_>) -> Result<Compiled> {
        let holds = !clause.column()?.nullable;
        let reason = if holds {
            "declared as a column without nulls"
        } else {
            "declared as a column that may hold nulls"
        };
        Ok(Compiled::Decided { holds, reason: reason.into() })
    }

    fn judges_mistyped(&self, _: &DataType) -> bool {
        true
    }
}
