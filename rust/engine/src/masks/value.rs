//! The bytes of a value: what keyed masks hash, the same in every encoding and width.
//!
//! Text is its UTF-8. Binary is itself. Integers are minimal decimal text, so that int32, int64 and
//! the string "123" agree. Decimals are their canonical text ([`super::decimal::push_decimal`]):
//! 12.50 and 12.5000 agree, and so do 12.00 and the integer 12. Dates are `YYYY-MM-DD`.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    BinaryViewType, ByteArrayType, ByteViewType, Date32Type, Date64Type, Decimal128Type,
    Decimal256Type, Decimal32Type, Decimal64Type, Int16Type, Int32Type, Int64Type, Int8Type,
    StringViewType, UInt16Type, UInt32Type, UInt64Type, UInt8Type,
};
use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, FixedSizeBinaryArray, GenericByteArray,
    GenericByteViewArray, PrimitiveArray,
};
use arrow_buffer::i256;
use arrow_schema::DataType;

use crate::error::{Error, Result};

use super::civil::push_date;
use super::decimal::{push_decimal, push_i64, push_u64};

const MILLISECONDS_PER_DAY: i64 = 86_400_000;

/// A plain array whose values have bytes.
pub(super) trait Values {
    /// The bytes of the value at a position inside the array, either the array's own or written to
    /// `scratch`. What stands under a null is arbitrary: ask for valid positions only.
    fn bytes<'a>(&'a self, at: usize, scratch: &'a mut Vec<u8>) -> &'a [u8];
}

/// Work over an array of any type that has bytes.
pub(super) trait Visitor {
    /// What the work yields.
    type Output;

    /// Does the work; monomorphised for each type.
    fn visit(self, values: &impl Values) -> Result<Self::Output>;
}

/// Does `visitor`'s work over a plain array.
///
/// # Errors
/// `engine.internal` for a type without bytes, which compilation refuses, and the visitor's own.
pub(super) fn visit<V: Visitor>(leaf: &ArrayRef, visitor: V) -> Result<V::Output> {
    macro_rules! number {
        ($kind:ty, $push:expr) => {
            visitor.visit(&Text { array: leaf.as_primitive::<$kind>(), push: $push })
        };
    }
    macro_rules! decimal {
        ($kind:ty, $scale:expr, $widen:expr) => {{
            let scale = *$scale;
            number!($kind, move |out: &mut Vec<u8>, n| push_decimal(out, $widen(n), scale))
        }};
    }
    match leaf.data_type() {
        DataType::Utf8 => visitor.visit(leaf.as_string::<i32>()),
        DataType::LargeUtf8 => visitor.visit(leaf.as_string::<i64>()),
        DataType::Utf8View => visitor.visit(leaf.as_byte_view::<StringViewType>()),
        DataType::Binary => visitor.visit(leaf.as_binary::<i32>()),
        DataType::LargeBinary => visitor.visit(leaf.as_binary::<i64>()),
        DataType::BinaryView => visitor.visit(leaf.as_byte_view::<BinaryViewType>()),
        DataType::FixedSizeBinary(_) => visitor.visit(leaf.as_fixed_size_binary()),
        DataType::Int8 => number!(Int8Type, |out: &mut Vec<u8>, n| push_i64(out, i64::from(n))),
        DataType::Int16 => number!(Int16Type, |out: &mut Vec<u8>, n| push_i64(out, i64::from(n))),
        DataType::Int32 => number!(Int32Type, |out: &mut Vec<u8>, n| push_i64(out, i64::from(n))),
        DataType::Int64 => number!(Int64Type, push_i64),
        DataType::UInt8 => number!(UInt8Type, |out: &mut Vec<u8>, n| push_u64(out, u64::from(n))),
        DataType::UInt16 => number!(UInt16Type, |out: &mut Vec<u8>, n| push_u64(out, u64::from(n))),
        DataType::UInt32 => number!(UInt32Type, |out: &mut Vec<u8>, n| push_u64(out, u64::from(n))),
        DataType::UInt64 => number!(UInt64Type, push_u64),
        DataType::Date32 => {
            number!(Date32Type, |out: &mut Vec<u8>, day| push_date(out, i64::from(day)))
        }
        // A time of day inside a date does not make another date.
        DataType::Date64 => number!(Date64Type, |out: &mut Vec<u8>, ms: i64| {
            push_date(out, ms.div_euclid(MILLISECONDS_PER_DAY));
        }),
        DataType::Decimal32(_, scale) => {
            decimal!(Decimal32Type, scale, |n| i256::from_i128(i128::from(n)))
        }
        DataType::Decimal64(_, scale) => {
            decimal!(Decimal64Type, scale, |n| i256::from_i128(i128::from(n)))
        }
        DataType::Decimal128(_, scale) => decimal!(Decimal128Type, scale, i256::from_i128),
        DataType::Decimal256(_, scale) => decimal!(Decimal256Type, scale, std::convert::identity),
        _ => Err(Error::internal("a mask met values of a type that it does not take")),
    }
}

impl<T: ByteArrayType> Values for GenericByteArray<T> {
    fn bytes<'a>(&'a self, at: usize, _scratch: &'a mut Vec<u8>) -> &'a [u8] {
        self.value(at).as_ref()
    }
}

impl<T: ByteViewType> Values for GenericByteViewArray<T> {
    fn bytes<'a>(&'a self, at: usize, _scratch: &'a mut Vec<u8>) -> &'a [u8] {
        self.value(at).as_ref()
    }
}

impl Values for FixedSizeBinaryArray {
    fn bytes<'a>(&'a self, at: usize, _scratch: &'a mut Vec<u8>) -> &'a [u8] {
        self.value(at)
    }
}

/// Numbers and dates by their text.
struct Text<'a, T: ArrowPrimitiveType, F> {
    array: &'a PrimitiveArray<T>,
    push: F,
}

impl<T: ArrowPrimitiveType, F: Fn(&mut Vec<u8>, T::Native)> Values for Text<'_, T, F> {
    fn bytes<'a>(&'a self, at: usize, scratch: &'a mut Vec<u8>) -> &'a [u8] {
        scratch.clear();
        (self.push)(scratch, self.array.value(at));
        scratch
    }
}
