//! Memory that is asked for before it is needed.
#![allow(unsafe_code)] // a hint to the processor; beside it stands why it holds

/// Bytes that come together.
const LINE: usize = 64;
/// Lines that are asked for at once; more than the processor can wait for are no help.
const LINES: usize = 8;

/// Asks for the beginning of a slice. Changes nothing but the time it takes to read it.
#[inline]
pub(crate) fn prefetch<T>(slice: &[T]) {
    #[cfg(target_arch = "x86_64")]
    {
        let bytes = size_of_val(slice).min(LINES * LINE);
        for at in (0..bytes).step_by(LINE) {
            let line = slice.as_ptr().cast::<i8>().wrapping_add(at);
            // SAFETY: a hint; it neither reads nor writes, and never faults, whatever the address.
            unsafe {
                std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(line);
            }
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (slice, LINE, LINES);
}

#[cfg(test)]
mod tests {
    #[test]
    fn any_slice_may_be_asked_for() {
        super::prefetch::<u64>(&[]);
        super::prefetch(&[1u8]);
        super::prefetch(&vec![7u64; 10_000]);
    }
}
