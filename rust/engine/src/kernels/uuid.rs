//! UUIDs in their canonical spelling (RFC 9562: 32 lower-case digits in groups of 8-4-4-4-12) as
//! 128 bits. Other spellings are other texts: what a column without a declared format holds is text.
#![allow(unsafe_code)] // calls of code for processor features that were just detected

use arrow_array::ArrayRef;

use super::rows::{self, Rows};
use crate::error::Result;

/// UUIDs of some rows, and the other rows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Sorted {
    /// The UUIDs, in row order.
    pub(crate) keys: Vec<[u64; 2]>,
    /// The rows that hold anything else.
    pub(crate) others: Vec<u32>,
}

/// Which of the rows, none of which is null, are UUIDs. If the first is none, nobody looks at the
/// rest: all are others.
///
/// # Errors
/// `engine.internal` when the array holds no bytes.
pub(crate) fn sorted(array: &ArrayRef) -> Result<Sorted> {
    rows::with(array, Sort(array.len()))
}

/// How many rows there are.
struct Sort(usize);

impl rows::Visit for Sort {
    type Output = Sorted;

    fn visit<R: Rows>(self, rows: &R) -> Sorted {
        let mut sorted = Sorted::default();
        if self.0 == 0 || rows.len_of(0) != 36 {
            sorted.others.extend(0..self.0 as u32);
            return sorted;
        }
        sorted.keys.reserve_exact(self.0);
        #[cfg(target_arch = "x86_64")]
        if super::cpu::level() >= super::cpu::Level::V3 {
            // SAFETY: this level is only used on processors that have its features.
            unsafe { x86::sort(rows, self.0, &mut sorted) };
            return sorted;
        }
        for row in 0..self.0 {
            match rows.row(row).bytes().try_into().ok().and_then(canonical) {
                Some(key) => sorted.keys.push(key),
                None => sorted.others.push(row as u32),
            }
        }
        sorted
    }
}

/// The 128 bits, high word first, if the text is spelt canonically. A bijection between those texts
/// and the pairs of words; words order as the texts do.
#[inline]
pub(crate) fn canonical(text: &[u8; 36]) -> Option<[u64; 2]> {
    let eight = |a: usize, b: usize| {
        let mut word = [0; 8];
        word[..4].copy_from_slice(&text[a..a + 4]);
        word[4..].copy_from_slice(&text[b..b + 4]);
        u64::from_le_bytes(word)
    };
    let mut bad = text[8] ^ b'-' | text[13] ^ b'-' | text[18] ^ b'-' | text[23] ^ b'-';
    let words = [eight(0, 4), eight(9, 14), eight(19, 24), eight(28, 32)];
    let [a, b, c, d] = words.map(|word| {
        let (value, wrong) = digits(word);
        bad |= u8::from(wrong);
        u64::from(value)
    });
    (bad == 0).then_some([a << 32 | b, c << 32 | d])
}

/// Eight lower-case hexadecimal digits, the first one in the lowest byte, all at once.
#[inline]
fn digits(text: u64) -> (u32, bool) {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let letter = text >> 6 & EACH;
    let value = (text & (EACH * 0x0f)) + letter * 9;
    // Spelling the values again must give the text, with 0 to 9 as digits and 10 to 15 as letters.
    let again = value + EACH * 0x30 + letter * 0x27;
    let above_nine = (value + EACH * 6) >> 4 & EACH;
    let wrong = (again ^ text) | (above_nine ^ letter) | (value & (EACH * 0x10));
    let pairs = (value << 4 | value >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs | pairs >> 8) & 0x0000_ffff_0000_ffff;
    (((fours | fours >> 16) as u32).swap_bytes(), wrong != 0)
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m128i, _mm256_add_epi8, _mm256_blendv_epi8, _mm256_broadcastsi128_si256,
        _mm256_cmpeq_epi8, _mm256_extract_epi64, _mm256_maddubs_epi16, _mm256_min_epu8,
        _mm256_movemask_epi8, _mm256_or_si256, _mm256_packus_epi16, _mm256_set1_epi16,
        _mm256_set1_epi8, _mm256_set_m128i, _mm256_setr_epi8, _mm256_shuffle_epi8, _mm256_sub_epi8,
        _mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8, _mm_set1_epi8,
    };

    use super::{Rows, Sorted};

    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    pub(super) fn sort<R: Rows>(rows: &R, count: usize, sorted: &mut Sorted) {
        for row in 0..count {
            match rows.row(row).bytes().try_into().map(|text| parse(text)) {
                Ok((key, true)) => sorted.keys.push(key),
                _ => sorted.others.push(row as u32),
            }
        }
    }

    /// The 128 bits, and whether the text is spelt canonically.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn parse(text: &[u8; 36]) -> ([u64; 2], bool) {
        let load = |at: usize| -> __m128i {
            let bytes = &text[at..at + 16];
            // SAFETY: the load is unaligned, of 16 bytes.
            unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
        };
        let (start, middle, end) = (load(0), load(16), load(20));
        // The digits without their dashes: 16 from the first 18 bytes, 16 from the last 17.
        let x = -1;
        let outer = _mm256_setr_epi8(
            0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 14, 15, x, x, //
            x, 0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
        );
        let inner = _mm256_setr_epi8(
            x, x, x, x, x, x, x, x, x, x, x, x, x, x, 0, 1, //
            3, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x,
        );
        let digits = _mm256_or_si256(
            _mm256_shuffle_epi8(_mm256_set_m128i(end, start), outer),
            _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(middle), inner),
        );
        let decimal = _mm256_sub_epi8(digits, _mm256_set1_epi8(b'0' as i8));
        let letter = _mm256_sub_epi8(digits, _mm256_set1_epi8(b'a' as i8));
        let up_to =
            |bytes, most| _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(most)), bytes);
        let (is_decimal, is_letter) = (up_to(decimal, 9), up_to(letter, 5));
        let letter = _mm256_add_epi8(letter, _mm256_set1_epi8(10));
        let values = _mm256_blendv_epi8(letter, decimal, is_decimal);
        // 16 times the one digit and once the other make a byte.
        let bytes = _mm256_maddubs_epi16(values, _mm256_set1_epi16(0x0110));
        let bytes = _mm256_packus_epi16(bytes, bytes);
        let word = |word: i64| (word as u64).swap_bytes();
        let key = [word(_mm256_extract_epi64::<0>(bytes)), word(_mm256_extract_epi64::<2>(bytes))];
        let dash = _mm_set1_epi8(b'-' as i8);
        let dashes =
            |bytes, places| _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, dash)) & places == places;
        let all = _mm256_movemask_epi8(_mm256_or_si256(is_decimal, is_letter)) == -1;
        (key, all & dashes(start, 1 << 8 | 1 << 13) & dashes(middle, 1 << 2 | 1 << 7))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // how tests fail
mod tests {
    use super::super::cpu::each_level;
    use super::*;
    use arrow_array::{BinaryViewArray, FixedSizeBinaryArray, LargeStringArray, StringArray};
    use std::sync::Arc;

    fn parse(text: &str) -> Option<[u64; 2]> {
        canonical(text.as_bytes().try_into().unwrap())
    }

    #[test]
    fn the_canonical_spelling_is_read() {
        let words = parse("01234567-89ab-cdef-fedc-ba9876543210");
        assert_eq!(words, Some([0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210]));
    }

    #[test]
    fn every_other_spelling_is_text() {
        let good = "01234567-89ab-cdef-fedc-ba9876543210".as_bytes();
        for at in 0..36 {
            for byte in 0..=u8::MAX {
                let mut text: [u8; 36] = good.try_into().unwrap();
                text[at] = byte;
                let dash = matches!(at, 8 | 13 | 18 | 23);
                let fits =
                    if dash { byte == b'-' } else { matches!(byte, b'0'..=b'9' | b'a'..=b'f') };
                assert_eq!(canonical(&text).is_some(), fits, "{byte} at {at}");
                let array: ArrayRef = Arc::new(
                    FixedSizeBinaryArray::try_from_iter([good, &text[..]].into_iter()).unwrap(),
                );
                let first = canonical(good.try_into().unwrap()).unwrap();
                let mut expected = Sorted { keys: vec![first], others: vec![] };
                match canonical(&text) {
                    Some(key) => expected.keys.push(key),
                    None => expected.others.push(1),
                }
                for found in each_level(|| sorted(&array).unwrap()) {
                    assert_eq!(found, expected, "{byte} at {at}");
                }
            }
        }
    }

    #[test]
    fn every_row_is_a_uuid_or_another() {
        let id = |n: u32| format!("{n:08x}-0000-4000-8000-{:012x}", u64::from(n) * 0x1234_5678);
        for other in ["", "A", "0123456789abcdef0123456789abcdef0123", "not a uuid"] {
            for step in [1, 2, 5, 40] {
                let is_id = |n: &u32| !(n + 1).is_multiple_of(step);
                let texts: Vec<String> =
                    (0..40).map(|n| if is_id(&n) { id(n) } else { other.into() }).collect();
                let arrays: [ArrayRef; 3] = [
                    Arc::new(StringArray::from_iter_values(&texts)),
                    Arc::new(LargeStringArray::from_iter_values(&texts)),
                    Arc::new(BinaryViewArray::from_iter_values(&texts)),
                ];
                for array in arrays {
                    for start in 0..6 {
                        let looked = texts[start].len() == 36;
                        let rows = start as u32..40;
                        let (ids, others): (Vec<u32>, _) = rows.partition(|n| {
                            looked
                                && canonical(
                                    texts[*n as usize].as_bytes().try_into().unwrap_or(&[0; 36]),
                                )
                                .is_some()
                        });
                        let expected = Sorted {
                            keys: ids.iter().map(|n| parse(&id(*n)).unwrap()).collect(),
                            others: others.iter().map(|n: &u32| n - start as u32).collect(),
                        };
                        let array = array.slice(start, array.len() - start);
                        for found in each_level(|| sorted(&array).unwrap()) {
                            assert_eq!(found, expected, "{other:?} every {step} from {start}");
                        }
                    }
                }
            }
        }
    }
}
