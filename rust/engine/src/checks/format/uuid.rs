//! `uuid`: 32 hexadecimal digits of either case in groups of 8-4-4-4-12, any version and variant.

use super::{About, Kernel};

pub(super) struct Uuid;

impl Kernel for Uuid {
    const ABOUT: About = About {
        name: "uuid",
        aliases: &["guid"],
        summary: "a UUID with its four dashes, in either case, of any version",
        source: "RFC 9562, section 4",
        pattern: "[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}",
        beyond: "",
        example: "2eb8aa08-aa98-11ea-b4aa-73b441d16380",
    };

    #[inline]
    fn accepts(text: &[u8]) -> bool {
        let Ok(text) = <&[u8; 36]>::try_from(text) else {
            return false;
        };
        // Eight digits at a time; what lies across the dashes is put together.
        let four = |at: usize| [text[at], text[at + 1], text[at + 2], text[at + 3]];
        let eight = |a: [u8; 4], b: [u8; 4]| {
            u64::from(u32::from_le_bytes(a)) | u64::from(u32::from_le_bytes(b)) << 32
        };
        let dashes = (text[8] ^ b'-') | (text[13] ^ b'-') | (text[18] ^ b'-') | (text[23] ^ b'-');
        let bad = no_digit(eight(four(0), four(4)))
            | no_digit(eight(four(9), four(14)))
            | no_digit(eight(four(19), four(24)))
            | no_digit(eight(four(28), four(32)));
        bad == 0 && dashes == 0
    }
}

/// Zero when all eight bytes are hexadecimal digits.
#[inline]
fn no_digit(word: u64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = EACH * 0x80;
    // Seven bits, so that no sum carries into the next byte; the eighth is judged by itself.
    let low = word & !HIGH;
    let at_least = |word: u64, byte: u8| word + EACH * u64::from(0x80 - byte);
    let digit = at_least(low, b'0') & !at_least(low, b'9' + 1);
    let lower = low | (EACH * 0x20);
    let letter = at_least(lower, b'a') & !at_least(lower, b'f' + 1);
    (!(digit | letter) | word) & HIGH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_judged_at_every_place() {
        let good = *b"01234567-89ab-cdef-FEDC-BA9876543210";
        for at in 0..36 {
            for byte in 0..=u8::MAX {
                let mut text = good;
                text[at] = byte;
                let dash = matches!(at, 8 | 13 | 18 | 23);
                let fits = if dash { byte == b'-' } else { byte.is_ascii_hexdigit() };
                assert_eq!(Uuid::accepts(&text), fits, "{byte} at {at}");
            }
        }
    }
}
