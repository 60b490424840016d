//! What makes a key: the kinds of its columns, the meaning of null and how it is packed.

use arrow_schema::{DataType, IntervalUnit};

use crate::error::{Code, Error, Result};

/// What null means in a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nulls {
    /// SQL `UNIQUE`: a null in any column exempts the row.
    Distinct,
    /// `NULLS NOT DISTINCT`: null equals null.
    Equal,
}

/// How the rows of a key are stored. Text of 15 bytes or less and UUIDs in their usual spelling are
/// packed also in a wide key: which of them a value is depends on the value alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// One word holds every key.
    K8,
    /// Two words hold every key, and one word those whose integers are small.
    K16,
    /// The canonical bytes.
    Wide,
}

/// The logical kind of one column: every physical encoding of a kind gives the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Only nulls.
    Null,
    /// One bit.
    Boolean,
    /// A signed integer of so many bits: also dates, times, timestamps, decimals, durations.
    Signed(u32),
    /// An unsigned integer of so many bits.
    Unsigned(u32),
    /// A floating-point number of so many bits.
    Float(u32),
    /// Months, days and nanoseconds.
    MonthDayNano,
    /// Days and milliseconds.
    DayTime,
    /// Unscaled 256-bit decimal.
    Decimal256,
    /// So many bytes.
    Fixed(usize),
    /// Text or bytes of any length.
    Bytes,
}

impl Kind {
    pub(crate) fn of(data_type: &DataType) -> Option<Self> {
        use DataType as T;
        Some(match data_type {
            T::Null => Self::Null,
            T::Boolean => Self::Boolean,
            T::Int8 => Self::Signed(8),
            T::Int16 => Self::Signed(16),
            T::Int32
            | T::Date32
            | T::Time32(_)
            | T::Decimal32(..)
            | T::Interval(IntervalUnit::YearMonth) => Self::Signed(32),
            T::Int64
            | T::Date64
            | T::Time64(_)
            | T::Timestamp(..)
            | T::Duration(_)
            | T::Decimal64(..) => Self::Signed(64),
            T::Decimal128(..) => Self::Signed(128),
            T::Decimal256(..) => Self::Decimal256,
            T::Interval(IntervalUnit::DayTime) => Self::DayTime,
            T::Interval(IntervalUnit::MonthDayNano) => Self::MonthDayNano,
            T::UInt8 => Self::Unsigned(8),
            T::UInt16 => Self::Unsigned(16),
            T::UInt32 => Self::Unsigned(32),
            T::UInt64 => Self::Unsigned(64),
            T::Float16 => Self::Float(16),
            T::Float32 => Self::Float(32),
            T::Float64 => Self::Float(64),
            T::FixedSizeBinary(width) => Self::Fixed(usize::try_from(*width).ok()?),
            T::Utf8 | T::LargeUtf8 | T::Utf8View | T::Binary | T::LargeBinary | T::BinaryView => {
                Self::Bytes
            }
            T::Dictionary(_, value) => Self::of(value)?,
            T::RunEndEncoded(_, value) => Self::of(value.data_type())?,
            _ => return None,
        })
    }

    /// Width in bits, if every value has the same.
    pub(crate) fn bits(self) -> Option<usize> {
        match self {
            Self::Null => Some(0),
            Self::Boolean => Some(1),
            Self::Signed(bits) | Self::Unsigned(bits) | Self::Float(bits) => Some(bits as usize),
            Self::MonthDayNano => Some(128),
            Self::DayTime => Some(64),
            Self::Decimal256 => Some(256),
            Self::Fixed(bytes) => Some(bytes.saturating_mul(8)),
            Self::Bytes => None,
        }
    }

    /// Whether a value may need fewer bits than its type.
    fn shrinks(self) -> bool {
        matches!(self, Self::Signed(64 | 128) | Self::Unsigned(64))
    }
}

/// A compiled key. Immutable and shared between threads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyForm {
    pub(crate) kinds: Vec<Kind>,
    pub(crate) nulls: Nulls,
    pub(crate) class: Class,
    /// Bits per column when the integers are small enough to share one word; empty if they cannot.
    pub(crate) narrow: Vec<usize>,
}

impl KeyForm {
    /// Compiles the key over these columns (of struct columns, their leaves).
    ///
    /// # Errors
    /// [`Code::NotApplicable`] for lists, maps, structs and unions; [`Code::BadArgument`] for a key
    /// without columns.
    pub fn compile(types: &[DataType], nulls: Nulls) -> Result<Self> {
        if types.is_empty() {
            return Err(Error::new(Code::BadArgument, "a key needs at least one column"));
        }
        let kinds = types.iter().map(Kind::of).collect::<Option<Vec<_>>>().ok_or_else(|| {
            Error::new(Code::NotApplicable, "a list, map, struct or union cannot be part of a key")
                .help("name the leaves of the struct, or a column of a plain type")
        })?;
        let mut spec = Self { kinds, nulls, class: Class::Wide, narrow: Vec::new() };
        let widths: Option<Vec<usize>> = spec.kinds.iter().map(|kind| kind.bits()).collect();
        if let Some(widths) = widths {
            let total = widths.iter().fold(spec.null_bits(), |sum, bits| sum.saturating_add(*bits));
            spec.class = match total {
                0..=64 => Class::K8,
                65..=128 => Class::K16,
                _ => Class::Wide,
            };
            if spec.class == Class::K16 {
                spec.narrow = spec.narrowed(&widths);
            }
        }
        Ok(spec)
    }

    /// Shares what one word leaves over among the columns that may need less than their type.
    fn narrowed(&self, widths: &[usize]) -> Vec<usize> {
        let shrinking = self.kinds.iter().filter(|kind| kind.shrinks()).count();
        let fixed = self.kinds.iter().zip(widths).filter(|(kind, _)| !kind.shrinks());
        let fixed: usize = fixed.map(|(_, bits)| bits).sum::<usize>() + self.null_bits();
        let share = 64usize.saturating_sub(fixed).checked_div(shrinking).unwrap_or(0);
        if share < 8 {
            return Vec::new();
        }
        let width = |(kind, bits): (&Kind, &usize)| {
            if kind.shrinks() {
                share.min(*bits)
            } else {
                *bits
            }
        };
        self.kinds.iter().zip(widths).map(width).collect()
    }

    /// Bits of the last of several numbers where they share one word.
    pub(crate) fn low_bits(&self) -> Option<u32> {
        let [_, .., last] = self.kinds.as_slice() else { return None };
        let bits = self.narrow.last().copied().or_else(|| last.bits());
        bits.and_then(|bits| u32::try_from(bits).ok())
    }

    /// Bits of the null mask inside the key. One column alone counts its nulls beside the keys.
    pub(crate) fn null_bits(&self) -> usize {
        if self.masks_nulls() {
            self.kinds.len()
        } else {
            0
        }
    }

    /// Whether nulls are part of the key.
    pub(crate) fn masks_nulls(&self) -> bool {
        self.nulls == Nulls::Equal && self.kinds.len() > 1
    }

    /// Whether a null in any column exempts the row.
    pub(crate) fn exempts_nulls(&self) -> bool {
        self.nulls == Nulls::Distinct
    }

    /// How the keys are stored.
    pub fn class(&self) -> Class {
        self.class
    }

    /// Estimated nanoseconds per row on one core, when the keys come in no order.
    pub fn cost(&self) -> f64 {
        match self.class {
            Class::K8 => 12.0,
            Class::K16 => 20.0,
            Class::Wide => 25.0,
        }
    }

    /// What `plan.explain()` says about this key.
    pub fn explain(&self) -> String {
        let stored = match (self.class, self.narrow.is_empty()) {
            (Class::K8, _) => "packed into 8 bytes",
            (Class::K16, true) => "packed into 16 bytes",
            (Class::K16, false) => "packed into 8 bytes where the integers are small, else 16",
            (Class::Wide, _) => "text up to 15 bytes and UUIDs packed, wider keys as their bytes",
        };
        let nulls = match self.nulls {
            Nulls::Distinct => "a null exempts the row",
            Nulls::Equal => "null equals null",
        };
        let count = self.kinds.len();
        let columns = if count == 1 { "column" } else { "columns" };
        format!("key of {count} {columns}: {stored}; {nulls}")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // how tests fail
mod tests {
    use super::*;
    use arrow_schema::{Field, TimeUnit};
    use std::sync::Arc;

    fn class(types: &[DataType], nulls: Nulls) -> Class {
        KeyForm::compile(types, nulls).unwrap().class
    }

    #[test]
    fn classes_follow_from_widths() {
        use DataType as T;
        let distinct = Nulls::Distinct;
        assert_eq!(class(&[T::Int64], distinct), Class::K8);
        assert_eq!(class(&[T::Int64], Nulls::Equal), Class::K8);
        assert_eq!(class(&[T::Int32, T::Int32], distinct), Class::K8);
        assert_eq!(class(&[T::Int32, T::Int32], Nulls::Equal), Class::K16);
        assert_eq!(class(&[T::FixedSizeBinary(16)], distinct), Class::K16);
        assert_eq!(class(&[T::FixedSizeBinary(17)], distinct), Class::Wide);
        assert_eq!(class(&[T::Decimal256(76, 0)], distinct), Class::Wide);
        assert_eq!(class(&[T::Utf8], distinct), Class::Wide);
        let dictionary = T::Dictionary(Box::new(T::Int8), Box::new(T::Int64));
        assert_eq!(class(&[dictionary], distinct), Class::K8);
    }

    #[test]
    fn small_integers_share_a_word() {
        use DataType as T;
        let narrow = |types: &[T]| KeyForm::compile(types, Nulls::Distinct).unwrap().narrow;
        assert_eq!(narrow(&[T::Int64, T::Int32]), [32, 32]);
        assert_eq!(narrow(&[T::Int64, T::Int64]), [32, 32]);
        assert_eq!(narrow(&[T::Timestamp(TimeUnit::Microsecond, None), T::Int8]), [56, 8]);
        assert_eq!(narrow(&[T::Decimal128(38, 2)]), [64]);
        assert_eq!(narrow(&[T::FixedSizeBinary(8), T::Int64]), [0usize; 0]);
    }

    #[test]
    fn nested_types_are_refused() {
        let list = DataType::List(Arc::new(Field::new("item", DataType::Int8, true)));
        let error = KeyForm::compile(&[list], Nulls::Distinct).unwrap_err();
        assert_eq!(error.code, Code::NotApplicable);
        let error = KeyForm::compile(&[], Nulls::Distinct).unwrap_err();
        assert_eq!(error.code, Code::BadArgument);
    }
}
