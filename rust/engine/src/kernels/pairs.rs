//! Two columns compared row by row, exactly, whatever their widths, scales and units.
//!
//! [`Ground`] is what two types have in common; it is found once, when a plan is compiled. An
//! unordered pair (NaN on either side) satisfies no relation.

use arrow_array::cast::AsArray;
use arrow_array::types::ArrowPrimitiveType;
use arrow_array::{Array, ArrayRef};
use arrow_buffer::i256;
use arrow_schema::{DataType, TimeUnit};
use std::cmp::Ordering;

mod operands;

use super::dispatch::ordered_type;
use super::{bits, mask};
use crate::error::{Error, Result};
use crate::promise;
pub(crate) use operands::Bytes;
use operands::{Exact, Real};

/// Which orderings of left and right a comparison accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Relation {
    pub(crate) less: bool,
    pub(crate) equal: bool,
    pub(crate) greater: bool,
}

impl Relation {
    pub(crate) const LT: Self = Self { less: true, equal: false, greater: false };
    pub(crate) const LE: Self = Self { less: true, equal: true, greater: false };
    pub(crate) const GT: Self = Self { less: false, equal: false, greater: true };
    pub(crate) const GE: Self = Self { less: false, equal: true, greater: true };
    pub(crate) const EQ: Self = Self { less: false, equal: true, greater: false };
    pub(crate) const NE: Self = Self { less: true, equal: false, greater: true };

    /// The relation of right to left.
    pub(crate) fn flipped(self) -> Self {
        Self { less: self.greater, equal: self.equal, greater: self.less }
    }

    /// Whether the ordering is accepted; an unordered pair is not.
    pub(crate) fn accepts(self, ordering: Option<Ordering>) -> bool {
        match ordering {
            Some(Ordering::Less) => self.less,
            Some(Ordering::Equal) => self.equal,
            Some(Ordering::Greater) => self.greater,
            None => false,
        }
    }
}

/// The common ground of two types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ground {
    /// One primitive type: native values.
    Same(DataType),
    /// Exact integers, each multiplied by its factor to a common scale.
    Scaled(i256, i256),
    /// A float against an integer, a decimal or another float.
    Mixed,
    Bytes,
    Booleans,
}

/// The common ground of two plain types, if they have one.
pub(crate) fn ground(left: &DataType, right: &DataType) -> Option<Ground> {
    use DataType as D;
    let text = |t: &D| matches!(t, D::Utf8 | D::LargeUtf8 | D::Utf8View);
    let binary =
        |t: &D| matches!(t, D::Binary | D::LargeBinary | D::BinaryView | D::FixedSizeBinary(_));
    if text(left) && text(right) || binary(left) && binary(right) {
        return Some(Ground::Bytes);
    }
    if *left == D::Boolean && *right == D::Boolean {
        return Some(Ground::Booleans);
    }
    let zoneless = |t: &D| match t {
        D::Timestamp(unit, Some(_)) => D::Timestamp(*unit, Some("UTC".into())),
        other => other.clone(),
    };
    if zoneless(left) == zoneless(right) && left.is_primitive() && *left != D::Float16 {
        return Some(Ground::Same(zoneless(left)));
    }
    let (l, r) = (kind(left)?, kind(right)?);
    match (l, r) {
        (Kind::Float, Kind::Float | Kind::Exact(_)) | (Kind::Exact(_), Kind::Float) => {
            Some(Ground::Mixed)
        }
        (Kind::Exact(l), Kind::Exact(r)) => {
            let common = l.max(r);
            Some(Ground::Scaled(power(common - l)?, power(common - r)?))
        }
        (Kind::Ticks(a, l), Kind::Ticks(b, r)) if a == b => {
            let common = l.max(r);
            Some(Ground::Scaled(power(common - l)?, power(common - r)?))
        }
        _ => None,
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Exact(i32),
    Float,
    /// Clock (0 time of day, 1 naive, 2 with a zone) and decimal digits below a second.
    Ticks(u8, i32),
}

fn kind(data_type: &DataType) -> Option<Kind> {
    let digits = |unit: &TimeUnit| match unit {
        TimeUnit::Second => 0,
        TimeUnit::Millisecond => 3,
        TimeUnit::Microsecond => 6,
        TimeUnit::Nanosecond => 9,
    };
    Some(match data_type {
        t if t.is_integer() => Kind::Exact(0),
        DataType::Float32 | DataType::Float64 => Kind::Float,
        DataType::Time32(unit) | DataType::Time64(unit) => Kind::Ticks(0, digits(unit)),
        DataType::Timestamp(unit, zone) => Kind::Ticks(1 + u8::from(zone.is_some()), digits(unit)),
        t => Kind::Exact(i32::from(promise::decimal(t)?.1)),
    })
}

fn power(exponent: i32) -> Option<i256> {
    i256::from_i128(10).checked_pow(u32::try_from(exponent).ok()?)
}

impl Ground {
    /// Sets the bits of the valid rows where the relation holds. `holds` is zero on entry, and the
    /// bits of other rows may come out either way.
    ///
    /// # Errors
    /// Only for a bug.
    pub(crate) fn fill(
        &self,
        relation: Relation,
        left: &ArrayRef,
        right: &ArrayRef,
        valid: Option<&[u64]>,
        holds: &mut [u64],
    ) -> Result<()> {
        let count = left.len().min(right.len());
        match self {
            Self::Same(data_type) => ordered_type!(
                data_type,
                T => same::<T>(relation, left, right, holds),
                else Err(lost())
            ),
            Self::Scaled(l, r) => {
                let (left, right) = (Exact::of(left)?, Exact::of(right)?);
                rows(count, valid, holds, |row| {
                    let (a, b) = (left.value(row), right.value(row));
                    // 10^76 × 10^76 does not fit: what overflows is larger than what does not.
                    let ordering = match (a.checked_mul(*l), b.checked_mul(*r)) {
                        (Some(a), Some(b)) => a.cmp(&b),
                        (None, _) => a.cmp(&i256::ZERO),
                        (_, None) => i256::ZERO.cmp(&b),
                    };
                    relation.accepts(Some(ordering))
                });
                Ok(())
            }
            Self::Mixed => {
                let (left, right) = (Real::of(left)?, Real::of(right)?);
                rows(count, valid, holds, |row| relation.accepts(left.compare(&right, row)));
                Ok(())
            }
            Self::Bytes => {
                let (left, right) = (Bytes::of(left)?, Bytes::of(right)?);
                rows(count, valid, holds, |row| {
                    relation.accepts(Some(left.value(row).cmp(right.value(row))))
                });
                Ok(())
            }
            Self::Booleans => {
                let (Some(left), Some(right)) = (left.as_boolean_opt(), right.as_boolean_opt())
                else {
                    return Err(lost());
                };
                rows(count, valid, holds, |row| {
                    relation.accepts(Some(left.value(row).cmp(&right.value(row))))
                });
                Ok(())
            }
        }
    }

    /// Nanoseconds per row, roughly.
    pub(crate) fn cost(&self) -> f64 {
        match self {
            Self::Same(_) => 0.8,
            Self::Booleans => 3.0,
            Self::Bytes => 8.0,
            Self::Scaled(..) => 20.0,
            Self::Mixed => 30.0,
        }
    }

    /// What runs, for `explain`.
    pub(crate) fn explain(&self) -> &'static str {
        match self {
            Self::Same(_) => "column against column",
            Self::Scaled(..) => "column against column at a common scale, exact",
            Self::Mixed => "float against number, exact",
            Self::Bytes => "bytes against bytes",
            Self::Booleans => "bits against bits",
        }
    }
}

fn lost() -> Error {
    Error::internal("a comparison met another type than it was compiled for")
}

/// Judges the valid rows only; the others stay clear.
fn rows(count: usize, valid: Option<&[u64]>, holds: &mut [u64], accepts: impl Fn(usize) -> bool) {
    let mut judge = |row| {
        if accepts(row) {
            bits::set(holds, row);
        }
    };
    match valid {
        Some(valid) => bits::ones_of(valid).take_while(|row| *row < count).for_each(&mut judge),
        None => (0..count).for_each(&mut judge),
    }
}

fn same<T: ArrowPrimitiveType>(
    relation: Relation,
    left: &ArrayRef,
    right: &ArrayRef,
    holds: &mut [u64],
) -> Result<()>
where
    T::Native: PartialOrd,
{
    let (Some(left), Some(right)) = (left.as_primitive_opt::<T>(), right.as_primitive_opt::<T>())
    else {
        return Err(lost());
    };
    let (less, equal, greater) =
        (u8::from(relation.less), u8::from(relation.equal), u8::from(relation.greater));
    let (left, right) = (left.values(), right.values());
    // Bitwise, so that the loop has no branch and vectorises.
    mask::fill_pairs(left, right, holds, |l, r| {
        let holds =
            (less & u8::from(l < r)) | (equal & u8::from(l == r)) | (greater & u8::from(l > r));
        holds != 0
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::operands::float_to_exact;
    use super::*;

    #[test]
    fn floats_compare_exactly_with_decimals_and_integers() {
        let exact = |v: i128| i256::from_i128(v);
        // 0.1 as a double is a little above one tenth.
        assert_eq!(float_to_exact(0.1, exact(1), 1), Some(Ordering::Greater));
        assert_eq!(float_to_exact(0.5, exact(5), 1), Some(Ordering::Equal));
        assert_eq!(float_to_exact(-0.5, exact(-5), 1), Some(Ordering::Equal));
        assert_eq!(
            float_to_exact(9_007_199_254_740_992.0, exact(9_007_199_254_740_993), 0),
            Some(Ordering::Less)
        );
        assert_eq!(float_to_exact(-1e300, exact(-1), 0), Some(Ordering::Less));
        assert_eq!(float_to_exact(f64::NAN, exact(1), 0), None);
        assert_eq!(float_to_exact(0.0, exact(-1), 0), Some(Ordering::Greater));
        assert_eq!(float_to_exact(f64::NEG_INFINITY, exact(-1), 0), Some(Ordering::Less));
        assert_eq!(float_to_exact(300.0, exact(3), -2), Some(Ordering::Equal));
    }

    #[test]
    fn types_meet_on_common_ground_or_not_at_all() {
        assert_eq!(ground(&DataType::Int8, &DataType::Int8), Some(Ground::Same(DataType::Int8)));
        assert!(matches!(ground(&DataType::Int8, &DataType::UInt64), Some(Ground::Scaled(..))));
        assert!(matches!(ground(&DataType::Float32, &DataType::Int8), Some(Ground::Mixed)));
        assert_eq!(ground(&DataType::Utf8, &DataType::Int8), None);
        let naive = DataType::Timestamp(TimeUnit::Second, None);
        let aware = DataType::Timestamp(TimeUnit::Second, Some("UTC".into()));
        assert_eq!(ground(&naive, &aware), None);
        assert_eq!(ground(&DataType::Date32, &naive), None);
    }
}
