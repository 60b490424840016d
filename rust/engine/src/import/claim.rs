//! What a producer claims an array to be, checked for its shape before anything is believed.
//!
//! The work goes in two passes over the whole tree, each followed by one question to the kernel
//! whether the claimed memory is readable: first everything whose size follows from lengths, then
//! the values of texts and views, whose size stands in the buffers of the first pass. Nothing here
//! depends on the number of rows.

use std::ffi::c_void;
use std::sync::Arc;

use arrow_array::ffi::FFI_ArrowArray;
use arrow_buffer::BooleanBuffer;
use arrow_schema::{DataType, UnionMode};

use super::abi::{self, RawArray};
use super::layout::{children, place, Layout};
use super::node::Node;
use super::place::{invalid, within};
use super::range::{overflow, Range};
use super::readable::Probe;
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
    let mut taker = Taker { probe: Probe::default(), column: 0, top: true };
    // SAFETY: the caller's promise; `owner` is borrowed for all of it, and its memory stays
    // readable for as long as it lives.
    unsafe {
        let mut claim = taker.shape(abi::array(owner), data_type)?;
        taker.ask(data_type)?;
        taker.size(&mut claim)?;
        taker.ask(data_type)?;
        Ok(adopt(claim, owner))
    }
}

/// One array as claimed, in the form of a [`Node`].
#[derive(Debug)]
struct Claim<'a> {
    data_type: &'a DataType,
    layout: Layout,
    len: usize,
    /// The bitmap and the offset of its first bit.
    validity: Option<(Range, usize)>,
    /// As in [`Node`].
    start: usize,
    buffers: Vec<Range>,
    children: Vec<Claim<'a>>,
}

/// Makes buffers of the claims.
///
/// # Safety
/// Both passes went over `claim`, and its ranges are in memory that `owner` keeps readable.
unsafe fn adopt(claim: Claim<'_>, owner: &Arc<FFI_ArrowArray>) -> Node {
    // SAFETY: the caller's promise.
    let buffer = |range: &Range| unsafe { range.buffer(owner) };
    let bits =
        |(range, start): (Range, usize)| BooleanBuffer::new(buffer(&range), start, claim.len);
    Node {
        data_type: claim.data_type.clone(),
        len: claim.len,
        validity: claim.validity.map(bits),
        start: claim.start,
        buffers: claim.buffers.iter().map(buffer).collect(),
        // SAFETY: the caller's promise.
        children: claim.children.into_iter().map(|child| unsafe { adopt(child, owner) }).collect(),
    }
}

struct Taker {
    probe: Probe,
    /// The top-level column at work.
    column: usize,
    /// Whether the top-level struct itself is at work.
    top: bool,
}

impl Taker {
    /// Asks whether all that was claimed is readable.
    fn ask(&mut self, top: &DataType) -> Result<()> {
        self.probe.check().map_err(|(index, error)| within(|| place(top, index, true))(error))
    }

    /// First pass: everything but the values of texts and views.
    ///
    /// # Safety
    /// `raw` is released or live.
    unsafe fn shape<'a>(&mut self, raw: &RawArray, data_type: &'a DataType) -> Result<Claim<'a>> {
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
        let (children, buffers) = (Vec::new(), Vec::new());
        let mut claim =
            Claim { data_type, layout, len, validity: None, start: 0, buffers, children };
        // SAFETY: the caller's promise; `raw` was found to be live.
        unsafe {
            let buffers = Buffers::of(raw, layout)?;
            claim.children = self.children(raw, data_type)?;
            if len == 0 {
                // Empty arrays often come without buffers. Nothing of them is needed.
                claim.children.clear();
            } else {
                self.claim_buffers(&mut claim, &buffers, offset, raw.null_count)?;
            }
        }
        Ok(claim)
    }

    /// Claims the buffers of an array that is not empty, from its offset on.
    ///
    /// # Safety
    /// `buffers` are those of the live array that `claim` describes.
    unsafe fn claim_buffers(
        &mut self,
        claim: &mut Claim<'_>,
        buffers: &Buffers,
        offset: usize,
        null_count: i64,
    ) -> Result<()> {
        let len = claim.len;
        // SAFETY: the caller's promise; `Buffers::of` found as many as the layout has.
        let at = |index| unsafe { buffers.at(index) };
        let bits = (offset / 8, (offset % 8 + len).div_ceil(8));
        if claim.layout.has_validity() {
            let bitmap = at(0);
            if !bitmap.is_null() {
                claim.validity = Some((self.range(bitmap, bits, 1, 1)?, offset % 8));
            } else if null_count > 0 {
                return Err(invalid("there are nulls, but no bitmap says where"));
            }
        }
        let items = (offset, len);
        let ends = (offset, len + 1);
        match claim.layout {
            Layout::Nothing | Layout::Validity => claim.start = offset,
            Layout::Bits => {
                claim.buffers.push(self.range(at(1), bits, 1, 1)?);
                claim.start = offset % 8;
            }
            Layout::Fixed(width, align) => {
                claim.buffers.push(self.range(at(1), items, width, align)?);
            }
            Layout::Text(width) => {
                claim.buffers.push(self.range(at(1), ends, width, width)?);
                claim.buffers.push(Range::unsized_from(at(2)));
            }
            Layout::List(width) => claim.buffers.push(self.range(at(1), ends, width, width)?),
            Layout::ListView(width) => {
                claim.buffers.push(self.range(at(1), items, width, width)?);
                claim.buffers.push(self.range(at(2), items, width, width)?);
            }
            Layout::View => {
                claim.buffers.push(self.range(at(1), items, 16, align_of::<u128>())?);
                let sizes = buffers.count - 1;
                claim.buffers.extend((2..sizes).map(|index| Range::unsized_from(at(index))));
                // The sizes come last, until the second pass has used them.
                claim.buffers.push(self.range(at(sizes), (0, sizes - 2), 8, 1)?);
            }
            Layout::Union(mode) => {
                claim.buffers.push(self.range(at(0), items, 1, 1)?);
                match mode {
                    UnionMode::Sparse => claim.start = offset,
                    UnionMode::Dense => claim.buffers.push(self.range(at(1), items, 4, 4)?),
                }
            }
        }
        Ok(())
    }

    /// Claims the children and the dictionary.
    ///
    /// # Safety
    /// `raw` is live.
    unsafe fn children<'a>(
        &mut self,
        raw: &RawArray,
        data_type: &'a DataType,
    ) -> Result<Vec<Claim<'a>>> {
        let types = children(data_type);
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
        let top = std::mem::take(&mut self.top);
        let mut claims = Vec::with_capacity(types.len());
        for (index, child_type) in types.into_iter().enumerate() {
            if top {
                self.column = index;
            }
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
            claims.push(claim.map_err(within(|| place(data_type, index, top)))?);
        }
        self.top = top;
        Ok(claims)
    }

    /// Claims items from one on, as many, each of `width` bytes.
    fn range(
        &mut self,
        start: *const u8,
        (from, count): (usize, usize),
        width: usize,
        align: usize,
    ) -> Result<Range> {
        let range = Range::new(start, from, count, width, align)?;
        self.probe.add(self.column, range.start, range.bytes);
        Ok(range)
    }

    /// Second pass: the sizes of the values of texts and views.
    ///
    /// # Safety
    /// The first pass made `claim`, and its ranges are readable.
    unsafe fn size(&mut self, claim: &mut Claim<'_>) -> Result<()> {
        let top = std::mem::take(&mut self.top);
        for (index, child) in claim.children.iter_mut().enumerate() {
            if top {
                self.column = index;
            }
            // SAFETY: the caller's promise.
            let sized = unsafe { self.size(child) };
            sized.map_err(within(|| place(claim.data_type, index, top)))?;
        }
        self.top = top;
        match (claim.layout, claim.buffers.as_mut_slice()) {
            (Layout::Text(width), [offsets, values]) => {
                // SAFETY: the first pass claimed `len + 1` offsets of `width` bytes.
                let last = unsafe {
                    match width {
                        4 => i64::from(offsets.read_i32(claim.len)),
                        _ => offsets.read_i64(claim.len),
                    }
                };
                *values =
                    self.range(values.start, (0, unsigned(last, "the last offset")?), 1, 1)?;
            }
            (Layout::View, [_, values @ .., sizes]) => {
                for (index, values) in values.iter_mut().enumerate() {
                    // SAFETY: the first pass claimed one size of 8 bytes for each of the values.
                    let size = unsigned(unsafe { sizes.read_i64(index) }, "a buffer's size")?;
                    // Values that no view leads to may be missing, whatever their size.
                    let size = if values.start.is_null() { 0 } else { size };
                    *values = self.range(values.start, (0, size), 1, 1)?;
                }
                claim.buffers.pop();
            }
            _ => {}
        }
        Ok(())
    }
}

fn unsigned(number: i64, what: &str) -> Result<usize> {
    usize::try_from(number).map_err(|_| invalid(format!("{what} is negative")))
}

/// The pointers to the buffers of an array, as many as its layout has.
struct Buffers {
    list: *const *const c_void,
    count: usize,
}

impl Buffers {
    fn of(raw: &RawArray, layout: Layout) -> Result<Self> {
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
        Ok(Self { list: raw.buffers, count })
    }

    /// # Safety
    /// The array is live and `index` is below `count`.
    unsafe fn at(&self, index: usize) -> *const u8 {
        // SAFETY: the list was found not null and has `count` entries.
        unsafe { self.list.add(index).read_unaligned() }.cast()
    }
}
