//! Loops over the bytes of string and binary values, whatever their layout.
#![allow(
    clippy::inline_always,
    reason = "a loop takes the features of the function that it is inlined into"
)]

use arrow_array::cast::AsArray;
use arrow_array::types::ByteArrayType;
use arrow_array::{Array, ArrayRef, GenericByteArray, OffsetSizeTrait};
use arrow_buffer::ArrowNativeType;
use arrow_schema::DataType;

use super::mask;
use crate::error::{Error, Result};

/// Sets the bits of the valid rows whose bytes satisfy `fails`. Values under nulls are not read.
///
/// # Errors
/// `engine.internal` when the array holds no bytes.
pub(crate) fn fill(
    array: &ArrayRef,
    valid: Option<&[u64]>,
    out: &mut [u64],
    fails: impl Fn(&[u8]) -> bool,
) -> Result<()> {
    match array.data_type() {
        DataType::Utf8 => offsets(array.as_string::<i32>(), valid, out, fails),
        DataType::LargeUtf8 => offsets(array.as_string::<i64>(), valid, out, fails),
        DataType::Binary => offsets(array.as_binary::<i32>(), valid, out, fails),
        DataType::LargeBinary => offsets(array.as_binary::<i64>(), valid, out, fails),
        DataType::Utf8View => {
            let array = array.as_string_view();
            rows(array.len(), valid, out, |row| fails(array.value(row).as_bytes()));
        }
        DataType::BinaryView => {
            let array = array.as_binary_view();
            rows(array.len(), valid, out, |row| fails(array.value(row)));
        }
        DataType::FixedSizeBinary(_) => {
            let array = array.as_fixed_size_binary();
            rows(array.len(), valid, out, |row| fails(array.value(row)));
        }
        _ => return Err(Error::internal("a text loop met a column without bytes")),
    }
    Ok(())
}

fn offsets<T: ByteArrayType>(
    array: &GenericByteArray<T>,
    valid: Option<&[u64]>,
    out: &mut [u64],
    fails: impl Fn(&[u8]) -> bool,
) {
    let values = array.value_data();
    let offsets = array.value_offsets();
    rows(array.len(), valid, out, |row| {
        let span = offsets.get(row).zip(offsets.get(row + 1));
        let bytes = span.and_then(|(a, b)| values.get(a.as_usize()..b.as_usize()));
        fails(bytes.unwrap_or_default())
    });
}

/// Sets the bits of the rows whose length in bytes satisfies `fails`, without touching the bytes;
/// `None` when the layout does not tell.
pub(crate) fn fill_lengths(
    array: &ArrayRef,
    out: &mut [u64],
    fails: impl Fn(usize) -> bool,
) -> Option<()> {
    match array.data_type() {
        DataType::Utf8 => spans(array.as_string::<i32>().value_offsets(), out, fails),
        DataType::LargeUtf8 => spans(array.as_string::<i64>().value_offsets(), out, fails),
        DataType::Binary => spans(array.as_binary::<i32>().value_offsets(), out, fails),
        DataType::LargeBinary => spans(array.as_binary::<i64>().value_offsets(), out, fails),
        DataType::Utf8View => {
            mask::fill(array.as_string_view().views(), out, |view| fails(view as u32 as usize));
        }
        DataType::BinaryView => {
            mask::fill(array.as_binary_view().views(), out, |view| fails(view as u32 as usize));
        }
        _ => return None,
    }
    Some(())
}

fn spans<O: OffsetSizeTrait>(offsets: &[O], out: &mut [u64], fails: impl Fn(usize) -> bool) {
    let ends = offsets.get(1..).unwrap_or_default();
    mask::fill_pairs(offsets, ends, out, |start, end| fails(end.as_usize() - start.as_usize()));
}

fn rows(count: usize, valid: Option<&[u64]>, out: &mut [u64], fails: impl Fn(usize) -> bool) {
    for (index, word) in out.iter_mut().enumerate() {
        let start = index * 64;
        let end = (start + 64).min(count);
        let mask = valid.map_or(u64::MAX, |v| v.get(index).copied().unwrap_or(0));
        let mut bits = 0;
        if mask == u64::MAX {
            for row in start..end {
                bits |= u64::from(fails(row)) << (row - start);
            }
        } else {
            for row in start..end {
                if mask >> (row - start) & 1 == 1 {
                    bits |= u64::from(fails(row)) << (row - start);
                }
            }
        }
        *word = bits;
    }
}

/// The bytes of a row that is not null, of a string or binary array in a plain layout.
pub(crate) fn bytes(array: &ArrayRef, row: usize) -> &[u8] {
    match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().value(row).as_bytes(),
        DataType::LargeUtf8 => array.as_string::<i64>().value(row).as_bytes(),
        DataType::Utf8View => array.as_string_view().value(row).as_bytes(),
        DataType::Binary => array.as_binary::<i32>().value(row),
        DataType::LargeBinary => array.as_binary::<i64>().value(row),
        DataType::BinaryView => array.as_binary_view().value(row),
        _ => array.as_fixed_size_binary().value(row),
    }
}

/// Code points of UTF-8 text: the bytes that do not continue one.
pub(crate) fn code_points(bytes: &[u8]) -> usize {
    bytes.iter().filter(|b| (**b as i8) >= -0x40).count()
}

/// Whether the values lie one behind the other, and all their bytes are ASCII.
pub(crate) fn are_ascii(array: &ArrayRef) -> bool {
    fn used<O: OffsetSizeTrait>(offsets: &[O], values: &[u8]) -> bool {
        let span = offsets.first().zip(offsets.last());
        span.and_then(|(a, b)| values.get(a.as_usize()..b.as_usize())).is_some_and(is_ascii)
    }
    match array.data_type() {
        DataType::Utf8 => {
            let array = array.as_string::<i32>();
            used(array.value_offsets(), array.value_data())
        }
        DataType::LargeUtf8 => {
            let array = array.as_string::<i64>();
            used(array.value_offsets(), array.value_data())
        }
        _ => false,
    }
}

/// Whether all bytes are ASCII.
pub(crate) fn is_ascii(bytes: &[u8]) -> bool {
    mask::dispatch(Ascii(bytes))
}

struct Ascii<'a>(&'a [u8]);

impl mask::Kernel for Ascii<'_> {
    type Output = bool;

    #[inline(always)]
    fn run<P: mask::Pack>(self) -> bool {
        // One loop, so that it is inlined: chunks, because a loop that may end early has no vectors.
        self.0.chunks(4096).all(|chunk| chunk.iter().fold(0, |all, byte| all | byte) < 0x80)
    }
}

#[cfg(test)]
mod tests {
    use super::super::cpu::each_level;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ascii_is_what_the_standard_library_says(
            length in 0usize..9000, others in prop::collection::vec(0usize..9000, 0..2)
        ) {
            let mut bytes = vec![b'a'; length];
            for at in others {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = 0xc3;
                }
            }
            for found in each_level(|| is_ascii(&bytes)) {
                prop_assert_eq!(found, bytes.is_ascii());
            }
        }
    }
}
