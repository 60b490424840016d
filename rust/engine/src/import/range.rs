//! Ranges of memory that a producer claims, and what may be read of them.

use std::ptr::NonNull;
use std::sync::Arc;

use arrow_array::ffi::FFI_ArrowArray;
use arrow_buffer::Buffer;

use super::place::invalid;
use super::readable::readable;
use crate::error::{Error, Result};

/// Memory that a producer claims.
#[derive(Debug, Clone, Copy)]
pub(super) struct Range {
    /// The first byte; anything, if there are no bytes.
    pub(super) start: *const u8,
    pub(super) bytes: usize,
    /// What the first byte's address should be a multiple of, in bytes.
    pub(super) align: usize,
}

impl Range {
    /// `count` items of `width` bytes, from item `from` after `start` on. It does not wrap around,
    /// and the memory behind the page where it starts can be read, as far as the system can say.
    pub(super) fn new(
        start: *const u8,
        from: usize,
        count: usize,
        width: usize,
        align: usize,
    ) -> Result<Self> {
        let skip = from.checked_mul(width).ok_or_else(overflow)?;
        let bytes = count.checked_mul(width).ok_or_else(overflow)?;
        if bytes == 0 {
            return Ok(Self { start, bytes, align });
        }
        let end = skip.checked_add(bytes).ok_or_else(overflow)?;
        ask(start, skip, end)?;
        Ok(Self { start: start.wrapping_add(skip), bytes, align })
    }

    /// `end` bytes from `start` on, of which only those from `from` on will be read: only behind
    /// them, and behind the last byte in any case, is asked whether there is memory.
    pub(super) fn tail(start: *const u8, from: usize, end: usize) -> Result<Self> {
        if end > 0 {
            ask(start, from.min(end - 1), end)?;
        }
        Ok(Self { start, bytes: end, align: 1 })
    }

    /// Item `index`, counted in 32-bit integers.
    ///
    /// # Safety
    /// The range is readable and has the item.
    #[allow(clippy::cast_ptr_alignment, reason = "the read is unaligned")]
    pub(super) unsafe fn read_i32(&self, index: usize) -> i32 {
        // SAFETY: the caller's promise.
        unsafe { self.start.cast::<i32>().add(index).read_unaligned() }
    }

    /// Item `index`, counted in 64-bit integers.
    ///
    /// # Safety
    /// The range is readable and has the item.
    #[allow(clippy::cast_ptr_alignment, reason = "the read is unaligned")]
    pub(super) unsafe fn read_i64(&self, index: usize) -> i64 {
        // SAFETY: the caller's promise.
        unsafe { self.start.cast::<i64>().add(index).read_unaligned() }
    }

    /// A buffer that keeps `owner` alive, or an aligned copy if the range is under-aligned (a JVM's
    /// 16-byte decimals start at multiples of 8).
    ///
    /// # Safety
    /// The range is in memory that `owner` keeps readable.
    pub(super) unsafe fn buffer(&self, owner: &Arc<FFI_ArrowArray>) -> Buffer {
        let start = match NonNull::new(self.start.cast_mut()) {
            Some(start) if self.bytes > 0 => start,
            // Empty buffers may be null or dangle.
            _ => return Buffer::default(),
        };
        if self.start.addr().is_multiple_of(self.align) {
            let owner = Arc::clone(owner);
            // SAFETY: the caller's promise; the buffer's handle of the owner keeps the array until
            // the buffer goes.
            return unsafe { Buffer::from_custom_allocation(start, self.bytes, owner) };
        }
        // SAFETY: the caller's promise; `new` bounded the size.
        let bytes = unsafe { std::slice::from_raw_parts(self.start, self.bytes) };
        Buffer::from_slice_ref(bytes)
    }
}

/// Refuses bytes `skip..end` after `start`, if they are not memory that can be read, as far as the
/// system can say.
fn ask(start: *const u8, skip: usize, end: usize) -> Result<()> {
    if start.is_null() {
        return Err(invalid("a buffer is missing"));
    }
    isize::try_from(end).map_err(|_| overflow())?;
    if !readable(start, skip, end) {
        return Err(invalid("a length or an offset leads outside the producer's memory"));
    }
    Ok(())
}

/// A length or an offset that cannot be right on this machine.
pub(super) fn overflow() -> Error {
    invalid("a length or an offset overflows")
}
