//! One boolean expression over the columns of a row, evaluated for many rows at once.
//!
//! A front end turns text into the untyped form ([`ast`]); today there is one, for SQL-style text
//! ([`sql`]). The type checker ([`compile`]) turns that into the typed form ([`ir`]) for columns
//! of given types, and the evaluation gives every row one of three truths ([`truth`]).
//!
//! The meaning, whatever the front end:
//! - Null is unknown. Comparisons, arithmetic and functions of an unknown value are unknown; AND,
//!   OR and NOT follow Kleene; `IS` tests and `IS DISTINCT FROM` are never unknown.
//! - Every comparison with NaN is false, `<>` too, and so are BETWEEN, IN and their negated forms:
//!   NaN is in no range and in no list, and outside of none.
//! - Numbers compare exactly, whatever their widths and scales; a literal takes the type of what
//!   it is compared with. Integer and decimal arithmetic is exact. What does not fit 76 digits is
//!   a fault: the row has no outcome, and the clause ends in `error`.
//! - Text compares by its bytes, which is the order of its code points.
//!
//! No value of any row can make the evaluation fail.

pub(crate) mod ast;
mod compile;
mod evaluate;
mod ir;
mod like;
pub(crate) mod sql;
mod test;
mod truth;

#[cfg(test)]
mod tests;

use arrow_schema::DataType;

use crate::error::Result;
use ast::Expr;
pub(crate) use evaluate::Input;
use ir::Logic;
pub(crate) use truth::Truth;

/// A column that an expression names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) path: String,
    /// The type of the values, encodings peeled off.
    pub(crate) data_type: DataType,
}

/// An expression compiled against the types of its columns.
#[derive(Debug)]
pub(crate) struct Predicate {
    logic: Logic,
    /// The largest parts that depend on one column alone, each with that column.
    parts: Vec<(usize, Logic)>,
    columns: usize,
}

impl Predicate {
    /// Compiles an expression; `columns` are those that it names.
    ///
    /// # Errors
    /// `plan.bad_expression`, `plan.bad_literal`, `limit.too_large`, with the place in the text.
    pub(crate) fn compile(expr: &Expr, columns: &[Column]) -> Result<Self> {
        let mut parts = Vec::new();
        let logic = set_apart(compile::compile(expr, columns)?, &mut parts);
        Ok(Self { logic, parts, columns: columns.len() })
    }

    /// Estimated nanoseconds per row on one core, for `explain`.
    pub(crate) fn cost(&self) -> f64 {
        let parts = self.parts.iter().map(|(_, logic)| logic);
        parts.chain([&self.logic]).map(Logic::cost).sum()
    }
}

/// Moves the parts that depend on one column and look at its values into `parts`.
fn set_apart(logic: Logic, parts: &mut Vec<(usize, Logic)>) -> Logic {
    let mut columns = Vec::new();
    logic.columns(&mut columns);
    columns.dedup();
    if let [column] = columns.as_slice() {
        if !matches!(logic, Logic::Column(_) | Logic::Null(_)) {
            parts.push((*column, logic));
            return Logic::PerValue(parts.len() - 1);
        }
    }
    let all = |logics: Vec<Logic>, parts: &mut Vec<(usize, Logic)>| {
        logics.into_iter().map(|logic| set_apart(logic, parts)).collect()
    };
    let boxed =
        |logic: Box<Logic>, parts: &mut Vec<(usize, Logic)>| Box::new(set_apart(*logic, parts));
    match logic {
        Logic::And(logics) => Logic::And(all(logics, parts)),
        Logic::Or(logics) => Logic::Or(all(logics, parts)),
        Logic::Coalesce(logics) => Logic::Coalesce(all(logics, parts)),
        Logic::Not(inner) => Logic::Not(boxed(inner, parts)),
        Logic::Is { inner, truth } => Logic::Is { inner: boxed(inner, parts), truth },
        Logic::Truths { relation, left, right } => {
            let (left, right) = (boxed(left, parts), boxed(right, parts));
            Logic::Truths { relation, left, right }
        }
        Logic::SameTruths { left, right } => {
            Logic::SameTruths { left: boxed(left, parts), right: boxed(right, parts) }
        }
        Logic::Case { branches, otherwise } => Logic::Case {
            branches: branches
                .into_iter()
                .map(|(when, then)| (set_apart(when, parts), set_apart(then, parts)))
                .collect(),
            otherwise: boxed(otherwise, parts),
        },
        other => other,
    }
}
