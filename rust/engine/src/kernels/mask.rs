//! One bit per value from a predicate, in loops that are compiled for each level of processor
//! features and chosen at run time.
//!
//! The loops are plain Rust that vectorises: 64 comparisons give 64 bytes, and only packing those
//! into one word is written with intrinsics. So every level computes the same by construction;
//! tests compare them all the same.
#![allow(unsafe_code)] // calls of code for processor features that were just detected
#![allow(
    clippy::inline_always,
    reason = "a loop takes the features of the function that it is inlined into"
)]

#[cfg(target_arch = "x86_64")]
use super::cpu::{level, Level};

/// A loop that is compiled once for each level.
pub(super) trait Kernel {
    /// What the loop gives.
    type Output;
    /// Must be inlined, or it is compiled for the portable level.
    fn run<P: Pack>(self) -> Self::Output;
}

/// How 64 bytes, each 0 or 1, become one word.
pub(super) trait Pack {
    fn pack(bytes: &[u8; 64]) -> u64;
}

/// Runs the form of the loop that is compiled for the processor.
pub(super) fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    match level() {
        // SAFETY: this level is only used on processors that have its features.
        Level::V4 => return unsafe { x86::v4(kernel) },
        // SAFETY: as above.
        Level::V3 => return unsafe { x86::v3(kernel) },
        Level::Base => {}
    }
    kernel.run::<Portable>()
}

struct Portable;

impl Pack for Portable {
    #[inline(always)]
    fn pack(bytes: &[u8; 64]) -> u64 {
        let mut word = 0;
        for (index, eight) in bytes.as_chunks::<8>().0.iter().enumerate() {
            let bits = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
            word |= bits << (index * 8);
        }
        word
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_slli_epi16, _mm512_loadu_si512,
        _mm512_test_epi8_mask,
    };

    use super::{Kernel, Pack};

    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,bmi1,bmi2,lzcnt,popcnt")]
    pub(super) fn v4<K: Kernel>(kernel: K) -> K::Output {
        kernel.run::<V4>()
    }

    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    pub(super) fn v3<K: Kernel>(kernel: K) -> K::Output {
        kernel.run::<V3>()
    }

    /// Only used by kernels that run in [`v4`].
    pub(super) struct V4;

    impl Pack for V4 {
        #[inline(always)]
        fn pack(bytes: &[u8; 64]) -> u64 {
            // SAFETY: the level has AVX-512 BW; the load is unaligned and of 64 bytes.
            unsafe {
                let bytes = _mm512_loadu_si512(bytes.as_ptr().cast());
                _mm512_test_epi8_mask(bytes, bytes)
            }
        }
    }

    /// Only used by kernels that run in [`v3`].
    pub(super) struct V3;

    impl Pack for V3 {
        #[inline(always)]
        fn pack(bytes: &[u8; 64]) -> u64 {
            // SAFETY: the level has AVX2; each load is unaligned and of 32 of the 64 bytes.
            unsafe {
                let half = |from: usize| {
                    let bytes = _mm256_loadu_si256(bytes.as_ptr().add(from).cast());
                    // Bit 0 of each byte moves to bit 7, which is what the mask is made of.
                    u64::from(_mm256_movemask_epi8(_mm256_slli_epi16::<7>(bytes)) as u32)
                };
                half(0) | half(32) << 32
            }
        }
    }
}

/// Sets the bit of each value that satisfies `fails`; `out` has a word for each 64 values.
pub(crate) fn fill<T: Copy>(values: &[T], out: &mut [u64], fails: impl Fn(T) -> bool) {
    dispatch(One { values, out, fails });
}

/// Sets the bit of each pair that satisfies `fails`, up to the shorter of the two.
pub(crate) fn fill_pairs<L: Copy, R: Copy>(
    left: &[L],
    right: &[R],
    out: &mut [u64],
    fails: impl Fn(L, R) -> bool,
) {
    dispatch(Two { left, right, out, fails });
}

/// Whether any pair satisfies `found`, up to the shorter of the two; looks at all of them.
pub(crate) fn any_pair<T: Copy>(left: &[T], right: &[T], found: impl Fn(T, T) -> bool) -> bool {
    dispatch(Any { left, right, found })
}

/// Number of set bits.
pub(crate) fn count(bits: &[u64]) -> u64 {
    dispatch(Count(bits))
}

struct One<'a, T, F> {
    values: &'a [T],
    out: &'a mut [u64],
    fails: F,
}

impl<T: Copy, F: Fn(T) -> bool> Kernel for One<'_, T, F> {
    type Output = ();

    #[inline(always)]
    fn run<P: Pack>(self) {
        let (blocks, rest) = self.values.as_chunks::<64>();
        let mut words = self.out.iter_mut();
        for (block, word) in blocks.iter().zip(words.by_ref()) {
            let mut bytes = [0u8; 64];
            for (byte, value) in bytes.iter_mut().zip(block) {
                *byte = u8::from((self.fails)(*value));
            }
            *word = P::pack(&bytes);
        }
        if let Some(word) = words.next().filter(|_| !rest.is_empty()) {
            *word = 0;
            for (bit, value) in rest.iter().enumerate() {
                *word |= u64::from((self.fails)(*value)) << bit;
            }
        }
    }
}

struct Two<'a, L, R, F> {
    left: &'a [L],
    right: &'a [R],
    out: &'a mut [u64],
    fails: F,
}

impl<L: Copy, R: Copy, F: Fn(L, R) -> bool> Kernel for Two<'_, L, R, F> {
    type Output = ();

    #[inline(always)]
    fn run<P: Pack>(self) {
        let count = self.left.len().min(self.right.len());
        let (left, left_rest) = self.left[..count].as_chunks::<64>();
        let (right, right_rest) = self.right[..count].as_chunks::<64>();
        let mut words = self.out.iter_mut();
        for ((left, right), word) in left.iter().zip(right).zip(words.by_ref()) {
            let mut bytes = [0u8; 64];
            for ((byte, left), right) in bytes.iter_mut().zip(left).zip(right) {
                *byte = u8::from((self.fails)(*left, *right));
            }
            *word = P::pack(&bytes);
        }
        if let Some(word) = words.next().filter(|_| !left_rest.is_empty()) {
            *word = 0;
            for (bit, (left, right)) in left_rest.iter().zip(right_rest).enumerate() {
                *word |= u64::from((self.fails)(*left, *right)) << bit;
            }
        }
    }
}

struct Any<'a, T, F> {
    left: &'a [T],
    right: &'a [T],
    found: F,
}

impl<T: Copy, F: Fn(T, T) -> bool> Kernel for Any<'_, T, F> {
    type Output = bool;

    #[inline(always)]
    fn run<P: Pack>(self) -> bool {
        let pairs = self.left.iter().zip(self.right);
        pairs.fold(0, |any, (left, right)| any | u8::from((self.found)(*left, *right))) != 0
    }
}

struct Count<'a>(&'a [u64]);

impl Kernel for Count<'_> {
    type Output = u64;

    #[inline(always)]
    fn run<P: Pack>(self) -> u64 {
        self.0.iter().map(|word| u64::from(word.count_ones())).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::super::bits;
    use super::super::cpu::each_level;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_fill_equals_the_plain_loop(values in prop::collection::vec(any::<i32>(), 0..300)) {
            let rows: Vec<usize> = (0..values.len()).filter(|i| values[*i] % 3 == 0).collect();
            for out in each_level(|| {
                let mut out = vec![u64::MAX; bits::words(values.len())];
                fill(&values, &mut out, |v| v % 3 == 0);
                out
            }) {
                prop_assert_eq!(bits::ones_of(&out).collect::<Vec<_>>(), rows.clone());
                prop_assert_eq!(count(&out), rows.len() as u64);
            }
        }

        #[test]
        fn a_fill_of_pairs_equals_the_plain_loop(
            pairs in prop::collection::vec((any::<i128>(), any::<f64>()), 0..300)
        ) {
            let (left, right): (Vec<i128>, Vec<f64>) = pairs.iter().copied().unzip();
            let fails = |l: i128, r: f64| l > 0 && (r < 0.0 || r.is_nan());
            let rows: Vec<usize> = (0..left.len()).filter(|i| fails(left[*i], right[*i])).collect();
            for out in each_level(|| {
                let mut out = vec![u64::MAX; bits::words(left.len())];
                fill_pairs(&left, &right, &mut out, fails);
                out
            }) {
                prop_assert_eq!(bits::ones_of(&out).collect::<Vec<_>>(), rows.clone());
            }
            let next = &left[left.len().min(1)..];
            for found in each_level(|| any_pair(&left, next, |this, next| next < this)) {
                prop_assert_eq!(found, !left.is_sorted());
            }
        }
    }
}
