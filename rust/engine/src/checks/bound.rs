//! What a number of the whole dataset must satisfy: `op` and `bound`, or `min` and `max`.

use std::cmp::Ordering;

use arrow_schema::DataType;

use super::measure::{Measure, Ratio};
use super::{Argument, Clause};
use crate::contract::Literal;
use crate::error::{Code, Error, Result};
use crate::literal::numeric;

pub(super) const OP: Argument = Argument {
    name: "op",
    kind: "lt, le, gt, ge, eq, ne, between or not_between",
    default: "between",
    summary: "how the number compares: with `bound`, or with `min` and `max`",
};
pub(super) const BOUND: Argument = Argument {
    name: "bound",
    kind: "a number",
    default: "",
    summary: "what lt, le, gt, ge, eq and ne compare with",
};
pub(super) const MIN: Argument = Argument {
    name: "min",
    kind: "a number",
    default: "",
    summary: "at least; one of min and max may be absent",
};
pub(super) const MAX: Argument =
    Argument { name: "max", kind: "a number", default: "", summary: "at most" };

/// One number of the contract, in every form in which something may be compared with it.
#[derive(Debug)]
struct Limit {
    exact: Ratio,
    double: f64,
    single: f32,
    written: String,
}

impl Limit {
    fn read(clause: &Clause<'_>, name: &'static str, data_type: &DataType) -> Result<Option<Self>> {
        let Some(literal) = clause.arg(name) else { return Ok(None) };
        let at = |error: Error| error.at(format!("/args/{name}"));
        let number = numeric(literal, data_type).map_err(at)?;
        let text = number.to_float_text();
        let read = (text.parse::<f64>(), text.parse::<f32>());
        let (Ok(double), Ok(single)) = read else {
            return Err(Error::internal("a number cannot be read as a float"));
        };
        let beyond = match data_type {
            DataType::Float32 => single.is_infinite(),
            DataType::Float64 => double.is_infinite(),
            _ => false,
        };
        if beyond {
            return Err(at(Error::new(
                Code::BadLiteral,
                format!("{name:?} lies beyond every float of the column"),
            )
            .help("write a number that the column's type can hold")));
        }
        let written = match literal {
            Literal::Number(text) | Literal::Text(text) => text.clone(),
            _ => String::new(),
        };
        Ok(Some(Self { exact: Ratio::of(&number), double, single, written }))
    }

    /// How a measure compares with it; NaN does not.
    fn compare(&self, measure: &Measure) -> Option<Ordering> {
        match measure {
            Measure::Exact(ratio) => Some(ratio.compare(&self.exact)),
            Measure::Double(value) => value.partial_cmp(&self.double),
            Measure::Single(value) => value.partial_cmp(&self.single),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    Lt,
    Le,
    Gt,
    Ge,
    Eq,
    Ne,
}

impl Op {
    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "lt" => Self::Lt,
            "le" => Self::Le,
            "gt" => Self::Gt,
            "ge" => Self::Ge,
            "eq" => Self::Eq,
            "ne" => Self::Ne,
            _ => return None,
        })
    }

    fn sign(self) -> &'static str {
        match self {
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
            Self::Eq => "=",
            Self::Ne => "!=",
        }
    }

    fn holds(self, ordering: Option<Ordering>) -> bool {
        ordering.is_some_and(|ordering| match self {
            Self::Lt => ordering.is_lt(),
            Self::Le => ordering.is_le(),
            Self::Gt => ordering.is_gt(),
            Self::Ge => ordering.is_ge(),
            Self::Eq => ordering.is_eq(),
            Self::Ne => ordering.is_ne(),
        })
    }
}

#[derive(Debug)]
enum Test {
    Compare(Op, Limit),
    /// The ends belong to it.
    Within(Option<Limit>, Option<Limit>),
    /// The ends do not belong to it.
    Outside(Limit, Limit),
}

const EITHER: &str = "give op and bound, such as op: ge, bound: 1; or min, max or both";

/// What a number must satisfy.
#[derive(Debug)]
pub(super) struct Bound(Test);

impl Bound {
    /// Reads `op`, `bound`, `min` and `max`; the literals are those of a column of this type.
    ///
    /// # Errors
    /// `plan.bad_argument` for words and combinations that say nothing, `plan.bad_literal` for
    /// literals of another kind.
    pub(super) fn read(clause: &Clause<'_>, data_type: &DataType) -> Result<Self> {
        let limit = |name| Limit::read(clause, name, data_type);
        let absent = |names: &[&str], why: &str| {
            let extra = names.iter().find(|name| clause.arg(name).is_some());
            extra.map_or(Ok(()), |name| Err(clause.refuse(name, why).help(EITHER)))
        };
        let (low, high) = (limit("min")?, limit("max")?);
        let empty = match (&low, &high) {
            (Some(low), Some(high)) => low.exact.compare(&high.exact).is_gt(),
            _ => false,
        };
        if empty {
            return Err(Error::new(Code::BadArgument, "no value lies between min and max")
                .at("/args/min")
                .help("min must not be above max"));
        }
        let test = match clause.text("op")? {
            None | Some("between") => {
                absent(&["bound"], "says nothing without an op that compares")?;
                if low.is_none() && high.is_none() {
                    return Err(Error::new(
                        Code::BadArgument,
                        format!("{} needs op and bound, or min, max or both", clause.check.check),
                    )
                    .at("/args"));
                }
                Test::Within(low, high)
            }
            Some("not_between") => {
                absent(&["bound"], "says nothing beside not_between")?;
                clause.required("min")?;
                clause.required("max")?;
                let (Some(low), Some(high)) = (low, high) else {
                    return Err(Error::internal("a bound lost its ends"));
                };
                Test::Outside(low, high)
            }
            Some(word) => {
                let op = Op::parse(word).ok_or_else(|| clause.bad("op", OP.kind))?;
                absent(&["min", "max"], "says nothing beside op and bound")?;
                clause.required("bound")?;
                let limit = limit("bound")?;
                Test::Compare(op, limit.ok_or_else(|| Error::internal("a bound lost its number"))?)
            }
        };
        Ok(Self(test))
    }

    /// Reads a bound on something that is counted: from 0, at most `most` if there is such a number,
    /// and whole unless it is a share.
    ///
    /// # Errors
    /// Those of [`Self::read`]; `plan.bad_argument` if nothing that is counted can satisfy it.
    pub(super) fn counted(clause: &Clause<'_>, most: Option<u32>) -> Result<Self> {
        let bound = Self::read(clause, &DataType::UInt64)?;
        let top = most.map(|most| Ratio::new(most, 1u32));
        if let Some((top, most)) = top.as_ref().zip(most) {
            if bound.limits().any(|limit| limit.exact.compare(top).is_gt()) {
                return Err(Error::new(
                    Code::BadArgument,
                    format!("a bound of {} is above {most}", clause.check.check),
                )
                .at("/args")
                .help("unit: fraction counts from 0 to 1, unit: percent from 0 to 100"));
            }
        }
        if bound.refuses_all(most.is_none(), top.as_ref()) {
            return Err(Error::new(
                Code::BadArgument,
                format!("no number can satisfy {}", clause.check.check),
            )
            .at("/args")
            .help(
                "what is counted is a whole number from 0; a share is at most 1, or 100 percent",
            ));
        }
        Ok(bound)
    }

    fn limits(&self) -> impl Iterator<Item = &Limit> {
        let (first, second) = match &self.0 {
            Test::Compare(_, limit) => (Some(limit), None),
            Test::Within(low, high) => (low.as_ref(), high.as_ref()),
            Test::Outside(low, high) => (Some(low), Some(high)),
        };
        first.into_iter().chain(second)
    }

    /// Whether no number from 0 (to `top`) satisfies it; `whole`: no integer does.
    fn refuses_all(&self, whole: bool, top: Option<&Ratio>) -> bool {
        let zero = Ratio::new(0, 1u32);
        let below = |limit: &Limit| limit.exact.compare(&zero).is_lt();
        let at_top = |limit: &Limit| top.is_some_and(|top| limit.exact.compare(top).is_ge());
        match &self.0 {
            Test::Compare(Op::Lt, limit) => limit.exact.compare(&zero).is_le(),
            Test::Compare(Op::Le, limit) => below(limit),
            Test::Compare(Op::Eq, limit) => below(limit) || whole && !limit.exact.is_whole(),
            Test::Compare(Op::Gt, limit) => at_top(limit),
            Test::Compare(Op::Ge | Op::Ne, _) | Test::Within(_, None) => false,
            Test::Within(low, Some(high)) => {
                let gap = low.as_ref().is_some_and(|low| {
                    !low.exact.is_whole() && low.exact.floor() == high.exact.floor()
                });
                below(high) || whole && gap
            }
            Test::Outside(low, high) => low.exact.compare(&zero).is_le() && at_top(high),
        }
    }

    /// Whether the measure satisfies it. NaN never does.
    pub(super) fn holds(&self, measure: &Measure) -> bool {
        match &self.0 {
            Test::Compare(op, limit) => op.holds(limit.compare(measure)),
            Test::Within(low, high) => {
                low.as_ref().is_none_or(|low| Op::Ge.holds(low.compare(measure)))
                    && high.as_ref().is_none_or(|high| Op::Le.holds(high.compare(measure)))
            }
            Test::Outside(low, high) => {
                Op::Lt.holds(low.compare(measure)) || Op::Gt.holds(high.compare(measure))
            }
        }
    }

    /// As the report shows it.
    pub(super) fn text(&self) -> String {
        match &self.0 {
            Test::Compare(op, limit) => format!("{} {}", op.sign(), limit.written),
            Test::Within(Some(low), Some(high)) if low.exact.compare(&high.exact).is_eq() => {
                format!("= {}", low.written)
            }
            Test::Within(Some(low), Some(high)) => format!("{} to {}", low.written, high.written),
            Test::Within(Some(low), None) => format!(">= {}", low.written),
            Test::Within(None, Some(high)) => format!("<= {}", high.written),
            Test::Within(None, None) => String::new(),
            Test::Outside(low, high) => format!("not {} to {}", low.written, high.written),
        }
    }
}
