//! Expressions as a generator knows them: how they are written, and what they mean for one row.

use std::cmp::Ordering;
use std::fmt::{self, Display, Formatter};

use arrow_buffer::i256;

use super::Row;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl Op {
    pub(super) const ALL: [Self; 6] = [Self::Eq, Self::Ne, Self::Lt, Self::Le, Self::Gt, Self::Ge];

    fn holds(self, ordering: Option<Ordering>) -> bool {
        let Some(o) = ordering else { return false };
        match self {
            Self::Eq => o.is_eq(),
            Self::Ne => o.is_ne(),
            Self::Lt => o.is_lt(),
            Self::Le => o.is_le(),
            Self::Gt => o.is_gt(),
            Self::Ge => o.is_ge(),
        }
    }
}

/// A condition.
#[derive(Debug, Clone)]
pub(super) enum Bool {
    Flag,
    Constant(Option<bool>),
    Not(Box<Bool>),
    And(Vec<Bool>),
    Or(Vec<Bool>),
    Numbers(Op, Num, Num),
    Texts(Op, Text, Text),
    Bools(Op, Box<Bool>, Box<Bool>),
    Days(Op, i32),
    Between(Num, Num, Num, bool),
    In(Num, Vec<Num>, bool),
    InTexts(Text, Vec<Text>, bool),
    Prefix(Text, &'static str, bool),
    NullNumber(Num, bool),
    NullText(Text, bool),
    Is(Box<Bool>, Option<bool>, bool),
    Distinct(Num, Num, bool),
    DistinctBools(Box<Bool>, Box<Bool>, bool),
    Coalesce(Box<Bool>, Box<Bool>),
    Case(Box<Bool>, Box<Bool>, Box<Bool>),
}

/// A number.
#[derive(Debug, Clone)]
pub(super) enum Num {
    A,
    B,
    D,
    F,
    /// In hundredths.
    Literal(i64),
    Calculate(char, Box<Num>, Box<Num>),
    Negate(Box<Num>),
    Length(Text),
    Coalesce(Box<Num>, Box<Num>),
    Case(Box<Bool>, Box<Num>, Box<Num>),
}

/// A text.
#[derive(Debug, Clone)]
pub(super) enum Text {
    S,
    U,
    Literal(&'static str),
    Lower(Box<Text>),
    Upper(Box<Text>),
    Coalesce(Box<Text>, Box<Text>),
    Case(Box<Bool>, Box<Text>),
}

/// An exact decimal, or a double.
#[derive(Debug, Clone, Copy)]
pub(super) enum Number {
    Exact(i128, u32),
    Real(f64),
}

impl Number {
    fn real(self) -> f64 {
        match self {
            Self::Exact(unscaled, scale) => unscaled as f64 / 10f64.powi(scale as i32),
            Self::Real(real) => real,
        }
    }

    fn compare(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Real(l), Self::Real(r)) => l.partial_cmp(&r),
            (Self::Exact(l, a), Self::Exact(r, b)) => {
                let common = a.max(b);
                Some((l * 10i128.pow(common - a)).cmp(&(r * 10i128.pow(common - b))))
            }
            (Self::Exact(..), Self::Real(_)) => other.compare(self).map(Ordering::reverse),
            (Self::Real(l), Self::Exact(r, scale)) => {
                if l.is_nan() {
                    return None;
                }
                if l.abs() > 1e9 {
                    return l.partial_cmp(&0.0);
                }
                // The doubles of these tests are whole multiples of 2^-90.
                let shifted = l * 2f64.powi(90);
                assert!(shifted.fract() == 0.0);
                let wide = |value| i256::from_i128(value);
                let left = wide(shifted as i128) * wide(10i128.pow(scale));
                Some(left.cmp(&(wide(r) * wide(1 << 90))))
            }
        }
    }

    fn calculate(self, sign: char, other: Self) -> Self {
        if let (Self::Exact(l, a), Self::Exact(r, b)) = (self, other) {
            if sign == '*' {
                return Self::Exact(l * r, a + b);
            }
            let common = a.max(b);
            let (l, r) = (l * 10i128.pow(common - a), r * 10i128.pow(common - b));
            return Self::Exact(if sign == '+' { l + r } else { l - r }, common);
        }
        let (l, r) = (self.real(), other.real());
        Self::Real(match sign {
            '+' => l + r,
            '-' => l - r,
            _ => l * r,
        })
    }
}

impl Num {
    pub(super) fn value(&self, row: &Row) -> Option<Number> {
        Some(match self {
            Self::A => Number::Exact(row.a?.into(), 0),
            Self::B => Number::Exact(row.b?.into(), 0),
            Self::D => Number::Exact(row.d?, 2),
            Self::F => Number::Real(row.f?),
            Self::Literal(hundredths) => Number::Exact((*hundredths).into(), 2),
            Self::Calculate(sign, l, r) => l.value(row)?.calculate(*sign, r.value(row)?),
            Self::Negate(inner) => Number::Exact(0, 0).calculate('-', inner.value(row)?),
            Self::Length(text) => Number::Exact(text.value(row)?.chars().count() as i128, 0),
            Self::Coalesce(l, r) => self.unified(l.value(row).or_else(|| r.value(row))?),
            Self::Case(when, then, otherwise) => {
                let chosen = if when.truth(row) == Some(true) { then } else { otherwise };
                self.unified(chosen.value(row)?)
            }
        })
    }

    /// A choice between floats and others is a float, also where the other is chosen.
    fn unified(&self, number: Number) -> Number {
        if self.is_real() {
            Number::Real(number.real())
        } else {
            number
        }
    }

    fn is_real(&self) -> bool {
        match self {
            Self::F => true,
            Self::Calculate(_, l, r) | Self::Coalesce(l, r) | Self::Case(_, l, r) => {
                l.is_real() || r.is_real()
            }
            Self::Negate(inner) => inner.is_real(),
            _ => false,
        }
    }
}

impl Text {
    pub(super) fn value(&self, row: &Row) -> Option<String> {
        match self {
            Self::S => row.s.clone(),
            Self::U => row.u.clone(),
            Self::Literal(text) => Some((*text).into()),
            Self::Lower(text) => text.value(row).map(|text| text.to_lowercase()),
            Self::Upper(text) => text.value(row).map(|text| text.to_uppercase()),
            Self::Coalesce(l, r) => l.value(row).or_else(|| r.value(row)),
            Self::Case(when, then) => {
                if when.truth(row) == Some(true) {
                    then.value(row)
                } else {
                    None
                }
            }
        }
    }
}

/// The values of two numbers that are compared: a literal takes the type of its partner.
fn partners(left: &Num, right: &Num, row: &Row) -> (Option<Number>, Option<Number>) {
    let of = |number: &Num, other: &Num| {
        let value = number.value(row)?;
        let literal = matches!(number, Num::Literal(_));
        Some(if literal && other.is_real() { Number::Real(value.real()) } else { value })
    };
    (of(left, right), of(right, left))
}

fn compare(op: Op, left: &Num, right: &Num, row: &Row) -> Option<bool> {
    let (left, right) = partners(left, right, row);
    Some(op.holds(left?.compare(right?)))
}

fn and(l: Option<bool>, r: Option<bool>) -> Option<bool> {
    match (l, r) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

fn or(l: Option<bool>, r: Option<bool>) -> Option<bool> {
    and(l.map(|l| !l), r.map(|r| !r)).map(|both| !both)
}

impl Bool {
    pub(super) fn truth(&self, row: &Row) -> Option<bool> {
        match self {
            Self::Flag => row.flag,
            Self::Constant(truth) => *truth,
            Self::Not(inner) => inner.truth(row).map(|truth| !truth),
            Self::And(parts) => parts.iter().map(|p| p.truth(row)).fold(Some(true), and),
            Self::Or(parts) => parts.iter().map(|p| p.truth(row)).fold(Some(false), or),
            Self::Numbers(op, l, r) => compare(*op, l, r, row),
            Self::Texts(op, l, r) => {
                Some(op.holds(Some(l.value(row)?.as_bytes().cmp(r.value(row)?.as_bytes()))))
            }
            Self::Bools(op, l, r) => Some(op.holds(Some(l.truth(row)?.cmp(&r.truth(row)?)))),
            Self::Days(op, day) => Some(op.holds(Some(row.day?.cmp(day)))),
            Self::Between(n, low, high, negated) => {
                if *negated {
                    or(compare(Op::Lt, n, low, row), compare(Op::Gt, n, high, row))
                } else {
                    and(compare(Op::Ge, n, low, row), compare(Op::Le, n, high, row))
                }
            }
            Self::In(n, members, negated) => {
                let each = |op| members.iter().map(move |member| compare(op, n, member, row));
                if *negated {
                    each(Op::Ne).fold(Some(true), and)
                } else {
                    each(Op::Eq).fold(Some(false), or)
                }
            }
            Self::InTexts(text, members, negated) => {
                let text = text.value(row)?;
                Some(members.iter().any(|m| m.value(row).as_ref() == Some(&text)) != *negated)
            }
            Self::Prefix(text, prefix, negated) => {
                Some(text.value(row)?.starts_with(prefix) != *negated)
            }
            Self::NullNumber(n, negated) => Some(n.value(row).is_none() != *negated),
            Self::NullText(text, negated) => Some(text.value(row).is_none() != *negated),
            Self::Is(inner, truth, negated) => Some((inner.truth(row) == *truth) != *negated),
            Self::Distinct(l, r, negated) => {
                let same = match partners(l, r, row) {
                    (None, None) => true,
                    (Some(l), Some(r)) => {
                        l.compare(r) == Some(Ordering::Equal)
                            || l.real().is_nan() && r.real().is_nan()
                    }
                    _ => false,
                };
                Some(same == *negated)
            }
            Self::DistinctBools(l, r, negated) => Some((l.truth(row) == r.truth(row)) == *negated),
            Self::Coalesce(l, r) => l.truth(row).or_else(|| r.truth(row)),
            Self::Case(when, then, otherwise) => {
                if when.truth(row) == Some(true) {
                    then.truth(row)
                } else {
                    otherwise.truth(row)
                }
            }
        }
    }
}

fn not(negated: bool) -> &'static str {
    if negated {
        "NOT "
    } else {
        ""
    }
}

fn list<T: Display>(parts: &[T], between: &str) -> String {
    parts.iter().map(ToString::to_string).collect::<Vec<_>>().join(between)
}

impl Display for Op {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Eq => "=",
            Self::Ne => "<>",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
        })
    }
}

impl Display for Num {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::A => f.write_str("a"),
            Self::B => f.write_str("b"),
            Self::D => f.write_str("d"),
            Self::F => f.write_str("f"),
            Self::Literal(hundredths) => {
                let sign = if *hundredths < 0 { "-" } else { "" };
                let size = hundredths.abs();
                write!(f, "{sign}{}.{:02}", size / 100, size % 100)
            }
            Self::Calculate(sign, l, r) => write!(f, "({l} {sign} {r})"),
            Self::Negate(inner) => write!(f, "-({inner})"),
            Self::Length(text) => write!(f, "LENGTH({text})"),
            Self::Coalesce(l, r) => write!(f, "COALESCE({l}, {r})"),
            Self::Case(w, t, o) => write!(f, "CASE WHEN {w} THEN {t} ELSE {o} END"),
        }
    }
}

impl Display for Text {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::S => f.write_str("s"),
            Self::U => f.write_str("\"u\""),
            Self::Literal(text) => write!(f, "'{}'", text.replace('\'', "''")),
            Self::Lower(text) => write!(f, "lower({text})"),
            Self::Upper(text) => write!(f, "UPPER({text})"),
            Self::Coalesce(l, r) => write!(f, "coalesce({l}, {r})"),
            Self::Case(when, then) => write!(f, "case when {when} then {then} end"),
        }
    }
}

impl Display for Bool {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("flag"),
            Self::Constant(None) => f.write_str("NULL"),
            Self::Constant(Some(truth)) => write!(f, "{truth}"),
            Self::Not(inner) => write!(f, "NOT ({inner})"),
            Self::And(parts) => write!(f, "({})", list(parts, " AND ")),
            Self::Or(parts) => write!(f, "({})", list(parts, " OR ")),
            Self::Numbers(op, l, r) => write!(f, "{l} {op} {r}"),
            Self::Texts(op, l, r) => write!(f, "{l} {op} {r}"),
            Self::Bools(op, l, r) => write!(f, "(({l}) {op} ({r}))"),
            Self::Days(op, day) => write!(f, "day {op} DATE '1970-01-{:02}'", day + 1),
            Self::Between(n, low, high, negated) => {
                write!(f, "{n} {}BETWEEN {low} AND {high}", not(*negated))
            }
            Self::In(n, members, negated) => {
                write!(f, "{n} {}IN ({})", not(*negated), list(members, ", "))
            }
            Self::InTexts(text, members, negated) => {
                write!(f, "{text} {}IN ({})", not(*negated), list(members, ", "))
            }
            Self::Prefix(text, prefix, negated) => {
                write!(f, "{text} {}LIKE '{prefix}%'", not(*negated))
            }
            Self::NullNumber(n, negated) => write!(f, "{n} IS {}NULL", not(*negated)),
            Self::NullText(text, negated) => write!(f, "{text} IS {}NULL", not(*negated)),
            Self::Is(inner, truth, negated) => {
                let word = match truth {
                    Some(true) => "TRUE",
                    Some(false) => "FALSE",
                    None => "UNKNOWN",
                };
                write!(f, "(({inner}) IS {}{word})", not(*negated))
            }
            Self::Distinct(l, r, negated) => write!(f, "{l} IS {}DISTINCT FROM {r}", not(*negated)),
            Self::DistinctBools(l, r, negated) => {
                write!(f, "(({l}) IS {}DISTINCT FROM ({r}))", not(*negated))
            }
            Self::Coalesce(l, r) => write!(f, "COALESCE({l}, {r})"),
            Self::Case(w, t, o) => write!(f, "(CASE WHEN {w} THEN {t} ELSE {o} END)"),
        }
    }
}
