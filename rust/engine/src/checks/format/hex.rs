//! `hex`: bytes in base 16.

use super::class::{all, HEX};
use super::{About, Kernel};

pub(super) struct Hex;

impl Kernel for Hex {
    const ABOUT: About = About {
        name: "hex",
        aliases: &["base16"],
        summary:
            "bytes in base 16: an even number of hexadecimal digits, in either case; no bytes \
                  are the empty text",
        source: "RFC 4648, section 8",
        pattern: "(?:[0-9A-Fa-f]{2})*",
        beyond: "",
        example: "00ff",
    };

    fn accepts(text: &[u8]) -> bool {
        text.len().is_multiple_of(2) && all(text, HEX)
    }
}
