//! Text and binary views: each view inside its buffer, its prefix right, its padding zero.

use arrow_buffer::{Buffer, NullBuffer};
use arrow_data::{ArrayData, ByteView, MAX_INLINE_VIEW_LEN};
use arrow_schema::DataType;

use super::super::node::{items, Node};
use super::super::place::invalid;
use super::{array, counted, is_null, How, Nulls};
use crate::error::Result;

/// For each length of an inline view, the bits that are zero if it is ASCII and its padding zero.
const SHORT: [u128; MAX_INLINE_VIEW_LEN as usize + 1] = {
    let mut masks = [0; MAX_INLINE_VIEW_LEN as usize + 1];
    let mut length = 0;
    while length < masks.len() {
        let mut byte = 0;
        while byte < 12 {
            let bits: u128 = if byte < length { 0x80 } else { 0xff };
            masks[length] |= bits << (32 + 8 * byte);
            byte += 1;
        }
        length += 1;
    }
    masks
};

pub(super) fn vet(mut node: Node, how: &mut How<'_>) -> Result<ArrayData> {
    let nulls = counted(&node);
    let views = items::<u128>(node.buffers.first(), node.len)?;
    let values = node.buffers.get(1..).unwrap_or_default();
    let text = node.data_type == DataType::Utf8View;
    let check = |view: &u128| {
        if text {
            check::<true>(*view, values)
        } else {
            check::<false>(*view, values)
        }
    };
    // The usual short view, without a jump for each of its properties.
    let short = |view: &u128| SHORT.get(*view as u32 as usize).is_some_and(|m| view & m == 0);
    if !views.iter().all(|view| short(view) || check(view).is_ok()) {
        for (slot, view) in views.iter().enumerate() {
            if how.nulls == Nulls::Strict || !is_null(nulls.as_ref(), slot) {
                check(view)?;
            }
        }
        let repaired = blanked(views, nulls.as_ref());
        if let Some(first) = node.buffers.first_mut() {
            *first = repaired;
        }
    }
    Ok(array(node.data_type, node.len, nulls, 0, node.buffers, vec![]))
}

fn blanked(views: &[u128], nulls: Option<&NullBuffer>) -> Buffer {
    let view = |(slot, view): (usize, &u128)| if is_null(nulls, slot) { 0 } else { *view };
    Buffer::from_vec(views.iter().enumerate().map(view).collect::<Vec<u128>>())
}

/// <https://arrow.apache.org/docs/format/Columnar.html#variable-size-binary-view-layout>
fn check<const TEXT: bool>(view: u128, values: &[Buffer]) -> Result<()> {
    let length = view as u32;
    let bytes = view.to_le_bytes();
    let not_text = || invalid("a text is not UTF-8");
    if length <= MAX_INLINE_VIEW_LEN {
        if length < MAX_INLINE_VIEW_LEN && view >> (32 + 8 * length) != 0 {
            return Err(invalid("the padding of a short view is not zero"));
        }
        if TEXT {
            let short = bytes.get(4..4 + length as usize).unwrap_or_default();
            std::str::from_utf8(short).map_err(|_| not_text())?;
        }
        return Ok(());
    }
    let view = ByteView::from(view);
    if [view.length, view.buffer_index, view.offset].iter().any(|part| *part > i32::MAX as u32) {
        return Err(invalid("a view has a negative part"));
    }
    let buffer = values
        .get(view.buffer_index as usize)
        .ok_or_else(|| invalid("a view names a buffer that there is not"))?;
    let start = view.offset as usize;
    let value = buffer
        .get(start..start + length as usize)
        .ok_or_else(|| invalid("a view leads outside its buffer"))?;
    if !value.starts_with(&view.prefix.to_le_bytes()) {
        return Err(invalid("the prefix of a view is not that of its value"));
    }
    if TEXT && !value.is_ascii() {
        std::str::from_utf8(value).map_err(|_| not_text())?;
    }
    Ok(())
}
