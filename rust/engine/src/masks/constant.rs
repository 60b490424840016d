//! `constant`: every value becomes the same one.

use std::sync::Arc;

use arrow_array::{
    new_empty_array, Array, ArrayRef, FixedSizeListArray, GenericListArray, MapArray,
    OffsetSizeTrait, StructArray, UInt64Array,
};
use arrow_buffer::OffsetBuffer;
use arrow_data::ArrayData;
use arrow_schema::{DataType, FieldRef};

use crate::contract::{self, Literal};
use crate::error::{Code, Error, Result};

use super::args::{argument, Args};
use super::definition::{ArgumentKind, Definition};
use super::rows::Rows;
use super::{literal, types, KeyRing, Mask, MaskKind};

/// The registry's entry.
pub(super) struct Constant;

/// Most bytes of a constant: a column repeats it for every row.
const MAX_BYTES: usize = 1024;

static DEFINITION: Definition = Definition {
    name: "constant",
    aliases: &[],
    summary: "Every value becomes the same one, null stays null.",
    takes: "every type but unions; a value of your own for types that are not nested",
    arguments: &[argument(
        "value",
        ArgumentKind::Value,
        None,
        "The value. Default: \"\", 0, false, 1970-01-01, 00:00:00, an empty list or map; for a \
         struct the default of each field.",
    )],
    example: "masking: {method: constant, value: \"1970-01-01\"}",
    strength: 50,
    keyed: false,
    codes: &[Code::BadArgument, Code::BadLiteral, Code::MaskNotApplicable],
};

impl MaskKind for Constant {
    fn definition(&self) -> &'static Definition {
        &DEFINITION
    }

    fn compile(
        &self,
        clause: &contract::Mask,
        input: &DataType,
        _nullable_allowed: bool,
        _keys: &KeyRing,
    ) -> Result<Box<dyn Mask>> {
        let args = Args::read(clause, &DEFINITION)?;
        let output = types::plain(input);
        let value = match args.literal("value") {
            None => default(&output).ok_or_else(|| {
                types::refused("constant", input, "use \"nullify\" for this column")
            })?,
            Some(Literal::Null) => {
                return Err(Error::new(Code::BadArgument, "null is not a constant")
                    .at("/args/value")
                    .help("use \"nullify\""))
            }
            Some(literal) => {
                literal::one(literal, &output).map_err(|error| error.at("/args/value"))?
            }
        };
        let bytes = value.to_data().get_slice_memory_size().unwrap_or(usize::MAX);
        if bytes > MAX_BYTES && args.literal("value").is_some() {
            let message = format!("the constant is longer than {MAX_BYTES} bytes");
            return Err(Error::new(Code::BadArgument, message)
                .at("/args/value")
                .help("write a shorter one"));
        }
        Ok(Box::new(Same { value, bytes, output }))
    }
}

#[derive(Debug)]
struct Same {
    /// An array of one.
    value: ArrayRef,
    /// What one value takes.
    bytes: usize,
    output: DataType,
}

impl Mask for Same {
    fn output_type(&self) -> &DataType {
        &self.output
    }

    fn apply(&self, column: &ArrayRef) -> Result<ArrayRef> {
        let rows = Rows::of(column)?;
        if rows.len().saturating_mul(self.bytes) > i32::MAX as usize {
            return Err(Error::new(Code::TooLarge, "the constants of one batch exceed 2 GiB")
                .help("pass smaller batches"));
        }
        let zeros = UInt64Array::new(vec![0; rows.len()].into(), rows.validity());
        arrow_select::take::take(self.value.as_ref(), &zeros, None)
            .map_err(|_| Error::internal("the mask constant could not repeat its value"))
    }
}

/// An array of one: the default of a plain type, or `None` when it has none.
fn default(kind: &DataType) -> Option<ArrayRef> {
    match kind {
        DataType::List(item) => list::<i32>(item),
        DataType::LargeList(item) => list::<i64>(item),
        DataType::Map(entries, sorted) => {
            let none = new_empty_array(entries.data_type());
            let offsets = OffsetBuffer::new_zeroed(1);
            let none = none.as_any().downcast_ref::<StructArray>()?.clone();
            let map = MapArray::try_new(Arc::clone(entries), offsets, none, None, *sorted).ok()?;
            Some(Arc::new(map))
        }
        DataType::FixedSizeList(item, size) => {
            let value = default(item.data_type())?;
            let zeros = UInt64Array::from(vec![0; usize::try_from(*size).ok()?]);
            let values = arrow_select::take::take(value.as_ref(), &zeros, None).ok()?;
            let list = FixedSizeListArray::try_new(Arc::clone(item), *size, values, None).ok()?;
            Some(Arc::new(list))
        }
        DataType::Struct(fields) => {
            let children: Option<Vec<_>> =
                fields.iter().map(|field| default(field.data_type())).collect();
            let record =
                StructArray::try_new_with_length(fields.clone(), children?, None, 1).ok()?;
            Some(Arc::new(record))
        }
        DataType::Union(..) | DataType::ListView(_) | DataType::LargeListView(_) => None,
        // Zeroed buffers without a validity: 0, 0.0, false, the epoch, midnight, "", b"".
        plain => {
            let zeroed = ArrayData::new_null(plain, 1);
            let value = zeroed.into_builder().nulls(None).build().ok()?;
            Some(arrow_array::make_array(value))
        }
    }
}

fn list<O: OffsetSizeTrait>(item: &FieldRef) -> Option<ArrayRef> {
    let none = new_empty_array(item.data_type());
    let offsets = OffsetBuffer::<O>::new_zeroed(1);
    let list = GenericListArray::<O>::try_new(Arc::clone(item), offsets, none, None).ok()?;
    Some(Arc::new(list))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::masks::compile;
    use crate::masks::testing::{clause, keys};
    use arrow_array::cast::AsArray;
    use arrow_array::types::{Date32Type, Decimal128Type, Float16Type, TimestampMillisecondType};
    use arrow_schema::{Field, IntervalUnit, TimeUnit};

    fn one(value: &str, kind: &DataType) -> Result<ArrayRef> {
        let args = format!("{{\"value\": {value}}}");
        let mask = compile(&clause("constant", &args), kind, true, &keys())?;
        mask.apply(&arrow_array::new_null_array(kind, 0))?;
        let zeroed = ArrayData::new_null(kind, 1).into_builder().nulls(None).build().unwrap();
        mask.apply(&arrow_array::make_array(zeroed))
    }

    #[test]
    fn values_are_exact_in_the_columns_type() {
        let decimal = DataType::Decimal128(5, 2);
        assert_eq!(one("12.5", &decimal).unwrap().as_primitive::<Decimal128Type>().value(0), 1250);
        let date = one("\"1970-02-01\"", &DataType::Date32).unwrap();
        assert_eq!(date.as_primitive::<Date32Type>().value(0), 31);
        let zoned = DataType::Timestamp(TimeUnit::Millisecond, Some("Europe/Rome".into()));
        let stamp = one("\"1970-01-01T01:00:00.5+01:00\"", &zoned).unwrap();
        assert_eq!(stamp.as_primitive::<TimestampMillisecondType>().value(0), 500);
        assert_eq!(stamp.data_type(), &zoned);
        let half = one("0.5", &DataType::Float16).unwrap();
        assert_eq!(half.as_primitive::<Float16Type>().value(0).to_f32().to_string(), "0.5");
        let bytes = one("\"abc\"", &DataType::FixedSizeBinary(3)).unwrap();
        assert_eq!(bytes.as_fixed_size_binary().value(0), b"abc");
    }

    #[test]
    fn values_that_do_not_fit_are_refused() {
        let naive = DataType::Timestamp(TimeUnit::Second, None);
        let list = DataType::List(Arc::new(Field::new("item", DataType::Int8, true)));
        for (value, kind) in [
            ("300", DataType::Int8),
            ("-1", DataType::UInt64),
            ("1.5", DataType::Int32),
            ("1e5", DataType::Float16),
            ("1000", DataType::Decimal128(5, 2)),
            ("-1000", DataType::Decimal128(5, 2)),
            ("0.001", DataType::Decimal32(5, 2)),
            ("\"1\"", DataType::Int32),
            ("true", DataType::Int32),
            ("1", DataType::Boolean),
            ("\"2023-02-29\"", DataType::Date32),
            ("\"1970-01-01T00:00:00Z\"", naive.clone()),
            ("\"1970-01-01T00:00:00.5\"", naive),
            ("\"abcd\"", DataType::FixedSizeBinary(3)),
            ("[]", list),
            ("\"x\"", DataType::Interval(IntervalUnit::DayTime)),
        ] {
            let error = one(value, &kind).unwrap_err();
            assert_eq!(error.code, Code::BadLiteral, "{value} {kind}");
            assert_eq!(error.clause.as_deref(), Some("/args/value"), "{value} {kind}");
        }
    }

    #[test]
    fn the_largest_decimals_fit() {
        for (kind, digits) in [
            (DataType::Decimal32(9, 0), 9),
            (DataType::Decimal64(18, 0), 18),
            (DataType::Decimal128(38, 0), 38),
            (DataType::Decimal256(76, 0), 76),
        ] {
            assert!(one(&"9".repeat(digits), &kind).is_ok(), "{kind}");
            assert!(one(&format!("-1{}", "0".repeat(digits)), &kind).is_err(), "{kind}");
        }
    }

    #[test]
    fn a_long_value_is_refused() {
        let error = one(&format!("\"{}\"", "x".repeat(1025)), &DataType::Utf8).unwrap_err();
        assert_eq!(error.code, Code::BadArgument);
    }

    #[test]
    fn every_type_but_unions_has_a_default() {
        let item = |kind| Arc::new(Field::new("item", kind, true));
        let entry = DataType::Struct(
            vec![
                Field::new("keys", DataType::Utf8, false),
                Field::new("values", DataType::Int8, true),
            ]
            .into(),
        );
        for kind in [
            DataType::Null,
            DataType::Boolean,
            DataType::Float16,
            DataType::Time32(TimeUnit::Second),
            DataType::Time64(TimeUnit::Nanosecond),
            DataType::Duration(TimeUnit::Second),
            DataType::Interval(IntervalUnit::MonthDayNano),
            DataType::Decimal256(76, -3),
            DataType::BinaryView,
            DataType::LargeList(item(DataType::Utf8View)),
            DataType::FixedSizeList(item(DataType::Int8), 3),
            DataType::FixedSizeList(item(DataType::Int8), 0),
            DataType::Map(Arc::new(Field::new("entries", entry, false)), false),
            DataType::Struct(vec![Field::new("a", DataType::Utf8View, false)].into()),
            DataType::Struct(Vec::<Field>::new().into()),
        ] {
            let mask = compile(&clause("constant", "{}"), &kind, true, &keys()).unwrap();
            let rows = arrow_array::new_null_array(&kind, 2);
            let masked = mask.apply(&rows).unwrap();
            assert_eq!((masked.len(), masked.logical_null_count()), (2, 2), "{kind}");
            masked.to_data().validate_full().unwrap();
        }
    }
}
