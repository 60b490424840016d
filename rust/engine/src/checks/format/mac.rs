//! `mac`: a 48-bit hardware address.

use super::class::{is, HEX};
use super::{About, Kernel};

pub(super) struct Mac;

impl Kernel for Mac {
    const ABOUT: About = About {
        name: "mac",
        aliases: &[],
        summary: "a 48-bit MAC address: six pairs of hexadecimal digits, between them always a \
                  colon or always a dash",
        source: "IEEE 802, clause 8 (EUI-48)",
        pattern: "[0-9A-Fa-f]{2}(?:(?::[0-9A-Fa-f]{2}){5}|(?:-[0-9A-Fa-f]{2}){5})",
        beyond: "",
        example: "00:1b:44:11:3a:b7",
    };

    fn accepts(text: &[u8]) -> bool {
        let Ok(text) = <&[u8; 17]>::try_from(text) else {
            return false;
        };
        let between = text[2];
        matches!(between, b':' | b'-')
            && text.iter().enumerate().all(|(at, byte)| {
                if at % 3 == 2 {
                    *byte == between
                } else {
                    is(*byte, HEX)
                }
            })
    }
}
