//! Classes as sets of scalar values. Surrogates are in no text, so they are in no set.

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

use super::properties;
use super::syntax::{Class, Item, Set};
use crate::error::{Error, Result};

const LINE_TERMINATORS: &[(char, char)] = &[('\n', '\n'), ('\r', '\r'), ('\u{2028}', '\u{2029}')];
const DIGIT: &[(char, char)] = &[('0', '9')];
const WORD: &[(char, char)] = &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')];
/// `WhiteSpace` and `LineTerminator`: five ASCII characters, the general category Zs, and U+FEFF.
const SPACE: &[(char, char)] = &[
    ('\t', '\r'),
    (' ', ' '),
    ('\u{A0}', '\u{A0}'),
    ('\u{1680}', '\u{1680}'),
    ('\u{2000}', '\u{200A}'),
    ('\u{2028}', '\u{2029}'),
    ('\u{202F}', '\u{202F}'),
    ('\u{205F}', '\u{205F}'),
    ('\u{3000}', '\u{3000}'),
    ('\u{FEFF}', '\u{FEFF}'),
];

fn of(ranges: &[(char, char)]) -> ClassUnicode {
    ClassUnicode::new(ranges.iter().map(|(low, high)| ClassUnicodeRange::new(*low, *high)))
}

/// What `.` takes.
pub(super) fn dot() -> ClassUnicode {
    let mut set = of(LINE_TERMINATORS);
    set.negate();
    set
}

/// Every scalar value.
pub(super) fn any() -> ClassUnicode {
    of(&[('\0', char::MAX)])
}

impl Class {
    /// The scalar values of the class.
    ///
    /// # Errors
    /// Only for a bug.
    pub(super) fn scalars(&self) -> Result<ClassUnicode> {
        let mut set = ClassUnicode::empty();
        for item in &self.items {
            match item {
                Item::Char(c) => set.union(&range(*c, *c)),
                Item::Range(low, high) => set.union(&range(*low, *high)),
                Item::Set { set: named, negated } => {
                    let mut named = named.scalars()?;
                    if *negated {
                        named.negate();
                    }
                    set.union(&named);
                }
            }
        }
        if self.negated {
            set.negate();
        }
        Ok(set)
    }
}

impl Set {
    fn scalars(&self) -> Result<ClassUnicode> {
        Ok(match self {
            Self::Digit => of(DIGIT),
            Self::Word => of(WORD),
            Self::Space => of(SPACE),
            Self::Property(name) => properties::find(name)
                .map_err(|_| Error::internal("a parsed pattern names no known property"))?,
        })
    }
}

/// The scalar values from `low` to `high`.
fn range(low: u32, high: u32) -> ClassUnicode {
    let surrogates = 0xD800..0xE000;
    let low = if surrogates.contains(&low) { surrogates.end } else { low };
    let high = if surrogates.contains(&high) { surrogates.start - 1 } else { high };
    match (char::from_u32(low), char::from_u32(high)) {
        (Some(low), Some(high)) if low <= high => of(&[(low, high)]),
        _ => ClassUnicode::empty(),
    }
}
