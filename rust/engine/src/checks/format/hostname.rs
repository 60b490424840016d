//! `hostname`: labels of letters, digits and hyphens; those that begin with `xn--` stand for
//! valid internationalised labels.

use super::{idna, About, Kernel};

/// Bytes of a name without the final dot.
const LONGEST: usize = 253;
const LONGEST_LABEL: usize = 63;

const HYPHEN: u8 = 1;
const DOT: u8 = 2;
const OTHER: u8 = 3;

/// Letters and digits are 0.
static KINDS: [u8; 256] = {
    let mut kinds = [OTHER; 256];
    let mut byte = 0u8;
    while byte < 128 {
        if byte.is_ascii_alphanumeric() {
            kinds[byte as usize] = 0;
        }
        byte += 1;
    }
    kinds[b'-' as usize] = HYPHEN;
    kinds[b'.' as usize] = DOT;
    kinds
};

/// A bit for each kind behind each other that cannot stand there.
const WRONG: u16 = {
    let mut wrong = 1 << (HYPHEN * 4 + DOT) | 1 << (DOT * 4 + DOT) | 1 << (DOT * 4 + HYPHEN);
    let mut before = 0;
    while before < 4 {
        wrong |= 1 << (before * 4 + OTHER);
        before += 1;
    }
    wrong
};

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
    // Without branches on the bytes: where labels end cannot be foreseen.
    let mut before = DOT;
    let mut bad = 0;
    for byte in text {
        let kind = KINDS[*byte as usize];
        bad |= WRONG >> (before * 4 + kind);
        before = kind;
    }
    let edges = bad | WRONG >> (before * 4 + DOT);
    edges & 1 == 0
        && (text.len() <= LONGEST_LABEL
            || text.split(|byte| *byte == b'.').all(|label| label.len() <= LONGEST_LABEL))
}
