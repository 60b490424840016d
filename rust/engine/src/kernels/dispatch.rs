//! From an Arrow type at run time to code that is compiled for it.

/// Evaluates an expression with a name standing for the Arrow primitive type of a `DataType`, for
/// the types whose values have one order: numbers, dates, times and timestamps.
macro_rules! ordered_type {
    ($data_type:expr, $name:ident => $body:expr, else $other:expr) => {{
        use arrow_schema::{DataType, TimeUnit};
        macro_rules! with {
            ($arrow:ident) => {{
                type $name = arrow_array::types::$arrow;
                $body
            }};
        }
        match $data_type {
            DataType::Int8 => with!(Int8Type),
            DataType::Int16 => with!(Int16Type),
            DataType::Int32 => with!(Int32Type),
            DataType::Int64 => with!(Int64Type),
            DataType::UInt8 => with!(UInt8Type),
            DataType::UInt16 => with!(UInt16Type),
            DataType::UInt32 => with!(UInt32Type),
            DataType::UInt64 => with!(UInt64Type),
            DataType::Float32 => with!(Float32Type),
            DataType::Float64 => with!(Float64Type),
            DataType::Decimal32(..) => with!(Decimal32Type),
            DataType::Decimal64(..) => with!(Decimal64Type),
            DataType::Decimal128(..) => with!(Decimal128Type),
            DataType::Decimal256(..) => with!(Decimal256Type),
            DataType::Date32 => with!(Date32Type),
            DataType::Date64 => with!(Date64Type),
            DataType::Time32(TimeUnit::Second) => with!(Time32SecondType),
            DataType::Time32(_) => with!(Time32MillisecondType),
            DataType::Time64(TimeUnit::Microsecond) => with!(Time64MicrosecondType),
            DataType::Time64(_) => with!(Time64NanosecondType),
            DataType::Timestamp(TimeUnit::Second, _) => with!(TimestampSecondType),
            DataType::Timestamp(TimeUnit::Millisecond, _) => with!(TimestampMillisecondType),
            DataType::Timestamp(TimeUnit::Microsecond, _) => with!(TimestampMicrosecondType),
            DataType::Timestamp(TimeUnit::Nanosecond, _) => with!(TimestampNanosecondType),
            _ => $other,
        }
    }};
}

pub(crate) use ordered_type;
