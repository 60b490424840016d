//! Text and binary with offsets: one pass over the offsets and one over the values.

use arrow_array::OffsetSizeTrait;
use arrow_buffer::{Buffer, NullBuffer};
use arrow_data::ArrayData;
use arrow_schema::DataType;

use super::super::node::{items, Node};
use super::super::place::invalid;
use super::{array, counted, is_null, How, Nulls};
use crate::error::{Error, Result};
use crate::kernels::{mask, text};

pub(super) fn vet<O: OffsetSizeTrait>(node: Node, how: &mut How<'_>) -> Result<ArrayData> {
    let nulls = counted(&node);
    let offsets = items::<O>(node.buffers.first(), node.len + 1)?;
    let values = node.buffers.get(1).map_or(&[][..], Buffer::as_slice);
    let (first, last) = bounds(offsets, values.len())?;
    let is_text_type = matches!(node.data_type, DataType::Utf8 | DataType::LargeUtf8);
    let used = values.get(first..last).ok_or_else(out_of_bounds)?;
    if !is_text_type || is_text(offsets, used, first) {
        return Ok(array(node.data_type, node.len, nulls, 0, node.buffers, vec![]));
    }
    // What is wrong may hide under nulls.
    let not_text = || invalid("a text is not UTF-8");
    let Some(nulls) = nulls.filter(|_| how.nulls == Nulls::Repair) else {
        return Err(not_text());
    };
    let (offsets, values) = blanked(offsets, used, first, &nulls)?;
    if !is_text(&offsets, &values, 0) {
        return Err(not_text());
    }
    let buffers = vec![Buffer::from_vec(offsets), Buffer::from_vec(values)];
    Ok(array(node.data_type, node.len, Some(nulls), 0, buffers, vec![]))
}

pub(super) fn out_of_bounds() -> Error {
    invalid("an offset is out of bounds")
}

/// The first and the last offset, after all were found in bounds and in order.
pub(super) fn bounds<O: OffsetSizeTrait>(offsets: &[O], limit: usize) -> Result<(usize, usize)> {
    let (Some(first), Some(last)) = (offsets.first(), offsets.last()) else {
        return Err(out_of_bounds());
    };
    let first = first.to_usize().ok_or_else(|| invalid("the first offset is negative"))?;
    // In order from a first that is not negative, none is; up to the last, none is above it.
    let next = offsets.get(1..).unwrap_or_default();
    if mask::any_pair(offsets, next, |this, next| next < this) {
        return Err(invalid("offsets run backwards"));
    }
    let last = last.to_usize().filter(|last| *last <= limit).ok_or_else(out_of_bounds)?;
    Ok((first, last))
}

/// Whether all bytes are UTF-8 and no offset splits a character. `used` starts at offset `first`.
fn is_text<O: OffsetSizeTrait>(offsets: &[O], used: &[u8], first: usize) -> bool {
    if text::is_ascii(used) {
        return true;
    }
    let Ok(text) = std::str::from_utf8(used) else {
        return false;
    };
    offsets.iter().fold(true, |whole, offset| {
        whole & text.is_char_boundary(offset.as_usize().wrapping_sub(first))
    })
}

/// The same texts with zeros under the nulls, from offset 0 on.
fn blanked<O: OffsetSizeTrait>(
    offsets: &[O],
    used: &[u8],
    first: usize,
    nulls: &NullBuffer,
) -> Result<(Vec<O>, Vec<u8>)> {
    let mut values = used.to_vec();
    let from: Vec<usize> = offsets.iter().map(|offset| offset.as_usize() - first).collect();
    for (slot, (start, end)) in from.iter().zip(from.iter().skip(1)).enumerate() {
        if is_null(Some(nulls), slot) {
            values.get_mut(*start..*end).ok_or_else(out_of_bounds)?.fill(0);
        }
    }
    let offsets = from.iter().map(|offset| O::from_usize(*offset).ok_or_else(out_of_bounds));
    Ok((offsets.collect::<Result<_>>()?, values))
}
