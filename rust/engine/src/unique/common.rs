//! The common ground of two key columns of different types: where equal values have equal keys.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Decimal128Type, Decimal256Type, Decimal32Type,
    Decimal64Type, DurationMicrosecondType, DurationMillisecondType, DurationNanosecondType,
    DurationSecondType, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type, Int8Type,
    Time32MillisecondType, Time32SecondType, Time64MicrosecondType, Time64NanosecondType,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt16Type, UInt32Type, UInt64Type, UInt8Type,
};
use arrow_array::{Array, ArrayRef, PrimitiveArray};
use arrow_buffer::i256;
use arrow_schema::{DataType, TimeUnit};

use super::form::Kind;
use crate::error::{Error, Result};
use crate::kernels::encoding;

const MILLISECONDS_OF_A_DAY: i128 = 86_400_000;

/// How the values of one side get to the common ground.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Keep,
    /// They become doubles.
    Double,
    /// They become integers of 128 bits, times this.
    Whole(i128),
    /// They become integers of 256 bits, times this.
    Wide(i128),
}

/// A type for the values of two columns, and how either gets there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Common {
    pub(crate) data_type: DataType,
    pub(crate) left: Step,
    pub(crate) right: Step,
}

/// What the integers of a type count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Numbers,
    Dates,
    Times,
    /// With a zone.
    Instants,
    /// Without one.
    Locals,
    Durations,
}

/// Integers of at most so many digits, in units of ten to the power of minus `scale`.
struct Exact {
    meaning: Meaning,
    scale: i32,
    digits: u32,
}

fn exact(data_type: &DataType) -> Option<Exact> {
    use DataType as D;
    let power = |unit: &TimeUnit| match unit {
        TimeUnit::Second => 0,
        TimeUnit::Millisecond => 3,
        TimeUnit::Microsecond => 6,
        TimeUnit::Nanosecond => 9,
    };
    // The width says how many digits there can be: data may break the precision of its type.
    let (meaning, scale, digits) = match data_type {
        D::Int8 | D::UInt8 => (Meaning::Numbers, 0, 3),
        D::Int16 | D::UInt16 => (Meaning::Numbers, 0, 5),
        D::Int32 | D::UInt32 => (Meaning::Numbers, 0, 10),
        D::Int64 | D::UInt64 => (Meaning::Numbers, 0, 20),
        D::Decimal32(_, scale) => (Meaning::Numbers, i32::from(*scale), 10),
        D::Decimal64(_, scale) => (Meaning::Numbers, i32::from(*scale), 20),
        D::Decimal128(_, scale) => (Meaning::Numbers, i32::from(*scale), 39),
        D::Decimal256(_, scale) => (Meaning::Numbers, i32::from(*scale), 77),
        D::Date32 => (Meaning::Dates, 0, 10),
        D::Date64 => (Meaning::Dates, 0, 20),
        D::Time32(unit) => (Meaning::Times, power(unit), 10),
        D::Time64(unit) => (Meaning::Times, power(unit), 20),
        D::Timestamp(unit, None) => (Meaning::Locals, power(unit), 20),
        D::Timestamp(unit, Some(_)) => (Meaning::Instants, power(unit), 20),
        D::Duration(unit) => (Meaning::Durations, power(unit), 20),
        _ => return None,
    };
    Some(Exact { meaning, scale, digits })
}

/// The common ground of the plain types of two columns, if there is one: numbers with numbers,
/// texts with texts, timestamps with a zone among themselves, and so on.
pub(crate) fn common(left: &DataType, right: &DataType) -> Option<Common> {
    use DataType as D;
    let same = |data_type: &D| {
        let data_type = data_type.clone();
        Some(Common { data_type, left: Step::Keep, right: Step::Keep })
    };
    let text = |t: &D| matches!(t, D::Utf8 | D::LargeUtf8 | D::Utf8View);
    let binary = |t: &D| matches!(t, D::Binary | D::LargeBinary | D::BinaryView);
    if left == right || text(left) && text(right) || binary(left) && binary(right) {
        return Kind::of(left).and_then(|_| same(left));
    }
    if left.is_floating() && right.is_floating() {
        let step = |t: &D| match t {
            D::Float32 => Some(Step::Double),
            D::Float64 => Some(Step::Keep),
            _ => None,
        };
        return Some(Common { data_type: D::Float64, left: step(left)?, right: step(right)? });
    }
    let (l, r) = (exact(left)?, exact(right)?);
    if l.meaning != r.meaning {
        return None;
    }
    let (to_left, to_right) = if l.meaning == Meaning::Dates {
        // Not the same type: one counts days and the other milliseconds.
        let factor = |t: &D| if *t == D::Date32 { MILLISECONDS_OF_A_DAY } else { 1 };
        (factor(left), factor(right))
    } else {
        let scale = l.scale.max(r.scale);
        let power = |own: i32| 10i128.checked_pow((scale - own) as u32);
        (power(l.scale)?, power(r.scale)?)
    };
    if (to_left, to_right) == (1, 1) && Kind::of(left) == Kind::of(right) {
        return same(left);
    }
    let digits = |exact: &Exact, factor: i128| match (factor, exact.digits) {
        (1, 39) => 38, // what 128 bits hold
        (1, 77) => 76, // what 256 bits hold
        (factor, digits) => digits + factor.ilog10(),
    };
    let (data_type, step): (_, fn(i128) -> Step) =
        match digits(&l, to_left).max(digits(&r, to_right)) {
            0..=38 => (D::Decimal128(38, 0), Step::Whole),
            39..=76 => (D::Decimal256(76, 0), Step::Wide),
            _ => return None,
        };
    Some(Common { data_type, left: step(to_left), right: step(to_right) })
}

impl Step {
    /// The values at the common ground; nulls stay where they are.
    ///
    /// # Errors
    /// Only for a bug.
    pub(crate) fn take(self, column: &ArrayRef) -> Result<ArrayRef> {
        let column = match self {
            Self::Keep => return Ok(ArrayRef::clone(column)),
            _ => encoding::decode(column)?,
        };
        let taken: Option<ArrayRef> = match self {
            Self::Keep => None,
            Self::Double => {
                let values = column.as_primitive_opt::<Float32Type>();
                values.map(|v| Arc::new(v.unary::<_, Float64Type>(f64::from)) as _)
            }
            // What stands under a null may be any number.
            Self::Whole(factor) => integers::<Decimal128Type>(
                &column,
                |value| value.wrapping_mul(factor),
                |value| value.to_i128().unwrap_or_default(),
            ),
            Self::Wide(factor) => {
                let factor = i256::from_i128(factor);
                let widen = |value| i256::from_i128(value).wrapping_mul(factor);
                integers::<Decimal256Type>(&column, widen, |value| value.wrapping_mul(factor))
            }
        };
        taken.ok_or_else(|| Error::internal("a key column has another type than was agreed on"))
    }
}

/// The integers of a column, whatever they count.
fn integers<T: ArrowPrimitiveType>(
    column: &ArrayRef,
    of: impl Fn(i128) -> T::Native,
    of_wide: impl Fn(i256) -> T::Native,
) -> Option<ArrayRef> {
    macro_rules! converted {
        ($($pattern:pat => $t:ty,)+) => {
            match column.data_type() {
                $($pattern => column.as_primitive_opt::<$t>().map(|values| {
                    Arc::new(values.unary::<_, T>(|value| of(i128::from(value)))) as _
                }),)+
                DataType::Decimal256(..) => {
                    let values: Option<&PrimitiveArray<Decimal256Type>> = column.as_primitive_opt();
                    values.map(|values| Arc::new(values.unary::<_, T>(of_wide)) as _)
                }
                _ => None,
            }
        };
    }
    converted! {
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
        DataType::Duration(TimeUnit::Second) => DurationSecondType,
        DataType::Duration(TimeUnit::Millisecond) => DurationMillisecondType,
        DataType::Duration(TimeUnit::Microsecond) => DurationMicrosecondType,
        DataType::Duration(TimeUnit::Nanosecond) => DurationNanosecondType,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // how tests fail
mod tests {
    use super::*;
    use arrow_array::{Date32Array, Decimal128Array, Int8Array, UInt64Array};

    fn ground(left: &DataType, right: &DataType) -> Option<(DataType, Step, Step)> {
        let forth = common(left, right);
        let back = common(right, left);
        assert_eq!(
            forth.as_ref().map(|c| (c.left, c.right)),
            back.as_ref().map(|c| (c.right, c.left))
        );
        forth.map(|c| (c.data_type, c.left, c.right))
    }

    #[test]
    fn types_of_one_meaning_have_a_common_ground() {
        use DataType as D;
        use Step::{Double, Keep, Whole, Wide};
        let whole = D::Decimal128(38, 0);
        let (utc, paris) = (Some("UTC".into()), Some("Europe/Paris".into()));
        for (left, right, expected) in [
            (D::Int64, D::Int64, Some((D::Int64, Keep, Keep))),
            (D::Utf8, D::Utf8View, Some((D::Utf8, Keep, Keep))),
            (D::Int8, D::UInt64, Some((whole.clone(), Whole(1), Whole(1)))),
            (D::Int64, D::Decimal64(18, 0), Some((D::Int64, Keep, Keep))),
            (D::Int64, D::Decimal128(38, 0), Some((whole.clone(), Whole(1), Whole(1)))),
            (D::Int64, D::Decimal128(9, 2), Some((whole.clone(), Whole(100), Whole(1)))),
            (
                D::Decimal128(9, 2),
                D::Decimal128(9, 4),
                Some((D::Decimal256(76, 0), Wide(100), Wide(1))),
            ),
            (D::Decimal256(70, 0), D::Decimal128(9, 40), None),
            (D::Float32, D::Float64, Some((D::Float64, Double, Keep))),
            (D::Date32, D::Date64, Some((whole.clone(), Whole(86_400_000), Whole(1)))),
            (
                D::Timestamp(TimeUnit::Second, utc.clone()),
                D::Timestamp(TimeUnit::Nanosecond, paris),
                Some((whole, Whole(1_000_000_000), Whole(1))),
            ),
            (D::Timestamp(TimeUnit::Second, utc), D::Timestamp(TimeUnit::Second, None), None),
            (D::Int64, D::Utf8, None),
            (D::Int64, D::Float64, None),
            (D::Int64, D::Date64, None),
            (D::Utf8, D::Binary, None),
        ] {
            assert_eq!(ground(&left, &right), expected, "{left} and {right}");
        }
    }

    #[test]
    fn values_get_there_with_their_nulls() {
        let taken = |step: Step, column: ArrayRef| step.take(&column).unwrap();
        let numbers = taken(Step::Whole(100), Arc::new(Int8Array::from(vec![Some(-3), None])));
        let expected = Decimal128Array::from(vec![Some(-300), None]);
        assert_eq!(numbers.as_primitive::<Decimal128Type>(), &expected);
        let most = taken(Step::Whole(1), Arc::new(UInt64Array::from(vec![u64::MAX])));
        assert_eq!(most.as_primitive::<Decimal128Type>().value(0), i128::from(u64::MAX));
        let days = taken(Step::Whole(86_400_000), Arc::new(Date32Array::from(vec![-1])));
        assert_eq!(days.as_primitive::<Decimal128Type>().value(0), -86_400_000);
        let wide = taken(Step::Wide(10), Arc::new(Decimal128Array::from(vec![i128::MAX])));
        let expected = i256::from_i128(i128::MAX).wrapping_mul(i256::from_i128(10));
        assert_eq!(wide.as_primitive::<Decimal256Type>().value(0), expected);
    }
}
