//! Whether the memory that a producer claims can be read at all.
//!
//! The C interface carries no buffer sizes. A length that is too large by far usually leads into
//! pages that are not mapped, and reading them would end the process. The kernel is asked instead
//! to read single bytes of each range: the first, the last and some between. This finds a claim
//! that leaves the mapped memory, not one that stays inside it.

use super::place::invalid;
use crate::error::Error;

/// The smallest page of the supported machines, in bytes.
const PAGE: usize = 4 << 10;
/// The distance of the bytes that are tried in a large range is at least this, in bytes.
const STRIDE: usize = 256 << 10;
/// The most bytes that are tried in one range.
const TRIES: usize = 16;

/// Collects ranges and asks for all of them at once.
#[derive(Debug, Default)]
pub(super) struct Probe {
    /// Addresses, each with the ordinal of the column whose claim it belongs to.
    points: Vec<(usize, usize)>,
}

/// The column whose claim cannot be read, with the error.
pub(super) type Unreadable = (usize, Error);

impl Probe {
    /// Adds a range of one column. Empty ranges are never read, so their address does not matter.
    pub(super) fn add(&mut self, column: usize, start: *const u8, bytes: usize) {
        let Some(last) = bytes.checked_sub(1) else {
            return;
        };
        let first = start.addr();
        self.points.push((first, column));
        let step = (last / TRIES).max(STRIDE);
        self.points.extend(
            (1..TRIES).map(|i| i * step).take_while(|at| *at < last).map(|at| (first + at, column)),
        );
        if (first + last) / PAGE != first / PAGE {
            self.points.push((first + last, column));
        }
    }

    /// Tries what was added since the last time, and forgets it.
    pub(super) fn check(&mut self) -> std::result::Result<(), Unreadable> {
        let points = std::mem::take(&mut self.points);
        for some in points.chunks(system::MOST) {
            let readable = system::readable(some);
            if let Some((_, column)) = some.get(readable) {
                return Err((*column, unreadable()));
            }
        }
        Ok(())
    }
}

fn unreadable() -> Error {
    invalid("a length or an offset leads outside the producer's memory")
}

#[cfg(target_os = "linux")]
mod system {
    /// The kernel's bound for one call (`UIO_MAXIOV`).
    pub(super) const MOST: usize = 1024;

    /// How many of the points, from the first on, can be read; all, if the kernel will not say.
    pub(super) fn readable(points: &[(usize, usize)]) -> usize {
        let mut bytes = [0_u8; MOST];
        let local = libc::iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: points.len() };
        let remote: Vec<libc::iovec> = points
            .iter()
            .map(|(at, _)| libc::iovec {
                iov_base: std::ptr::with_exposed_provenance_mut(*at),
                iov_len: 1,
            })
            .collect();
        // SAFETY: the call writes at most `points.len()` bytes, one for each point and at most
        // `MOST`, to `bytes`. It reads the points through the kernel, which reports unmapped ones
        // instead of raising a signal, so they need not be valid.
        let read = unsafe {
            libc::process_vm_readv(
                libc::getpid(),
                &raw const local,
                1,
                remote.as_ptr(),
                remote.len() as libc::c_ulong,
                0,
            )
        };
        match usize::try_from(read) {
            Ok(read) => read,
            Err(_) if std::io::Error::last_os_error().raw_os_error() == Some(libc::EFAULT) => 0,
            // Forbidden or unknown to this kernel: nothing is learnt.
            Err(_) => points.len(),
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    pub(super) const MOST: usize = 1024;

    /// Not known on this system.
    pub(super) fn readable(points: &[(usize, usize)]) -> usize {
        points.len()
    }
}
