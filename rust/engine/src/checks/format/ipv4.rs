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
pub(super) fn address(text: &[u8]) -> bool {
    if !(7..=15).contains(&text.len()) {
        return false;
    }
    let mut dots = 0;
    let mut value = 0u16;
    let mut digits = 0;
    let mut bad = false;
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit < 10 {
            // A second digit after a zero, or a value too large, stays wrong.
            bad |= digits > 0 && value == 0;
            value = value * 10 + u16::from(digit);
            digits += 1;
            bad |= digits > 3;
        } else {
            bad |= *byte != b'.' || digits == 0 || value > 255;
            dots += 1;
            value = 0;
            digits = 0;
        }
        if bad {
            return false;
        }
    }
    dots == 3 && digits > 0 && value <= 255
}
