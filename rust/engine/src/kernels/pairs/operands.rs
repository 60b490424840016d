//! The two sides of a comparison whose types differ: wide integers, floats, bytes.

use std::cmp::Ordering;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Decimal128Type, Decimal256Type, Decimal32Type, Decimal64Type, Float32Type, Float64Type,
    Int16Type, Int32Type, Int64Type, Int8Type, Time32MillisecondType, Time32SecondType,
    Time64MicrosecondType, Time64NanosecondType, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt16Type, UInt32Type,
    UInt64Type, UInt8Type,
};
use arrow_array::{Array, ArrayRef};
use arrow_buffer::i256;
use arrow_schema::{DataType, TimeUnit};

use super::lost;
use crate::error::Result;
use crate::promise;

/// Integers, unscaled decimals and ticks as wide integers.
pub(super) struct Exact<'a>(Box<dyn Fn(usize) -> i256 + 'a>);

impl<'a> Exact<'a> {
    pub(super) fn of(array: &'a ArrayRef) -> Result<Self> {
        macro_rules! wide {
            ($($pattern:pat => $t:ty, $to:expr;)+) => {
                match array.data_type() {
                    $($pattern => {
                        let values = array.as_primitive_opt::<$t>().ok_or_else(lost)?.values();
                        Self(Box::new(move |row| values.get(row).copied().map_or(i256::ZERO, $to)))
                    })+
                    _ => return Err(lost()),
                }
            };
        }
        Ok(wide! {
            DataType::Int8 => Int8Type, |v| i256::from_i128(v.into());
            DataType::Int16 => Int16Type, |v| i256::from_i128(v.into());
            DataType::Int32 => Int32Type, |v| i256::from_i128(v.into());
            DataType::Int64 => Int64Type, |v| i256::from_i128(v.into());
            DataType::UInt8 => UInt8Type, |v| i256::from_i128(v.into());
            DataType::UInt16 => UInt16Type, |v| i256::from_i128(v.into());
            DataType::UInt32 => UInt32Type, |v| i256::from_i128(v.into());
            DataType::UInt64 => UInt64Type, |v| i256::from_i128(v.into());
            DataType::Decimal32(..) => Decimal32Type, |v| i256::from_i128(v.into());
            DataType::Decimal64(..) => Decimal64Type, |v| i256::from_i128(v.into());
            DataType::Decimal128(..) => Decimal128Type, i256::from_i128;
            DataType::Decimal256(..) => Decimal256Type, |v| v;
            DataType::Time32(TimeUnit::Second) => Time32SecondType, |v| i256::from_i128(v.into());
            DataType::Time32(_) => Time32MillisecondType, |v| i256::from_i128(v.into());
            DataType::Time64(TimeUnit::Microsecond) => Time64MicrosecondType, |v| i256::from_i128(v.into());
            DataType::Time64(_) => Time64NanosecondType, |v| i256::from_i128(v.into());
            DataType::Timestamp(TimeUnit::Second, _) => TimestampSecondType, |v| i256::from_i128(v.into());
            DataType::Timestamp(TimeUnit::Millisecond, _) => TimestampMillisecondType, |v| i256::from_i128(v.into());
            DataType::Timestamp(TimeUnit::Microsecond, _) => TimestampMicrosecondType, |v| i256::from_i128(v.into());
            DataType::Timestamp(TimeUnit::Nanosecond, _) => TimestampNanosecondType, |v| i256::from_i128(v.into());
        })
    }

    pub(super) fn value(&self, row: usize) -> i256 {
        (self.0)(row)
    }
}

/// A float, or an exact number with its scale.
pub(super) enum Real<'a> {
    Float(Box<dyn Fn(usize) -> f64 + 'a>),
    Exact(Exact<'a>, i32),
}

impl<'a> Real<'a> {
    pub(super) fn of(array: &'a ArrayRef) -> Result<Self> {
        Ok(match array.data_type() {
            DataType::Float32 => {
                let values = array.as_primitive_opt::<Float32Type>().ok_or_else(lost)?.values();
                Self::Float(Box::new(move |row| values.get(row).copied().map_or(0.0, f64::from)))
            }
            DataType::Float64 => {
                let values = array.as_primitive_opt::<Float64Type>().ok_or_else(lost)?.values();
                Self::Float(Box::new(move |row| values.get(row).copied().unwrap_or(0.0)))
            }
            other => {
                let scale = promise::decimal(other).map_or(0, |(_, s)| i32::from(s));
                Self::Exact(Exact::of(array)?, scale)
            }
        })
    }

    pub(super) fn compare(&self, other: &Self, row: usize) -> Option<Ordering> {
        match (self, other) {
            (Self::Float(a), Self::Float(b)) => a(row).partial_cmp(&b(row)),
            (Self::Float(a), Self::Exact(b, scale)) => float_to_exact(a(row), b.value(row), *scale),
            (Self::Exact(a, scale), Self::Float(b)) => {
                float_to_exact(b(row), a.value(row), *scale).map(Ordering::reverse)
            }
            (Self::Exact(a, _), Self::Exact(b, _)) => Some(a.value(row).cmp(&b.value(row))),
        }
    }
}

/// Compares a float with `unscaled` × 10^-`scale`, exactly: the float is taken as the dyadic
/// rational that it is.
pub(super) fn float_to_exact(float: f64, unscaled: i256, scale: i32) -> Option<Ordering> {
    if float.is_nan() {
        return None;
    }
    let sign = unscaled.cmp(&i256::ZERO);
    if float == 0.0 || sign == Ordering::Equal || (float < 0.0) == (sign == Ordering::Greater) {
        let float_sign = float.partial_cmp(&0.0)?;
        return Some(float_sign.cmp(&sign));
    }
    if float.is_infinite() {
        return Some(if float > 0.0 { Ordering::Greater } else { Ordering::Less });
    }
    by_integers(float, unscaled, scale).or_else(|| Some(by_digits(float, unscaled, scale)))
}

/// Compares by decimal digits; both numbers have one sign. The expansion of a double is finite.
fn by_digits(float: f64, unscaled: i256, scale: i32) -> Ordering {
    let magnitude = decimal_text(float.abs());
    let (whole, fraction) = magnitude.split_once('.').unwrap_or((&magnitude, ""));
    let digits = unscaled.wrapping_abs().to_string();
    let (other_whole, other_fraction) = if scale <= 0 {
        (format!("{digits}{}", "0".repeat(scale.unsigned_abs() as usize)), String::new())
    } else {
        let padded = format!("{digits:0>width$}", width = scale as usize + 1);
        let (w, f) = padded.split_at(padded.len() - scale as usize);
        (w.to_owned(), f.to_owned())
    };
    let trim = |t: &str| t.trim_start_matches('0').to_owned();
    let (a, b) = (trim(whole), trim(&other_whole));
    let ordering = (a.len(), a.as_str()).cmp(&(b.len(), b.as_str())).then_with(|| {
        let width = fraction.len().max(other_fraction.len());
        format!("{fraction:0<width$}").cmp(&format!("{other_fraction:0<width$}"))
    });
    if float > 0.0 {
        ordering
    } else {
        ordering.reverse()
    }
}

/// Compares a finite float as integers at a common scale; `None` when 256 bits do not hold them.
fn by_integers(float: f64, unscaled: i256, scale: i32) -> Option<Ordering> {
    let bits = float.to_bits();
    let biased = (bits >> 52 & 0x7ff) as i32;
    if biased == 0 {
        return None;
    }
    let magnitude = i256::from_i128(i128::from(bits & ((1 << 52) - 1) | 1 << 52));
    let mantissa = if float < 0.0 { magnitude.wrapping_neg() } else { magnitude };
    // float = mantissa × 2^exponent
    let exponent = biased - 1075;
    let power = |base: i128, times: u32| i256::from_i128(base).checked_pow(times);
    let (mut left, mut right) = (mantissa, unscaled);
    if scale >= 0 {
        left = left.checked_mul(power(10, scale.unsigned_abs())?)?;
    } else {
        right = right.checked_mul(power(10, scale.unsigned_abs())?)?;
    }
    if exponent >= 0 {
        left = left.checked_mul(power(2, exponent.unsigned_abs())?)?;
    } else {
        right = right.checked_mul(power(2, exponent.unsigned_abs())?)?;
    }
    Some(left.cmp(&right))
}

/// All decimal digits of a finite, non-negative double (Rust prints them exactly on request).
fn decimal_text(float: f64) -> String {
    format!("{float:.1074}")
}

/// Strings and binary values as bytes.
pub(crate) enum Bytes<'a> {
    Small(&'a arrow_array::StringArray),
    Large(&'a arrow_array::LargeStringArray),
    View(&'a arrow_array::StringViewArray),
    SmallBinary(&'a arrow_array::BinaryArray),
    LargeBinary(&'a arrow_array::LargeBinaryArray),
    BinaryView(&'a arrow_array::BinaryViewArray),
    Fixed(&'a arrow_array::FixedSizeBinaryArray),
}

impl<'a> Bytes<'a> {
    pub(crate) fn of(array: &'a ArrayRef) -> Result<Self> {
        Ok(match array.data_type() {
            DataType::Utf8 => Self::Small(array.as_string()),
            DataType::LargeUtf8 => Self::Large(array.as_string()),
            DataType::Utf8View => Self::View(array.as_string_view()),
            DataType::Binary => Self::SmallBinary(array.as_binary()),
            DataType::LargeBinary => Self::LargeBinary(array.as_binary()),
            DataType::BinaryView => Self::BinaryView(array.as_binary_view()),
            DataType::FixedSizeBinary(_) => Self::Fixed(array.as_fixed_size_binary()),
            _ => return Err(lost()),
        })
    }

    pub(crate) fn value(&self, row: usize) -> &'a [u8] {
        match self {
            Self::Small(a) => a.value(row).as_bytes(),
            Self::Large(a) => a.value(row).as_bytes(),
            Self::View(a) => a.value(row).as_bytes(),
            Self::SmallBinary(a) => a.value(row),
            Self::LargeBinary(a) => a.value(row),
            Self::BinaryView(a) => a.value(row),
            Self::Fixed(a) => a.value(row),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn integers_and_digits_agree(
            float in prop_oneof![
                -1e20..1e20,
                (-1_000_000i32..1_000_000).prop_map(|n| f64::from(n) / 100.0),
                any::<f64>().prop_filter("finite", |f| f.is_finite()),
            ],
            near in any::<bool>(),
            other in any::<i64>(),
            scale in -3i32..20,
        ) {
            // Half of the numbers are the float's own value at that scale, give or take rounding.
            let value = if near { (float * 10f64.powi(scale)) as i128 } else { i128::from(other) };
            let same_sign = value != 0 && float != 0.0 && (value < 0) == (float < 0.0);
            if let Some(found) = by_integers(float, i256::from_i128(value), scale) {
                if same_sign {
                    prop_assert_eq!(found, by_digits(float, i256::from_i128(value), scale));
                }
            }
        }
    }
}
