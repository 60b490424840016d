//! Promised types: what a contract says a column is, and which Arrow types keep the promise.
//!
//! No value is ever cast to the promised type. Encodings (dictionary, run-end, view, large) carry
//! the same promise as the plain layout.

mod moment;

use arrow_schema::{DataType, TimeUnit};

use crate::error::{Code, Error, Result};
pub use moment::{Moment, Zone};

/// A promised type in the spelling of the native form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Promise {
    /// `string`
    Text,
    /// `integer` (any width), or `int8` … `uint64`
    Integer(Option<(u8, bool)>),
    /// `decimal`, or `decimal(precision, scale)`
    Decimal(Option<(u8, i8)>),
    /// `number`: any integer, float or decimal
    Number,
    /// `float32`, `float64`
    Float(u8),
    /// `boolean`
    Boolean,
    /// `date`
    Date,
    /// `time`, or `time[unit]`
    Time(Option<TimeUnit>),
    /// `timestamp` (either), `timestamp_tz` (with a zone), `timestamp_ntz` (without), or with a
    /// unit or a zone by name: `timestamp[us, tz=UTC]`
    Timestamp(Moment),
    /// `binary`
    Binary,
    /// `list`
    List,
    /// `struct`
    Struct,
    /// `map`
    Map,
}

const DECIMAL: &str = "a decimal has 1 to 76 digits, and at most as many of them below the point: \
                       decimal(18,2)";

const NAMES: &[(&str, Promise)] = &[
    ("string", Promise::Text),
    ("integer", Promise::Integer(None)),
    ("int8", Promise::Integer(Some((8, true)))),
    ("int16", Promise::Integer(Some((16, true)))),
    ("int32", Promise::Integer(Some((32, true)))),
    ("int64", Promise::Integer(Some((64, true)))),
    ("uint8", Promise::Integer(Some((8, false)))),
    ("uint16", Promise::Integer(Some((16, false)))),
    ("uint32", Promise::Integer(Some((32, false)))),
    ("uint64", Promise::Integer(Some((64, false)))),
    ("decimal", Promise::Decimal(None)),
    ("number", Promise::Number),
    ("float32", Promise::Float(32)),
    ("float64", Promise::Float(64)),
    ("boolean", Promise::Boolean),
    ("date", Promise::Date),
    ("time", Promise::Time(None)),
    ("timestamp", Promise::Timestamp(Moment::ANY)),
    ("timestamp_tz", Promise::Timestamp(Moment::ZONED)),
    ("timestamp_ntz", Promise::Timestamp(Moment::NAIVE)),
    ("binary", Promise::Binary),
    ("list", Promise::List),
    ("struct", Promise::Struct),
    ("map", Promise::Map),
];

impl Promise {
    /// The names that [`Promise::parse`] accepts; `decimal` also takes `(precision, scale)`, and
    /// times and timestamps take `[unit]`.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name)
    }

    /// Reads a promised type.
    ///
    /// # Errors
    /// `plan.unknown_type`
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        if let Some((_, promise)) = NAMES.iter().find(|(name, _)| *name == text) {
            return Ok(promise.clone());
        }
        if let Some(promise) = moment::parse(text) {
            return promise;
        }
        if let Some(inside) = text.strip_prefix("decimal(").and_then(|t| t.strip_suffix(')')) {
            let mut parts = inside.split(',').map(str::trim);
            if let (Some(p), Some(s), None) = (parts.next(), parts.next(), parts.next()) {
                if let (Ok(p), Ok(s)) = (p.parse::<u8>(), s.parse::<i8>()) {
                    if (1..=76).contains(&p) && s.unsigned_abs() <= p {
                        return Ok(Self::Decimal(Some((p, s))));
                    }
                }
            }
        }
        let names: Vec<_> = Self::names().collect();
        Err(Error::new(Code::UnknownType, format!("{text:?} is not a type")).help(
            match nearest(text, names.iter().copied()) {
                _ if text.starts_with("decimal(") => DECIMAL.to_owned(),
                Some(name) => format!("did you mean {name:?}?"),
                None => format!("one of: {}", names.join(", ")),
            },
        ))
    }

    /// Whether a column of this Arrow type keeps the promise.
    pub fn fits(&self, data_type: &DataType) -> bool {
        use DataType as D;
        match (self, plain(data_type)) {
            (Self::Text, D::Utf8 | D::LargeUtf8 | D::Utf8View)
            | (Self::Boolean, D::Boolean)
            | (Self::Date, D::Date32 | D::Date64)
            | (Self::Time(None), D::Time32(_) | D::Time64(_))
            | (Self::Struct, D::Struct(_))
            | (Self::Map, D::Map(..))
            | (Self::Float(32), D::Float32)
            | (Self::Float(64), D::Float64) => true,
            (Self::Binary, t) => {
                matches!(t, D::Binary | D::LargeBinary | D::BinaryView | D::FixedSizeBinary(_))
            }
            (Self::List, t) => matches!(
                t,
                D::List(_)
                    | D::LargeList(_)
                    | D::FixedSizeList(..)
                    | D::ListView(_)
                    | D::LargeListView(_)
            ),
            (Self::Integer(None), t) => t.is_integer(),
            (Self::Integer(Some(promised)), t) => integer(t) == Some(*promised),
            (Self::Number, t) => t.is_numeric(),
            (Self::Decimal(None), t) => decimal(t).is_some(),
            (Self::Decimal(Some(promised)), t) => decimal(t) == Some(*promised),
            (Self::Time(Some(unit)), D::Time32(have) | D::Time64(have)) => unit == have,
            (Self::Timestamp(moment), D::Timestamp(unit, zone)) => {
                moment.fits(*unit, zone.as_deref())
            }
            _ => false,
        }
    }

    /// Whether it is a time or timestamp whose unit or zone is promised.
    pub fn is_exact_moment(&self) -> bool {
        match self {
            Self::Time(unit) => unit.is_some(),
            Self::Timestamp(moment) => moment.is_exact(),
            _ => false,
        }
    }

    /// What data of this type has instead, in words that tell it from the promise.
    pub fn instead(&self, data_type: &DataType) -> String {
        match (self, plain(data_type)) {
            (Self::Time(Some(_)), DataType::Time32(unit) | DataType::Time64(unit)) => {
                moment::spelt("time", *unit, None)
            }
            (Self::Timestamp(moment), DataType::Timestamp(unit, zone)) if moment.is_exact() => {
                let base = if zone.is_none() { "timestamp_ntz" } else { "timestamp" };
                moment::spelt(base, *unit, zone.as_deref())
            }
            (_, other) => words(other),
        }
    }
}

/// The type of the values: dictionaries and run-ends peeled off.
pub fn plain(data_type: &DataType) -> &DataType {
    match data_type {
        DataType::Dictionary(_, values) => plain(values),
        DataType::RunEndEncoded(_, values) => plain(values.data_type()),
        other => other,
    }
}

/// Width in bits and whether signed, of an integer type.
pub fn integer(data_type: &DataType) -> Option<(u8, bool)> {
    Some(match data_type {
        DataType::Int8 => (8, true),
        DataType::Int16 => (16, true),
        DataType::Int32 => (32, true),
        DataType::Int64 => (64, true),
        DataType::UInt8 => (8, false),
        DataType::UInt16 => (16, false),
        DataType::UInt32 => (32, false),
        DataType::UInt64 => (64, false),
        _ => return None,
    })
}

/// Precision and scale of a decimal type.
pub fn decimal(data_type: &DataType) -> Option<(u8, i8)> {
    match data_type {
        DataType::Decimal32(p, s)
        | DataType::Decimal64(p, s)
        | DataType::Decimal128(p, s)
        | DataType::Decimal256(p, s) => Some((*p, *s)),
        _ => None,
    }
}

/// The name of an Arrow type in the words of a contract, for messages.
pub fn words(data_type: &DataType) -> String {
    use DataType as D;
    match plain(data_type) {
        D::Utf8 | D::LargeUtf8 | D::Utf8View => "string".into(),
        D::Binary | D::LargeBinary | D::BinaryView => "binary".into(),
        D::FixedSizeBinary(n) => format!("binary of {n} bytes"),
        D::Boolean => "boolean".into(),
        D::Null => "null".into(),
        D::Float16 => "float16".into(),
        D::Float32 => "float32".into(),
        D::Float64 => "float64".into(),
        D::Date32 | D::Date64 => "date".into(),
        D::Time32(_) | D::Time64(_) => "time".into(),
        D::Timestamp(unit, None) => format!("timestamp in {} without a zone", unit_word(*unit)),
        D::Timestamp(unit, Some(_)) => format!("timestamp in {} with a zone", unit_word(*unit)),
        D::Duration(_) => "duration".into(),
        D::Interval(_) => "interval".into(),
        D::Struct(_) => "struct".into(),
        D::Map(..) => "map".into(),
        D::Union(..) => "union".into(),
        other => match (integer(other), decimal(other)) {
            (Some((bits, true)), _) => format!("int{bits}"),
            (Some((bits, false)), _) => format!("uint{bits}"),
            (_, Some((p, s))) => format!("decimal({p}, {s})"),
            _ => "list".into(),
        },
    }
}

fn unit_word(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second => "seconds",
        TimeUnit::Millisecond => "milliseconds",
        TimeUnit::Microsecond => "microseconds",
        TimeUnit::Nanosecond => "nanoseconds",
    }
}

/// The type of a list's items. Those of a map are its entries: structs of `key` and `value`, however
/// the data names the two.
pub fn items(data_type: &DataType) -> Option<DataType> {
    match data_type {
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::ListView(item)
        | DataType::LargeListView(item) => Some(item.data_type().clone()),
        DataType::Map(entries, _) => {
            let DataType::Struct(pair) = entries.data_type() else { return None };
            let named = pair.iter().zip(["key", "value"]);
            let named = named.map(|(field, name)| field.as_ref().clone().with_name(name));
            Some(DataType::Struct(named.collect()))
        }
        _ => None,
    }
}

/// The name among `names` that is nearest to `word`, if it is near enough to be a slip.
pub fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    names
        .map(|name| (distance(&word, &name.to_lowercase()), name))
        .filter(|(d, name)| *d <= 1 + name.len().min(word.len()) / 4)
        .min()
        .map(|(_, name)| name)
}

/// Levenshtein distance, for words of bounded length.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) =
        (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (y, cell) in b.iter().zip(row.iter_mut().skip(1)) {
            let above = *cell;
            left = (diagonal + usize::from(x != y)).min(above + 1).min(left + 1);
            diagonal = above;
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(a.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_parses_and_a_slip_is_named() {
        for name in Promise::names() {
            assert!(Promise::parse(name).is_ok(), "{name}");
        }
        assert_eq!(Promise::parse("decimal(18, 2)").unwrap(), Promise::Decimal(Some((18, 2))));
        let error = Promise::parse("strng").unwrap_err();
        assert_eq!(error.help.as_deref(), Some("did you mean \"string\"?"));
        for wrong in ["decimal(0,2)", "decimal(500,3)", "decimal(5)", "decimal(a,b)"] {
            let help = Promise::parse(wrong).unwrap_err().help.unwrap();
            assert!(help.contains("1 to 76 digits"), "{wrong}: {help}");
        }
        assert!(Promise::parse("decimal(5,6)").is_err());
    }

    #[test]
    fn encodings_carry_the_same_promise() {
        let dictionary =
            DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::LargeUtf8));
        assert!(Promise::Text.fits(&dictionary));
        assert!(!Promise::Integer(None).fits(&dictionary));
        assert!(Promise::Integer(None).fits(&DataType::UInt8));
        assert!(!Promise::Integer(Some((64, true))).fits(&DataType::Int32));
        assert!(!Promise::Decimal(Some((18, 2))).fits(&DataType::Decimal128(18, 3)));
        assert!(!Promise::Number.fits(&DataType::Utf8));
    }
}
