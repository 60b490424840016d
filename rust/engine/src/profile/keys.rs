//! Ordered values as whole numbers: one comparison, one hash and one sample for every type.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Decimal128Type, Decimal32Type, Decimal64Type,
    Float32Type, Float64Type, Int16Type, Int32Type, Int64Type, Int8Type, Time32MillisecondType,
    Time32SecondType, Time64MicrosecondType, Time64NanosecondType, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt16Type, UInt32Type,
    UInt64Type, UInt8Type,
};
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, TimeUnit};

/// The key of NaN, which has no order. No value of another type reaches it: the unscaled values of
/// decimals end at 10³⁸.
pub(super) const NAN: i128 = i128::MAX;

/// The value of each row as a number that orders and equals as the value does. What stands under a
/// null is arbitrary.
pub(super) fn keys(array: &ArrayRef) -> Option<Vec<i128>> {
    use TimeUnit::{Microsecond, Millisecond, Nanosecond, Second};
    Some(match array.data_type() {
        DataType::Int8 => whole::<Int8Type>(array),
        DataType::Int16 => whole::<Int16Type>(array),
        DataType::Int32 => whole::<Int32Type>(array),
        DataType::Int64 => whole::<Int64Type>(array),
        DataType::UInt8 => whole::<UInt8Type>(array),
        DataType::UInt16 => whole::<UInt16Type>(array),
        DataType::UInt32 => whole::<UInt32Type>(array),
        DataType::UInt64 => whole::<UInt64Type>(array),
        DataType::Decimal32(..) => whole::<Decimal32Type>(array),
        DataType::Decimal64(..) => whole::<Decimal64Type>(array),
        DataType::Decimal128(..) => whole::<Decimal128Type>(array),
        DataType::Date32 => whole::<Date32Type>(array),
        DataType::Date64 => whole::<Date64Type>(array),
        DataType::Time32(Second) => whole::<Time32SecondType>(array),
        DataType::Time32(_) => whole::<Time32MillisecondType>(array),
        DataType::Time64(Microsecond) => whole::<Time64MicrosecondType>(array),
        DataType::Time64(_) => whole::<Time64NanosecondType>(array),
        DataType::Timestamp(Second, _) => whole::<TimestampSecondType>(array),
        DataType::Timestamp(Millisecond, _) => whole::<TimestampMillisecondType>(array),
        DataType::Timestamp(Microsecond, _) => whole::<TimestampMicrosecondType>(array),
        DataType::Timestamp(Nanosecond, _) => whole::<TimestampNanosecondType>(array),
        DataType::Float32 => floats::<Float32Type>(array),
        DataType::Float64 => floats::<Float64Type>(array),
        _ => return None,
    })
}

/// Whether values of this type have keys.
pub(super) fn has_keys(data_type: &DataType) -> bool {
    keys(&arrow_array::new_empty_array(data_type)).is_some()
}

fn whole<T: ArrowPrimitiveType>(array: &ArrayRef) -> Vec<i128>
where
    T::Native: Into<i128> + Copy,
{
    array.as_primitive::<T>().values().iter().map(|value| (*value).into()).collect()
}

fn floats<T: ArrowPrimitiveType>(array: &ArrayRef) -> Vec<i128>
where
    T::Native: Into<f64> + Copy,
{
    array.as_primitive::<T>().values().iter().map(|value| of_float((*value).into())).collect()
}

/// The key of a float; both zeros share one.
pub(super) fn of_float(value: f64) -> i128 {
    if value.is_nan() {
        return NAN;
    }
    let bits = (value + 0.0).to_bits() as i64;
    i128::from(if bits < 0 { i64::MIN - bits } else { bits })
}

/// The float of a key.
pub(super) fn float(key: i128) -> f64 {
    let bits = key as i64;
    f64::from_bits((if bits < 0 { i64::MIN - bits } else { bits }) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn floats_order_as_their_keys(a in any::<f64>(), b in any::<f64>()) {
            prop_assume!(!a.is_nan() && !b.is_nan());
            prop_assert_eq!(of_float(a).cmp(&of_float(b)), a.partial_cmp(&b).unwrap());
            prop_assert!(float(of_float(a)).partial_cmp(&a).is_some_and(std::cmp::Ordering::is_eq));
        }
    }

    #[test]
    fn both_zeros_are_one_value() {
        assert_eq!(of_float(-0.0), of_float(0.0));
        assert!(of_float(f64::NEG_INFINITY) < of_float(-1.0) && of_float(-1.0) < of_float(-0.5));
    }
}
