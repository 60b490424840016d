//! An array of one value from a literal of the contract.

use std::sync::Arc;

use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Decimal128Type, Decimal256Type, Decimal32Type,
    Decimal64Type, Float16Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type,
    Int8Type, Time32MillisecondType, Time32SecondType, Time64MicrosecondType, Time64NanosecondType,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt16Type, UInt32Type, UInt64Type, UInt8Type,
};
use arrow_array::{
    ArrayRef, ArrowNativeTypeOp, BinaryArray, BooleanArray, FixedSizeBinaryArray, PrimitiveArray,
    StringArray,
};
use arrow_buffer::ArrowNativeType;
use arrow_schema::{DataType, TimeUnit};

use crate::contract::Literal;
use crate::error::{Code, Error, Result};
use crate::literal::{exact, Native};
use crate::promise;

/// The literal as the one value of an array of a plain type.
///
/// # Errors
/// `plan.bad_literal` when no value of the type is exactly the literal.
pub(super) fn one(literal: &Literal, kind: &DataType) -> Result<ArrayRef> {
    let array: ArrayRef = match (kind, literal) {
        (DataType::Boolean, Literal::Bool(value)) => Arc::new(BooleanArray::from(vec![*value])),
        (DataType::Utf8, Literal::Text(text)) => Arc::new(StringArray::from(vec![text.as_str()])),
        (DataType::Binary, Literal::Text(text)) => {
            Arc::new(BinaryArray::from_vec(vec![text.as_bytes()]))
        }
        (DataType::FixedSizeBinary(size), Literal::Text(text))
            if i32::try_from(text.len()) == Ok(*size) =>
        {
            let bytes = text.as_bytes().to_vec().into();
            let array = FixedSizeBinaryArray::try_new_with_len(*size, bytes, None, 1);
            Arc::new(array.map_err(|_| misfit(kind))?)
        }
        (DataType::Int8, _) => number::<Int8Type>(literal, kind)?,
        (DataType::Int16, _) => number::<Int16Type>(literal, kind)?,
        (DataType::Int32, _) => number::<Int32Type>(literal, kind)?,
        (DataType::Int64, _) => number::<Int64Type>(literal, kind)?,
        (DataType::UInt8, _) => number::<UInt8Type>(literal, kind)?,
        (DataType::UInt16, _) => number::<UInt16Type>(literal, kind)?,
        (DataType::UInt32, _) => number::<UInt32Type>(literal, kind)?,
        (DataType::UInt64, _) => number::<UInt64Type>(literal, kind)?,
        (DataType::Float16, _) => {
            let value = exact::<f32>(literal, kind)?.ok_or_else(|| misfit(kind))?;
            let half = <Float16Type as ArrowPrimitiveType>::Native::from_f32(value);
            if !half.is_finite() {
                return Err(misfit(kind));
            }
            Arc::new(PrimitiveArray::<Float16Type>::from_iter_values([half]))
        }
        (DataType::Float32, _) => number::<Float32Type>(literal, kind)?,
        (DataType::Float64, _) => number::<Float64Type>(literal, kind)?,
        (DataType::Decimal32(..), _) => number::<Decimal32Type>(literal, kind)?,
        (DataType::Decimal64(..), _) => number::<Decimal64Type>(literal, kind)?,
        (DataType::Decimal128(..), _) => number::<Decimal128Type>(literal, kind)?,
        (DataType::Decimal256(..), _) => number::<Decimal256Type>(literal, kind)?,
        (DataType::Date32, _) => number::<Date32Type>(literal, kind)?,
        (DataType::Date64, _) => number::<Date64Type>(literal, kind)?,
        (DataType::Time32(TimeUnit::Second), _) => number::<Time32SecondType>(literal, kind)?,
        (DataType::Time32(_), _) => number::<Time32MillisecondType>(literal, kind)?,
        (DataType::Time64(TimeUnit::Microsecond), _) => {
            number::<Time64MicrosecondType>(literal, kind)?
        }
        (DataType::Time64(_), _) => number::<Time64NanosecondType>(literal, kind)?,
        (DataType::Timestamp(unit, _), _) => match unit {
            TimeUnit::Second => number::<TimestampSecondType>(literal, kind)?,
            TimeUnit::Millisecond => number::<TimestampMillisecondType>(literal, kind)?,
            TimeUnit::Microsecond => number::<TimestampMicrosecondType>(literal, kind)?,
            TimeUnit::Nanosecond => number::<TimestampNanosecondType>(literal, kind)?,
        },
        _ => return Err(misfit(kind)),
    };
    Ok(array)
}

fn number<T: ArrowPrimitiveType<Native: Native>>(
    literal: &Literal,
    kind: &DataType,
) -> Result<ArrayRef> {
    let value = exact::<T::Native>(literal, kind)?.ok_or_else(|| misfit(kind))?;
    if let Some((precision, _)) = promise::decimal(kind) {
        // Every type that a literal is read into is wide enough for its own precision.
        let bound = T::Native::usize_as(10).pow_checked(u32::from(precision));
        let within = |bound: T::Native| value < bound && value > bound.neg_wrapping();
        if !bound.is_ok_and(within) {
            return Err(misfit(kind));
        }
    }
    Ok(Arc::new(PrimitiveArray::<T>::from_iter_values([value]).with_data_type(kind.clone())))
}

fn misfit(kind: &DataType) -> Error {
    let words = promise::words(kind);
    Error::new(Code::BadLiteral, format!("the constant is not a value of type {words}"))
        .help("write a value of this type, or leave it out for the type's default")
}
