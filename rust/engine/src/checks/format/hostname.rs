//! `hostname`: labels of letters, digits and hyphens; those that begin with `xn--` stand for
//! valid internationalised labels.

use super::class::{is, ALNUM};
use super::{idna, About, Kernel};

/// Bytes of a name without the final dot.
const LONGEST: usize = 253;
const LONGEST_LABEL: usize = 63;

pub(super) struct Hostname;

impl Kernel for Hostname {
    const ABOUT: About = About {
        name: "hostname",
        aliases: &[],
        summary: "a host name without a final dot; labels that begin with xn-- are judged as \
                  internationalised labels, apart from their direction and normal form",
        source: "RFC 1123, section 2.1; RFC 5891, section 5.4; RFC 5892",
        pattern: hostname_pattern!(),
        beyond: "at most 253 characters; a label that begins with xn-- decodes to a valid label",
        example: "www.example.com",
    };

    fn accepts(text: &[u8]) -> bool {
        ascii(text)
            && (!text.iter().any(|byte| byte | 0x20 == b'x')
                || text.split(|byte| *byte == b'.').all(idna::accepts_if_encoded))
    }
}

/// Whether the text is a name of letters, digits and hyphens; encoded labels are not decoded.
#[inline]
pub(super) fn ascii(text: &[u8]) -> bool {
    if text.is_empty() || text.len() > LONGEST {
        return false;
    }
    let mut before = b'.';
    let mut length = 0;
    for byte in text {
        if is(*byte, ALNUM) {
            length += 1;
        } else {
            let edge = matches!(before, b'.' | b'-');
            match byte {
                b'-' if before != b'.' => length += 1,
                b'.' if !edge && length <= LONGEST_LABEL => length = 0,
                _ => return false,
            }
        }
        before = *byte;
    }
    before != b'.' && before != b'-' && length <= LONGEST_LABEL
}
