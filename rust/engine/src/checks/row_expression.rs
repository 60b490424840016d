//! `row_expression`: a condition over the columns of a row, in SQL. A row for which it is unknown
//! passes, as it does for a SQL CHECK.

use super::{Argument, Arity, CheckKind, Clause, Compiled, Definition, Scope};
use crate::contract::Literal;
use crate::error::Result;

pub(super) struct RowExpression;

impl CheckKind for RowExpression {
    fn definition(&self) -> &'static Definition {
        &Definition {
            name: "row_expression",
            aliases: &["expression"],
            summary: "a condition over the columns of a row is not false; unknown (null) passes",
            scope: Scope::Row,
            arity: Arity::Named,
            applies_to: "the columns that the expression names",
            arguments: &[Argument {
                name: "expression",
                kind: "a condition in SQL",
                default: "",
                summary:
                    "over one row: comparisons, AND, OR, NOT, IS, IN, BETWEEN, LIKE, +, -, *, \
                          LENGTH, LOWER, UPPER, COALESCE, CASE",
            }],
            example: "{rule: row_expression, args: {expression: \"discount <= price * quantity\"}}",
        }
    }

    fn compile(&self, clause: &Clause<'_>) -> Result<Compiled> {
        match clause.required("expression")? {
            Literal::Text(text) => Ok(Compiled::Expression(text.clone())),
            _ => Err(clause.bad("expression", "text")),
        }
    }
}
