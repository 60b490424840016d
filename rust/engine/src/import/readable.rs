//! Whether the memory that a producer claims can be read at all.
//!
//! The C interface carries no buffer sizes. A length that is far too large leads into pages that
//! cannot be read, and the signal would end the process. So the kernel is asked first. This finds a
//! claim that leaves the readable memory, not one that stays inside it. The page that a pointer
//! points into is taken as given, which saves the question for most small buffers.

/// The smallest page of the supported machines, in bytes.
const PAGE: usize = 4 << 10;
/// Up to this many pages are asked about one by one, which costs less than asking about all.
const FEW: usize = 5;
/// The most bytes that are asked about at either end of a range. In a file larger than memory the
/// pages between would be read from disk once more than needed.
const MOST: usize = 128 << 20;

/// Whether the bytes from `skip` to `end` after `start` can be read. True where the system cannot
/// say.
pub(super) fn readable(start: *const u8, skip: usize, end: usize) -> bool {
    let base = start.addr();
    if base.checked_add(end).is_none_or(|end| end > usize::MAX - PAGE) {
        return false;
    }
    // A pointer to the very start of a page may as well be the end of the memory before it.
    let given = if base.is_multiple_of(PAGE) { base } else { base.next_multiple_of(PAGE) };
    let first = ((base + skip) / PAGE * PAGE).max(given);
    let pages = (base + end).saturating_sub(first).div_ceil(PAGE) * PAGE;
    if pages <= 2 * MOST {
        return all(first, pages);
    }
    all(first, MOST) && all(first + pages - MOST, MOST)
}

fn all(first: usize, bytes: usize) -> bool {
    (bytes > FEW * PAGE && system::all(first, bytes))
        || (first..first + bytes).step_by(PAGE).all(system::one)
}

#[cfg(target_os = "linux")]
mod system {
    /// Whether whole pages can be read, answered by mapping them in: `true` is certain. `false` can
    /// also mean an old kernel or memory of a device.
    pub(super) fn all(first: usize, bytes: usize) -> bool {
        // SAFETY: this advice changes no memory and raises no signal; it fails for pages that are
        // not mapped or not readable.
        let refused = unsafe {
            libc::madvise(
                std::ptr::with_exposed_provenance_mut(first),
                bytes,
                libc::MADV_POPULATE_READ,
            )
        };
        refused == 0
    }

    /// Whether the kernel can read from this page. It is asked to change the signal mask in a way
    /// that does not exist (as Abseil's `AddressIsReadable` does): it reads the new mask, fails with
    /// `EFAULT` if it cannot, and with `EINVAL` for the way if it can. Nothing changes.
    pub(super) fn one(page: usize) -> bool {
        const NO_SUCH_WAY: libc::c_long = !0;
        const MASK_BYTES: libc::c_long = 8;
        let mask: *const u8 = std::ptr::with_exposed_provenance(page);
        let old: *mut u8 = std::ptr::null_mut();
        // SAFETY: the kernel reads the mask itself and reports a page that cannot be read.
        let code =
            unsafe { libc::syscall(libc::SYS_rt_sigprocmask, NO_SUCH_WAY, mask, old, MASK_BYTES) };
        code == 0 || std::io::Error::last_os_error().raw_os_error() != Some(libc::EFAULT)
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    pub(super) fn all(_first: usize, _bytes: usize) -> bool {
        true
    }

    pub(super) fn one(_page: usize) -> bool {
        true
    }
}
