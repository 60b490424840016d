//! `castable`: every value can become one of another type without losing anything: text by one
//! grammar per type, numbers when they are numbers of the other type too.
//!
//! The only loss that is accepted is that of a decimal fraction that becomes the nearest float.

use arrow_array::types::{
    ArrowPrimitiveType, Float64Type, Int16Type, Int32Type, Int64Type, Int8Type, UInt16Type,
    UInt32Type, UInt64Type, UInt8Type,
};
use arrow_array::{Array, ArrayRef, PrimitiveArray};
use arrow_schema::DataType;
use std::marker::PhantomData;

use super::between::{self, Limits};
use super::{
    multiple_of, Argument, Arity, CheckKind, Clause, Compiled, Definition, RowCheck, Scope,
};
use crate::contract::Literal;
use crate::error::{Error, Result};
use crate::kernels::{bits, mask, text};
use crate::literal::Number;
use crate::promise::{self, Promise};

mod grammar;

pub(super) struct Castable;

const WANTED: &str = "a type of single values, such as integer, decimal(18,2), date or timestamp";

impl CheckKind for Castable {
    fn definition(&self) -> &'static Definition {
        &Definition {
            name: "castable",
            aliases: &[],
            summary: "every value can become one of another type, whole and exactly",
            scope: Scope::Row,
            arity: Arity::One,
            applies_to: "strings: integers as -12, numbers as -1.5e3, true and false in any case, \
                dates, times and timestamps in ISO 8601, nothing around them; numbers: what the \
                other type holds without loss, NaN and infinities only in floats",
            arguments: &[Argument {
                name: "type",
                kind: "a promised type of single values",
                default: "",
                summary: "what the values could become; nothing is cast",
            }],
            example: "{column: amount_text, rule: castable, args: {type: \"decimal(18,2)\"}}",
        }
    }

    fn compile(&self, clause: &Clause<'_>) -> Result<Compiled> {
        let column = clause.column()?;
        clause.required("type")?;
        let name = clause.text("type")?.unwrap_or_default();
        let target = Promise::parse(name).map_err(|e| e.at("/args/type"))?;
        if matches!(target, Promise::Binary | Promise::List | Promise::Struct | Promise::Map) {
            return Err(clause.bad("type", WANTED));
        }
        if target.fits(&column.data_type) {
            return Ok(Compiled::Always(format!("it is of the type {name} already")));
        }
        match &column.data_type {
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
                if target.is_exact_moment() {
                    return Err(clause
                        .refuse("type", "takes times and timestamps without unit and zone")
                        .help("texts of moments have neither: write timestamp, or timestamp_tz"));
                }
                Ok(Compiled::Row(Box::new(Texts { target })))
            }
            from if from.is_numeric() => numbers(clause, &target),
            from if target == Promise::Text && !from.is_nested() => {
                Ok(Compiled::Always("every single value has a text".into()))
            }
            _ => Err(clause.not_applicable(column, "strings, and numbers for numeric types")),
        }
    }
}

/// Text in the grammar of the target.
#[derive(Debug)]
struct Texts {
    target: Promise,
}

impl RowCheck for Texts {
    fn fail(&self, columns: &[ArrayRef], valid: Option<&[u64]>, fail: &mut [u64]) -> Result<()> {
        let column = columns.first().ok_or_else(|| Error::internal("castable lost its column"))?;
        text::fill(column, valid, fail, |bytes| {
            !std::str::from_utf8(bytes).is_ok_and(|text| grammar::reads(text, &self.target))
        })
    }

    fn cost(&self) -> f64 {
        60.0
    }

    fn explain(&self) -> String {
        "grammar of the type".into()
    }
}

/// Numbers of one type as numbers of another.
fn numbers(clause: &Clause<'_>, target: &Promise) -> Result<Compiled> {
    let column = clause.column()?;
    let from = &column.data_type;
    match *target {
        Promise::Text => Ok(Compiled::Always("every number has a text".into())),
        Promise::Integer(Some((bits, signed))) => {
            let low = if signed { format!("-{}", power_of_2(bits - 1)) } else { "0".into() };
            let above = power_of_2(if signed { bits - 1 } else { bits });
            exact(clause, "1", &Bounds { low: &low, low_open: false, high: &above })
        }
        Promise::Integer(None) => {
            let low = format!("-{}", power_of_2(63));
            exact(clause, "1", &Bounds { low: &low, low_open: false, high: &power_of_2(64) })
        }
        Promise::Decimal(shape) => {
            let (precision, scale) = shape.map_or((76, 76), |(p, s)| (i32::from(p), i32::from(s)));
            // Without a shape, the precision may stand before or behind the point.
            let whole = if shape.is_some() { precision - scale } else { precision };
            let (low, high) = (format!("-1e{whole}"), format!("1e{whole}"));
            exact(
                clause,
                &format!("1e{}", -scale),
                &Bounds { low: &low, low_open: true, high: &high },
            )
        }
        Promise::Float(32) if *from == DataType::Float64 => Ok(Compiled::Row(Box::new(Narrow))),
        Promise::Float(_) if from.is_floating() => {
            Ok(Compiled::Always("a wider float holds it".into()))
        }
        Promise::Float(bits) if from.is_integer() => Ok(whole_floats(from, bits)),
        Promise::Float(_) => Ok(Compiled::Always("the nearest float is finite".into())),
        _ => Err(clause.not_applicable(column, "numbers for numeric types")),
    }
}

fn power_of_2(exponent: u8) -> String {
    (1_u128 << exponent).to_string()
}

struct Bounds<'a> {
    low: &'a str,
    low_open: bool,
    /// Open.
    high: &'a str,
}

/// Whole multiples of `unit` within the bounds.
fn exact(clause: &Clause<'_>, unit: &str, bounds: &Bounds<'_>) -> Result<Compiled> {
    let number = |text: &str| Literal::Number(text.to_owned());
    let (low, high) = (number(bounds.low), number(bounds.high));
    let unit = Number::parse(unit).ok_or_else(|| Error::internal("a unit is no number"))?;
    let limits = Limits {
        low: Some((&low, "type")),
        high: Some((&high, "type")),
        low_open: bounds.low_open,
        high_open: true,
        wide: true,
    };
    let parts = [between::compile(clause, &limits)?, multiple_of::compile(clause, &unit)?];
    let mut checks = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Compiled::Row(check) => checks.push(check),
            Compiled::Always(_) => {}
            _ => return Err(Error::internal("a part of castable is no row check")),
        }
    }
    Ok(if checks.is_empty() {
        Compiled::Always("the other type holds every value".into())
    } else {
        Compiled::Row(Box::new(All { checks }))
    })
}

/// Fails where one of several fails.
#[derive(Debug)]
struct All {
    checks: Vec<Box<dyn RowCheck>>,
}

impl RowCheck for All {
    fn fail(&self, columns: &[ArrayRef], valid: Option<&[u64]>, fail: &mut [u64]) -> Result<()> {
        let mut part = vec![0; fail.len()];
        for check in &self.checks {
            part.fill(0);
            check.fail(columns, valid, &mut part)?;
            bits::or(fail, &part);
        }
        Ok(())
    }

    fn cost(&self) -> f64 {
        self.checks.iter().map(|check| check.cost()).sum()
    }

    fn explain(&self) -> String {
        self.checks.iter().map(|check| check.explain()).collect::<Vec<_>>().join("; ")
    }
}

/// Doubles that are single floats too.
#[derive(Debug)]
struct Narrow;

impl RowCheck for Narrow {
    fn fail(&self, columns: &[ArrayRef], _: Option<&[u64]>, fail: &mut [u64]) -> Result<()> {
        let array = values::<Float64Type>(columns)?;
        mask::fill(array.values(), fail, |v: f64| {
            v.to_bits() != f64::from(v as f32).to_bits() && !v.is_nan()
        });
        Ok(())
    }

    fn explain(&self) -> String {
        "there and back".into()
    }
}

fn whole_floats(from: &DataType, bits: u8) -> Compiled {
    macro_rules! typed {
        ($($pattern:pat => $t:ty,)+) => {
            match from {
                $($pattern => Compiled::Row(Box::new(Whole::<$t> { bits, array: PhantomData })),)+
                _ => Compiled::Always("a float holds every integer of the type".into()),
            }
        };
    }
    match (promise::integer(from), bits) {
        (Some((8 | 16, _)), _) | (Some((32, _)), 64) => {
            Compiled::Always("a float holds every integer of the type".into())
        }
        _ => typed! {
            DataType::Int8 => Int8Type,
            DataType::Int16 => Int16Type,
            DataType::Int32 => Int32Type,
            DataType::Int64 => Int64Type,
            DataType::UInt8 => UInt8Type,
            DataType::UInt16 => UInt16Type,
            DataType::UInt32 => UInt32Type,
            DataType::UInt64 => UInt64Type,
        },
    }
}

/// Integers that are floats of so many bits too.
struct Whole<T> {
    bits: u8,
    array: PhantomData<fn() -> T>,
}

impl<T> std::fmt::Debug for Whole<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Whole").field("bits", &self.bits).finish()
    }
}

impl<T: ArrowPrimitiveType> RowCheck for Whole<T>
where
    T::Native: Into<i128>,
{
    fn fail(&self, columns: &[ArrayRef], _: Option<&[u64]>, fail: &mut [u64]) -> Result<()> {
        let array = values::<T>(columns)?;
        // Every integer of 64 bits is far inside the range of both floats.
        if self.bits == 32 {
            mask::fill(array.values(), fail, |v| {
                let v: i128 = v.into();
                (v as f32) as i128 != v
            });
        } else {
            mask::fill(array.values(), fail, |v| {
                let v: i128 = v.into();
                (v as f64) as i128 != v
            });
        }
        Ok(())
    }

    fn explain(&self) -> String {
        "there and back".into()
    }
}

fn values<T: ArrowPrimitiveType>(columns: &[ArrayRef]) -> Result<&PrimitiveArray<T>> {
    columns
        .first()
        .and_then(|c| c.as_any().downcast_ref())
        .ok_or_else(|| Error::internal("castable met another type than it was compiled for"))
}
