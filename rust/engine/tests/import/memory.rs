//! Memory whose end can be felt: the byte behind a buffer is not mapped, so that whoever reads
//! past the end dies of a signal instead of reading what happens to lie there.

/// How much that cannot be read follows: wrong offsets jump. It is address space, not memory.
const GUARD: usize = 1 << 30;

/// A copy of some bytes that ends where a page that cannot be read begins.
#[derive(Debug)]
pub(crate) struct Guarded {
    base: *mut u8,
    mapped: usize,
    start: *const u8,
}

// SAFETY: the memory is owned and never written after `new`.
unsafe impl Send for Guarded {}
// SAFETY: as above.
unsafe impl Sync for Guarded {}

impl Guarded {
    /// `align` is 1 for a buffer that ends at the very end, or what its start is a multiple of; then
    /// fewer than `align` bytes lie between its end and the guard.
    pub(crate) fn new(bytes: &[u8], align: usize) -> Self {
        let page = 4096;
        let body = bytes.len().next_multiple_of(page).max(page);
        let mapped = body + GUARD;
        // SAFETY: a new private mapping; the result is checked.
        let base = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                mapped,
                libc::PROT_NONE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        assert_ne!(base, libc::MAP_FAILED);
        let base = base.cast::<u8>();
        let at = (body - bytes.len()) / align * align;
        // SAFETY: `at + bytes.len()` is at most `body`, which is in the mapping.
        unsafe {
            let opened = libc::mprotect(base.cast(), body, libc::PROT_READ | libc::PROT_WRITE);
            assert_eq!(opened, 0);
            base.add(at).copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            Self { base, mapped, start: base.add(at) }
        }
    }

    pub(crate) fn start(&self) -> *const u8 {
        self.start
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // SAFETY: the mapping that `new` made.
        unsafe { libc::munmap(self.base.cast(), self.mapped) };
    }
}
