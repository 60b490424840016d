//! The patterns of `LIKE`: `%` is any text, `_` one code point. Always the whole value, exact in
//! case, in time linear in the value.

use regex::bytes::{Regex, RegexBuilder};

/// Bytes of a compiled program, and of its automaton's cache.
const PROGRAM_BYTES: usize = 1 << 20;

/// A compiled pattern.
#[derive(Debug)]
pub(super) enum Like {
    /// No wildcard.
    Whole(Box<[u8]>),
    /// One `%` at the end.
    Prefix(Box<[u8]>),
    /// One `%` at the beginning.
    Suffix(Box<[u8]>),
    General(Regex),
}

/// Why a pattern cannot be compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The escape character stands before something that needs no escape, or at the end.
    Escape,
    TooLarge,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Char(char),
    One,
    Any,
}

impl Like {
    /// Compiles a pattern; without an escape character every `%` and `_` is a wildcard.
    pub(super) fn compile(pattern: &str, escape: Option<char>) -> Result<Self, Fault> {
        let mut parts = Vec::new();
        let mut rest = pattern.chars();
        while let Some(c) = rest.next() {
            let part = if Some(c) == escape {
                match rest.next() {
                    Some(next) if matches!(next, '%' | '_') || Some(next) == escape => {
                        Part::Char(next)
                    }
                    _ => return Err(Fault::Escape),
                }
            } else {
                match c {
                    '%' => Part::Any,
                    '_' => Part::One,
                    other => Part::Char(other),
                }
            };
            if !(part == Part::Any && parts.last() == Some(&Part::Any)) {
                parts.push(part);
            }
        }
        let literal = |parts: &[Part]| -> Option<Box<[u8]>> {
            let chars = parts.iter().map(|part| match part {
                Part::Char(c) => Some(*c),
                _ => None,
            });
            chars.collect::<Option<String>>().map(|text| text.into_bytes().into())
        };
        match parts.as_slice() {
            [before @ .., Part::Any] if literal(before).is_some() => {
                Ok(Self::Prefix(literal(before).unwrap_or_default()))
            }
            [Part::Any, after @ ..] if literal(after).is_some() => {
                Ok(Self::Suffix(literal(after).unwrap_or_default()))
            }
            whole => match literal(whole) {
                Some(bytes) => Ok(Self::Whole(bytes)),
                None => general(whole).map(Self::General),
            },
        }
    }

    pub(super) fn matches(&self, bytes: &[u8]) -> bool {
        match self {
            Self::Whole(text) => *bytes == **text,
            Self::Prefix(text) => bytes.starts_with(text),
            Self::Suffix(text) => bytes.ends_with(text),
            Self::General(regex) => regex.is_match(bytes),
        }
    }
}

fn general(parts: &[Part]) -> Result<Regex, Fault> {
    let mut pattern = String::from("(?s)");
    // A wildcard at an end is no anchor there, so that the search may stop early.
    let (open_start, open_end) =
        (parts.first() == Some(&Part::Any), parts.last() == Some(&Part::Any));
    if !open_start {
        pattern.push_str(r"\A");
    }
    for (at, part) in parts.iter().enumerate() {
        match part {
            Part::Char(c) => pattern.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
            Part::One => pattern.push('.'),
            Part::Any if at == 0 || at + 1 == parts.len() => {}
            Part::Any => pattern.push_str(".*"),
        }
    }
    if !open_end {
        pattern.push_str(r"\z");
    }
    RegexBuilder::new(&pattern)
        .size_limit(PROGRAM_BYTES)
        .dfa_size_limit(PROGRAM_BYTES)
        .build()
        .map_err(|_| Fault::TooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What the standard says, by trying everything.
    fn naive(pattern: &[char], text: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some(('%', rest)) => (0..=text.len()).any(|at| naive(rest, &text[at..])),
            Some((c, rest)) => {
                text.first().is_some_and(|t| *c == '_' || t == c) && naive(rest, &text[1..])
            }
        }
    }

    proptest! {
        #[test]
        fn matches_agree_with_the_standard(
            pattern in "[ab%_é.\n]{0,7}", text in "[abé.\n]{0,7}"
        ) {
            let like = Like::compile(&pattern, None).unwrap();
            let chars = |t: &str| t.chars().collect::<Vec<_>>();
            prop_assert_eq!(like.matches(text.as_bytes()), naive(&chars(&pattern), &chars(&text)));
        }
    }

    #[test]
    fn escapes_make_wildcards_literal_and_nothing_else() {
        let like = Like::compile(r"10\%\_", Some('\\')).unwrap();
        assert!(like.matches(b"10%_") && !like.matches(b"100_"));
        assert!(Like::compile("a!!", Some('!')).unwrap().matches(b"a!"));
        assert_eq!(Like::compile("a!b", Some('!')).unwrap_err(), Fault::Escape);
        assert_eq!(Like::compile("a!", Some('!')).unwrap_err(), Fault::Escape);
        assert!(Like::compile(r"a\%", None).unwrap().matches(br"a\bc"));
    }

    #[test]
    fn common_shapes_need_no_automaton() {
        assert!(matches!(Like::compile("abc", None), Ok(Like::Whole(_))));
        assert!(matches!(Like::compile("abc%%", None), Ok(Like::Prefix(_))));
        assert!(matches!(Like::compile("%", None), Ok(Like::Prefix(_))));
        assert!(matches!(Like::compile("%abc", None), Ok(Like::Suffix(_))));
        assert!(matches!(Like::compile("%a%", None), Ok(Like::General(_))));
    }

    #[test]
    fn a_pattern_has_a_bound() {
        let pattern = "_".repeat(100_000);
        assert_eq!(Like::compile(&pattern, None).unwrap_err(), Fault::TooLarge);
    }
}
