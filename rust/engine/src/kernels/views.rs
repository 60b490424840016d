//! Loops over the 16-byte views of text and binary columns.
#![allow(unsafe_code)] // calls of code for processor features that were just detected

use super::mask;

/// Values of up to so many bytes are in the view itself.
const INLINE: usize = 12;
/// A set of more texts is looked up otherwise.
const MOST: usize = 16;

/// The texts of a set that fit into a view, as the views that they are.
#[derive(Debug, Default)]
pub(crate) struct Inline(Vec<u128>);

/// Which views of a block are in a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Among {
    /// Those that are one of the set's inline texts.
    pub(crate) found: u64,
    /// Those whose bytes stand elsewhere, about which nothing is known.
    pub(crate) longer: u64,
}

impl Inline {
    /// Those of the members that fit; none if they are too many to be compared one by one.
    pub(crate) fn of(members: &[&[u8]]) -> Self {
        let view = |member: &&[u8]| {
            let mut bytes = [0; 16];
            bytes[0] = member.len() as u8;
            bytes[4..4 + member.len()].copy_from_slice(member);
            u128::from_le_bytes(bytes)
        };
        let views: Vec<u128> = members.iter().filter(|m| m.len() <= INLINE).map(view).collect();
        Self(if views.len() <= MOST { views } else { Vec::new() })
    }

    /// Compares each view of the block with every text; `None` where that would not pay.
    pub(crate) fn among(&self, block: &[u128; 64]) -> Option<Among> {
        #[cfg(target_arch = "x86_64")]
        if !self.0.is_empty() && super::cpu::level() == super::cpu::Level::V4 {
            // SAFETY: this level is only used on processors that have its features.
            return Some(unsafe { x86::among(block, &self.0) });
        }
        let _ = block;
        None
    }
}

/// For each length of an inline view, the bits that are zero if it is ASCII and its padding zero.
const SHORT: [u128; INLINE + 1] = {
    let mut masks = [0; INLINE + 1];
    let mut length = 0;
    while length < masks.len() {
        let mut byte = 0;
        while byte < INLINE {
            let bits: u128 = if byte < length { 0x80 } else { 0xff };
            masks[length] |= bits << (32 + 8 * byte);
            byte += 1;
        }
        length += 1;
    }
    masks
};

/// Sets the bits of the views that are anything but short ASCII text with zero padding; `out` has a
/// word for each 64 views.
pub(crate) fn not_short_ascii(views: &[u128], out: &mut [u64]) {
    #[cfg(target_arch = "x86_64")]
    if super::cpu::level() == super::cpu::Level::V4 {
        let (blocks, rest) = views.as_chunks::<64>();
        let (words, last) = out.split_at_mut(blocks.len().min(out.len()));
        // SAFETY: this level is only used on processors that have its features.
        unsafe { x86::not_short_ascii(blocks, words) };
        portable(rest, last);
        return;
    }
    portable(views, out);
}

fn portable(views: &[u128], out: &mut [u64]) {
    mask::fill(views, out, |view| {
        SHORT.get(view as u32 as usize).is_none_or(|zeros| view & zeros != 0)
    });
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m512i, _mm512_and_si512, _mm512_cmpeq_epi64_mask, _mm512_cmpgt_epu64_mask,
        _mm512_loadu_epi64, _mm512_mask_cmpeq_epi64_mask, _mm512_permutex2var_epi64,
        _mm512_set1_epi64, _mm512_set_epi64, _mm512_test_epi64_mask,
    };

    use super::{Among, INLINE, SHORT};

    /// One half of the masks, 64 bits for each length; lengths without a mask have none.
    const fn half(shift: u32) -> [u64; 16] {
        let mut words = [0; 16];
        let mut length = 0;
        while length < SHORT.len() {
            words[length] = (SHORT[length] >> shift) as u64;
            length += 1;
        }
        words
    }

    const LOWS: [u64; 16] = half(0);
    const HIGHS: [u64; 16] = half(64);

    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    pub(super) fn not_short_ascii(blocks: &[[u128; 64]], out: &mut [u64]) {
        let even = _mm512_set_epi64(14, 12, 10, 8, 6, 4, 2, 0);
        let odd = _mm512_set_epi64(15, 13, 11, 9, 7, 5, 3, 1);
        let length = _mm512_set1_epi64(i64::from(u32::MAX));
        let most = _mm512_set1_epi64(INLINE as i64);
        let (lows, highs) = (table(&LOWS), table(&HIGHS));
        for (block, word) in blocks.iter().zip(out) {
            *word = 0;
            for (index, part) in block.as_chunks::<8>().0.iter().enumerate() {
                let (first, second) = part.split_at(4);
                // SAFETY: the loads are unaligned and of four views of 16 bytes each.
                let (first, second) = unsafe {
                    (
                        _mm512_loadu_epi64(first.as_ptr().cast()),
                        _mm512_loadu_epi64(second.as_ptr().cast()),
                    )
                };
                let low = _mm512_permutex2var_epi64(first, even, second);
                let high = _mm512_permutex2var_epi64(first, odd, second);
                let lengths = _mm512_and_si512(low, length);
                // Only the low four bits of an index count; longer lengths are found beside it.
                let zeros_low = _mm512_permutex2var_epi64(lows.0, lengths, lows.1);
                let zeros_high = _mm512_permutex2var_epi64(highs.0, lengths, highs.1);
                let found = _mm512_cmpgt_epu64_mask(lengths, most)
                    | _mm512_test_epi64_mask(low, zeros_low)
                    | _mm512_test_epi64_mask(high, zeros_high);
                *word |= u64::from(found) << (index * 8);
            }
        }
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    pub(super) fn among(block: &[u128; 64], texts: &[u128]) -> Among {
        let even = _mm512_set_epi64(14, 12, 10, 8, 6, 4, 2, 0);
        let odd = _mm512_set_epi64(15, 13, 11, 9, 7, 5, 3, 1);
        let length = _mm512_set1_epi64(i64::from(u32::MAX));
        let most = _mm512_set1_epi64(INLINE as i64);
        let mut among = Among { found: 0, longer: 0 };
        for (index, part) in block.as_chunks::<8>().0.iter().enumerate() {
            let (first, second) = part.split_at(4);
            // SAFETY: the loads are unaligned and of four views of 16 bytes each.
            let (first, second) = unsafe {
                (
                    _mm512_loadu_epi64(first.as_ptr().cast()),
                    _mm512_loadu_epi64(second.as_ptr().cast()),
                )
            };
            let low = _mm512_permutex2var_epi64(first, even, second);
            let high = _mm512_permutex2var_epi64(first, odd, second);
            let mut found = 0;
            for text in texts {
                let same = _mm512_cmpeq_epi64_mask(low, _mm512_set1_epi64(*text as i64));
                let half = _mm512_set1_epi64((*text >> 64) as i64);
                found |= _mm512_mask_cmpeq_epi64_mask(same, high, half);
            }
            let longer = _mm512_cmpgt_epu64_mask(_mm512_and_si512(low, length), most);
            among.found |= u64::from(found) << (index * 8);
            among.longer |= u64::from(longer) << (index * 8);
        }
        among
    }

    #[target_feature(enable = "avx512f")]
    fn table(words: &[u64; 16]) -> (__m512i, __m512i) {
        let (first, second) = words.split_at(8);
        // SAFETY: the loads are unaligned and of eight words each.
        unsafe {
            (_mm512_loadu_epi64(first.as_ptr().cast()), _mm512_loadu_epi64(second.as_ptr().cast()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::bits;
    use super::super::cpu::each_level;
    use super::*;
    use proptest::prelude::*;

    fn plain(view: u128) -> bool {
        let bytes = view.to_le_bytes();
        let length = view as u32 as usize;
        let short = length <= INLINE;
        !(short && bytes[4..4 + length].is_ascii() && bytes[4 + length..].iter().all(|b| *b == 0))
    }

    proptest! {
        #[test]
        fn every_level_finds_what_is_not_short_ascii(
            texts in prop::collection::vec(prop::collection::vec(0u8..=0x90, 0..13), 0..200),
            noise in prop::collection::vec((0usize..200, any::<u128>(), 0u32..128), 0..40),
        ) {
            let mut views: Vec<u128> = texts
                .iter()
                .map(|text| {
                    let mut bytes = [0; 16];
                    bytes[0] = text.len() as u8;
                    bytes[4..4 + text.len()].copy_from_slice(text);
                    u128::from_le_bytes(bytes)
                })
                .collect();
            for (at, other, bit) in noise {
                if let Some(view) = views.get_mut(at) {
                    *view = if at % 2 == 0 { other } else { *view ^ (1 << bit) };
                }
            }
            let rows: Vec<usize> = (0..views.len()).filter(|row| plain(views[*row])).collect();
            for out in each_level(|| {
                let mut out = vec![0; bits::words(views.len())];
                not_short_ascii(&views, &mut out);
                out
            }) {
                prop_assert_eq!(bits::ones_of(&out).collect::<Vec<_>>(), rows.clone());
            }
        }
    }
}
