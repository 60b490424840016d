//! The format strings of the C data interface.
//!
//! <https://arrow.apache.org/docs/format/CDataInterface.html#data-type-description-format-strings>

use arrow_schema::{
    DataType, IntervalUnit, TimeUnit, DECIMAL128_MAX_PRECISION, DECIMAL256_MAX_PRECISION,
    DECIMAL32_MAX_PRECISION, DECIMAL64_MAX_PRECISION,
};

use super::place::invalid;
use crate::error::Result;

/// What a format string says; the children say the rest.
#[derive(Debug)]
pub(super) enum Format {
    /// A type without children.
    Flat(DataType),
    List,
    LargeList,
    ListView,
    LargeListView,
    FixedSizeList(i32),
    Struct,
    Map,
    RunEnds,
    DenseUnion(Vec<i8>),
    SparseUnion(Vec<i8>),
}

/// Reads one format string.
pub(super) fn parse(format: &str) -> Result<Format> {
    if let Some(known) = fixed(format) {
        return Ok(known);
    }
    let (head, tail) = format.split_once(':').ok_or_else(unknown)?;
    Ok(match head {
        "w" => Format::Flat(DataType::FixedSizeBinary(size(tail)?)),
        "+w" => Format::FixedSizeList(size(tail)?),
        "d" => Format::Flat(decimal(tail)?),
        "+ud" => Format::DenseUnion(type_ids(tail)?),
        "+us" => Format::SparseUnion(type_ids(tail)?),
        "tss" => timestamp(TimeUnit::Second, tail),
        "tsm" => timestamp(TimeUnit::Millisecond, tail),
        "tsu" => timestamp(TimeUnit::Microsecond, tail),
        "tsn" => timestamp(TimeUnit::Nanosecond, tail),
        _ => return Err(unknown()),
    })
}

fn fixed(format: &str) -> Option<Format> {
    use DataType as T;
    Some(Format::Flat(match format {
        "n" => T::Null,
        "b" => T::Boolean,
        "c" => T::Int8,
        "C" => T::UInt8,
        "s" => T::Int16,
        "S" => T::UInt16,
        "i" => T::Int32,
        "I" => T::UInt32,
        "l" => T::Int64,
        "L" => T::UInt64,
        "e" => T::Float16,
        "f" => T::Float32,
        "g" => T::Float64,
        "z" => T::Binary,
        "Z" => T::LargeBinary,
        "vz" => T::BinaryView,
        "u" => T::Utf8,
        "U" => T::LargeUtf8,
        "vu" => T::Utf8View,
        "tdD" => T::Date32,
        "tdm" => T::Date64,
        "tts" => T::Time32(TimeUnit::Second),
        "ttm" => T::Time32(TimeUnit::Millisecond),
        "ttu" => T::Time64(TimeUnit::Microsecond),
        "ttn" => T::Time64(TimeUnit::Nanosecond),
        "tDs" => T::Duration(TimeUnit::Second),
        "tDm" => T::Duration(TimeUnit::Millisecond),
        "tDu" => T::Duration(TimeUnit::Microsecond),
        "tDn" => T::Duration(TimeUnit::Nanosecond),
        "tiM" => T::Interval(IntervalUnit::YearMonth),
        "tiD" => T::Interval(IntervalUnit::DayTime),
        "tin" => T::Interval(IntervalUnit::MonthDayNano),
        "+l" => return Some(Format::List),
        "+L" => return Some(Format::LargeList),
        "+vl" => return Some(Format::ListView),
        "+vL" => return Some(Format::LargeListView),
        "+s" => return Some(Format::Struct),
        "+m" => return Some(Format::Map),
        "+r" => return Some(Format::RunEnds),
        _ => return None,
    }))
}

fn unknown() -> crate::error::Error {
    invalid("the type's format string is not one that is known")
}

fn size(text: &str) -> Result<i32> {
    let size = text.parse::<i32>().ok().filter(|size| *size >= 0);
    size.ok_or_else(|| invalid("the size in the type's format string is not a size"))
}

fn timestamp(unit: TimeUnit, zone: &str) -> Format {
    let zone = (!zone.is_empty()).then(|| zone.into());
    Format::Flat(DataType::Timestamp(unit, zone))
}

fn decimal(text: &str) -> Result<DataType> {
    let wrong = || invalid("the decimal's precision, scale or width is out of range");
    let mut parts = text.split(',');
    let precision: u8 = parts.next().and_then(|p| p.parse().ok()).ok_or_else(wrong)?;
    let scale: i8 = parts.next().and_then(|s| s.parse().ok()).ok_or_else(wrong)?;
    let width = parts.next().unwrap_or("128");
    let (made, most) = match width {
        "32" => (DataType::Decimal32(precision, scale), DECIMAL32_MAX_PRECISION),
        "64" => (DataType::Decimal64(precision, scale), DECIMAL64_MAX_PRECISION),
        "128" => (DataType::Decimal128(precision, scale), DECIMAL128_MAX_PRECISION),
        "256" => (DataType::Decimal256(precision, scale), DECIMAL256_MAX_PRECISION),
        _ => return Err(wrong()),
    };
    let fits = (1..=most).contains(&precision) && scale.unsigned_abs() <= most;
    if fits && parts.next().is_none() {
        Ok(made)
    } else {
        Err(wrong())
    }
}

/// The type ids of a union, one per child: 0 to 127, each once.
fn type_ids(text: &str) -> Result<Vec<i8>> {
    let wrong = || invalid("the union's type ids are not distinct numbers from 0 to 127");
    let mut ids = Vec::new();
    if text.is_empty() {
        return Ok(ids);
    }
    for part in text.split(',') {
        let id: i8 = part.parse().ok().filter(|id| *id >= 0).ok_or_else(wrong)?;
        if ids.contains(&id) {
            return Err(wrong());
        }
        ids.push(id);
    }
    Ok(ids)
}
