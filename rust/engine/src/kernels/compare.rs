//! Range comparisons over primitive values.
//!
//! The portable loop serves every type. The types that most columns have get kernels of their own
//! where the processor has wide registers: their comparisons give bits, not bytes that have to be
//! packed.
#![allow(unsafe_code)] // calls of code for processor features that were just detected

use arrow_buffer::i256;

use super::mask;

/// Values that are compared with the bounds of a range.
pub(crate) trait Ranged: Copy + PartialOrd {
    /// Sets the bits of the values outside `[low, high]`; `out` has a word for each 64 values. NaN
    /// is outside every range.
    fn outside(values: &[Self], low: Self, high: Self, out: &mut [u64]) {
        portable(values, low, high, out);
    }
}

#[allow(
    clippy::nonminimal_bool,
    clippy::needless_bitwise_bool,
    reason = "negated, so that NaN fails; bitwise, so that a loop has no branch and vectorises"
)]
fn is_outside<T: Copy + PartialOrd>(value: T, low: T, high: T) -> bool {
    !((value >= low) & (value <= high))
}

fn portable<T: Copy + PartialOrd>(values: &[T], low: T, high: T, out: &mut [u64]) {
    mask::fill(values, out, |value| is_outside(value, low, high));
}

impl Ranged for i8 {}
impl Ranged for u8 {}
impl Ranged for i16 {}
impl Ranged for u16 {}
impl Ranged for i256 {}

macro_rules! wide {
    ($($native:ty => $kernel:ident),+) => {$(
        impl Ranged for $native {
            fn outside(values: &[Self], low: Self, high: Self, out: &mut [u64]) {
                #[cfg(target_arch = "x86_64")]
                if super::cpu::level() == super::cpu::Level::V4 {
                    let (blocks, rest) = values.as_chunks::<64>();
                    let (words, last) = out.split_at_mut(blocks.len().min(out.len()));
                    // SAFETY: this level is only used on processors that have its features.
                    unsafe { x86::$kernel(blocks, low, high, words) };
                    portable(rest, low, high, last);
                    return;
                }
                portable(values, low, high, out);
            }
        }
    )+};
}

wide!(i32 => int32, u32 => uint32, i64 => int64, u64 => uint64);
wide!(f32 => float32, f64 => float64, i128 => int128);

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        _mm512_cmp_pd_mask, _mm512_cmp_ps_mask, _mm512_cmpeq_epi64_mask, _mm512_cmpge_epi32_mask,
        _mm512_cmpge_epi64_mask, _mm512_cmpge_epu32_mask, _mm512_cmpge_epu64_mask,
        _mm512_cmpgt_epu64_mask, _mm512_cmple_epi32_mask, _mm512_cmple_epi64_mask,
        _mm512_cmple_epu32_mask, _mm512_cmple_epu64_mask, _mm512_cmplt_epu64_mask,
        _mm512_loadu_epi32, _mm512_loadu_epi64, _mm512_loadu_pd, _mm512_loadu_ps,
        _mm512_mask_cmpgt_epu64_mask, _mm512_mask_sub_epi64, _mm512_permutex2var_epi64,
        _mm512_set1_epi32, _mm512_set1_epi64, _mm512_set1_pd, _mm512_set1_ps, _mm512_set_epi64,
        _mm512_sub_epi64, _CMP_GE_OQ, _CMP_LE_OQ,
    };

    /// A kernel over blocks of 64 values, `$lanes` at a time.
    macro_rules! kernel {
        ($name:ident, $native:ty, $lanes:literal, $load:expr, $set:expr, $ge:expr, $le:expr) => {
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
            pub(super) fn $name(
                blocks: &[[$native; 64]],
                low: $native,
                high: $native,
                out: &mut [u64],
            ) {
                let (low, high) = ($set(low), $set(high));
                for (block, word) in blocks.iter().zip(out) {
                    let mut inside = 0;
                    for (index, part) in block.as_chunks::<$lanes>().0.iter().enumerate() {
                        // SAFETY: the load is unaligned and as wide as the part.
                        let values = unsafe { $load(part.as_ptr().cast()) };
                        let both = $ge(values, low) & $le(values, high);
                        inside |= u64::from(both) << (index * $lanes);
                    }
                    *word = !inside;
                }
            }
        };
    }

    kernel!(
        int32,
        i32,
        16,
        _mm512_loadu_epi32,
        |v| _mm512_set1_epi32(v),
        |a, b| { _mm512_cmpge_epi32_mask(a, b) },
        |a, b| _mm512_cmple_epi32_mask(a, b)
    );
    kernel!(
        uint32,
        u32,
        16,
        _mm512_loadu_epi32,
        |v: u32| _mm512_set1_epi32(v as i32),
        |a, b| { _mm512_cmpge_epu32_mask(a, b) },
        |a, b| _mm512_cmple_epu32_mask(a, b)
    );
    kernel!(
        int64,
        i64,
        8,
        _mm512_loadu_epi64,
        |v| _mm512_set1_epi64(v),
        |a, b| { _mm512_cmpge_epi64_mask(a, b) },
        |a, b| _mm512_cmple_epi64_mask(a, b)
    );
    kernel!(
        uint64,
        u64,
        8,
        _mm512_loadu_epi64,
        |v: u64| _mm512_set1_epi64(v as i64),
        |a, b| { _mm512_cmpge_epu64_mask(a, b) },
        |a, b| _mm512_cmple_epu64_mask(a, b)
    );
    kernel!(
        float32,
        f32,
        16,
        _mm512_loadu_ps,
        |v| _mm512_set1_ps(v),
        |a, b| { _mm512_cmp_ps_mask::<_CMP_GE_OQ>(a, b) },
        |a, b| _mm512_cmp_ps_mask::<_CMP_LE_OQ>(a, b)
    );
    kernel!(
        float64,
        f64,
        8,
        _mm512_loadu_pd,
        |v| _mm512_set1_pd(v),
        |a, b| { _mm512_cmp_pd_mask::<_CMP_GE_OQ>(a, b) },
        |a, b| _mm512_cmp_pd_mask::<_CMP_LE_OQ>(a, b)
    );

    /// A value lies in the range if its distance from `low`, taken modulo 2^128, is at most that of
    /// `high`. Halves of eight values are compared side by side.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    pub(super) fn int128(blocks: &[[i128; 64]], low: i128, high: i128, out: &mut [u64]) {
        if low > high {
            out.fill(u64::MAX);
            return;
        }
        let span = high.wrapping_sub(low);
        let half = |value: i128, shift: u32| _mm512_set1_epi64((value >> shift) as i64);
        let (low_low, low_high) = (half(low, 0), half(low, 64));
        let (span_low, span_high) = (half(span, 0), half(span, 64));
        let one = _mm512_set1_epi64(1);
        let even = _mm512_set_epi64(14, 12, 10, 8, 6, 4, 2, 0);
        let odd = _mm512_set_epi64(15, 13, 11, 9, 7, 5, 3, 1);
        for (block, word) in blocks.iter().zip(out) {
            *word = 0;
            for (index, part) in block.as_chunks::<8>().0.iter().enumerate() {
                let (first, second) = part.split_at(4);
                // SAFETY: the loads are unaligned and of four values of 16 bytes each.
                let (first, second) = unsafe {
                    (
                        _mm512_loadu_epi64(first.as_ptr().cast()),
                        _mm512_loadu_epi64(second.as_ptr().cast()),
                    )
                };
                let lows = _mm512_permutex2var_epi64(first, even, second);
                let highs = _mm512_permutex2var_epi64(first, odd, second);
                let borrow = _mm512_cmplt_epu64_mask(lows, low_low);
                let lows = _mm512_sub_epi64(lows, low_low);
                let highs = _mm512_sub_epi64(highs, low_high);
                let highs = _mm512_mask_sub_epi64(highs, borrow, highs, one);
                let same = _mm512_cmpeq_epi64_mask(highs, span_high);
                let fails = _mm512_cmpgt_epu64_mask(highs, span_high)
                    | _mm512_mask_cmpgt_epu64_mask(same, lows, span_low);
                *word |= u64::from(fails) << (index * 8);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::bits;
    use super::super::cpu::each_level;
    use super::*;
    use proptest::prelude::*;

    /// Every level sets the bits that the plain comparison sets, also where bounds are the values.
    fn agrees<T: Ranged + std::fmt::Debug>(values: &[T], low: T, high: T) {
        let rows: Vec<usize> =
            (0..values.len()).filter(|row| is_outside(values[*row], low, high)).collect();
        for out in each_level(|| {
            let mut out = vec![0; bits::words(values.len())];
            T::outside(values, low, high, &mut out);
            out
        }) {
            assert_eq!(bits::ones_of(&out).collect::<Vec<_>>(), rows, "{low:?} {high:?}");
        }
    }

    macro_rules! every_level_agrees {
        ($($name:ident: $native:ty),+) => {
            proptest! {$(
                #[test]
                fn $name(
                    mut values in prop::collection::vec(any::<$native>(), 0..200),
                    low in any::<$native>(), high in any::<$native>(),
                    extremes in prop::collection::vec((0usize..200, 0usize..6), 0..20),
                ) {
                    let special = [low, high, <$native>::MIN, <$native>::MAX, <$native>::MAX, 0 as $native];
                    for (at, which) in extremes {
                        if let Some(value) = values.get_mut(at) {
                            *value = special[which];
                        }
                    }
                    agrees(&values, low, high);
                    agrees(&values, high, low);
                    agrees(&values, <$native>::MIN, high);
                    agrees(&values, low, <$native>::MAX);
                }
            )+}
        };
    }
    every_level_agrees!(
        signed_32: i32, unsigned_32: u32, signed_64: i64, unsigned_64: u64, float_32: f32,
        float_64: f64, signed_16: i16, unsigned_8: u8
    );

    proptest! {
        #[test]
        fn signed_128(
            mut values in prop::collection::vec(any::<i128>(), 0..200),
            small in prop::collection::vec((0usize..200, -3i128..4), 0..60),
            bound in -2i128..3, low in any::<i128>(), high in any::<i128>(),
        ) {
            for (at, value) in small {
                if let Some(place) = values.get_mut(at) {
                    *place = [value, value << 64, (value << 64) - 1, i128::MAX - value.abs()][at % 4];
                }
            }
            agrees(&values, low, high);
            agrees(&values, bound << 64, (bound + 1) << 64);
            agrees(&values, bound, bound + 1);
            agrees(&values, i128::MIN, bound);
            agrees(&values, bound, i128::MAX);
        }
    }

    #[test]
    fn nan_and_infinities_are_outside() {
        let mut values = vec![0.5f64; 130];
        (values[0], values[64], values[129]) = (f64::NAN, f64::INFINITY, -f64::NAN);
        agrees(&values, 0.0, 1.0);
        agrees(&values, f64::NEG_INFINITY, f64::INFINITY);
    }
}
