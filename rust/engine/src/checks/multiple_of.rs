//! `multiple_of`: every number is a whole multiple of one positive number, as JSON Schema means it.
//!
//! Integers and decimals are divided as the integers that they are stored as. A float is the
//! shortest decimal that reads back as the same float, which is how JSON would carry it: 19.99 is
//! a multiple of 0.01, and 0.1 + 0.2 is none. Nothing is rounded on the way. NaN and the infinities
//! are multiples of nothing.

use arrow_array::types::{
    ArrowPrimitiveType, Decimal128Type, Decimal256Type, Decimal32Type, Decimal64Type, Float32Type,
    Float64Type, Int16Type, Int32Type, Int64Type, Int8Type, UInt16Type, UInt32Type, UInt64Type,
    UInt8Type,
};
use arrow_array::{ArrayRef, ArrowNativeTypeOp, PrimitiveArray};
use arrow_schema::DataType;
use std::marker::PhantomData;

use super::{Argument, Arity, CheckKind, Clause, Compiled, Definition, RowCheck, Scope};
use crate::contract::Literal;
use crate::error::{Error, Result};
use crate::kernels::mask;
use crate::literal::{Native, Number};
use crate::promise;

mod float;

use float::Float;

pub(super) struct MultipleOf;

impl CheckKind for MultipleOf {
    fn definition(&self) -> &'static Definition {
        &Definition {
            name: "multiple_of",
            aliases: &[],
            summary: "every number is a whole multiple of one number, exactly",
            scope: Scope::Row,
            arity: Arity::One,
            applies_to: "numbers; a float is the shortest decimal that reads back as it",
            arguments: &[Argument {
                name: "value",
                kind: "a number above 0",
                default: "",
                summary: "0.01 for prices in cents; at most 18 digits for floats",
            }],
            example: "{column: price, rule: multiple_of, args: {value: 0.05}}",
        }
    }

    fn compile(&self, clause: &Clause<'_>) -> Result<Compiled> {
        let unit = match clause.required("value")? {
            Literal::Number(text) => Number::parse(text).filter(Number::is_positive),
            _ => None,
        };
        compile(clause, &unit.ok_or_else(|| clause.bad("value", "a number above 0"))?)
    }
}

/// The check that every value is a multiple of `unit`, which is positive.
pub(super) fn compile(clause: &Clause<'_>, unit: &Number) -> Result<Compiled> {
    let column = clause.column()?;
    macro_rules! typed {
        ($($pattern:pat => $t:ty,)+) => {
            match &column.data_type {
                $($pattern => Ok(whole::<$t>(&column.data_type, unit)),)+
                DataType::Float32 => float::<Float32Type>(clause, unit),
                DataType::Float64 => float::<Float64Type>(clause, unit),
                _ => Err(clause.not_applicable(column, "numbers")),
            }
        };
    }
    typed! {
        DataType::Int8 => Int8Type,
        DataType::Int16 => Int16Type,
        DataType::Int32 => Int32Type,
        DataType::Int64 => Int64Type,
        DataType::UInt8 => UInt8Type,
        DataType::UInt16 => UInt16Type,
        DataType::UInt32 => UInt32Type,
        DataType::UInt64 => UInt64Type,
        DataType::Decimal32(..) => Decimal32Type,
        DataType::Decimal64(..) => Decimal64Type,
        DataType::Decimal128(..) => Decimal128Type,
        DataType::Decimal256(..) => Decimal256Type,
    }
}

fn whole<T: ArrowPrimitiveType>(data_type: &DataType, unit: &Number) -> Compiled
where
    T::Native: Native + ArrowNativeTypeOp,
{
    let scale = promise::decimal(data_type).map_or(0, |(_, scale)| i32::from(scale));
    let modulus = unit.modulus(scale);
    if modulus == "1" {
        return Compiled::Always("the type has whole multiples only".into());
    }
    // A modulus beyond the type has one multiple in it, which is zero.
    let modulus = <T::Native as Native>::from_digits(&modulus);
    Compiled::Row(Box::new(Whole::<T> { modulus, array: PhantomData }))
}

/// The remainder of the stored integers.
struct Whole<T: ArrowPrimitiveType> {
    modulus: Option<T::Native>,
    array: PhantomData<fn() -> T>,
}

impl<T: ArrowPrimitiveType> std::fmt::Debug for Whole<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Whole").field("modulus", &self.modulus).finish()
    }
}

impl<T: ArrowPrimitiveType> RowCheck for Whole<T>
where
    T::Native: Native + ArrowNativeTypeOp,
{
    fn fail(&self, columns: &[ArrayRef], _: Option<&[u64]>, fail: &mut [u64]) -> Result<()> {
        let array = values::<T>(columns)?;
        match self.modulus {
            Some(modulus) => {
                mask::fill(array.values(), fail, |v| !v.mod_wrapping(modulus).is_zero());
            }
            None => mask::fill(array.values(), fail, |v| !v.is_zero()),
        }
        Ok(())
    }

    fn cost(&self) -> f64 {
        5.0
    }

    fn explain(&self) -> String {
        "remainder of the stored integers".into()
    }
}

fn float<T: ArrowPrimitiveType>(clause: &Clause<'_>, unit: &Number) -> Result<Compiled>
where
    T::Native: Float,
{
    let unit = float::Unit::new(unit).ok_or_else(|| {
        clause.bad("value", "a number of at most 18 digits where the column has floats")
    })?;
    Ok(Compiled::Row(Box::new(Fractions::<T> { unit, array: PhantomData })))
}

/// The remainder of the shortest decimals.
struct Fractions<T> {
    unit: float::Unit,
    array: PhantomData<fn() -> T>,
}

impl<T> std::fmt::Debug for Fractions<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fractions").field("unit", &self.unit).finish()
    }
}

impl<T: ArrowPrimitiveType> RowCheck for Fractions<T>
where
    T::Native: Float,
{
    fn fail(&self, columns: &[ArrayRef], _: Option<&[u64]>, fail: &mut [u64]) -> Result<()> {
        mask::fill(values::<T>(columns)?.values(), fail, |v| !v.is_multiple_of(&self.unit));
        Ok(())
    }

    fn cost(&self) -> f64 {
        10.0
    }

    fn explain(&self) -> String {
        "remainder of the shortest decimals".into()
    }
}

fn values<T: ArrowPrimitiveType>(columns: &[ArrayRef]) -> Result<&PrimitiveArray<T>> {
    columns
        .first()
        .and_then(|c| c.as_any().downcast_ref())
        .ok_or_else(|| Error::internal("multiple_of met another type than it was compiled for"))
}
