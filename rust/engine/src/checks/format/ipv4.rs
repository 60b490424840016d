//! `ipv4`: four decimal numbers up to 255, without leading zeros.

use super::{About, Kernel};

pub(super) struct Ipv4;

impl Kernel for Ipv4 {
    const ABOUT: About = About {
        name: "ipv4",
        aliases: &[],
        summary: "an IPv4 address in dotted decimal, without leading zeros",
        source: "RFC 2673, section 3.2 (dotted-quad)",
        pattern: ipv4_pattern!(),
        beyond: "",
        example: "192.168.0.1",
    };

    #[inline]
    fn accepts(text: &[u8]) -> bool {
        address(text)
    }
}

/// Whether the whole text is an address. The shortest has 7 bytes, the longest 15.
#[inline]
#[allow(clippy::needless_bitwise_bool)] // a branch per byte would be foreseen wrongly
pub(super) fn address(text: &[u8]) -> bool {
    if !(7..=15).contains(&text.len()) {
        return false;
    }
    // Without branches on the bytes: where the dots stand cannot be foreseen.
    let mut dots = 0;
    let mut value = 0u64;
    let mut digits = 0;
    let mut bad = false;
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        let (is_digit, is_dot) = (digit < 10, *byte == b'.');
        bad |= !(is_digit | is_dot);
        bad |= is_dot & ((digits == 0) | (value > 255));
        bad |= is_digit & (digits > 0) & (value == 0);
        dots += u32::from(is_dot);
        value = if is_dot { 0 } else { value * 10 + u64::from(digit) };
        digits = if is_dot { 0 } else { digits + 1 };
    }
    !bad & (dots == 3) & (digits > 0) & (value <= 255)
}
