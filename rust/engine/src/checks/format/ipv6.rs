//! `ipv6`: eight groups of hexadecimal digits, one run of zeros left out as `::`, the last two
//! groups perhaps as an IPv4 address.

use super::class::{is, HEX};
use super::{ipv4, About, Kernel};

pub(super) struct Ipv6;

impl Kernel for Ipv6 {
    const ABOUT: About = About {
        name: "ipv6",
        aliases: &[],
        summary: "an IPv6 address, without zone, prefix length or brackets",
        source: "RFC 4291, section 2.2",
        pattern: ipv6_pattern!(),
        beyond: "",
        example: "2001:db8::7",
    };

    #[inline]
    fn accepts(text: &[u8]) -> bool {
        address(text)
    }
}

/// Whether the whole text is an address. The longest has 45 bytes.
pub(super) fn address(text: &[u8]) -> bool {
    if !(2..=45).contains(&text.len()) {
        return false;
    }
    let mut rest = text;
    let mut groups = 0;
    let mut shortened = false;
    if let Some(after) = rest.strip_prefix(b"::") {
        rest = after;
        shortened = true;
    }
    // Each turn begins where a group must begin, except after a `::`, which may end the text.
    while !(rest.is_empty() && shortened && text.ends_with(b"::")) {
        let digits = rest.iter().take(5).position(|b| !is(*b, HEX)).unwrap_or(rest.len().min(5));
        if !(1..=4).contains(&digits) {
            return false;
        }
        match &rest[digits..] {
            [] => {
                groups += 1;
                break;
            }
            [b'.', ..] => {
                if !ipv4::address(rest) {
                    return false;
                }
                groups += 2;
                break;
            }
            [b':', b':', after @ ..] if !shortened => {
                shortened = true;
                rest = after;
            }
            [b':', after @ ..] => rest = after,
            _ => return false,
        }
        groups += 1;
    }
    if shortened {
        groups < 8
    } else {
        groups == 8
    }
}
