//! Text and binary views: each view inside its buffer, its prefix right, its padding zero.

use arrow_buffer::{Buffer, NullBuffer};
use arrow_data::{ArrayData, ByteView, MAX_INLINE_VIEW_LEN};
use arrow_schema::DataType;

use super::super::node::{items, Node};
use super::super::place::invalid;
use super::{array, counted, is_null, How, Nulls};
use crate::error::Result;
use crate::kernels::views::not_short_ascii;
use crate::kernels::{bits, text};

/// Views that are looked at together.
const BLOCK: usize = 4096;

pub(super) fn vet(mut node: Node, how: &mut How<'_>) -> Result<ArrayData> {
    let nulls = counted(&node);
    let views = items::<u128>(node.buffers.first(), node.len)?;
    let values = node.buffers.get(1..).unwrap_or_default();
    let sound = if node.data_type == DataType::Utf8View {
        all_sound::<true>(views, values)
    } else {
        all_sound::<false>(views, values)
    };
    if !sound {
        for (slot, view) in views.iter().enumerate() {
            if how.nulls == Nulls::Strict || !is_null(nulls.as_ref(), slot) {
                match node.data_type {
                    DataType::Utf8View => check::<true>(*view, values),
                    _ => check::<false>(*view, values),
                }?;
            }
        }
        let repaired = blanked(views, nulls.as_ref());
        if let Some(first) = node.buffers.first_mut() {
            *first = repaired;
        }
    }
    Ok(array(node.data_type, node.len, nulls, 0, node.buffers, vec![]))
}

/// Whether every view is sound, also those under nulls. The usual short views are found many at a
/// time; of long ones, the bytes that lie one behind the other are looked at together.
fn all_sound<const TEXT: bool>(views: &[u128], values: &[Buffer]) -> bool {
    let mut others = [0; BLOCK / 64];
    let mut run = Run::default();
    let mut near = Near::default();
    for block in views.chunks(BLOCK) {
        let others = others.get_mut(..bits::words(block.len())).unwrap_or_default();
        not_short_ascii(block, others);
        for slot in bits::ones_of(others) {
            let Some(view) = block.get(slot) else { return false };
            if *view as u32 <= MAX_INLINE_VIEW_LEN {
                if check::<TEXT>(*view, values).is_err() {
                    return false;
                }
                continue;
            }
            let view = ByteView::from(*view);
            if !near.holds(&view) && !near.moves(&view, values) {
                return false;
            }
            if TEXT && !run.extend(&view) && !(run.is_ascii(values) && run.restart(&view)) {
                return false;
            }
        }
        // While the bytes are still in the cache.
        if TEXT && !run.is_ascii(values) {
            return false;
        }
        run.start = run.end;
    }
    true
}

/// The buffer that the view before led to: the next one mostly leads there too.
#[derive(Default)]
struct Near<'a> {
    index: u32,
    bytes: &'a [u8],
}

impl<'a> Near<'a> {
    /// Whether the view is sound and leads to this buffer.
    #[inline]
    fn holds(&self, view: &ByteView) -> bool {
        let start = view.offset as usize;
        let value = self.bytes.get(start..start + view.length as usize);
        view.buffer_index == self.index
            && i32::try_from(view.length | view.offset).is_ok()
            && value.and_then(<[u8]>::first_chunk) == Some(&view.prefix.to_le_bytes())
    }

    /// Whether the view is sound; its buffer is the near one then.
    #[cold]
    fn moves(&mut self, view: &ByteView, values: &'a [Buffer]) -> bool {
        let sound = long(view, values).is_ok();
        if let Some(buffer) = values.get(view.buffer_index as usize) {
            *self = Self { index: view.buffer_index, bytes: buffer };
        }
        sound
    }
}

/// Bytes of one buffer that views lead to, one view behind the other.
#[derive(Default)]
struct Run {
    buffer: u32,
    start: usize,
    end: usize,
}

impl Run {
    /// Whether the view's bytes follow; they belong to the run then.
    fn extend(&mut self, view: &ByteView) -> bool {
        let follows = view.buffer_index == self.buffer && view.offset as usize == self.end;
        if follows {
            self.end += view.length as usize;
        }
        follows
    }

    fn restart(&mut self, view: &ByteView) -> bool {
        self.buffer = view.buffer_index;
        self.start = view.offset as usize;
        self.end = self.start + view.length as usize;
        true
    }

    /// Text that is not ASCII is left to the check of each view.
    fn is_ascii(&self, values: &[Buffer]) -> bool {
        let buffer = values.get(self.buffer as usize);
        self.start == self.end
            || buffer.and_then(|b| b.get(self.start..self.end)).is_some_and(text::is_ascii)
    }
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
    let value = long(&ByteView::from(view), values)?;
    if TEXT && !value.is_ascii() {
        std::str::from_utf8(value).map_err(|_| not_text())?;
    }
    Ok(())
}

/// The bytes of a long view, which lie inside their buffer and begin with its prefix.
fn long<'a>(view: &ByteView, values: &'a [Buffer]) -> Result<&'a [u8]> {
    if (view.length | view.buffer_index | view.offset) > i32::MAX as u32 {
        return Err(invalid("a view has a negative part"));
    }
    let buffer = values
        .get(view.buffer_index as usize)
        .ok_or_else(|| invalid("a view names a buffer that there is not"))?;
    let start = view.offset as usize;
    let value = buffer
        .get(start..start + view.length as usize)
        .ok_or_else(|| invalid("a view leads outside its buffer"))?;
    if value.first_chunk() == Some(&view.prefix.to_le_bytes()) {
        Ok(value)
    } else {
        Err(invalid("the prefix of a view is not that of its value"))
    }
}
