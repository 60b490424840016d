//! The values of a column as numbers of three families: 128-bit integers, 256-bit integers and
//! doubles, which hold the values of every ordered type exactly.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Decimal128Type, Decimal256Type, Decimal32Type,
    Decimal64Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type, Int8Type,
    Time32MillisecondType, Time32SecondType, Time64MicrosecondType, Time64NanosecondType,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt16Type, UInt32Type, UInt64Type, UInt8Type,
};
use arrow_buffer::i256;
use arrow_schema::{DataType, TimeUnit};

use super::dataset::Rows;
use crate::error::{Error, Result};
use crate::kernels::bits;

/// Which numbers hold every value of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// Integers, decimals up to 128 bits, and the ticks of dates and times.
    Whole,
    /// Decimals of 256 bits.
    Wide,
    Float,
}

impl Family {
    pub(super) fn of(data_type: &DataType) -> Option<Self> {
        use DataType as D;
        Some(match data_type {
            D::Float32 | D::Float64 => Self::Float,
            D::Decimal256(..) => Self::Wide,
            D::Decimal32(..)
            | D::Decimal64(..)
            | D::Decimal128(..)
            | D::Date32
            | D::Date64
            | D::Time32(_)
            | D::Time64(_)
            | D::Timestamp(..) => Self::Whole,
            integer if integer.is_integer() => Self::Whole,
            _ => return None,
        })
    }
}

/// A number of one family.
pub(super) trait Value: Copy + PartialOrd + Send + Sync + 'static {
    /// Hands on the judged values that are not null, each with its row.
    ///
    /// # Errors
    /// Only for a bug.
    fn each(rows: &Rows<'_>, take: impl FnMut(usize, Self)) -> Result<()>;

    fn is_nan(self) -> bool {
        false
    }
}

fn of<T: ArrowPrimitiveType, V>(
    rows: &Rows<'_>,
    widen: impl Fn(T::Native) -> V,
    mut take: impl FnMut(usize, V),
) -> Result<()> {
    let column = rows.columns.first().and_then(|column| column.as_primitive_opt::<T>());
    let values = column.ok_or_else(another_type)?.values();
    match rows.valid {
        None => values.iter().enumerate().for_each(|(row, value)| take(row, widen(*value))),
        Some(valid) => bits::ones_of(valid)
            .filter_map(|row| values.get(row).map(|value| (row, *value)))
            .for_each(|(row, value)| take(row, widen(value))),
    }
    Ok(())
}

fn another_type() -> Error {
    Error::internal("a check met another type of numbers than it was compiled for")
}

/// Whether a value is there; handed on for every judged row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
pub(super) struct Validity(pub(super) bool);

impl Value for Validity {
    fn each(rows: &Rows<'_>, mut take: impl FnMut(usize, Self)) -> Result<()> {
        let length = rows.columns.first().ok_or_else(another_type)?.len();
        for row in 0..length {
            if rows.inside.is_none_or(|inside| bits::get(inside, row)) {
                take(row, Self(rows.valid.is_none_or(|valid| bits::get(valid, row))));
            }
        }
        Ok(())
    }
}

impl Value for i128 {
    fn each(rows: &Rows<'_>, take: impl FnMut(usize, Self)) -> Result<()> {
        macro_rules! widened {
            ($($pattern:pat => $t:ty,)+) => {
                match rows.columns.first().ok_or_else(another_type)?.data_type() {
                    $($pattern => of::<$t, _>(rows, i128::from, take),)+
                    _ => Err(another_type()),
                }
            };
        }
        widened! {
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
            DataType::Date32 => Date32Type,
            DataType::Date64 => Date64Type,
            DataType::Time32(TimeUnit::Second) => Time32SecondType,
            DataType::Time32(_) => Time32MillisecondType,
            DataType::Time64(TimeUnit::Microsecond) => Time64MicrosecondType,
            DataType::Time64(_) => Time64NanosecondType,
            DataType::Timestamp(TimeUnit::Second, _) => TimestampSecondType,
            DataType::Timestamp(TimeUnit::Millisecond, _) => TimestampMillisecondType,
            DataType::Timestamp(TimeUnit::Microsecond, _) => TimestampMicrosecondType,
            DataType::Timestamp(TimeUnit::Nanosecond, _) => TimestampNanosecondType,
        }
    }
}

impl Value for i256 {
    fn each(rows: &Rows<'_>, take: impl FnMut(usize, Self)) -> Result<()> {
        of::<Decimal256Type, _>(rows, |value| value, take)
    }
}

impl Value for f64 {
    fn each(rows: &Rows<'_>, take: impl FnMut(usize, Self)) -> Result<()> {
        match rows.columns.first().ok_or_else(another_type)?.data_type() {
            DataType::Float32 => of::<Float32Type, _>(rows, f64::from, take),
            _ => of::<Float64Type, _>(rows, |value| value, take),
        }
    }

    fn is_nan(self) -> bool {
        f64::is_nan(self)
    }
}
