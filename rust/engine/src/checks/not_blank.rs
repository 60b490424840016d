//! `not_blank`: every text has a character that is no white space.

use arrow_array::ArrayRef;

use super::{Argument, Arity, CheckKind, Clause, Compiled, Definition, RowCheck, Scope};
use crate::error::{Error, Result};
use crate::kernels::text;

pub(super) struct NotBlank;

impl CheckKind for NotBlank {
    fn definition(&self) -> &'static Definition {
        &Definition {
            name: "not_blank",
            aliases: &[],
            summary: "every text has a character that is no white space (what ECMA-262's \\s is)",
            scope: Scope::Row,
            arity: Arity::One,
            applies_to: "strings",
            arguments: &[Argument {
                name: "trim",
                kind: "true or false",
                default: "true",
                summary: "false: white space is a character like others, only '' is blank",
            }],
            example: "{column: name, rule: not_blank}",
        }
    }

    fn compile(&self, clause: &Clause<'_>) -> Result<Compiled> {
        clause.strings()?;
        Ok(Compiled::Row(Box::new(Blank { trim: clause.flag("trim", true)? })))
    }
}

#[derive(Debug)]
struct Blank {
    trim: bool,
}

impl RowCheck for Blank {
    fn fail(&self, columns: &[ArrayRef], valid: Option<&[u64]>, fail: &mut [u64]) -> Result<()> {
        let column = columns.first().ok_or_else(|| Error::internal("not_blank lost its column"))?;
        text::fill(column, valid, fail, |bytes| bytes.is_empty() || self.trim && is_white(bytes))
    }

    fn cost(&self) -> f64 {
        3.0
    }

    fn explain(&self) -> String {
        "the first character that is no white space".into()
    }
}

/// Whether there is nothing but white space.
fn is_white(mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        match bytes.get(white(bytes)..) {
            Some(rest) if rest.len() < bytes.len() => bytes = rest,
            _ => return false,
        }
    }
    true
}

/// The bytes of the white-space character at the start; 0 when another stands there.
fn white(bytes: &[u8]) -> usize {
    match bytes {
        [0x09..=0x0d | b' ', ..] => 1,
        [0xc2, 0xa0, ..] => 2, // no-break space
        [0xe1, 0x9a, 0x80, ..] // ogham space mark
        | [0xe2, 0x80, 0x80..=0x8a | 0xa8 | 0xa9 | 0xaf, ..] // quads to narrow no-break space
        | [0xe2, 0x81, 0x9f, ..] // medium mathematical space
        | [0xe3, 0x80, 0x80, ..] // ideographic space
        | [0xef, 0xbb, 0xbf, ..] => 3, // byte order mark
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// White space by the standard: `White_Space` without U+0085, and U+FEFF.
    #[test]
    fn white_space_is_that_of_ecma() {
        for c in '\0'..=char::MAX {
            let expected = c.is_whitespace() && c != '\u{85}' || c == '\u{feff}';
            assert_eq!(is_white(c.to_string().as_bytes()), expected, "{:x}", c as u32);
        }
        assert!(is_white("\u{3000} \u{a0}".as_bytes()));
        assert!(!is_white(" \u{200b}".as_bytes()));
        assert!(!is_white(b" a "));
    }
}
