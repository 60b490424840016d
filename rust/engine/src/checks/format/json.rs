//! `json`: one document, read once and kept nowhere.

use super::class::{run, DIGIT, HEX};
use super::{class, About, Kernel};

/// Objects and arrays that may be open at once: a bit each.
const DEEPEST: u32 = u128::BITS;

pub(super) struct Json;

impl Kernel for Json {
    const ABOUT: About = About {
        name: "json",
        aliases: &[],
        summary: "a JSON text, nested at most 128 deep; names may repeat",
        source: "RFC 8259",
        pattern: "",
        beyond: "",
        example: r#"{"a": [1, null]}"#,
    };

    fn accepts(text: &[u8]) -> bool {
        document(text).is_some()
    }
}

fn document(text: &[u8]) -> Option<()> {
    let mut rest = blank(text);
    // The open containers, innermost lowest: set for an object.
    let (mut objects, mut depth) = (0u128, 0);
    loop {
        // A value begins here.
        let opened = match rest {
            [b'{', after @ ..] => Some((1, after, b'}')),
            [b'[', after @ ..] => Some((0, after, b']')),
            _ => None,
        };
        if let Some((object, after, end)) = opened {
            if depth == DEEPEST {
                return None;
            }
            objects = objects << 1 | object;
            depth += 1;
            rest = blank(after);
            if rest.first() != Some(&end) {
                rest = if object == 1 { name(rest)? } else { rest };
                continue;
            }
        } else {
            rest = scalar(rest)?;
        }
        // A value is over, or an empty container is about to be.
        loop {
            rest = blank(rest);
            if depth == 0 {
                return rest.is_empty().then_some(());
            }
            let object = objects & 1 == 1;
            match rest {
                [b',', after @ ..] => {
                    rest = blank(after);
                    rest = if object { name(rest)? } else { rest };
                    break;
                }
                [b'}', after @ ..] if object => rest = after,
                [b']', after @ ..] if !object => rest = after,
                _ => return None,
            }
            objects >>= 1;
            depth -= 1;
        }
    }
}

fn blank(text: &[u8]) -> &[u8] {
    let count = text.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    &text[count.unwrap_or(text.len())..]
}

/// What follows a member's name and its colon.
fn name(text: &[u8]) -> Option<&[u8]> {
    let rest = blank(string(text.strip_prefix(b"\"")?)?);
    rest.strip_prefix(b":").map(blank)
}

/// What follows a string, a number or a word.
fn scalar(text: &[u8]) -> Option<&[u8]> {
    match text {
        [b'"', rest @ ..] => string(rest),
        [b't', b'r', b'u', b'e', rest @ ..]
        | [b'f', b'a', b'l', b's', b'e', rest @ ..]
        | [b'n', b'u', b'l', b'l', rest @ ..] => Some(rest),
        _ => number(text),
    }
}

/// What follows the quote that ends a string.
fn string(text: &[u8]) -> Option<&[u8]> {
    let mut rest = text;
    loop {
        let plain = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..=0x1f))?;
        match &rest[plain..] {
            [b'"', after @ ..] => return Some(after),
            [b'\\', b'u', digits @ ..] => {
                let (four, after) = digits.split_first_chunk::<4>()?;
                rest = class::all(four, HEX).then_some(after)?;
            }
            [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', after @ ..] => {
                rest = after;
            }
            _ => return None,
        }
    }
}

fn number(text: &[u8]) -> Option<&[u8]> {
    let rest = text.strip_prefix(b"-").unwrap_or(text);
    let rest = match rest {
        [b'0', after @ ..] => after,
        _ => digits(rest)?,
    };
    let rest = match rest {
        [b'.', after @ ..] => digits(after)?,
        _ => rest,
    };
    match rest {
        [b'e' | b'E', b'+' | b'-', after @ ..] | [b'e' | b'E', after @ ..] => digits(after),
        _ => Some(rest),
    }
}

/// What follows at least one digit.
fn digits(text: &[u8]) -> Option<&[u8]> {
    let count = run(text, DIGIT);
    (count > 0).then(|| &text[count..])
}
