//! Classes of ASCII characters, one table for all formats: a byte's classes are one load.

/// Which classes a byte is in.
pub(super) type Class = u16;

pub(super) const DIGIT: Class = 1;
pub(super) const UPPER: Class = 1 << 1;
/// Letters and digits.
pub(super) const ALNUM: Class = 1 << 2;
/// Hexadecimal digits of either case.
pub(super) const HEX: Class = 1 << 3;
/// What an unquoted local part of an e-mail address is made of (`atext`, RFC 5322).
pub(super) const ATEXT: Class = 1 << 4;
/// What a scheme goes on with (RFC 3986).
pub(super) const SCHEME: Class = 1 << 5;
/// `unreserved` and `sub-delims` of RFC 3986: a registered name.
pub(super) const NAME: Class = 1 << 6;
/// `NAME` and the colon: user information.
pub(super) const USER: Class = 1 << 7;
/// `pchar` and the slash: a path.
pub(super) const PATH: Class = 1 << 8;
/// `pchar`, slash and question mark: a query or a fragment.
pub(super) const QUERY: Class = 1 << 9;
/// The alphabet of base 64 without the padding.
pub(super) const BASE64: Class = 1 << 10;

static CLASSES: [Class; 256] = {
    let mut table = [0; 256];
    let mut byte = 0u8;
    while byte < 128 {
        table[byte as usize] = classes(byte);
        byte += 1;
    }
    table
};

const fn classes(byte: u8) -> Class {
    let mut found = 0;
    if byte.is_ascii_digit() {
        found |= DIGIT;
    }
    if byte.is_ascii_uppercase() {
        found |= UPPER;
    }
    if byte.is_ascii_hexdigit() {
        found |= HEX;
    }
    if byte.is_ascii_alphanumeric() {
        found |= ALNUM | ATEXT | SCHEME | NAME | USER | PATH | QUERY | BASE64;
    }
    found
        | match byte {
            b'+' => ATEXT | SCHEME | NAME | USER | PATH | QUERY | BASE64,
            b'-' => ATEXT | SCHEME | NAME | USER | PATH | QUERY,
            b'.' => SCHEME | NAME | USER | PATH | QUERY,
            b'!' | b'$' | b'&' | b'\'' | b'*' | b'=' | b'_' | b'~' => {
                ATEXT | NAME | USER | PATH | QUERY
            }
            b'(' | b')' | b',' | b';' => NAME | USER | PATH | QUERY,
            b'#' | b'%' | b'^' | b'`' | b'{' | b'|' | b'}' => ATEXT,
            b':' => USER | PATH | QUERY,
            b'@' => PATH | QUERY,
            b'/' => ATEXT | PATH | QUERY | BASE64,
            b'?' => ATEXT | QUERY,
            _ => 0,
        }
}

/// Whether the byte is in one of the classes.
#[inline]
pub(super) fn is(byte: u8, class: Class) -> bool {
    CLASSES[byte as usize] & class != 0
}

/// Whether every byte is in one of the classes.
#[inline]
pub(super) fn all(bytes: &[u8], class: Class) -> bool {
    bytes.iter().all(|byte| is(*byte, class))
}

/// How many bytes at the beginning are in one of the classes.
#[inline]
pub(super) fn run(bytes: &[u8], class: Class) -> usize {
    bytes.iter().position(|byte| !is(*byte, class)).unwrap_or(bytes.len())
}

/// The number that two digits write.
#[inline]
pub(super) fn two_digits(tens: u8, ones: u8) -> Option<u8> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| tens * 10 + ones)
}
