//! Key columns in the types in which a destination stores them: a publication with other types than
//! the one before has the same keys.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Decimal128Type, Float16Type, Float32Type, Int16Type, Int32Type, Int64Type,
};
use arrow_array::{ArrayRef, ArrowPrimitiveType, BinaryArray};
use arrow_schema::{DataType, TimeUnit};

use crate::error::{Error, Result};
use crate::kernels::encoding;
use crate::promise::plain;
use crate::unique::common::Step;
use crate::unique::form::Kind;

/// How many units of a whole number make one of what it counts.
fn units(data_type: &DataType) -> Option<i128> {
    use DataType as D;
    Some(match data_type {
        D::Timestamp(unit, _) => match unit {
            TimeUnit::Second => 1,
            TimeUnit::Millisecond => 1_000,
            TimeUnit::Microsecond => 1_000_000,
            TimeUnit::Nanosecond => 1_000_000_000,
        },
        D::Date32 => 1,
        D::Date64 => 86_400_000,
        D::Decimal32(_, scale)
        | D::Decimal64(_, scale)
        | D::Decimal128(_, scale)
        | D::Decimal256(_, scale) => 10i128.checked_pow(u32::try_from(*scale).ok()?)?,
        other if other.is_integer() => 1,
        _ => return None,
    })
}

/// Whether keys of this type are the same in both, as they stand.
fn same(own: &DataType, stored: &DataType) -> bool {
    Kind::of(own) == Kind::of(stored) && units(own) == units(stored)
}

/// Whether values of one type can be taken to the other.
pub(crate) fn fits(own: &DataType, stored: &DataType) -> bool {
    let (own, stored) = (plain(own), plain(stored));
    let whole = || units(own).is_some() && units(stored).is_some();
    same(own, stored)
        || matches!((own, stored), (DataType::Float16, DataType::Float32))
        || matches!((own, stored), (DataType::FixedSizeBinary(_), DataType::Binary))
        || whole() && matches!(Kind::of(stored), Some(Kind::Signed(16 | 32 | 64 | 128)))
}

/// The column in the stored type. A value that has no exact form there cannot be published, so what
/// becomes of it does not matter.
///
/// # Errors
/// Only for a bug: types that do not fit.
pub(crate) fn stored(column: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    let own = plain(column.data_type()).clone();
    if same(&own, to) {
        return Ok(ArrayRef::clone(column));
    }
    let column = encoding::decode(column)?;
    let taken: Option<ArrayRef> = match (&own, to) {
        (DataType::Float16, DataType::Float32) => {
            let halves = column.as_primitive_opt::<Float16Type>();
            halves.map(|v| Arc::new(v.unary::<_, Float32Type>(f32::from)) as _)
        }
        (DataType::FixedSizeBinary(_), _) => {
            let values = column.as_fixed_size_binary_opt();
            values.map(|values| Arc::new(values.iter().collect::<BinaryArray>()) as _)
        }
        _ => {
            let whole = Step::Whole(1).take(&column)?;
            let (from, to_units) = (units(&own).unwrap_or(1), units(to).unwrap_or(1));
            let turned = |value: i128| value.wrapping_mul(to_units).div_euclid(from);
            match Kind::of(to) {
                Some(Kind::Signed(16)) => narrow::<Int16Type>(&whole, |v| turned(v) as i16),
                Some(Kind::Signed(32)) => narrow::<Int32Type>(&whole, |v| turned(v) as i32),
                Some(Kind::Signed(64)) => narrow::<Int64Type>(&whole, |v| turned(v) as i64),
                Some(Kind::Signed(128)) => narrow::<Decimal128Type>(&whole, turned),
                _ => None,
            }
        }
    };
    taken.ok_or_else(|| Error::internal("a key column cannot be taken to its stored type"))
}

fn narrow<T: ArrowPrimitiveType>(
    whole: &ArrayRef,
    value: impl Fn(i128) -> T::Native,
) -> Option<ArrayRef> {
    let values = whole.as_primitive_opt::<Decimal128Type>()?;
    Some(Arc::new(values.unary::<_, T>(value)))
}
