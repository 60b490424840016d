//! What a producer claims an array to be, checked for its shape before anything is believed.
//!
//! Nothing here depends on the number of rows: of the buffers, only last offsets and the sizes of
//! view buffers are read.

use std::ffi::c_void;
use std::sync::Arc;

use arrow_array::ffi::FFI_ArrowArray;
use arrow_buffer::{BooleanBuffer, Buffer};
use arrow_schema::{DataType, UnionMode};

use super::abi::{self, RawArray};
use super::layout::{children_of, place_of, Layout};
use super::node::Node;
use super::place::{invalid, within};
use super::range::{overflow, Range};
use super::{too_large, MAX_ROWS};
use crate::error::Result;

/// The most buffers of one view array.
const MAX_BUFFERS: usize = 1 << 20;

/// Takes the shape of `owner` for an array of `data_type`, a struct, and makes buffers of it that
/// keep `owner` alive.
///
/// # Safety
/// As for [`super::import_batch`].
pub(super) unsafe fn take(owner: &Arc<FFI_ArrowArray>, data_type: &DataType) -> Result<Node> {
    // SAFETY: the caller's promise.
    unsafe { array(abi::array(owner), data_type, owner, true) }
}

/// One array with its children. It is not known yet whether its values are valid; `top` says that
/// its children are the columns.
///
/// # Safety
/// `raw` is released, or live for as long as `owner` lives.
unsafe fn array(
    raw: &RawArray,
    data_type: &DataType,
    owner: &Arc<FFI_ArrowArray>,
    top: bool,
) -> Result<Node> {
    if raw.release.is_null() {
        return Err(invalid("the array was already released")
            .help("an array is used once; ask the producer for another"));
    }
    let len = unsigned(raw.length, "a length")?;
    let offset = unsigned(raw.offset, "an offset")?;
    len.checked_add(offset).filter(|end| isize::try_from(*end).is_ok()).ok_or_else(overflow)?;
    if len > MAX_ROWS {
        return Err(too_large(format!("more than {MAX_ROWS} rows in one batch")));
    }
    if raw.null_count < -1 || raw.null_count > raw.length {
        return Err(invalid("the null count is not between -1 and the length"));
    }
    let layout = Layout::of(data_type)?;
    let source = Source::of(raw, layout, owner)?;
    // SAFETY: the caller's promise; `raw` was found to be live.
    let children = unsafe { children(raw, data_type, owner, top)? };
    let buffers = Vec::new();
    let mut node =
        Node { data_type: data_type.clone(), len, validity: None, start: 0, buffers, children };
    if len == 0 {
        // Empty arrays often come without buffers. Nothing of them is needed.
        return Ok(node);
    }
    // SAFETY: as above; `source` has the buffers that `layout` asks for.
    unsafe {
        if layout.has_validity() {
            node.validity = source.bits(0, offset, len)?;
            if node.validity.is_none() && raw.null_count > 0 {
                return Err(invalid("there are nulls, but no bitmap says where"));
            }
        }
        match layout {
            Layout::Nothing | Layout::Validity => node.start = offset,
            Layout::Bits => {
                let bits = source.bits(1, offset, len)?;
                let bits = bits.ok_or_else(|| invalid("a buffer is missing"))?;
                node.start = bits.offset();
                node.buffers.push(bits.into_inner());
            }
            Layout::Fixed(width, align) => {
                node.buffers.push(source.items(1, offset, len, width, align)?);
            }
            Layout::Text(width) => {
                let offsets = source.range(1, offset, len + 1, width, width)?;
                let at = |index| match width {
                    4 => i64::from(offsets.read_i32(index)),
                    _ => offsets.read_i64(index),
                };
                let last = unsigned(at(len), "the last offset")?;
                // A first offset that cannot be right is refused when the offsets are vetted.
                let first = usize::try_from(at(0)).map_or(0, |first| first.min(last));
                let values = Range::tail(source.start(2), first, last)?;
                node.buffers = vec![source.buffer(offsets), source.buffer(values)];
            }
            Layout::List(width) => {
                node.buffers.push(source.items(1, offset, len + 1, width, width)?);
            }
            Layout::ListView(width) => {
                node.buffers.push(source.items(1, offset, len, width, width)?);
                node.buffers.push(source.items(2, offset, len, width, width)?);
            }
            Layout::View => {
                node.buffers.push(source.items(1, offset, len, 16, align_of::<u128>())?);
                source.viewed(&mut node.buffers)?;
            }
            Layout::Union(mode) => {
                node.buffers.push(source.items(0, offset, len, 1, 1)?);
                match mode {
                    UnionMode::Sparse => node.start = offset,
                    UnionMode::Dense => node.buffers.push(source.items(1, offset, len, 4, 4)?),
                }
            }
        }
    }
    Ok(node)
}

/// The children, or the dictionary.
///
/// # Safety
/// `raw` is live for as long as `owner` lives.
unsafe fn children(
    raw: &RawArray,
    data_type: &DataType,
    owner: &Arc<FFI_ArrowArray>,
    top: bool,
) -> Result<Vec<Node>> {
    let types = children_of(data_type);
    let listed = unsigned(raw.n_children, "a number of children")?;
    let in_dictionary = matches!(data_type, DataType::Dictionary(..));
    if listed != if in_dictionary { 0 } else { types.len() } {
        return Err(invalid("the number of children is not the type's"));
    }
    if in_dictionary == raw.dictionary.is_null() {
        return Err(invalid("a dictionary is missing, or is there without need"));
    }
    if listed > 0 && raw.children.is_null() {
        return Err(invalid("the list of children is missing"));
    }
    let mut nodes = Vec::with_capacity(types.len());
    for (index, child_type) in types.into_iter().enumerate() {
        // SAFETY: the list was found not null and has `n_children` entries, more than `index`;
        // entries and the dictionary are null or valid for as long as `raw`.
        let node = unsafe {
            let child = if in_dictionary {
                raw.dictionary.as_ref()
            } else {
                raw.children.add(index).read_unaligned().as_ref()
            };
            match child {
                Some(child) => array(child, child_type, owner, false),
                None => Err(invalid("a child is missing")),
            }
        };
        nodes.push(node.map_err(within(|| place_of(data_type, index, top)))?);
    }
    Ok(nodes)
}

fn unsigned(number: i64, what: &str) -> Result<usize> {
    usize::try_from(number).map_err(|_| invalid(format!("{what} is negative")))
}

/// The buffers of an array, as many as its layout has.
struct Source<'a> {
    list: *const *const c_void,
    count: usize,
    owner: &'a Arc<FFI_ArrowArray>,
}

impl<'a> Source<'a> {
    fn of(raw: &RawArray, layout: Layout, owner: &'a Arc<FFI_ArrowArray>) -> Result<Self> {
        let count = unsigned(raw.n_buffers, "a number of buffers")?;
        if !layout.has(count) {
            return Err(invalid("the number of buffers is not the type's"));
        }
        if count > MAX_BUFFERS {
            return Err(too_large(format!("more than {MAX_BUFFERS} buffers in one array")));
        }
        if count > 0 && raw.buffers.is_null() {
            return Err(invalid("the list of buffers is missing"));
        }
        Ok(Self { list: raw.buffers, count, owner })
    }

    /// # Safety
    /// The array is live and `index` is below `count`.
    unsafe fn start(&self, index: usize) -> *const u8 {
        // SAFETY: the list was found not null and has `count` entries.
        unsafe { self.list.add(index).read_unaligned() }.cast()
    }

    /// # Safety
    /// As for `start`.
    unsafe fn range(
        &self,
        index: usize,
        from: usize,
        count: usize,
        width: usize,
        align: usize,
    ) -> Result<Range> {
        // SAFETY: the caller's promise.
        Range::new(unsafe { self.start(index) }, from, count, width, align)
    }

    /// # Safety
    /// `range` is of this array, which is live.
    unsafe fn buffer(&self, range: Range) -> Buffer {
        // SAFETY: a live array keeps its buffers readable; how far was asked when the range was
        // made, as far as the system can say, and is otherwise the producer's word.
        unsafe { range.buffer(self.owner) }
    }

    /// # Safety
    /// As for `start`.
    unsafe fn items(
        &self,
        index: usize,
        from: usize,
        count: usize,
        width: usize,
        align: usize,
    ) -> Result<Buffer> {
        // SAFETY: the caller's promise.
        unsafe { Ok(self.buffer(self.range(index, from, count, width, align)?)) }
    }

    /// `len` bits from bit `from` on; `None` if the buffer is null.
    ///
    /// # Safety
    /// As for `start`.
    unsafe fn bits(&self, index: usize, from: usize, len: usize) -> Result<Option<BooleanBuffer>> {
        // SAFETY: the caller's promise.
        unsafe {
            if self.start(index).is_null() {
                return Ok(None);
            }
            let bytes = self.items(index, from / 8, (from % 8 + len).div_ceil(8), 1, 1)?;
            Ok(Some(BooleanBuffer::new(bytes, from % 8, len)))
        }
    }

    /// The values of views, whose sizes are in the last buffer.
    ///
    /// # Safety
    /// The array is live and its layout is that of views.
    unsafe fn viewed(&self, buffers: &mut Vec<Buffer>) -> Result<()> {
        let sizes = self.count - 1;
        // SAFETY: the caller's promise; the range has a size for each of the buffers from 2 on.
        unsafe {
            let all = self.range(sizes, 0, sizes - 2, 8, 1)?;
            for index in 2..sizes {
                let size = unsigned(all.read_i64(index - 2), "a buffer's size")?;
                // Values that no view leads to may be missing, whatever their size.
                let size = if self.start(index).is_null() { 0 } else { size };
                buffers.push(self.items(index, 0, size, 1, 1)?);
            }
        }
        Ok(())
    }
}
