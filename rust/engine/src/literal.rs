//! Literals of a contract, converted exactly into a column's physical type.
//!
//! A decimal literal goes from its text to the integer, the unscaled decimal or the nearest float
//! of the column; it never passes through a float on the way to an exact type.

mod number;
pub(crate) mod time;

use arrow_buffer::i256;
use arrow_schema::DataType;

use crate::contract::Literal;
use crate::error::{Code, Error, Result};
use crate::kernels::compare::Ranged;
use crate::promise;

pub(crate) use number::{Number, Rounding};

/// Where a literal lies with regard to a type's domain.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Placed<T> {
    /// Below every value of the type.
    Below,
    /// Above every value of the type.
    Above,
    /// This value.
    At(T),
}

/// A physical type that literals are converted to.
pub(crate) trait Native: Ranged + Send + Sync + std::fmt::Debug + 'static {
    const MIN: Self;
    const MAX: Self;
    fn from_digits(text: &str) -> Option<Self>;
    /// The next value above; `None` at the top.
    fn up(self) -> Option<Self>;
    /// The next value below; `None` at the bottom.
    fn down(self) -> Option<Self>;
    #[inline]
    fn is_nan(self) -> bool {
        false
    }
    const FLOAT: bool = false;
    /// A number of 64 bits for each value, for integers that have no more; differences between
    /// numbers are those between values.
    #[inline]
    fn key(self) -> Option<u64> {
        None
    }
}

macro_rules! native_int {
    ($($t:ty: $key:expr),+) => {$(impl Native for $t {
        const MIN: Self = <$t>::MIN;
        const MAX: Self = <$t>::MAX;
        fn from_digits(text: &str) -> Option<Self> { text.parse().ok() }
        fn up(self) -> Option<Self> { self.checked_add(1) }
        fn down(self) -> Option<Self> { self.checked_sub(1) }
        #[inline]
        fn key(self) -> Option<u64> { ($key)(self) }
    })+};
}
macro_rules! sign_extended {
    ($t:ty) => {
        |value: $t| Some(i64::from(value) as u64)
    };
}
native_int!(
    i8: sign_extended!(i8), i16: sign_extended!(i16), i32: sign_extended!(i32),
    i64: sign_extended!(i64), i128: |_| None,
    u8: |value: u8| Some(u64::from(value)), u16: |value: u16| Some(u64::from(value)),
    u32: |value: u32| Some(u64::from(value)), u64: |value: u64| Some(value)
);

impl Native for i256 {
    const MIN: Self = i256::MIN;
    const MAX: Self = i256::MAX;
    fn from_digits(text: &str) -> Option<Self> {
        i256::from_string(text)
    }
    fn up(self) -> Option<Self> {
        self.checked_add(i256::ONE)
    }
    fn down(self) -> Option<Self> {
        self.checked_sub(i256::ONE)
    }
}

macro_rules! native_float {
    ($($t:ty),+) => {$(impl Native for $t {
        const MIN: Self = <$t>::NEG_INFINITY;
        const MAX: Self = <$t>::INFINITY;
        const FLOAT: bool = true;
        fn from_digits(text: &str) -> Option<Self> {
            text.parse::<$t>().ok().filter(|v| v.is_finite())
        }
        fn up(self) -> Option<Self> { Some(self.next_up()) }
        fn down(self) -> Option<Self> { Some(self.next_down()) }
        #[inline]
        fn is_nan(self) -> bool { <$t>::is_nan(self) }
    })+};
}
native_float!(f32, f64);

/// Places an order bound into the domain of `T`, which holds values of `data_type`.
///
/// # Errors
/// `plan.bad_literal` when the literal is of the wrong kind for the type.
pub(crate) fn bound<T: Native>(
    literal: &Literal,
    data_type: &DataType,
    rounding: Rounding,
) -> Result<Placed<T>> {
    place(literal, data_type, Some(rounding))
}

/// Converts a literal to exactly one value of the type; `None` when no value of the type equals it.
///
/// # Errors
/// `plan.bad_literal` when the literal is of the wrong kind for the type.
pub(crate) fn exact<T: Native>(literal: &Literal, data_type: &DataType) -> Result<Option<T>> {
    Ok(match place(literal, data_type, None)? {
        Placed::At(value) => Some(value),
        _ => None,
    })
}

fn place<T: Native>(
    literal: &Literal,
    data_type: &DataType,
    rounding: Option<Rounding>,
) -> Result<Placed<T>> {
    let number = numeric(literal, data_type)?;
    if T::FLOAT {
        return Ok(match T::from_digits(&number.to_float_text()) {
            Some(value) => Placed::At(value),
            None if number.is_negative() => Placed::Below,
            None => Placed::Above,
        });
    }
    let scale = promise::decimal(data_type).map_or(0, |(_, s)| i32::from(s));
    Ok(match number.at_scale(scale, rounding) {
        Some(digits) => match T::from_digits(&digits) {
            Some(value) => Placed::At(value),
            None if number.is_negative() => Placed::Below,
            None => Placed::Above,
        },
        None => Placed::Above, // not representable, and nobody asked to round
    })
}

/// The literal as a number in the ticks of `data_type`.
pub(crate) fn numeric(literal: &Literal, data_type: &DataType) -> Result<Number> {
    let wrong = |wanted: &str| {
        Error::new(
            Code::BadLiteral,
            format!(
                "{} stands where a column of type {} needs {wanted}",
                literal.given(),
                promise::words(data_type)
            ),
        )
        .help(match literal {
            Literal::Text(_) if data_type.is_numeric() => "write the number without quotes",
            Literal::Number(_) if data_type.is_temporal() => "write it in quotes, in ISO 8601",
            Literal::Text(_) if data_type.is_temporal() => "write it in ISO 8601",
            _ => "write a value of the column's type, or promise another type",
        })
    };
    match data_type {
        DataType::Date32 | DataType::Date64 => {
            let days = match literal {
                Literal::Text(text) => time::date(text),
                _ => None,
            }
            .ok_or_else(|| wrong("a date such as \"2026-01-31\""))?;
            let ticks = if *data_type == DataType::Date32 { days } else { days * 86_400_000 };
            Ok(Number::integer(i128::from(ticks)))
        }
        DataType::Time32(unit) | DataType::Time64(unit) => {
            let nanos = match literal {
                Literal::Text(text) => time::time_of_day(text),
                _ => None,
            }
            .ok_or_else(|| wrong("a time such as \"13:30:00\""))?;
            Ok(Number::ticks(i128::from(nanos), *unit))
        }
        DataType::Timestamp(unit, zone) => {
            let (nanos, aware) = match literal {
                Literal::Text(text) => time::timestamp(text),
                _ => None,
            }
            .ok_or_else(|| wrong("a timestamp such as \"2026-01-31T13:30:00Z\""))?;
            if aware != zone.is_some() {
                let (have, need) = if aware { ("an", "no") } else { ("no", "an") };
                return Err(Error::new(
                    Code::BadLiteral,
                    format!(
                        "a timestamp with {have} offset is compared with a column that has {} zone",
                        if aware { "no" } else { "a" }
                    ),
                )
                .help(format!(
                    "write the timestamp with {need} offset, such as {}",
                    if aware { "2026-01-31T13:30:00" } else { "2026-01-31T13:30:00Z" }
                )));
            }
            Ok(Number::ticks(nanos, *unit))
        }
        t if t.is_numeric() => match literal {
            Literal::Number(text) => Number::parse(text).ok_or_else(|| wrong("a finite number")),
            _ => Err(wrong("a number")),
        },
        _ => Err(wrong("another kind of literal")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_schema::TimeUnit;

    fn number(text: &str) -> Literal {
        Literal::Number(text.into())
    }

    #[test]
    fn bounds_are_exact_at_every_scale() {
        let d = DataType::Decimal128(10, 2);
        assert_eq!(bound::<i128>(&number("0.1"), &d, Rounding::Ceil).unwrap(), Placed::At(10));
        assert_eq!(bound::<i128>(&number("0.101"), &d, Rounding::Ceil).unwrap(), Placed::At(11));
        assert_eq!(bound::<i128>(&number("0.101"), &d, Rounding::Floor).unwrap(), Placed::At(10));
        assert_eq!(bound::<i128>(&number("-0.101"), &d, Rounding::Floor).unwrap(), Placed::At(-11));
        assert_eq!(bound::<i128>(&number("-0.101"), &d, Rounding::Ceil).unwrap(), Placed::At(-10));
        assert_eq!(
            bound::<i64>(&number("9007199254740992.0"), &DataType::Int64, Rounding::Floor).unwrap(),
            Placed::At(9_007_199_254_740_992)
        );
        assert_eq!(
            bound::<i8>(&number("300"), &DataType::Int8, Rounding::Floor).unwrap(),
            Placed::Above
        );
        assert_eq!(
            bound::<u8>(&number("-1"), &DataType::UInt8, Rounding::Ceil).unwrap(),
            Placed::Below
        );
        assert_eq!(
            bound::<i64>(&number("1e3"), &DataType::Int64, Rounding::Ceil).unwrap(),
            Placed::At(1000)
        );
        assert_eq!(
            bound::<i64>(&number("-0.5"), &DataType::Int64, Rounding::Ceil).unwrap(),
            Placed::At(0)
        );
        assert_eq!(
            bound::<i64>(&number("9.99"), &DataType::Int64, Rounding::Ceil).unwrap(),
            Placed::At(10)
        );
        assert!(Number::parse("1e999").is_none());
        assert!(Number::parse("").is_none() && Number::parse(".").is_none());
    }

    #[test]
    fn an_exact_literal_exists_or_does_not() {
        assert_eq!(exact::<i64>(&number("1.0"), &DataType::Int64).unwrap(), Some(1));
        assert_eq!(exact::<i64>(&number("1.5"), &DataType::Int64).unwrap(), None);
        assert_eq!(exact::<f64>(&number("0.1"), &DataType::Float64).unwrap(), Some(0.1));
        assert!(exact::<i64>(&Literal::Text("1".into()), &DataType::Int64).is_err());
    }

    #[test]
    fn dates_and_instants() {
        assert_eq!(time::date("1970-01-01"), Some(0));
        assert_eq!(time::date("2000-02-29"), Some(11_016));
        assert_eq!(time::date("1900-02-29"), None);
        assert_eq!(
            time::timestamp("2025-01-01T02:00:00+02:00"),
            time::timestamp("2025-01-01T00:00:00Z")
        );
        assert_eq!(time::timestamp("2025-01-01T00:00:00").map(|t| t.1), Some(false));
        assert_eq!(time::timestamp("1969-12-31T23:59:59.5Z"), Some((-500_000_000, true)));
        assert_eq!(time::time_of_day("24:00"), None);
        let utc = DataType::Timestamp(TimeUnit::Second, Some("UTC".into()));
        let naive = Literal::Text("2025-01-01T00:00:00".into());
        assert_eq!(bound::<i64>(&naive, &utc, Rounding::Ceil).unwrap_err().code, Code::BadLiteral);
    }

    #[test]
    fn durations_keep_fractions() {
        assert_eq!(time::duration("1.5h"), Some(5_400_000_000_000));
        assert_eq!(time::duration("15m"), Some(900_000_000_000));
        assert_eq!(time::duration("24h"), time::duration("1d"));
        assert_eq!(time::duration("1y"), None);
        assert_eq!(time::duration("-1h"), None);
    }
}
