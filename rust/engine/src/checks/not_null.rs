//! `not_null`: every row has a value. NaN is a value.

use super::{Arity, CheckKind, Clause, Compiled, Definition, Scope};
use crate::error::Result;

pub(super) struct NotNull;

impl CheckKind for NotNull {
    fn definition(&self) -> &'static Definition {
        &Definition {
            name: "not_null",
            aliases: &["required"],
            summary: "every row has a value; NaN and the empty string are values",
            scope: Scope::Row,
            arity: Arity::One,
            applies_to: "every column",
            arguments: &[],
            example: "{column: amount, rule: not_null}",
        }
    }

    fn compile(&self, _: &Clause<'_>) -> Result<Compiled> {
        Ok(Compiled::NotNull)
    }
}
