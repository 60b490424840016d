//! The patterns of `LIKE`: `%` is any text, `_` one code point. Always the whole value, exact in
//! case, in time linear in the value.

use arrow_array::ArrayRef;
use regex_syntax::hir::{Dot, Hir, Look, Repetition};

use crate::checks::pattern::Pattern;
use crate::error::Result;
use crate::kernels::text;

/// A compiled pattern.
#[derive(Debug)]
pub(super) enum Like {
    /// No wildcard.
    Whole(Box<[u8]>),
    /// One `%` at the end.
    Prefix(Box<[u8]>),
    /// One `%` at the beginning.
    Suffix(Box<[u8]>),
    General(Pattern),
}

/// Why a pattern cannot be compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The escape character stands before something that needs no escape, or at the end.
    Escape,
    TooLarge,
}

/// Bytes of a pattern.
const MAX_BYTES: usize = 4 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Char(char),
    One,
    Any,
}

impl Like {
    /// Compiles a pattern; without an escape character every `%` and `_` is a wildcard.
    pub(super) fn compile(pattern: &str, escape: Option<char>) -> std::result::Result<Self, Fault> {
        if pattern.len() > MAX_BYTES {
            return Err(Fault::TooLarge);
        }
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
                None => {
                    Pattern::new(&general(whole)).map(Self::General).map_err(|_| Fault::TooLarge)
                }
            },
        }
    }

    /// Sets the bits of the valid rows that match, if `inside`, or of those that do not.
    ///
    /// # Errors
    /// Only for a bug.
    pub(super) fn fill(
        &self,
        array: &ArrayRef,
        valid: Option<&[u64]>,
        out: &mut [u64],
        inside: bool,
    ) -> Result<()> {
        match self {
            Self::Whole(whole) => text::fill(array, valid, out, |b| (*b == **whole) == inside),
            Self::Prefix(start) => {
                text::fill(array, valid, out, |b| b.starts_with(start) == inside)
            }
            Self::Suffix(end) => text::fill(array, valid, out, |b| b.ends_with(end) == inside),
            Self::General(pattern) => pattern.fill(array, valid, out, inside),
        }
    }
}

/// A wildcard at an end is no anchor there, so that a search may stop early.
fn general(parts: &[Part]) -> Hir {
    let any = || Hir::dot(Dot::AnyChar);
    let mut all = Vec::with_capacity(parts.len() + 2);
    if parts.first() != Some(&Part::Any) {
        all.push(Hir::look(Look::Start));
    }
    for (at, part) in parts.iter().enumerate() {
        all.push(match part {
            Part::Char(c) => Hir::literal(c.encode_utf8(&mut [0; 4]).as_bytes()),
            Part::One => any(),
            Part::Any if at == 0 || at + 1 == parts.len() => continue,
            Part::Any => Hir::repetition(Repetition {
                min: 0,
                max: None,
                greedy: true,
                sub: Box::new(any()),
            }),
        });
    }
    if parts.last() != Some(&Part::Any) {
        all.push(Hir::look(Look::End));
    }
    Hir::concat(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::bits;
    use arrow_array::StringArray;
    use proptest::prelude::*;
    use std::sync::Arc;

    fn matches(like: &Like, text: &str) -> bool {
        let array: ArrayRef = Arc::new(StringArray::from(vec![text]));
        let found = |inside| {
            let mut out = [0];
            like.fill(&array, None, &mut out, inside).unwrap();
            bits::get(&out, 0)
        };
        assert_ne!(found(true), found(false));
        found(true)
    }

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
            prop_assert_eq!(matches(&like, &text), naive(&chars(&pattern), &chars(&text)));
        }
    }

    #[test]
    fn escapes_make_wildcards_literal_and_nothing_else() {
        let like = Like::compile(r"10\%\_", Some('\\')).unwrap();
        assert!(matches(&like, "10%_") && !matches(&like, "100_"));
        assert!(matches(&Like::compile("a!!", Some('!')).unwrap(), "a!"));
        assert_eq!(Like::compile("a!b", Some('!')).unwrap_err(), Fault::Escape);
        assert_eq!(Like::compile("a!", Some('!')).unwrap_err(), Fault::Escape);
        assert!(matches(&Like::compile(r"a\%", None).unwrap(), r"a\bc"));
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
        let pattern = "%a_".repeat(100_000);
        assert_eq!(Like::compile(&pattern, None).unwrap_err(), Fault::TooLarge);
        // Within it, whatever an automaton would take is either compiled or refused.
        let _ = Like::compile(&"%a_____".repeat(500), None);
    }
}
