//! `between`: every value lies in a range. NaN lies in no range.

use arrow_array::types::ArrowPrimitiveType;
use arrow_array::{Array, ArrayRef, PrimitiveArray};
use arrow_schema::DataType;
use std::marker::PhantomData;

use super::order::Never;
use super::{Argument, Arity, CheckKind, Clause, Compiled, Definition, RowCheck, Scope};
use crate::contract::Literal;
use crate::error::{Code, Error, Result};
use crate::kernels::compare::Ranged;
use crate::kernels::dispatch::ordered_type;
use crate::kernels::text;
use crate::literal::{bound, Native, Placed, Rounding};
use crate::promise::{self, Promise};

pub(super) struct Between;

impl CheckKind for Between {
    fn definition(&self) -> &'static Definition {
        &Definition {
            name: "between",
            aliases: &["range"],
            summary: "every value lies between two bounds; NaN lies between none",
            scope: Scope::Row,
            arity: Arity::One,
            applies_to: "numbers, dates, times, timestamps, and strings by code points",
            arguments: &[
                Argument {
                    name: "min",
                    kind: "a literal of the column's type",
                    default: "",
                    summary: "the lower bound; one of min and max may be absent",
                },
                Argument {
                    name: "max",
                    kind: "a literal of the column's type",
                    default: "",
                    summary: "the upper bound",
                },
                Argument {
                    name: "inclusive",
                    kind: "both, neither, left or right",
                    default: "both",
                    summary: "which bounds are allowed values themselves",
                },
            ],
            example: "{column: discount, rule: between, args: {min: 0, max: 0.10}}",
        }
    }

    fn compile(&self, clause: &Clause<'_>) -> Result<Compiled> {
        let (low_open, high_open) = match clause.text("inclusive")? {
            None | Some("both") => (false, false),
            Some("neither") => (true, true),
            Some("left") => (false, true),
            Some("right") => (true, false),
            Some(_) => return Err(clause.bad("inclusive", "both, neither, left or right")),
        };
        let low = clause.arg("min").map(|literal| (literal, "min"));
        let high = clause.arg("max").map(|literal| (literal, "max"));
        if low.is_none() && high.is_none() {
            return Err(Error::new(Code::BadArgument, "between needs min, max or both"));
        }
        compile(clause, &Limits { low, high, low_open, high_open, wide: false })
    }
}

/// Bounds as a contract states them, each with the name of its argument.
#[derive(Debug, Default)]
pub(super) struct Limits<'a> {
    pub(super) low: Option<(&'a Literal, &'static str)>,
    pub(super) high: Option<(&'a Literal, &'static str)>,
    pub(super) low_open: bool,
    pub(super) high_open: bool,
    /// The bounds follow from another type, so they may lie outside of the promised one.
    pub(super) wide: bool,
}

pub(super) fn compile(clause: &Clause<'_>, limits: &Limits<'_>) -> Result<Compiled> {
    let column = clause.column()?;
    match &column.data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => texts(clause, limits),
        other => ordered_type!(
            other,
            T => range::<T>(clause, limits),
            else Err(clause
                .not_applicable(column, "numbers, dates, times, timestamps and strings"))
        ),
    }
}

/// Text is ordered by its bytes, which for UTF-8 is the order of code points; there is no locale.
fn texts(clause: &Clause<'_>, limits: &Limits<'_>) -> Result<Compiled> {
    let bound = |limit: Option<(&Literal, &'static str)>| match limit {
        None => Ok(None),
        Some((Literal::Text(text), _)) => Ok(Some(text.as_bytes().into())),
        Some((_, name)) => Err(clause.bad(name, "text, in quotes, for a column of strings")),
    };
    let texts = Texts {
        low: bound(limits.low)?,
        high: bound(limits.high)?,
        low_open: limits.low_open,
        high_open: limits.high_open,
    };
    if texts.low.as_ref().zip(texts.high.as_ref()).is_some_and(|(low, high)| low > high) {
        return Err(Error::new(Code::BadArgument, "no value lies between min and max")
            .at("/args/min")
            .help("min must not be above max; text is ordered by code points"));
    }
    Ok(Compiled::Row(Box::new(texts)))
}

#[derive(Debug)]
struct Texts {
    low: Option<Box<[u8]>>,
    high: Option<Box<[u8]>>,
    low_open: bool,
    high_open: bool,
}

impl RowCheck for Texts {
    fn fail(&self, columns: &[ArrayRef], valid: Option<&[u64]>, fail: &mut [u64]) -> Result<()> {
        let column = columns.first().ok_or_else(|| Error::internal("between lost its column"))?;
        text::fill(column, valid, fail, |value| {
            let below = |low: &[u8]| value < low || (self.low_open && value == low);
            let above = |high: &[u8]| value > high || (self.high_open && value == high);
            self.low.as_deref().is_some_and(below) || self.high.as_deref().is_some_and(above)
        })
    }

    fn cost(&self) -> f64 {
        6.0
    }

    fn explain(&self) -> String {
        "range over the bytes of texts".into()
    }
}

fn range<T: ArrowPrimitiveType>(clause: &Clause<'_>, limits: &Limits<'_>) -> Result<Compiled>
where
    T::Native: Native,
{
    let column = clause.column()?;
    let data_type = &column.data_type;
    let at = |name: &str| format!("/args/{name}");
    // Both bounds become inclusive: the next value of the type stands for an open one.
    let low = match limits.low {
        None => Some(<T::Native as Native>::MIN),
        Some((literal, name)) => {
            let floor = bound::<T::Native>(literal, data_type, Rounding::Floor)
                .map_err(|e| e.at(at(name)))?;
            let ceil = bound::<T::Native>(literal, data_type, Rounding::Ceil)
                .map_err(|e| e.at(at(name)))?;
            if !limits.wide {
                promised(clause, &ceil, name)?;
            }
            match ceil {
                Placed::Below => Some(<T::Native as Native>::MIN),
                Placed::Above => None,
                Placed::At(v) if limits.low_open && floor == ceil => v.up(),
                Placed::At(v) => Some(v),
            }
        }
    };
    let high = match limits.high {
        None => Some(<T::Native as Native>::MAX),
        Some((literal, name)) => {
            let floor = bound::<T::Native>(literal, data_type, Rounding::Floor)
                .map_err(|e| e.at(at(name)))?;
            let ceil = bound::<T::Native>(literal, data_type, Rounding::Ceil)
                .map_err(|e| e.at(at(name)))?;
            if !limits.wide {
                promised(clause, &floor, name)?;
            }
            match floor {
                Placed::Below => None,
                Placed::Above => Some(<T::Native as Native>::MAX),
                Placed::At(v) if limits.high_open && floor == ceil => v.down(),
                Placed::At(v) => Some(v),
            }
        }
    };
    if limits.low.is_some() && limits.high.is_some() {
        let empty = match (low, high) {
            (Some(low), Some(high)) => low > high,
            _ => false,
        };
        if empty {
            return Err(Error::new(Code::BadArgument, "no value lies between min and max")
                .at("/args/min")
                .help("min must not be above max"));
        }
    }
    match (low, high) {
        (Some(low), Some(high)) => {
            let whole = low == <T::Native as Native>::MIN && high == <T::Native as Native>::MAX;
            if whole && !<T::Native as Native>::FLOAT {
                return Ok(Compiled::Always(format!(
                    "every {} lies within the bounds",
                    promise::words(data_type)
                )));
            }
            Ok(Compiled::Row(Box::new(Range::<T> { low, high, array: PhantomData })))
        }
        _ => Ok(Compiled::Row(Box::new(Never))),
    }
}

/// A bound outside the type is a slip when the contract itself promises that very type; against a
/// wider promise (`integer`, `number`) it only means that this data's type is narrow.
fn promised<T: Native>(clause: &Clause<'_>, placed: &Placed<T>, name: &str) -> Result<()> {
    let column = clause.column()?;
    let narrow = matches!(column.promise, Promise::Integer(Some(_)) | Promise::Decimal(Some(_)));
    if narrow && !matches!(placed, Placed::At(_)) {
        return Err(Error::new(
            Code::BadLiteral,
            format!("{name:?} lies outside the promised {}", promise::words(&column.data_type)),
        )
        .at(format!("/args/{name}"))
        .help("correct the bound, or promise a wider type"));
    }
    Ok(())
}

struct Range<T: ArrowPrimitiveType> {
    low: T::Native,
    high: T::Native,
    array: PhantomData<fn() -> T>,
}

impl<T: ArrowPrimitiveType> std::fmt::Debug for Range<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Range").field("low", &self.low).field("high", &self.high).finish()
    }
}

impl<T: ArrowPrimitiveType> RowCheck for Range<T>
where
    T::Native: Native,
{
    fn fail(&self, columns: &[ArrayRef], _: Option<&[u64]>, fail: &mut [u64]) -> Result<()> {
        let array = columns
            .first()
            .and_then(|c| c.as_any().downcast_ref::<PrimitiveArray<T>>())
            .ok_or_else(|| Error::internal("between met another type than it was compiled for"))?;
        T::Native::outside(array.values(), self.low, self.high, fail);
        Ok(())
    }

    fn cost(&self) -> f64 {
        size_of::<T::Native>() as f64 / 14.0
    }

    fn explain(&self) -> String {
        "range over values".into()
    }
}
