//! Arithmetic and casts of numbers: checked, and exact unless floats are involved.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowPrimitiveType, Decimal128Type, Decimal256Type, Float64Type};
use arrow_array::{Array, ArrayRef, PrimitiveArray};
use arrow_buffer::i256;
use arrow_schema::DataType;

use super::super::ast::Arithmetic;
use super::lost;
use super::values::{both, Values};
use crate::error::Result;
use crate::kernels::bits;
use crate::kernels::dispatch::ordered_type;
use crate::promise;

/// Unscaled decimals of 128 or 256 bits.
trait Unscaled: Copy + Default {
    fn of(source: impl Source) -> Option<Self>;
    fn power_of_ten(exponent: u32) -> Option<Self>;
    fn compute(self, operation: Arithmetic, other: Self) -> Option<Self>;
}

macro_rules! unscaled {
    ($t:ty, $source:ident, $ten:expr) => {
        impl Unscaled for $t {
            fn of(source: impl Source) -> Option<Self> {
                source.$source()
            }
            fn power_of_ten(exponent: u32) -> Option<Self> {
                <$t>::checked_pow($ten, exponent)
            }
            fn compute(self, operation: Arithmetic, other: Self) -> Option<Self> {
                match operation {
                    Arithmetic::Add => self.checked_add(other),
                    Arithmetic::Subtract => self.checked_sub(other),
                    Arithmetic::Multiply => self.checked_mul(other),
                }
            }
        }
    };
}
unscaled!(i128, narrow, 10);
unscaled!(i256, wide, i256::from_i128(10));

/// What exact values are stored as; a float is none of them.
trait Source: Copy {
    fn narrow(self) -> Option<i128>;
    fn wide(self) -> Option<i256> {
        self.narrow().map(i256::from_i128)
    }
    /// The nearest double, where that is one conversion.
    fn real(self) -> Option<f64> {
        self.narrow().map(|value| value as f64)
    }
}

macro_rules! integers {
    ($($t:ty),+) => {$(impl Source for $t {
        fn narrow(self) -> Option<i128> { Some(i128::from(self)) }
    })+};
}
integers!(i8, i16, i32, i64, i128, u8, u16, u32, u64);

impl Source for i256 {
    fn narrow(self) -> Option<i128> {
        self.to_i128()
    }
    fn wide(self) -> Option<i256> {
        Some(self)
    }
}

macro_rules! floats {
    ($($t:ty),+) => {$(impl Source for $t {
        fn narrow(self) -> Option<i128> { None }
        fn real(self) -> Option<f64> { Some(f64::from(self)) }
    })+};
}
floats!(f32, f64);

/// Calculates row by row; rows without an outcome that were valid become faults.
fn checked<K: Copy + Default>(
    rows: usize,
    valid: Option<&[u64]>,
    compute: impl Fn(usize) -> Option<K>,
) -> (Vec<K>, Option<Vec<u64>>) {
    let mut fault: Option<Vec<u64>> = None;
    let values = (0..rows)
        .map(|row| {
            compute(row).unwrap_or_else(|| {
                bits::set(fault.get_or_insert_with(|| vec![0; bits::words(rows)]), row);
                K::default()
            })
        })
        .collect();
    if let (Some(fault), Some(valid)) = (&mut fault, valid) {
        bits::and(fault, valid);
    }
    (values, fault)
}

fn array<T: ArrowPrimitiveType>(values: Vec<T::Native>, data_type: &DataType) -> ArrayRef {
    let array = PrimitiveArray::<T>::new(values.into(), None);
    Arc::new(array.with_data_type(data_type.clone()))
}

pub(super) fn arithmetic(
    operation: Arithmetic,
    left: &Values,
    right: &Values,
    data_type: &DataType,
    rows: usize,
) -> Result<Values> {
    fn exact<T: ArrowPrimitiveType>(
        operation: Arithmetic,
        (left, right): (&ArrayRef, &ArrayRef),
        valid: Option<&[u64]>,
        data_type: &DataType,
    ) -> Result<Checked>
    where
        T::Native: Unscaled,
    {
        let left = left.as_primitive_opt::<T>().ok_or_else(lost)?.values();
        let right = right.as_primitive_opt::<T>().ok_or_else(lost)?.values();
        let (values, fault) =
            checked(left.len(), valid, |row| left.get(row)?.compute(operation, *right.get(row)?));
        Ok((array::<T>(values, data_type), fault))
    }
    let (valid, old) = both(left, right, rows);
    let operands = (&left.array, &right.array);
    let (array, fault) = match data_type {
        DataType::Decimal128(..) => {
            exact::<Decimal128Type>(operation, operands, valid.as_deref(), data_type)?
        }
        DataType::Decimal256(..) => {
            exact::<Decimal256Type>(operation, operands, valid.as_deref(), data_type)?
        }
        _ => (real(operation, operands)?, None),
    };
    Ok(Values { array, valid, fault: old }.fail(fault.as_deref()))
}

/// Doubles, by IEEE 754: what is too large is infinite, what has no outcome is NaN.
fn real(operation: Arithmetic, (left, right): (&ArrayRef, &ArrayRef)) -> Result<ArrayRef> {
    let left = left.as_primitive_opt::<Float64Type>().ok_or_else(lost)?.values();
    let right = right.as_primitive_opt::<Float64Type>().ok_or_else(lost)?.values();
    let pairs = left.iter().zip(right);
    let values: Vec<f64> = match operation {
        Arithmetic::Add => pairs.map(|(l, r)| l + r).collect(),
        Arithmetic::Subtract => pairs.map(|(l, r)| l - r).collect(),
        Arithmetic::Multiply => pairs.map(|(l, r)| l * r).collect(),
    };
    Ok(array::<Float64Type>(values, &DataType::Float64))
}

/// Numbers in another representation: at a greater scale, of more bits, or as doubles.
pub(super) fn cast(values: Values, data_type: &DataType) -> Result<Values> {
    let scale = |data_type: &DataType| promise::decimal(data_type).map_or(0, |(_, s)| i32::from(s));
    let source = values.array.data_type().clone();
    let valid = values.valid.as_deref();
    if *data_type == DataType::Float64 {
        let array = ordered_type!(
            &source,
            T => doubles::<T>(&values.array, scale(&source))?,
            else return Err(lost())
        );
        return Ok(Values { array, ..values });
    }
    let shift = u32::try_from(scale(data_type) - scale(&source)).map_err(|_| lost())?;
    let (array, fault) = if matches!(data_type, DataType::Decimal128(..)) {
        ordered_type!(
            &source,
            T => scaled::<T, Decimal128Type>(&values.array, shift, valid, data_type)?,
            else return Err(lost())
        )
    } else {
        ordered_type!(
            &source,
            T => scaled::<T, Decimal256Type>(&values.array, shift, valid, data_type)?,
            else return Err(lost())
        )
    };
    Ok(Values { array, ..values }.fail(fault.as_deref()))
}

/// Unscaled decimals, and the rows that are faults.
type Checked = (ArrayRef, Option<Vec<u64>>);

fn scaled<T: ArrowPrimitiveType, D: ArrowPrimitiveType>(
    source: &ArrayRef,
    shift: u32,
    valid: Option<&[u64]>,
    data_type: &DataType,
) -> Result<Checked>
where
    T::Native: Source,
    D::Native: Unscaled,
{
    let source = source.as_primitive_opt::<T>().ok_or_else(lost)?.values();
    let factor = D::Native::power_of_ten(shift).ok_or_else(lost)?;
    let (values, fault) = checked(source.len(), valid, |row| {
        let value = D::Native::of(*source.get(row)?)?;
        if shift == 0 {
            return Some(value);
        }
        value.compute(Arithmetic::Multiply, factor)
    });
    Ok((array::<D>(values, data_type), fault))
}

/// The nearest doubles.
fn doubles<T: ArrowPrimitiveType>(source: &ArrayRef, scale: i32) -> Result<ArrayRef>
where
    T::Native: Source + std::fmt::Display,
{
    let source = source.as_primitive_opt::<T>().ok_or_else(lost)?.values();
    let values: Vec<f64> = source
        .iter()
        .map(|value| match (scale, value.real()) {
            (0, Some(real)) => real,
            // Both sides of the division are exact, so its outcome is the nearest double.
            (1..=22, Some(real)) if real.abs() < 9_007_199_254_740_992.0 => {
                real / 10f64.powi(scale)
            }
            _ => format!("{value}e{}", -scale).parse().unwrap_or(f64::NAN),
        })
        .collect();
    Ok(array::<Float64Type>(values, &DataType::Float64))
}
