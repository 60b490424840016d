//! `missing_values`: no value is one of those that stand for a missing one, such as `N/A`. Null is
//! one of them where the list has it.

use super::{in_set, Argument, Arity, CheckKind, Clause, Compiled, Definition, OnNull, Scope};
use crate::contract::Literal;
use crate::error::Result;

pub(super) struct MissingValues;

impl CheckKind for MissingValues {
    fn definition(&self) -> &'static Definition {
        &Definition {
            name: "missing_values",
            aliases: &[],
            summary: "no value is one of those that stand for a missing one; null is judged too",
            scope: Scope::Row,
            arity: Arity::One,
            applies_to: in_set::APPLIES,
            arguments: &[Argument {
                name: "values",
                kind: "a list of literals of the column's type",
                default: "",
                summary: "what counts as missing; null only if it is listed",
            }],
            example: "{column: phone, rule: missing_values, args: {values: ['', 'N/A', null]}}",
        }
    }

    fn compile(&self, clause: &Clause<'_>) -> Result<Compiled> {
        let values = in_set::list(clause)?;
        let listed: Vec<Literal> =
            values.iter().filter(|v| **v != Literal::Null).cloned().collect();
        let null_counts = listed.len() < values.len();
        if listed.is_empty() {
            return Ok(Compiled::NotNull);
        }
        let on_null = if null_counts { OnNull::Fails } else { OnNull::Holds };
        match in_set::members(clause, &listed, true, "values")? {
            Compiled::Row(check) => Ok(Compiled::Judging { check, on_null }),
            other => Ok(other),
        }
    }
}
