//! The shape of a text: what kinds of characters follow each other.

use std::fmt::Write as _;

/// Longest shape that is told, in bytes; what is longer has none.
const LONGEST: usize = 48;

/// Each capital letter becomes `A`, each other letter `a`, each digit `9`, everything else stays;
/// a kind that repeats is told once with its number: `ABC-1234` is `A{3}-9{4}`. `None` when that
/// takes more than 48 bytes. Blanks and control characters are a space; a brace or a backslash of
/// the text has a backslash in front.
pub(super) fn shape(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut characters = text.chars().map(kind).peekable();
    while let Some(kind) = characters.next() {
        let mut count = 1_usize;
        while characters.next_if_eq(&kind).is_some() {
            count += 1;
        }
        if matches!(kind, '{' | '}' | '\\') {
            out.push('\\');
        }
        out.push(kind);
        if count > 1 {
            // A string takes all that is written to it.
            let _ = write!(out, "{{{count}}}");
        }
        if out.len() > LONGEST {
            return None;
        }
    }
    Some(out)
}

fn kind(character: char) -> char {
    match character {
        c if c.is_uppercase() => 'A',
        c if c.is_alphabetic() => 'a',
        c if c.is_numeric() => '9',
        c if c.is_whitespace() || c.is_control() => ' ',
        c => c,
    }
}
