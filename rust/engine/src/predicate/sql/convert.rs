//! From the parser's tree to the untyped form, construct by construct.

use sqlparser::ast::{
    BinaryOperator, DataType, Expr as Sql, Ident, InTarget, TimezoneInfo, TypedString,
    UnaryOperator, Value, ValueWithSpan,
};

use super::super::ast::{Arithmetic, Expr, Literal, Place, Term, MAX_DEPTH};
use super::{functions, too_deep, too_large, MAX_TOKENS};
use crate::error::{Error, Result};
use crate::kernels::pairs::Relation;

/// Converts a whole expression.
///
/// # Errors
/// `plan.bad_expression` for what has no conversion, `limit.too_large` for what nests too deep.
pub(super) fn expression(sql: &Sql) -> Result<Expr> {
    Converter { depth: 0, nodes: 0 }.expr(sql)
}

pub(super) struct Converter {
    depth: usize,
    /// The operand of a CASE is converted once per branch, so there may be more than tokens.
    nodes: usize,
}

impl Converter {
    pub(super) fn expr(&mut self, sql: &Sql) -> Result<Expr> {
        self.depth += 1;
        self.nodes += 1;
        if self.depth > MAX_DEPTH {
            return Err(too_deep());
        }
        if self.nodes > 2 * MAX_TOKENS {
            return Err(too_large("an expression that repeats too much of itself".into()));
        }
        let expr = self.term(sql).map(|term| term.at(start(sql)));
        self.depth -= 1;
        expr
    }

    fn boxed(&mut self, sql: &Sql) -> Result<Box<Expr>> {
        self.expr(sql).map(Box::new)
    }

    pub(super) fn all<'a>(
        &mut self,
        parts: impl IntoIterator<Item = &'a Sql>,
    ) -> Result<Vec<Expr>> {
        parts.into_iter().map(|part| self.expr(part)).collect()
    }

    fn term(&mut self, sql: &Sql) -> Result<Term> {
        Ok(match sql {
            Sql::Nested(inner) => return self.expr(inner).map(|expr| expr.term),
            Sql::Identifier(name) => column(std::slice::from_ref(name)),
            Sql::CompoundIdentifier(names) => column(names),
            Sql::Value(value) => Term::Literal(literal(value)?),
            Sql::TypedString(typed) => Term::Literal(typed_literal(typed)?),
            Sql::UnaryOp { op: UnaryOperator::Not, expr } => Term::Not(self.boxed(expr)?),
            Sql::UnaryOp { op: UnaryOperator::Minus, expr } => Term::Negate(self.boxed(expr)?),
            Sql::UnaryOp { op: UnaryOperator::Plus, expr } => return self.positive(expr),
            Sql::UnaryOp { .. } => return Err(unsupported(sql, "this operator")),
            Sql::BinaryOp { left, op, right } => self.binary(sql, left, op, right)?,
            Sql::IsNull(value) => Term::IsNull { value: self.boxed(value)?, negated: false },
            Sql::IsNotNull(value) => Term::IsNull { value: self.boxed(value)?, negated: true },
            Sql::IsTrue(value) => self.is(value, Some(true), false)?,
            Sql::IsNotTrue(value) => self.is(value, Some(true), true)?,
            Sql::IsFalse(value) => self.is(value, Some(false), false)?,
            Sql::IsNotFalse(value) => self.is(value, Some(false), true)?,
            Sql::IsUnknown(value) => self.is(value, None, false)?,
            Sql::IsNotUnknown(value) => self.is(value, None, true)?,
            Sql::IsDistinctFrom(left, right) => self.distinct(left, right, false)?,
            Sql::IsNotDistinctFrom(left, right) => self.distinct(left, right, true)?,
            Sql::Between { expr, negated, low, high } => Term::Between {
                value: self.boxed(expr)?,
                low: self.boxed(low)?,
                high: self.boxed(high)?,
                negated: *negated,
            },
            Sql::In { expr, target: InTarget::List(members), negated, global: false }
                if !members.is_empty() =>
            {
                Term::In {
                    value: self.boxed(expr)?,
                    members: self.all(members)?,
                    negated: *negated,
                }
            }
            Sql::In { .. } => {
                return Err(unsupported(sql, "IN with anything but a list of values"));
            }
            Sql::Like { negated, any: false, expr, pattern, escape_char } => Term::Like {
                value: self.boxed(expr)?,
                pattern: text(pattern)
                    .ok_or_else(|| unsupported(pattern, "a pattern that is no text in quotes"))?,
                escape: escape_char.as_deref().map(escape).transpose()?,
                negated: *negated,
            },
            Sql::ILike { .. } => {
                return Err(unsupported(sql, "ILIKE")
                    .help("write LOWER(column) LIKE 'pattern in lower case'"));
            }
            Sql::SimilarTo { .. } | Sql::RLike { .. } => {
                return Err(unsupported(sql, "a regular expression")
                    .help("use the check regex_match, or LIKE"));
            }
            Sql::Case { operand, conditions, else_result, .. } => {
                let mut branches = Vec::with_capacity(conditions.len());
                for branch in conditions {
                    let mut when = self.expr(&branch.condition)?;
                    if let Some(operand) = operand {
                        let place = when.place;
                        let operand = self.boxed(operand)?;
                        when = Term::Compare(Relation::EQ, operand, Box::new(when)).at(place);
                    }
                    branches.push((when, self.expr(&branch.result)?));
                }
                let otherwise = else_result.as_deref().map(|sql| self.boxed(sql)).transpose()?;
                Term::Case { branches, otherwise }
            }
            Sql::Function(function) => return functions::call(self, function),
            Sql::Substring { .. } => return Err(functions::unknown("SUBSTRING", start(sql))),
            Sql::Trim { .. } => return Err(functions::unknown("TRIM", start(sql))),
            Sql::Ceil { .. } => return Err(functions::unknown("CEIL", start(sql))),
            Sql::Floor { .. } => return Err(functions::unknown("FLOOR", start(sql))),
            Sql::Extract { .. } => return Err(functions::unknown("EXTRACT", start(sql))),
            Sql::Position { .. } => return Err(functions::unknown("POSITION", start(sql))),
            Sql::Overlay { .. } => return Err(functions::unknown("OVERLAY", start(sql))),
            Sql::Cast { .. } | Sql::Convert { .. } => {
                return Err(unsupported(sql, "a cast")
                    .help("no value is ever cast; compare it with a literal of its own type"));
            }
            Sql::Subquery(_) | Sql::Exists { .. } | Sql::AnyOp { .. } | Sql::AllOp { .. } => {
                return Err(unsupported(sql, "a subquery")
                    .help("an expression sees one row, and nothing but this row"));
            }
            Sql::Interval(_) | Sql::AtTimeZone { .. } => {
                return Err(unsupported(sql, "arithmetic with times"));
            }
            _ => return Err(unsupported(sql, "this construct")),
        })
    }

    fn positive(&mut self, sql: &Sql) -> Result<Term> {
        // +x is x for every number, and the type checker is asked for one.
        let negative = Term::Negate(self.boxed(sql)?).at(start(sql));
        Ok(Term::Negate(Box::new(negative)))
    }

    fn is(&mut self, value: &Sql, truth: Option<bool>, negated: bool) -> Result<Term> {
        Ok(Term::Is { value: self.boxed(value)?, truth, negated })
    }

    fn distinct(&mut self, left: &Sql, right: &Sql, negated: bool) -> Result<Term> {
        Ok(Term::Distinct { left: self.boxed(left)?, right: self.boxed(right)?, negated })
    }

    fn binary(&mut self, sql: &Sql, left: &Sql, op: &BinaryOperator, right: &Sql) -> Result<Term> {
        use BinaryOperator as B;
        let relation = match op {
            B::And => return self.chain(sql, &B::And).map(Term::And),
            B::Or => return self.chain(sql, &B::Or).map(Term::Or),
            B::Plus => return self.arithmetic(Arithmetic::Add, left, right),
            B::Minus => return self.arithmetic(Arithmetic::Subtract, left, right),
            B::Multiply => return self.arithmetic(Arithmetic::Multiply, left, right),
            B::Eq => Relation::EQ,
            B::NotEq => Relation::NE,
            B::Lt => Relation::LT,
            B::LtEq => Relation::LE,
            B::Gt => Relation::GT,
            B::GtEq => Relation::GE,
            B::Divide | B::Modulo => {
                return Err(unsupported(right, "division")
                    .help("multiply the other side instead: a > 2 * b for a / b > 2, b positive"));
            }
            _ => return Err(unsupported(right, "the operator before this")),
        };
        Ok(Term::Compare(relation, self.boxed(left)?, self.boxed(right)?))
    }

    fn arithmetic(&mut self, operation: Arithmetic, left: &Sql, right: &Sql) -> Result<Term> {
        Ok(Term::Arithmetic(operation, self.boxed(left)?, self.boxed(right)?))
    }

    /// The operands of a chain of AND or OR, which the parser nests to the left.
    fn chain(&mut self, sql: &Sql, link: &BinaryOperator) -> Result<Vec<Expr>> {
        let mut operands = Vec::new();
        let mut rest = sql;
        while let Sql::BinaryOp { left, op, right } = rest {
            if op != link {
                break;
            }
            operands.push(right.as_ref());
            rest = left;
        }
        operands.push(rest);
        self.all(operands.into_iter().rev())
    }
}

/// Where an expression begins. Only steps to the left are taken, without recursion.
fn start(sql: &Sql) -> Place {
    let mut at = sql;
    loop {
        at = match at {
            Sql::BinaryOp { left, .. }
            | Sql::IsDistinctFrom(left, _)
            | Sql::IsNotDistinctFrom(left, _)
            | Sql::AnyOp { left, .. }
            | Sql::AllOp { left, .. } => left,
            Sql::Nested(inner)
            | Sql::IsNull(inner)
            | Sql::IsNotNull(inner)
            | Sql::IsTrue(inner)
            | Sql::IsNotTrue(inner)
            | Sql::IsFalse(inner)
            | Sql::IsNotFalse(inner)
            | Sql::IsUnknown(inner)
            | Sql::IsNotUnknown(inner) => inner,
            Sql::Between { expr, .. }
            | Sql::In { expr, .. }
            | Sql::Like { expr, .. }
            | Sql::ILike { expr, .. }
            | Sql::SimilarTo { expr, .. }
            | Sql::RLike { expr, .. }
            | Sql::UnaryOp { expr, .. }
            | Sql::Cast { expr, .. }
            | Sql::Substring { expr, .. }
            | Sql::Trim { expr, .. }
            | Sql::Ceil { expr, .. }
            | Sql::Floor { expr, .. }
            | Sql::Extract { expr, .. }
            | Sql::Position { expr, .. }
            | Sql::Collate { expr, .. } => expr,
            Sql::AtTimeZone { timestamp, .. } => timestamp,
            Sql::Identifier(name) => return name.span.start.into(),
            Sql::CompoundIdentifier(names) => {
                return names.first().map_or(Place { line: 1, column: 1 }, |n| n.span.start.into());
            }
            Sql::Value(value) => return value.span.start.into(),
            Sql::TypedString(typed) => return typed.value.span.start.into(),
            Sql::Case { case_token, .. } => return case_token.0.span.start.into(),
            Sql::Function(function) => return functions::start(function),
            _ => return Place { line: 1, column: 1 },
        };
    }
}

pub(super) fn unsupported(sql: &Sql, what: &str) -> Error {
    start(sql).refuse(format!("{what} is not supported in expressions"))
}

fn column(names: &[Ident]) -> Term {
    let path = names.iter().map(|name| name.value.as_str()).collect::<Vec<_>>().join(".");
    let quoted = names.iter().any(|name| name.quote_style.is_some());
    Term::Column { path, quoted }
}

fn literal(value: &ValueWithSpan) -> Result<Literal> {
    Ok(match &value.value {
        Value::Number(digits, false) => Literal::Number(digits.clone()),
        Value::SingleQuotedString(text) => Literal::Text(text.clone()),
        Value::Boolean(truth) => Literal::Boolean(*truth),
        Value::Null => Literal::Null,
        _ => {
            return Err(Place::from(value.span.start)
                .refuse("this kind of literal is not supported in expressions")
                .help("write numbers as digits and text in single quotes"));
        }
    })
}

fn typed_literal(typed: &TypedString) -> Result<Literal> {
    let refuse = |message: &str| Place::from(typed.value.span.start).refuse(message);
    let Value::SingleQuotedString(text) = &typed.value.value else {
        return Err(refuse("the text of a typed literal stands in single quotes"));
    };
    let text = text.clone();
    match &typed.data_type {
        _ if typed.uses_odbc_syntax => Err(refuse("write DATE '…', TIME '…' or TIMESTAMP '…'")),
        DataType::Date => Ok(Literal::Date(text)),
        DataType::Time(None, TimezoneInfo::None) => Ok(Literal::Time(text)),
        DataType::Timestamp(None, TimezoneInfo::None) => Ok(Literal::Timestamp(text)),
        DataType::Timestamp(None, _) => Err(refuse("a timestamp tells its zone by itself")
            .help("write TIMESTAMP '2026-01-31T13:30:00Z', or without an offset for none")),
        _ => Err(refuse("this type of literal is not supported in expressions")
            .help("there are DATE '…', TIME '…' and TIMESTAMP '…'")),
    }
}

fn text(sql: &Sql) -> Option<String> {
    match sql {
        Sql::Value(ValueWithSpan { value: Value::SingleQuotedString(text), .. }) => {
            Some(text.clone())
        }
        _ => None,
    }
}

fn escape(sql: &Sql) -> Result<char> {
    let text = text(sql).unwrap_or_default();
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(escape), None) if !matches!(escape, '%' | '_') => Ok(escape),
        _ => Err(start(sql).refuse("ESCAPE takes one character in single quotes, not % or _")),
    }
}
