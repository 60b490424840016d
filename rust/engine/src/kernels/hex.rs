//! Hexadecimal text of digests.
#![allow(unsafe_code)] // calls of code for processor features that were just detected

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Every byte's two digits.
static PAIRS: [[u8; 2]; 256] = {
    let mut pairs = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        pairs[byte] = [DIGITS[byte >> 4], DIGITS[byte & 15]];
        byte += 1;
    }
    pairs
};

/// Writes two lower-case digits per byte; what of `out` is longer than that stays.
pub(crate) fn encode(bytes: &[u8], out: &mut [u8]) {
    for (pair, byte) in out.as_chunks_mut::<2>().0.iter_mut().zip(bytes) {
        *pair = PAIRS[usize::from(*byte)];
    }
}

/// Writes the 64 digits of each digest; the shorter of the two slices counts.
pub(crate) fn encode_digests(digests: &[[u8; 32]], out: &mut [[u8; 64]]) {
    #[cfg(target_arch = "x86_64")]
    if super::cpu::level() >= super::cpu::Level::V3 {
        // SAFETY: the level includes SSSE3.
        unsafe { x86::encode_digests(digests, out) };
        return;
    }
    portable(digests, out);
}

fn portable(digests: &[[u8; 32]], out: &mut [[u8; 64]]) {
    for (digest, out) in digests.iter().zip(out) {
        encode(digest, out);
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m128i, _mm_and_si128, _mm_set1_epi8, _mm_set_epi64x, _mm_shuffle_epi8, _mm_srli_epi16,
        _mm_unpackhi_epi8, _mm_unpacklo_epi8,
    };

    use super::super::sha256::x86::{load, store};

    /// The digits are looked up by shuffling them with the nibbles.
    #[target_feature(enable = "ssse3")]
    pub(super) fn encode_digests(digests: &[[u8; 32]], out: &mut [[u8; 64]]) {
        let digits =
            _mm_set_epi64x(i64::from_le_bytes(*b"89abcdef"), i64::from_le_bytes(*b"01234567"));
        for (digest, out) in digests.iter().zip(out) {
            let halves = digest.as_chunks::<16>().0;
            for (half, out) in halves.iter().zip(out.as_chunks_mut::<32>().0) {
                let [first, second] = pairs(load(half), digits);
                let (start, end) = out.split_at_mut(16);
                store(first, start);
                store(second, end);
            }
        }
    }

    #[target_feature(enable = "ssse3")]
    fn pairs(bytes: __m128i, digits: __m128i) -> [__m128i; 2] {
        let nibble = _mm_set1_epi8(15);
        let high = _mm_shuffle_epi8(digits, _mm_and_si128(_mm_srli_epi16(bytes, 4), nibble));
        let low = _mm_shuffle_epi8(digits, _mm_and_si128(bytes, nibble));
        [_mm_unpacklo_epi8(high, low), _mm_unpackhi_epi8(high, low)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_byte_has_two_lower_case_digits() {
        let all: Vec<u8> = (0..=255).collect();
        let mut out = vec![0; 512];
        encode(&all, &mut out);
        let expected: String =
            all.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    proptest! {
        #[test]
        fn digests_are_written_as_by_the_portable_twin(
            digests in proptest::collection::vec(any::<[u8; 32]>(), 0..9),
        ) {
            let mut fast = vec![[0; 64]; digests.len()];
            let mut slow = fast.clone();
            encode_digests(&digests, &mut fast);
            portable(&digests, &mut slow);
            prop_assert_eq!(fast, slow);
        }
    }
}
