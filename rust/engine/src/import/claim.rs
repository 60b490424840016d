//! What a producer claims an array to be, checked for its shape before anything is believed.
//!
//! The work goes in two passes over the whole tree, each followed by one question to the kernel
//! whether the claimed memory is readable: first everything whose size follows from lengths, then
//! the values of texts and views, whose size stands in the buffers of the first pass. Nothing here
//! depends on the number of rows.

use std::sync::Arc;

use arrow_array::ffi::FFI_ArrowArray;
use arrow_buffer::{BooleanBuffer, Buffer};
use arrow_schema::{DataType, UnionMode};

use super::abi::{self, RawArray};
use super::node::Node;
use super::place::{column, field, invalid, within};
use super::readable::{fits, Probe};
use super::{too_large, MAX_ROWS};
use crate::error::{Error, Result};

/// The most buffers of one view array.
const MAX_BUFFERS: usize = 1 << 20;

/// Takes the shape of `owner` for an array of `data_type`, a struct, and makes buffers of it that
/// keep `owner` alive.
///
/// # Safety
/// As for [`super::import_batch`].
pub(super) unsafe fn take(owner: &Arc<FFI_ArrowArray>, data_type: &DataType) -> Result<Node> {
    let mut taker = Taker { probe: Probe::default(), column: 0, level: 0 };
    // SAFETY: the caller's promise; `owner` is borrowed for all of it.
    unsafe {
        let mut claim = taker.shape(abi::array(owner), data_type)?;
        taker.probe.check().map_err(|(at, error)| placed(data_type, at, error))?;
        taker.level = 0;
        taker.size(&mut claim)?;
        taker.probe.check().map_err(|(at, error)| placed(data_type, at, error))?;
        Ok(adopt(claim, owner))
    }
}

fn placed(data_type: &DataType, index: usize, error: Error) -> Error {
    within(|| label(data_type, index, true))(error)
}

/// The place of a child: a column at the top, a field below.
fn label(data_type: &DataType, index: usize, top: bool) -> String {
    match data_type {
        DataType::Struct(fields) if top => {
            column(index, fields.len(), fields.get(index).map_or("", |field| field.name()))
        }
        DataType::Struct(fields) => field(fields.get(index).map_or("", |field| field.name())),
        DataType::Union(fields, _) => {
            field(fields.iter().nth(index).map_or("", |(_, field)| field.name()))
        }
        DataType::Dictionary(..) => "dictionary".to_owned(),
        DataType::RunEndEncoded(..) if index == 0 => "run ends".to_owned(),
        DataType::Map(..) => "entries".to_owned(),
        _ => "values".to_owned(),
    }
}

/// Memory that a producer claims.
#[derive(Debug, Clone, Copy)]
struct Range {
    start: *const u8,
    bytes: usize,
    align: usize,
}

/// One array as claimed, in the form of a [`Node`].
#[derive(Debug)]
struct Claim<'a> {
    data_type: &'a DataType,
    len: usize,
    /// The bitmap and the offset of its first bit.
    validity: Option<(Range, usize)>,
    /// As in [`Node`].
    start: usize,
    buffers: Vec<Range>,
    children: Vec<Claim<'a>>,
}

/// How the buffers of a type are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// No buffers at all.
    Nothing,
    /// Validity.
    Validity,
    /// Validity and bits.
    Bits,
    /// Validity and values of this many bytes, with this alignment.
    Fixed(usize, usize),
    /// Validity, offsets of this many bytes, values.
    Text(usize),
    /// Validity, views, any number of values, their sizes.
    View,
    /// Validity and offsets of this many bytes.
    List(usize),
    /// Validity, offsets and sizes of this many bytes each.
    ListView(usize),
    /// Type ids, and 32-bit offsets if dense.
    Union(UnionMode),
}

fn layout(data_type: &DataType) -> Result<Layout> {
    use DataType as T;
    if let Some(width) = data_type.primitive_width() {
        // Values of 16 and 32 bytes are read as 128-bit integers, intervals as 32-bit parts.
        let align = match data_type {
            T::Decimal256(..) => align_of::<arrow_buffer::i256>(),
            T::Decimal128(..) => align_of::<i128>(),
            _ => width.min(8),
        };
        return Ok(Layout::Fixed(width, align));
    }
    Ok(match data_type {
        T::Null | T::RunEndEncoded(..) => Layout::Nothing,
        T::Boolean => Layout::Bits,
        T::FixedSizeBinary(size) => Layout::Fixed(unsigned(i64::from(*size), "size")?, 1),
        T::Utf8 | T::Binary => Layout::Text(4),
        T::LargeUtf8 | T::LargeBinary => Layout::Text(8),
        T::Utf8View | T::BinaryView => Layout::View,
        T::List(_) | T::Map(..) => Layout::List(4),
        T::LargeList(_) => Layout::List(8),
        T::ListView(_) => Layout::ListView(4),
        T::LargeListView(_) => Layout::ListView(8),
        T::FixedSizeList(..) | T::Struct(_) => Layout::Validity,
        T::Union(_, mode) => Layout::Union(*mode),
        T::Dictionary(keys, _) if keys.is_dictionary_key_type() => layout(keys)?,
        _ => return Err(invalid("the type is not one that is known")),
    })
}

fn unsigned(number: i64, what: &str) -> Result<usize> {
    usize::try_from(number).map_err(|_| invalid(format!("a {what} is negative")))
}

fn overflow() -> Error {
    invalid("a length or an offset overflows")
}

fn bytes(count: usize, width: usize) -> Result<usize> {
    count.checked_mul(width).ok_or_else(overflow)
}

struct Taker {
    probe: Probe,
    /// The top-level column at work.
    column: usize,
    /// 0 at the top-level struct.
    level: usize,
}

impl Taker {
    /// First pass: everything but the values of texts and views.
    ///
    /// # Safety
    /// `raw` is released or live.
    unsafe fn shape<'a>(&mut self, raw: &RawArray, data_type: &'a DataType) -> Result<Claim<'a>> {
        if raw.release.is_null() {
            return Err(invalid("the array was already released")
                .help("an array capsule is used once; ask the producer for another"));
        }
        let len = unsigned(raw.length, "length")?;
        let offset = unsigned(raw.offset, "offset")?;
        len.checked_add(offset).filter(|end| isize::try_from(*end).is_ok()).ok_or_else(overflow)?;
        if len > MAX_ROWS {
            return Err(too_large(format!("more than {MAX_ROWS} rows in one batch")));
        }
        if raw.null_count < -1 || raw.null_count > raw.length {
            return Err(invalid("the null count is not between -1 and the length"));
        }
        let layout = layout(data_type)?;
        // SAFETY: the caller's promise; `raw` was found to be live.
        unsafe {
            let buffers = Buffers::of(raw, layout)?;
            let children = self.children(raw, data_type)?;
            if len == 0 {
                return Ok(Claim::empty(data_type));
            }
            self.own(raw, data_type, layout, &buffers, children)
        }
    }

    /// The claims of an array that is not empty.
    ///
    /// # Safety
    /// `raw` is live; `buffers` are its.
    unsafe fn own<'a>(
        &mut self,
        raw: &RawArray,
        data_type: &'a DataType,
        layout: Layout,
        buffers: &Buffers,
        children: Vec<Claim<'a>>,
    ) -> Result<Claim<'a>> {
        let len = unsigned(raw.length, "length")?;
        let offset = unsigned(raw.offset, "offset")?;
        let mut claim = Claim { len, children, ..Claim::empty(data_type) };
        // SAFETY: `buffers` has as many entries as `layout` needs.
        let at = |index| unsafe { buffers.at(index) };
        let bits = |me: &mut Self, start| {
            let range = me.range(start, offset / 8, (offset % 8 + len).div_ceil(8), 1, 1)?;
            Ok::<_, Error>((range, offset % 8))
        };
        if !matches!(layout, Layout::Nothing | Layout::Union(_)) {
            let bitmap = at(0);
            if !bitmap.is_null() {
                claim.validity = Some(bits(self, bitmap)?);
            } else if raw.null_count > 0 {
                return Err(invalid("there are nulls, but no bitmap says where"));
            }
        }
        match layout {
            Layout::Nothing | Layout::Validity => claim.start = offset,
            Layout::Bits => {
                let (range, start) = bits(self, at(1))?;
                claim.start = start;
                claim.buffers.push(range);
            }
            Layout::Fixed(width, align) => {
                claim.buffers.push(self.range(at(1), offset, len, width, align)?);
            }
            Layout::Text(width) => {
                claim.buffers.push(self.range(at(1), offset, len + 1, width, width)?);
                claim.buffers.push(Range { start: at(2), bytes: 0, align: 1 });
            }
            Layout::List(width) => {
                claim.buffers.push(self.range(at(1), offset, len + 1, width, width)?);
            }
            Layout::ListView(width) => {
                claim.buffers.push(self.range(at(1), offset, len, width, width)?);
                claim.buffers.push(self.range(at(2), offset, len, width, width)?);
            }
            Layout::View => {
                claim.buffers.push(self.range(at(1), offset, len, 16, align_of::<u128>())?);
                for index in 2..buffers.count - 1 {
                    claim.buffers.push(Range { start: at(index), bytes: 0, align: 1 });
                }
                // The sizes come last here too, until the second pass has used them.
                let sizes = at(buffers.count - 1);
                claim.buffers.push(self.range(sizes, 0, buffers.count - 3, 8, 1)?);
            }
            Layout::Union(mode) => {
                claim.buffers.push(self.range(at(0), offset, len, 1, 1)?);
                if mode == UnionMode::Dense {
                    claim.buffers.push(self.range(at(1), offset, len, 4, 4)?);
                }
                claim.start = offset;
            }
        }
        Ok(claim)
    }

    /// # Safety
    /// `raw` is live.
    unsafe fn children<'a>(
        &mut self,
        raw: &RawArray,
        data_type: &'a DataType,
    ) -> Result<Vec<Claim<'a>>> {
        let types = children_of(data_type);
        let listed = unsigned(raw.n_children, "number of children")?;
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
        let top = self.level == 0;
        let mut claims = Vec::with_capacity(types.len());
        for (index, child_type) in types.into_iter().enumerate() {
            if top {
                self.column = index;
            }
            self.level += 1;
            // SAFETY: the list was found not null and has `n_children` entries, more than `index`;
            // entries and the dictionary are null or valid for as long as `raw`.
            let claim = unsafe {
                let child = if in_dictionary {
                    raw.dictionary.as_ref()
                } else {
                    raw.children.add(index).read_unaligned().as_ref()
                };
                match child {
                    Some(child) => self.shape(child, child_type),
                    None => Err(invalid("a child is missing")),
                }
            };
            self.level -= 1;
            claims.push(claim.map_err(within(|| label(data_type, index, top)))?);
        }
        Ok(claims)
    }

    /// `count` items of `width` bytes from item `from` on.
    fn range(
        &mut self,
        start: *const u8,
        from: usize,
        count: usize,
        width: usize,
        align: usize,
    ) -> Result<Range> {
        let (skip, bytes) = (bytes(from, width)?, bytes(count, width)?);
        if bytes > 0 {
            if start.is_null() {
                return Err(invalid("a buffer is missing"));
            }
            fits(start, skip.checked_add(bytes).ok_or_else(overflow)?)?;
            self.probe.add(self.column, start.wrapping_add(skip), bytes);
        }
        Ok(Range { start: start.wrapping_add(skip), bytes, align })
    }

    /// Second pass: the sizes of the values of texts and views.
    ///
    /// # Safety
    /// The first pass made `claim`, and its ranges are readable.
    unsafe fn size(&mut self, claim: &mut Claim<'_>) -> Result<()> {
        let top = self.level == 0;
        for (index, child) in claim.children.iter_mut().enumerate() {
            if top {
                self.column = index;
            }
            self.level += 1;
            // SAFETY: the caller's promise.
            let sized = unsafe { self.size(child) };
            self.level -= 1;
            sized.map_err(within(|| label(claim.data_type, index, top)))?;
        }
        match (layout(claim.data_type)?, claim.buffers.as_mut_slice()) {
            (Layout::Text(width), [offsets, values]) => {
                // SAFETY: the first pass claimed `len + 1` offsets of `width` bytes.
                let last = unsafe {
                    match width {
                        4 => i64::from(read_i32(offsets.start, claim.len)),
                        _ => read_i64(offsets.start, claim.len),
                    }
                };
                let length = usize::try_from(last)
                    .map_err(|_| invalid("the last offset of the values is negative"))?;
                *values = self.range(values.start, 0, length, 1, 1)?;
            }
            (Layout::View, [_, values @ .., sizes]) => {
                for (index, values) in values.iter_mut().enumerate() {
                    // SAFETY: the first pass claimed one size of 8 bytes for each buffer of values.
                    let size = unsafe { read_i64(sizes.start, index) };
                    let size = unsigned(size, "buffer size")?;
                    // Buffers that no view uses may be missing whatever their size.
                    let size = if values.start.is_null() { 0 } else { size };
                    *values = self.range(values.start, 0, size, 1, 1)?;
                }
                claim.buffers.pop();
            }
            _ => {}
        }
        Ok(())
    }
}

impl<'a> Claim<'a> {
    fn empty(data_type: &'a DataType) -> Self {
        let (buffers, children) = (Vec::new(), Vec::new());
        Claim { data_type, len: 0, validity: None, start: 0, buffers, children }
    }
}

/// Item `index` of memory that need not be aligned.
///
/// # Safety
/// Items up to `index` are readable at `start`.
#[allow(clippy::cast_ptr_alignment)] // the read is unaligned
unsafe fn read_i32(start: *const u8, index: usize) -> i32 {
    // SAFETY: the caller's promise.
    unsafe { start.cast::<i32>().add(index).read_unaligned() }
}

/// Item `index` of memory that need not be aligned.
///
/// # Safety
/// Items up to `index` are readable at `start`.
#[allow(clippy::cast_ptr_alignment)] // the read is unaligned
unsafe fn read_i64(start: *const u8, index: usize) -> i64 {
    // SAFETY: the caller's promise.
    unsafe { start.cast::<i64>().add(index).read_unaligned() }
}

/// The pointers to the buffers of a live array, as many as its layout needs.
struct Buffers {
    list: *const *const std::ffi::c_void,
    count: usize,
}

impl Buffers {
    fn of(raw: &RawArray, layout: Layout) -> Result<Self> {
        let count = unsigned(raw.n_buffers, "number of buffers")?;
        let right = match layout {
            Layout::Nothing => count == 0,
            Layout::Validity | Layout::Union(UnionMode::Sparse) => count == 1,
            Layout::Bits
            | Layout::Fixed(..)
            | Layout::List(_)
            | Layout::Union(UnionMode::Dense) => count == 2,
            Layout::Text(_) | Layout::ListView(_) => count == 3,
            Layout::View => count >= 3,
        };
        if !right {
            return Err(invalid("the number of buffers is not the type's"));
        }
        if count > MAX_BUFFERS {
            return Err(too_large(format!("more than {MAX_BUFFERS} buffers in one array")));
        }
        if count > 0 && raw.buffers.is_null() {
            return Err(invalid("the list of buffers is missing"));
        }
        Ok(Self { list: raw.buffers, count })
    }

    /// # Safety
    /// The array is live and `index` is below `count`.
    unsafe fn at(&self, index: usize) -> *const u8 {
        // SAFETY: the list was found not null and has `count` entries.
        unsafe { self.list.add(index).read_unaligned() }.cast()
    }
}

/// The types of the children, a dictionary's values among them.
fn children_of(data_type: &DataType) -> Vec<&DataType> {
    match data_type {
        DataType::List(field)
        | DataType::LargeList(field)
        | DataType::ListView(field)
        | DataType::LargeListView(field)
        | DataType::FixedSizeList(field, _)
        | DataType::Map(field, _) => vec![field.data_type()],
        DataType::Struct(fields) => fields.iter().map(|field| field.data_type()).collect(),
        DataType::Union(fields, _) => fields.iter().map(|(_, field)| field.data_type()).collect(),
        DataType::RunEndEncoded(ends, values) => vec![ends.data_type(), values.data_type()],
        DataType::Dictionary(_, values) => vec![values],
        _ => Vec::new(),
    }
}

/// Makes buffers of the claims, each of which keeps `owner` alive.
///
/// # Safety
/// Both passes went over `claim`, and its ranges are in memory that `owner` keeps readable.
unsafe fn adopt(claim: Claim<'_>, owner: &Arc<FFI_ArrowArray>) -> Node {
    // SAFETY: the caller's promise.
    let buffer = |range: &Range| unsafe { buffer(range, owner) };
    Node {
        data_type: claim.data_type.clone(),
        len: claim.len,
        validity: claim
            .validity
            .map(|(range, start)| BooleanBuffer::new(buffer(&range), start, claim.len)),
        start: claim.start,
        buffers: claim.buffers.iter().map(buffer).collect(),
        // SAFETY: the caller's promise.
        children: claim.children.into_iter().map(|child| unsafe { adopt(child, owner) }).collect(),
    }
}

/// # Safety
/// `range` is in memory that `owner` keeps readable.
unsafe fn buffer(range: &Range, owner: &Arc<FFI_ArrowArray>) -> Buffer {
    let start = match std::ptr::NonNull::new(range.start.cast_mut()) {
        Some(start) if range.bytes > 0 => start,
        // Empty buffers may be null or dangle.
        _ => return Buffer::default(),
    };
    if range.start.addr().is_multiple_of(range.align) {
        // SAFETY: the caller's promise; the buffer keeps a handle of the owner, which releases the
        // array when the last handle goes.
        return unsafe {
            Buffer::from_custom_allocation(start, range.bytes, Arc::clone(owner) as _)
        };
    }
    // SAFETY: the caller's promise; `fits` bounded the size.
    let bytes = unsafe { std::slice::from_raw_parts(range.start, range.bytes) };
    Buffer::from_slice_ref(bytes)
}
