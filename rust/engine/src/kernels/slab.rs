//! Large zeroed memory for tables that are read and written at random.
//!
//! Such a table costs a walk through the page tables at almost every access, and a fault per page
//! when it is new; pages of 2 MiB instead of 4 KiB make both rare (three times faster as measured).
#![allow(unsafe_code)] // mapped memory as a slice; beside each block stands why it holds

use std::fmt;
use std::ops::{Deref, DerefMut};

/// What may be made of zero bytes and has no destructor.
///
/// # Safety
/// All bytes zero is a valid value, and every alignment up to a page's suffices.
pub(crate) unsafe trait Plain: Copy {}
// SAFETY: integers are valid for all bytes.
unsafe impl Plain for u8 {}
// SAFETY: as above.
unsafe impl Plain for u16 {}
// SAFETY: as above.
unsafe impl Plain for u32 {}
// SAFETY: as above.
unsafe impl Plain for u64 {}
// SAFETY: an array of integers is valid for all bytes.
unsafe impl<const N: usize> Plain for [u64; N] {}

/// A slice of zeroed memory of its own, on huge pages if it is large and the system has them.
pub(crate) struct Slab<T: Plain> {
    memory: Memory<T>,
}

enum Memory<T: Plain> {
    Heap(Vec<T>),
    #[cfg(target_os = "linux")]
    Pages(pages::Pages<T>),
}

/// From this size on, pages are asked for.
#[cfg(target_os = "linux")]
const LARGE: usize = 1 << 20;

impl<T: Plain> Slab<T> {
    /// So many zeroes; `None` if there is no memory for them.
    pub(crate) fn zeroed(len: usize, zero: T) -> Option<Self> {
        #[cfg(target_os = "linux")]
        if len.checked_mul(size_of::<T>())? >= LARGE {
            return Some(Self { memory: Memory::Pages(pages::Pages::zeroed(len)?) });
        }
        Self::on_heap(len, zero)
    }

    /// The same without pages of its own. Written at once, not left to the allocator: memory that
    /// is read before it is written faults twice.
    pub(crate) fn on_heap(len: usize, zero: T) -> Option<Self> {
        let mut memory = Vec::new();
        memory.try_reserve_exact(len).ok()?;
        memory.resize(len, zero);
        Some(Self { memory: Memory::Heap(memory) })
    }
}

impl<T: Plain> Default for Slab<T> {
    fn default() -> Self {
        Self { memory: Memory::Heap(Vec::new()) }
    }
}

impl<T: Plain> Deref for Slab<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        match &self.memory {
            Memory::Heap(memory) => memory,
            #[cfg(target_os = "linux")]
            Memory::Pages(pages) => pages.slice(),
        }
    }
}

impl<T: Plain> DerefMut for Slab<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        match &mut self.memory {
            Memory::Heap(memory) => memory,
            #[cfg(target_os = "linux")]
            Memory::Pages(pages) => pages.slice_mut(),
        }
    }
}

impl<T: Plain> fmt::Debug for Slab<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Slab of {}", self.len())
    }
}

#[cfg(target_os = "linux")]
mod pages {
    use std::ptr::NonNull;

    use super::Plain;

    /// Size and alignment of a huge page.
    const HUGE: usize = 1 << 21;

    /// An anonymous private mapping.
    pub(super) struct Pages<T> {
        start: NonNull<T>,
        len: usize,
        /// Bytes mapped from `start`.
        bytes: usize,
    }

    // SAFETY: the mapping belongs to this value alone, as a Vec's memory does.
    unsafe impl<T: Plain + Send> Send for Pages<T> {}
    // SAFETY: shared access only reads.
    unsafe impl<T: Plain + Sync> Sync for Pages<T> {}

    impl<T: Plain> Pages<T> {
        pub(super) fn zeroed(len: usize) -> Option<Self> {
            let bytes = len.checked_mul(size_of::<T>())?.checked_next_multiple_of(4096)?;
            if bytes == 0 || align_of::<T>() > 4096 {
                return None;
            }
            let whole = bytes.checked_add(HUGE)?;
            // SAFETY: a fresh anonymous mapping anywhere; no memory of ours is touched.
            let mapped = unsafe {
                libc::mmap(
                    std::ptr::null_mut(),
                    whole,
                    libc::PROT_READ | libc::PROT_WRITE,
                    libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
                    -1,
                    0,
                )
            };
            if mapped == libc::MAP_FAILED {
                return None;
            }
            // Give back what lies before and behind the aligned part.
            let before = mapped.addr().next_multiple_of(HUGE) - mapped.addr();
            let start = mapped.wrapping_byte_add(before);
            let behind = whole - before - bytes;
            // SAFETY: both ranges lie within the fresh mapping, begin and end on pages (`before`
            // and `bytes` are multiples of 4096, as is what mmap returns) and nobody uses them.
            // The advice does not change what the memory holds; a refusal changes nothing.
            unsafe {
                if before > 0 {
                    libc::munmap(mapped, before);
                }
                if behind > 0 {
                    libc::munmap(start.wrapping_byte_add(bytes), behind);
                }
                libc::madvise(start, bytes, libc::MADV_HUGEPAGE);
                // All at once and for writing: pages that are read first fault twice.
                libc::madvise(start, bytes, libc::MADV_POPULATE_WRITE);
            }
            Some(Self { start: NonNull::new(start.cast())?, len, bytes })
        }

        #[inline]
        pub(super) fn slice(&self) -> &[T] {
            // SAFETY: `len` values fit into the mapping, which is aligned, readable, zeroed by the
            // kernel (a valid value of a Plain type) and lives as long as `self`.
            unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.len) }
        }

        #[inline]
        pub(super) fn slice_mut(&mut self) -> &mut [T] {
            // SAFETY: as for `slice`; `&mut self` is the only access.
            unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
        }
    }

    impl<T> Drop for Pages<T> {
        fn drop(&mut self) {
            // SAFETY: exactly the mapping that `zeroed` kept, unmapped once; no reference outlives
            // `self`.
            unsafe {
                libc::munmap(self.start.as_ptr().cast(), self.bytes);
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // how tests fail
mod tests {
    use super::*;

    #[test]
    fn pages_and_heap_are_alike() {
        for len in [0, 1, 100, 87_381, 87_382, 131_072, 262_145, 1_000_003] {
            let mut large = Slab::<[u64; 3]>::zeroed(len, [0; 3]).unwrap();
            let mut plain = Slab::<[u64; 3]>::on_heap(len, [0; 3]).unwrap();
            assert!(large[..] == plain[..], "{len} zeroes");
            for (at, (a, b)) in large.iter_mut().zip(plain.iter_mut()).enumerate() {
                *a = [at as u64; 3];
                *b = [at as u64; 3];
            }
            assert!(large[..] == plain[..], "{len} written");
        }
    }

    #[test]
    fn slabs_do_not_overlap_and_no_memory_is_no_panic() {
        let mut slabs: Vec<_> = (0..20).map(|_| Slab::<u64>::zeroed(200_000, 0).unwrap()).collect();
        for (at, slab) in slabs.iter_mut().enumerate() {
            slab.fill(at as u64);
        }
        slabs.swap_remove(3);
        assert!(slabs.iter().all(|slab| slab.iter().all(|word| *word == slab[0])));
        assert!(Slab::<u64>::zeroed(usize::MAX / 8, 0).is_none());
        assert!(Slab::<[u64; 3]>::zeroed(usize::MAX, [0; 3]).is_none());
    }
}
