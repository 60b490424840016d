//! `email`: a mailbox of the mail transport, with quoted local parts and address literals.

use super::class::{is, ATEXT};
use super::{hostname, ipv4, ipv6, About, Kernel};

/// Bytes of a local part.
const LONGEST_LOCAL: usize = 64;

pub(super) struct Email;

impl Kernel for Email {
    const ABOUT: About = About {
        name: "email",
        aliases: &[],
        summary: "an e-mail address (mailbox): a dotted or quoted local part, then a host name or \
                  an address literal; a single label is a host name",
        source: "RFC 5321, section 4.1.2",
        pattern: concat!(
            "(?:[0-9A-Za-z!#$%&'*+/=?^_`{|}~-]+(?:\\.[0-9A-Za-z!#$%&'*+/=?^_`{|}~-]+)*",
            "|\"(?:[ !#-\\[\\]-~]|\\\\[ -~])*\")@(?:",
            hostname_pattern!(),
            "|\\[",
            ipv4_pattern!(),
            "\\]|\\[[Ii][Pp][Vv]6:",
            ipv6_pattern!(),
            "\\])"
        ),
        beyond: "at most 64 characters before the @, and 253 of a host name after it",
        example: "joe.bloggs@example.com",
    };

    #[inline]
    fn accepts(text: &[u8]) -> bool {
        let local = if text.first() == Some(&b'"') { quoted(text) } else { dotted(text) };
        if local == 0 || local > LONGEST_LOCAL {
            return false;
        }
        match &text[local..] {
            [b'@', b'[', literal @ .., b']'] => address(literal),
            [b'@', name @ ..] => hostname::ascii(name),
            _ => false,
        }
    }
}

/// Length of the atoms and single dots at the beginning; 0 when none are well placed.
#[inline]
fn dotted(text: &[u8]) -> usize {
    let mut before = b'.';
    for (at, byte) in text.iter().enumerate() {
        if !is(*byte, ATEXT) && (*byte != b'.' || before == b'.') {
            return if before == b'.' { 0 } else { at };
        }
        before = *byte;
    }
    0
}

/// Length of the quoted text at the beginning; 0 when it does not end.
fn quoted(text: &[u8]) -> usize {
    let mut at = 1;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' if matches!(text.get(at + 1), Some(b' '..=b'~')) => at += 2,
            b'\\' => return 0,
            b' '..=b'~' => at += 1,
            _ => return 0,
        }
    }
    0
}

fn address(literal: &[u8]) -> bool {
    match literal.split_first_chunk::<5>() {
        Some((tag, address)) if tag.eq_ignore_ascii_case(b"ipv6:") => ipv6::address(address),
        _ => ipv4::address(literal),
    }
}
