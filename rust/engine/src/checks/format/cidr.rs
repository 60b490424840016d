//! `cidr`: an address and the length of its prefix.

use super::class::{all, DIGIT};
use super::{ipv4, ipv6, About, Kernel};

pub(super) struct Cidr;

impl Kernel for Cidr {
    const ABOUT: About = About {
        name: "cidr",
        aliases: &[],
        summary: "an IPv4 or IPv6 address, a slash and the prefix length; the bits behind the \
                  prefix may be set",
        source: "RFC 4632, section 3.1; RFC 4291, section 2.3",
        pattern: concat!(
            "(?:",
            ipv4_pattern!(),
            "/(?:3[0-2]|[12]?[0-9])|",
            ipv6_pattern!(),
            "/(?:12[0-8]|1[01][0-9]|[1-9]?[0-9]))"
        ),
        beyond: "",
        example: "10.0.0.0/8",
    };

    fn accepts(text: &[u8]) -> bool {
        let Some(slash) = text.iter().rposition(|b| *b == b'/') else {
            return false;
        };
        let (address, length) = (&text[..slash], &text[slash + 1..]);
        let Some(length) = prefix_length(length) else {
            return false;
        };
        (length <= 32 && ipv4::address(address)) || (length <= 128 && ipv6::address(address))
    }
}

fn prefix_length(text: &[u8]) -> Option<u16> {
    let written = matches!(text, [_] | [b'1'..=b'9', _] | [b'1', _, _]) && all(text, DIGIT);
    written.then(|| text.iter().fold(0, |value, digit| value * 10 + u16::from(digit - b'0')))
}
