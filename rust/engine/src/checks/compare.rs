//! `compare`: two columns of a row compare so. A row where either is null passes (SQL CHECK).

use arrow_array::ArrayRef;

use super::{Argument, Arity, CheckKind, Clause, Compiled, Definition, RowCheck, Scope};
use crate::error::{Code, Error, Result};
use crate::kernels::bits;
use crate::kernels::pairs::{ground, Ground, Relation};
use crate::promise;

pub(super) struct Compare;

impl CheckKind for Compare {
    fn definition(&self) -> &'static Definition {
        &Definition {
            name: "compare",
            aliases: &[],
            summary: "the left column compares so with the right one, row by row",
            scope: Scope::Row,
            arity: Arity::Two,
            applies_to: "two numbers, two strings, two booleans, or two times of one kind",
            arguments: &[Argument {
                name: "op",
                kind: "lt, le, gt, ge, eq or ne",
                default: "",
                summary: "left op right, exact across widths and scales; NaN fails",
            }],
            example: "{columns: [ship_date, receipt_date], rule: compare, args: {op: le}}",
        }
    }

    fn compile(&self, clause: &Clause<'_>) -> Result<Compiled> {
        clause.required("op")?;
        let relation = match clause.text("op")?.unwrap_or_default() {
            "lt" => Relation::LT,
            "le" => Relation::LE,
            "gt" => Relation::GT,
            "ge" => Relation::GE,
            "eq" => Relation::EQ,
            "ne" => Relation::NE,
            _ => return Err(clause.bad("op", "lt, le, gt, ge, eq or ne")),
        };
        let [left, right] = clause.columns.as_slice() else {
            return Err(Error::internal("compare lost a column"));
        };
        let ground = ground(&left.data_type, &right.data_type).ok_or_else(|| {
            Error::new(
                Code::NotApplicable,
                format!(
                    "{} is {} and {} is {}: they have no common order",
                    left.path,
                    promise::words(&left.data_type),
                    right.path,
                    promise::words(&right.data_type)
                ),
            )
            .help("compare columns of one kind; timestamps both with a zone or both without")
        })?;
        Ok(Compiled::Row(Box::new(Pair { relation, ground })))
    }
}

#[derive(Debug)]
struct Pair {
    relation: Relation,
    ground: Ground,
}

impl RowCheck for Pair {
    fn fail(&self, columns: &[ArrayRef], valid: Option<&[u64]>, fail: &mut [u64]) -> Result<()> {
        let [left, right] = columns else {
            return Err(Error::internal("compare lost a column"));
        };
        self.ground.fill(self.relation, left, right, valid, fail)?;
        // What does not hold fails; the caller clears the rows without a value.
        bits::invert(fail);
        Ok(())
    }

    fn cost(&self) -> f64 {
        self.ground.cost()
    }

    fn explain(&self) -> String {
        self.ground.explain().into()
    }
}
