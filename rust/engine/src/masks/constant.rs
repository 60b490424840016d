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
            return Err(Error::new(Code::BadArgument, message).at("/args/value"));
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
