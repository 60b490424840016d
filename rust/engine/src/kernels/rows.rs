//! Where the bytes of each row stand, whatever the layout of a string or binary column, for kernels
//! that read several rows at once or a fixed number of bytes of each.
//!
//! A [`Row`] also knows the memory behind it, as far as its buffer goes: reading a whole word there
//! is cheaper than minding the row's end, and what is read beyond it never decides anything. Beyond
//! the buffer nothing is read. Rows under nulls are not visited.

use arrow_array::cast::AsArray;
use arrow_array::types::{ByteArrayType, ByteViewType};
use arrow_array::{ArrayRef, GenericByteArray, GenericByteViewArray, OffsetSizeTrait};
use arrow_buffer::Buffer;
use arrow_schema::DataType;

use crate::error::{Error, Result};

/// Views hold texts up to this length themselves.
const INLINE: usize = 12;

/// One row's bytes and, behind them, the rest of their buffer.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Row<'a> {
    tail: &'a [u8],
    len: usize,
}

impl<'a> Row<'a> {
    /// These bytes, with nothing behind them.
    pub(crate) fn whole(bytes: &'a [u8]) -> Self {
        Self { tail: bytes, len: bytes.len() }
    }

    /// The row at `start..start + len` of `buffer`; empty where the buffer does not reach.
    #[inline]
    pub(crate) fn within(buffer: &'a [u8], start: usize, len: usize) -> Self {
        match buffer.get(start..) {
            Some(tail) if len <= tail.len() => Self { tail, len },
            _ => Self::default(),
        }
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.tail.get(..self.len).unwrap_or_default()
    }

    /// `N` bytes from `at` on: of the row, then of its buffer, then zeros.
    #[inline]
    pub(crate) fn word<const N: usize>(&self, at: usize) -> [u8; N] {
        match self.tail.get(at..).and_then(<[u8]>::first_chunk) {
            Some(word) => *word,
            None => padded(self.tail.get(at..).unwrap_or_default()),
        }
    }
}

#[cold]
fn padded<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut word = [0; N];
    for (to, from) in word.iter_mut().zip(bytes) {
        *to = *from;
    }
    word
}

/// The rows of one column.
pub(crate) trait Rows {
    fn row(&self, row: usize) -> Row<'_>;

    /// Bytes of the row, told without touching them.
    fn len_of(&self, row: usize) -> usize;

    /// The views of the 64 rows from `first` on, where the layout has them.
    fn block_of_views(&self, _first: usize) -> Option<&[u128; 64]> {
        None
    }
}

/// The layout with offsets.
struct Spans<'a, O> {
    offsets: &'a [O],
    values: &'a [u8],
}

impl<O: OffsetSizeTrait> Spans<'_, O> {
    #[inline]
    fn span(&self, row: usize) -> (usize, usize) {
        match self.offsets.get(row..).and_then(<[O]>::first_chunk) {
            Some([start, end]) => (start.as_usize(), end.as_usize() - start.as_usize()),
            None => (0, 0),
        }
    }
}

impl<O: OffsetSizeTrait> Rows for Spans<'_, O> {
    #[inline]
    fn row(&self, row: usize) -> Row<'_> {
        let (start, len) = self.span(row);
        Row::within(self.values, start, len)
    }

    #[inline]
    fn len_of(&self, row: usize) -> usize {
        self.span(row).1
    }
}

/// The layout with views: short texts stand in the view itself, behind their length.
struct Views<'a> {
    heads: &'a [u128],
    inline: &'a [u8],
    buffers: &'a [Buffer],
}

impl Rows for Views<'_> {
    #[inline]
    fn row(&self, row: usize) -> Row<'_> {
        let Some(view) = self.heads.get(row) else { return Row::default() };
        let len = *view as u32 as usize;
        if len <= INLINE {
            return Row::within(self.inline, row * 16 + 4, len);
        }
        let (buffer, start) = ((view >> 64) as u32 as usize, (view >> 96) as u32 as usize);
        self.buffers.get(buffer).map_or(Row::default(), |b| Row::within(b, start, len))
    }

    #[inline]
    fn len_of(&self, row: usize) -> usize {
        self.heads.get(row).map_or(0, |view| *view as u32 as usize)
    }

    #[inline]
    fn block_of_views(&self, first: usize) -> Option<&[u128; 64]> {
        self.heads.get(first..)?.first_chunk()
    }
}

/// The layout where all values have one length.
struct Fixed<'a> {
    values: &'a [u8],
    len: usize,
}

impl Rows for Fixed<'_> {
    #[inline]
    fn row(&self, row: usize) -> Row<'_> {
        Row::within(self.values, row * self.len, self.len)
    }

    #[inline]
    fn len_of(&self, _: usize) -> usize {
        self.len
    }
}

/// A question about rows, answered in bits.
pub(crate) trait Question {
    /// The bits, among those of `asked`, of the rows from `first` on for which the answer is yes.
    fn ask<R: Rows>(&self, rows: &R, first: usize, asked: u64) -> u64;
}

/// What is done with the rows of a column, whatever its layout.
pub(crate) trait Visit {
    type Output;

    fn visit<R: Rows>(self, rows: &R) -> Self::Output;
}

/// Visits the rows of a column of text or bytes.
///
/// # Errors
/// `engine.internal` when the array holds no bytes.
pub(crate) fn with<V: Visit>(array: &ArrayRef, visit: V) -> Result<V::Output> {
    Ok(match array.data_type() {
        DataType::Utf8 => spans(array.as_string::<i32>(), visit),
        DataType::LargeUtf8 => spans(array.as_string::<i64>(), visit),
        DataType::Binary => spans(array.as_binary::<i32>(), visit),
        DataType::LargeBinary => spans(array.as_binary::<i64>(), visit),
        DataType::Utf8View => views(array.as_string_view(), visit),
        DataType::BinaryView => views(array.as_binary_view(), visit),
        DataType::FixedSizeBinary(_) => {
            let array = array.as_fixed_size_binary();
            visit.visit(&Fixed { values: array.value_data(), len: array.value_size() })
        }
        _ => return Err(Error::internal("a text kernel met a column without bytes")),
    })
}

fn spans<T: ByteArrayType, V: Visit>(array: &GenericByteArray<T>, visit: V) -> V::Output {
    visit.visit(&Spans { offsets: array.value_offsets(), values: array.value_data() })
}

fn views<T: ByteViewType + ?Sized, V: Visit>(
    array: &GenericByteViewArray<T>,
    visit: V,
) -> V::Output {
    let heads = array.views();
    visit.visit(&Views { heads, inline: heads.inner(), buffers: array.data_buffers() })
}

/// Sets the bits of the valid rows whose answer is `fails`, and clears the others.
///
/// # Errors
/// `engine.internal` when the array holds no bytes.
pub(crate) fn fill(
    array: &ArrayRef,
    valid: Option<&[u64]>,
    out: &mut [u64],
    fails: bool,
    question: &impl Question,
) -> Result<()> {
    with(array, Ask { question, valid, out, count: array.len(), fails })
}

struct Ask<'a, Q> {
    question: &'a Q,
    valid: Option<&'a [u64]>,
    out: &'a mut [u64],
    count: usize,
    fails: bool,
}

impl<Q: Question> Visit for Ask<'_, Q> {
    type Output = ();

    fn visit<R: Rows>(self, rows: &R) {
        let flip = if self.fails { 0 } else { u64::MAX };
        for (index, word) in self.out.iter_mut().enumerate() {
            let first = index * 64;
            let here = match self.count.saturating_sub(first) {
                64.. => u64::MAX,
                n => (1 << n) - 1,
            };
            let valid = self.valid.map_or(u64::MAX, |v| v.get(index).copied().unwrap_or(0));
            let asked = here & valid;
            *word = (self.question.ask(rows, first, asked) ^ flip) & asked;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::StringViewArray;

    #[test]
    fn a_word_ends_where_its_buffer_ends() {
        let row = Row::within(b"abcdefg", 2, 3);
        assert_eq!((row.bytes(), row.len()), (&b"cde"[..], 3));
        assert_eq!(row.word::<4>(0), *b"cdef");
        assert_eq!(row.word::<4>(3), *b"fg\0\0");
        assert_eq!(row.word::<4>(99), [0; 4]);
        assert_eq!(Row::within(b"abc", 2, 2).bytes(), b"");
        assert_eq!(Row::within(b"abc", 9, 0).bytes(), b"");
    }

    #[test]
    fn short_views_are_read_where_they_stand() {
        let texts = ["", "abcdefghijkl", "abcdefghijklm", "ä"];
        let array = StringViewArray::from_iter_values(texts);
        for start in 0..texts.len() {
            let array = array.slice(start, texts.len() - start);
            let views = array.views();
            let rows = Views { heads: views, inline: views.inner(), buffers: array.data_buffers() };
            for (at, text) in texts.iter().skip(start).enumerate() {
                assert_eq!(rows.row(at).bytes(), text.as_bytes());
                assert_eq!(rows.len_of(at), text.len());
            }
        }
    }
}
