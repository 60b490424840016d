//! UUIDs in their canonical spelling (RFC 9562: 32 lower-case digits in groups of 8-4-4-4-12) as
//! 128 bits. Other spellings are other texts: what a column without a declared format holds is text.

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

#[cfg(test)]
#[allow(clippy::unwrap_used)] // how tests fail
mod tests {
    use super::*;

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
            }
        }
    }
}
