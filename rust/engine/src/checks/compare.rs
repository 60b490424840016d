//! `compare`: two columns of a row compare so. A row where either is null passes (SQL CHECK).
//! One file because the common ground of two types and the loop over it belong together.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Decimal128Type, Decimal256Type, Decimal32Type,
    Decimal64Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type, Int8Type,
    Time32MillisecondType, Time32SecondType, Time64MicrosecondType, Time64NanosecondType,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt16Type, UInt32Type, UInt64Type, UInt8Type,
};
use arrow_array::{Array, ArrayRef};
use arrow_buffer::i256;
use arrow_schema::{DataType, TimeUnit};
use std::cmp::Ordering;

mod operands;

use super::{Argument, Arity, CheckKind, Clause, Compiled, Definition, RowCheck, Scope};
use crate::error::{Code, Error, Result};
use crate::kernels::{bits, mask};
use crate::promise;
use operands::{Bytes, Exact, Real};

pub(super) struct Compare;

impl CheckKind for Compare {
    fn definition(&self) -> &'static Definition {
        &Definition {
            name: "compare",
            aliases: &[],
            summary: "the left column compares so with the right one, row by row",
            scope: Scope::Row,
            arity: Arity::Two,
            applies_to: "two numbers, two strings, two booleans, or two times of one kind",
            arguments: &[Argument {
                name: "op",
                kind: "lt, le, gt, ge, eq or ne",
                default: "",
                summary: "left op right, exact across widths and scales; NaN fails",
            }],
            example: "{columns: [ship_date, receipt_date], rule: compare, args: {op: le}}",
        }
    }

    fn compile(&self, clause: &Clause<'_>) -> Result<Compiled> {
        clause.required("op")?;
        let op = match clause.text("op")?.unwrap_or_default() {
            "lt" => Op { less: true, equal: false, greater: false },
            "le" => Op { less: true, equal: true, greater: false },
            "gt" => Op { less: false, equal: false, greater: true },
            "ge" => Op { less: false, equal: true, greater: true },
            "eq" => Op { less: false, equal: true, greater: false },
            "ne" => Op { less: true, equal: false, greater: true },
            _ => return Err(clause.bad("op", "lt, le, gt, ge, eq or ne")),
        };
        let [left, right] = clause.columns.as_slice() else {
            return Err(Error::internal("compare lost a column"));
        };
        let how = how(&left.data_type, &right.data_type).ok_or_else(|| {
            Error::new(
                Code::NotApplicable,
                format!(
                    "{} is {} and {} is {}: they have no common order",
                    left.path,
                    promise::words(&left.data_type),
                    right.path,
                    promise::words(&right.data_type)
                ),
            )
            .help("compare columns of one kind; timestamps both with a zone or both without")
        })?;
        Ok(Compiled::Row(Box::new(Pair { op, how })))
    }
}

/// Which orderings of left and right satisfy the check.
#[derive(Debug, Clone, Copy)]
struct Op {
    less: bool,
    equal: bool,
    greater: bool,
}

impl Op {
    /// An unordered pair (NaN) satisfies nothing.
    fn fails(self, ordering: Option<Ordering>) -> bool {
        !match ordering {
            Some(Ordering::Less) => self.less,
            Some(Ordering::Equal) => self.equal,
            Some(Ordering::Greater) => self.greater,
            None => false,
        }
    }
}

/// The common ground of two types.
#[derive(Debug, Clone, PartialEq, Eq)]
enum How {
    /// One primitive type: native values.
    Same(DataType),
    /// Exact integers, each multiplied by its factor to a common scale.
    Scaled(i256, i256),
    /// A float against an integer, a decimal or another float.
    Mixed,
    Bytes,
    Booleans,
}

fn how(left: &DataType, right: &DataType) -> Option<How> {
    use DataType as D;
    let text = |t: &D| matches!(t, D::Utf8 | D::LargeUtf8 | D::Utf8View);
    let binary =
        |t: &D| matches!(t, D::Binary | D::LargeBinary | D::BinaryView | D::FixedSizeBinary(_));
    if text(left) && text(right) || binary(left) && binary(right) {
        return Some(How::Bytes);
    }
    if *left == D::Boolean && *right == D::Boolean {
        return Some(How::Booleans);
    }
    let zoneless = |t: &D| match t {
        D::Timestamp(unit, Some(_)) => D::Timestamp(*unit, Some("UTC".into())),
        other => other.clone(),
    };
    if zoneless(left) == zoneless(right) && left.is_primitive() && *left != D::Float16 {
        return Some(How::Same(zoneless(left)));
    }
    let (l, r) = (kind(left)?, kind(right)?);
    match (l, r) {
        (Kind::Float, Kind::Float | Kind::Exact(_)) | (Kind::Exact(_), Kind::Float) => {
            Some(How::Mixed)
        }
        (Kind::Exact(l), Kind::Exact(r)) => {
            let common = l.max(r);
            Some(How::Scaled(power(common - l)?, power(common - r)?))
        }
        (Kind::Ticks(a, l), Kind::Ticks(b, r)) if a == b => {
            let common = l.max(r);
            Some(How::Scaled(power(common - l)?, power(common - r)?))
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

#[derive(Debug)]
struct Pair {
    op: Op,
    how: How,
}

impl RowCheck for Pair {
    fn fail(&self, columns: &[ArrayRef], valid: Option<&[u64]>, fail: &mut [u64]) -> Result<()> {
        let [left, right] = columns else {
            return Err(Error::internal("compare lost a column"));
        };
        let op = self.op;
        let count = left.len().min(right.len());
        match &self.how {
            How::Same(data_type) => same(op, data_type, left, right, fail),
            How::Scaled(l, r) => {
                let (left, right) = (Exact::of(left)?, Exact::of(right)?);
                rows(count, valid, fail, |row| {
                    let (a, b) = (left.value(row), right.value(row));
                    // 10^76 × 10^76 does not fit: what overflows is larger than what does not.
                    let ordering = match (a.checked_mul(*l), b.checked_mul(*r)) {
                        (Some(a), Some(b)) => a.cmp(&b),
                        (None, _) => a.cmp(&i256::ZERO),
                        (_, None) => i256::ZERO.cmp(&b),
                    };
                    op.fails(Some(ordering))
                });
                Ok(())
            }
            How::Mixed => {
                let (left, right) = (Real::of(left)?, Real::of(right)?);
                rows(count, valid, fail, |row| op.fails(left.compare(&right, row)));
                Ok(())
            }
            How::Bytes => {
                let (left, right) = (Bytes::of(left)?, Bytes::of(right)?);
                rows(count, valid, fail, |row| {
                    op.fails(Some(left.value(row).cmp(right.value(row))))
                });
                Ok(())
            }
            How::Booleans => {
                let (Some(left), Some(right)) = (left.as_boolean_opt(), right.as_boolean_opt())
                else {
                    return Err(lost());
                };
                rows(count, valid, fail, |row| {
                    op.fails(Some(left.value(row).cmp(&right.value(row))))
                });
                Ok(())
            }
        }
    }

    fn cost(&self) -> f64 {
        match self.how {
            How::Same(_) => 0.8,
            How::Booleans => 3.0,
            How::Bytes => 8.0,
            How::Scaled(..) => 20.0,
            How::Mixed => 30.0,
        }
    }

    fn explain(&self) -> String {
        match self.how {
            How::Same(_) => "column against column".into(),
            How::Scaled(..) => "column against column at a common scale, exact".into(),
            How::Mixed => "float against number, exact".into(),
            How::Bytes => "bytes against bytes".into(),
            How::Booleans => "bits against bits".into(),
        }
    }
}

fn lost() -> Error {
    Error::internal("compare met another type than it was compiled for")
}

/// Judges the valid rows only; the others stay clear.
fn rows(count: usize, valid: Option<&[u64]>, fail: &mut [u64], fails: impl Fn(usize) -> bool) {
    let mut judge = |row| {
        if fails(row) {
            bits::set(fail, row);
        }
    };
    match valid {
        Some(valid) => bits::ones_of(valid).take_while(|row| *row < count).for_each(&mut judge),
        None => (0..count).for_each(&mut judge),
    }
}

fn same(
    op: Op,
    data_type: &DataType,
    left: &ArrayRef,
    right: &ArrayRef,
    fail: &mut [u64],
) -> Result<()> {
    fn typed<T: ArrowPrimitiveType>(
        op: Op,
        left: &ArrayRef,
        right: &ArrayRef,
        fail: &mut [u64],
    ) -> Result<()>
    where
        T::Native: PartialOrd,
    {
        let (Some(left), Some(right)) =
            (left.as_primitive_opt::<T>(), right.as_primitive_opt::<T>())
        else {
            return Err(lost());
        };
        let (less, equal, greater) = (u8::from(op.less), u8::from(op.equal), u8::from(op.greater));
        let (left, right) = (left.values(), right.values());
        // Bitwise, so that the loop has no branch and vectorises.
        mask::fill_pairs(left, right, fail, |l, r| {
            let holds =
                (less & u8::from(l < r)) | (equal & u8::from(l == r)) | (greater & u8::from(l > r));
            holds == 0
        });
        Ok(())
    }
    macro_rules! dispatch {
        ($($pattern:pat => $t:ty,)+) => {
            match data_type {
                $($pattern => typed::<$t>(op, left, right, fail),)+
                _ => Err(lost()),
            }
        };
    }
    dispatch! {
        DataType::Int8 => Int8Type,
        DataType::Int16 => Int16Type,
        DataType::Int32 => Int32Type,
        DataType::Int64 => Int64Type,
        DataType::UInt8 => UInt8Type,
        DataType::UInt16 => UInt16Type,
        DataType::UInt32 => UInt32Type,
        DataType::UInt64 => UInt64Type,
        DataType::Float32 => Float32Type,
        DataType::Float64 => Float64Type,
        DataType::Decimal32(..) => Decimal32Type,
        DataType::Decimal64(..) => Decimal64Type,
        DataType::Decimal128(..) => Decimal128Type,
        DataType::Decimal256(..) => Decimal256Type,
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
        assert_eq!(how(&DataType::Int8, &DataType::Int8), Some(How::Same(DataType::Int8)));
        assert!(matches!(how(&DataType::Int8, &DataType::UInt64), Some(How::Scaled(..))));
        assert!(matches!(how(&DataType::Float32, &DataType::Int8), Some(How::Mixed)));
        assert_eq!(how(&DataType::Utf8, &DataType::Int8), None);
        let naive = DataType::Timestamp(TimeUnit::Second, None);
        let aware = DataType::Timestamp(TimeUnit::Second, Some("UTC".into()));
        assert_eq!(how(&naive, &aware), None);
        assert_eq!(how(&DataType::Date32, &naive), None);
    }
}
