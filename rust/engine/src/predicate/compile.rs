//! From names and operators to types: the type checker.
//!
//! Every literal is converted exactly into the type of what it is compared with, every pair of
//! types gets its common ground, and what has none is refused with its place. What is compiled
//! cannot fail on any value.

mod compare;
mod fold;
mod number;
mod unify;

use arrow_schema::DataType;

use super::ast::{Expr, Literal, Place, Term};
use super::ir::{Logic, Node, Value};
use super::Column;
use crate::error::{Code, Error, Result};
use crate::promise;

/// Operators and operands of one compiled expression; forms that stand for others count as these.
const MAX_NODES: usize = 20_000;

/// An operand with what is known of its type.
#[derive(Debug)]
pub(super) enum Typed {
    Logic(Logic),
    Value(Value),
    /// A number, text, date, time or timestamp whose exact type follows from its partner.
    Literal(Literal),
    Null,
}

impl Typed {
    /// What it is, for messages.
    fn words(&self) -> String {
        match self {
            Self::Logic(_) => "a condition".into(),
            Self::Value(value) => promise::words(&value.data_type),
            Self::Literal(literal) => literal.words().into(),
            Self::Null => "NULL".into(),
        }
    }
}

impl Literal {
    fn words(&self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Boolean(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "text",
            Self::Date(_) => "a date",
            Self::Time(_) => "a time",
            Self::Timestamp(_) => "a timestamp",
        }
    }
}

/// Compiles a condition over these columns.
///
/// # Errors
/// `plan.bad_expression`, `plan.bad_literal`, `limit.too_large`, with the place in the text.
pub(super) fn compile(expr: &Expr, columns: &[Column]) -> Result<Logic> {
    Checker { columns, nodes: 0 }.logic(expr)
}

struct Checker<'a> {
    columns: &'a [Column],
    nodes: usize,
}

impl Checker<'_> {
    /// Something that is true, false or unknown.
    fn logic(&mut self, expr: &Expr) -> Result<Logic> {
        match self.typed(expr)? {
            Typed::Logic(logic) => Ok(logic),
            Typed::Null => Ok(Logic::Constant(None)),
            other => Err(expr
                .place
                .refuse(format!("{} stands where a condition is needed", other.words()))
                .help("compare it with something")),
        }
    }

    fn logics(&mut self, parts: &[Expr]) -> Result<Vec<Logic>> {
        parts.iter().map(|part| self.logic(part)).collect()
    }

    fn typed(&mut self, expr: &Expr) -> Result<Typed> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(Error::new(Code::TooLarge, "the expression has too many operators")
                .help("split it into several checks"));
        }
        let place = expr.place;
        Ok(match &expr.term {
            Term::Column { path, .. } => self.column(path)?,
            Term::Literal(Literal::Null) => Typed::Null,
            Term::Literal(Literal::Boolean(truth)) => Typed::Logic(Logic::Constant(Some(*truth))),
            Term::Literal(literal) => Typed::Literal(literal.clone()),
            Term::Not(inner) => Typed::Logic(not(self.logic(inner)?)),
            Term::And(parts) => Typed::Logic(Logic::And(self.logics(parts)?)),
            Term::Or(parts) => Typed::Logic(Logic::Or(self.logics(parts)?)),
            Term::Compare(relation, left, right) => {
                Typed::Logic(self.compare(*relation, left, right, place)?)
            }
            Term::Distinct { left, right, negated } => {
                let same = self.same(left, right, place)?;
                Typed::Logic(if *negated { same } else { not(same) })
            }
            Term::Between { value, low, high, negated } => {
                Typed::Logic(self.between(value, low, high, *negated, place)?)
            }
            Term::In { value, members, negated } => {
                Typed::Logic(self.member(value, members, !*negated)?)
            }
            Term::Like { value, pattern, escape, negated } => {
                Typed::Logic(self.like(value, pattern, *escape, !*negated)?)
            }
            Term::IsNull { value, negated } => {
                let null = match self.typed(value)? {
                    Typed::Logic(inner) => is(inner, None),
                    Typed::Value(value) => Logic::Null(Box::new(value)),
                    Typed::Literal(_) => Logic::Constant(Some(false)),
                    Typed::Null => Logic::Constant(Some(true)),
                };
                Typed::Logic(if *negated { not(null) } else { null })
            }
            Term::Is { value, truth, negated } => {
                let is = is(self.logic(value)?, *truth);
                Typed::Logic(if *negated { not(is) } else { is })
            }
            Term::Arithmetic(operation, left, right) => {
                let (first, second) = (self.typed(left)?, self.typed(right)?);
                Typed::Value(number::arithmetic(
                    *operation,
                    (first, left.place),
                    (second, right.place),
                )?)
            }
            Term::Negate(inner) => number::negate(self.typed(inner)?, inner.place)?,
            Term::Length(inner) => {
                let value = Box::new(self.text(inner, "LENGTH", true)?);
                Typed::Value(Value { data_type: DataType::Int64, node: Node::Length(value) })
            }
            Term::Fold { value: inner, upper } => {
                let name = if *upper { "UPPER" } else { "LOWER" };
                let value = Box::new(self.text(inner, name, false)?);
                let node = Node::Fold { value, upper: *upper };
                Typed::Value(Value { data_type: DataType::LargeUtf8, node })
            }
            Term::Coalesce(parts) => {
                let parts = self.operands(parts.iter())?;
                unify::coalesce(parts, place)?
            }
            Term::Case { branches, otherwise } => {
                let whens = branches
                    .iter()
                    .map(|(when, _)| self.logic(when))
                    .collect::<Result<Vec<_>>>()?;
                let thens = branches.iter().map(|(_, then)| then);
                let mut results = self.operands(thens.chain(otherwise.as_deref()))?;
                if otherwise.is_none() {
                    results.push((Typed::Null, place));
                }
                unify::case(whens, results, place)?
            }
        })
    }

    fn operands<'e>(
        &mut self,
        parts: impl Iterator<Item = &'e Expr>,
    ) -> Result<Vec<(Typed, Place)>> {
        parts.map(|part| Ok((self.typed(part)?, part.place))).collect()
    }

    fn column(&self, path: &str) -> Result<Typed> {
        let at = self.columns.iter().position(|column| column.path == path);
        let (at, column) = at
            .and_then(|at| Some((at, self.columns.get(at)?)))
            .ok_or_else(|| Error::internal("an expression names a column that was not resolved"))?;
        Ok(if column.data_type == DataType::Boolean {
            Typed::Logic(Logic::Column(at))
        } else {
            Typed::Value(Value { data_type: column.data_type.clone(), node: Node::Column(at) })
        })
    }

    /// A text; or a binary value, where those are taken too.
    fn text(&mut self, expr: &Expr, function: &str, binary: bool) -> Result<Value> {
        let wanted = if binary { "a text or binary column" } else { "a text column" };
        match self.typed(expr)? {
            Typed::Value(value)
                if is_text(&value.data_type) || binary && is_binary(&value.data_type) =>
            {
                Ok(value)
            }
            other => {
                Err(expr.place.refuse(format!("{function} takes {wanted}, not {}", other.words())))
            }
        }
    }
}

fn not(logic: Logic) -> Logic {
    match logic {
        Logic::Not(inner) => *inner,
        Logic::Constant(truth) => Logic::Constant(truth.map(|truth| !truth)),
        other => Logic::Not(Box::new(other)),
    }
}

fn is(inner: Logic, truth: Option<bool>) -> Logic {
    Logic::Is { inner: Box::new(inner), truth }
}

pub(super) fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

pub(super) fn is_binary(data_type: &DataType) -> bool {
    use DataType as D;
    matches!(data_type, D::Binary | D::LargeBinary | D::BinaryView | D::FixedSizeBinary(_))
}
