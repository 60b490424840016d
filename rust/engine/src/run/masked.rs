//! What leaves of columns: only the promised fields, and fresh buffers wherever a mask stands.
//!
//! Masks make nothing of what no row has: fields of null structs are null first, and lists are built
//! anew without the items of null lists and those between views. Lists of a fixed size keep the
//! places of such items, with nulls in them.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{
    Array, ArrayRef, BooleanArray, FixedSizeListArray, GenericListArray, GenericListViewArray,
    MapArray, OffsetSizeTrait, StructArray,
};
use arrow_buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, FieldRef};
use arrow_select::nullif::nullif;

use crate::error::{Error, Result};
use crate::kernels::spans::Spans;
use crate::masks::Mask as _;
use crate::plan::Part;

/// What leaves of the column, of the part's output type.
///
/// # Errors
/// As for the masks.
pub(super) fn column(part: &Part, raw: &ArrayRef) -> Result<ArrayRef> {
    let output = part.output_type(raw.data_type());
    match part {
        Part::Whole => Ok(ArrayRef::clone(raw)),
        Part::Masked(mask) => mask.apply(raw),
        Part::Fields(parts) => {
            let parts = parts.iter().map(|(at, part)| (*at, part));
            let parent = raw.as_struct_opt().ok_or_else(lost)?;
            Ok(Arc::new(fields(parts, parent, &output, parent.nulls().cloned())?))
        }
        Part::Items(part) => lists(raw, &output, |items| column(part, items)),
        Part::Entries(parts) => lists(raw, &output, |entries| {
            let DataType::Map(field, _) = &output else { return Err(lost()) };
            let pair = entries.as_struct_opt().ok_or_else(lost)?;
            let parts = parts.iter().map(AsRef::as_ref).enumerate();
            Ok(Arc::new(fields(parts, pair, field.data_type(), None)?))
        }),
    }
}

fn lost() -> Error {
    Error::internal("a nested column met another type than it was compiled for")
}

fn fields<'a>(
    parts: impl Iterator<Item = (usize, &'a Part)>,
    raw: &StructArray,
    output: &DataType,
    nulls: Option<NullBuffer>,
) -> Result<StructArray> {
    let DataType::Struct(fields) = output else { return Err(lost()) };
    let columns = parts.map(|(at, part)| {
        let raw = raw.columns().get(at).ok_or_else(lost)?;
        match part {
            Part::Whole => Ok(ArrayRef::clone(raw)),
            part => column(part, &hidden(raw, nulls.clone())?),
        }
    });
    let columns = columns.collect::<Result<_>>()?;
    StructArray::try_new_with_length(fields.clone(), columns, nulls, raw.len()).map_err(|_| lost())
}

/// Lists or maps with other items, in the layout that they have.
fn lists(
    raw: &ArrayRef,
    output: &DataType,
    mask: impl Fn(&ArrayRef) -> Result<ArrayRef>,
) -> Result<ArrayRef> {
    let nulls = raw.nulls().cloned();
    let (spans, items) = Spans::of(raw, raw.nulls())?;
    if let DataType::FixedSizeList(field, size) = output {
        let size_of = usize::try_from(*size).unwrap_or_default();
        let items = mask(&hidden(&items, nulls.as_ref().map(|nulls| nulls.expand(size_of)))?)?;
        let field = FieldRef::clone(field);
        let built = FixedSizeListArray::try_new_with_length(field, *size, items, nulls, raw.len());
        return Ok(Arc::new(built.map_err(|_| lost())?));
    }
    let (spans, items) = spans.compact(&items)?;
    let items = mask(&items)?;
    match output {
        DataType::List(field) => of_offsets::<i32>(field, &spans, items, nulls),
        DataType::LargeList(field) => of_offsets::<i64>(field, &spans, items, nulls),
        DataType::ListView(field) => of_views::<i32>(field, &spans, items, nulls),
        DataType::LargeListView(field) => of_views::<i64>(field, &spans, items, nulls),
        DataType::Map(field, sorted) => {
            let entries = items.as_struct_opt().ok_or_else(lost)?.clone();
            let field = FieldRef::clone(field);
            let built = MapArray::try_new(field, offsets(&spans)?, entries, nulls, *sorted);
            Ok(Arc::new(built.map_err(|_| lost())?))
        }
        _ => Err(lost()),
    }
}

/// The values, null also where `nulls` are, so that masks make nothing of what is hidden there.
/// Values of runs and unions have no nulls of their own; they are masked like all others.
fn hidden(values: &ArrayRef, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
    let own = matches!(values.data_type(), DataType::RunEndEncoded(..) | DataType::Union(..));
    let Some(nulls) = nulls.filter(|nulls| nulls.null_count() > 0 && !own) else {
        return Ok(ArrayRef::clone(values));
    };
    let gone = BooleanArray::new(!nulls.inner(), None);
    nullif(values, &gone).map_err(|_| Error::internal("values could not be hidden"))
}

fn offsets<O: OffsetSizeTrait>(spans: &Spans) -> Result<OffsetBuffer<O>> {
    OffsetBuffer::try_from_lengths(spans.iter().map(|(start, end)| end - start)).map_err(|_| lost())
}

fn of_offsets<O: OffsetSizeTrait>(
    field: &FieldRef,
    spans: &Spans,
    items: ArrayRef,
    nulls: Option<NullBuffer>,
) -> Result<ArrayRef> {
    let built =
        GenericListArray::try_new(FieldRef::clone(field), offsets::<O>(spans)?, items, nulls);
    Ok(Arc::new(built.map_err(|_| lost())?))
}

fn of_views<O: OffsetSizeTrait>(
    field: &FieldRef,
    spans: &Spans,
    items: ArrayRef,
    nulls: Option<NullBuffer>,
) -> Result<ArrayRef> {
    let buffer = |of: fn((usize, usize)) -> usize| -> Result<ScalarBuffer<O>> {
        let numbers = spans.iter().map(|span| O::from_usize(of(span)).ok_or_else(lost));
        Ok(numbers.collect::<Result<Vec<_>>>()?.into())
    };
    let (starts, sizes) = (buffer(|(start, _)| start)?, buffer(|(start, end)| end - start)?);
    let field = FieldRef::clone(field);
    let built = GenericListViewArray::<O>::try_new(field, starts, sizes, items, nulls);
    Ok(Arc::new(built.map_err(|_| lost())?))
}
