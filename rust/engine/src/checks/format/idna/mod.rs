//! Internationalised labels: whether what begins with `xn--` stands for a valid label.
//!
//! The tests of RFC 5891, section 5.4, with the contextual rules of RFC 5892, appendix A. Left out
//! are those on the direction of writing and on the normal form: they tell what a registry should
//! not have sold, and need tables of the size of the engine.

mod punycode;
mod runs;
mod tables;

use tables::{AFTER, BEFORE, GREEK, HEBREW, JAPANESE, MARKS, TRANSPARENT, VALID, VIRAMAS};

/// Whether a label of letters, digits and hyphens is not encoded, or encodes a valid one.
pub(super) fn accepts_if_encoded(label: &[u8]) -> bool {
    match label.split_first_chunk::<4>() {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(b"xn--") => {
            punycode::decode(rest).is_some_and(|label| accepts(label.characters()))
        }
        _ => true,
    }
}

fn accepts(label: &[char]) -> bool {
    let [first, ..] = label else {
        return false;
    };
    let hyphens = label.first() == Some(&'-')
        || label.last() == Some(&'-')
        || label.get(2..4) == Some(&['-', '-'][..]);
    !hyphens
        && !MARKS.contains(*first)
        && (0..label.len()).all(|at| VALID.contains(label[at]) || in_context(label, at))
}

/// Whether a character that needs a context has it.
fn in_context(label: &[char], at: usize) -> bool {
    let (before, after) = (&label[..at], &label[at + 1..]);
    match label[at] {
        // Zero-width non-joiner and joiner.
        '\u{200c}' => ends_with_virama(before) || breaks_a_join(before, after),
        '\u{200d}' => ends_with_virama(before),
        // The middle dot of Catalan.
        '\u{b7}' => before.last() == Some(&'l') && after.first() == Some(&'l'),
        // Greek numeral sign, Hebrew punctuation.
        '\u{375}' => after.first().is_some_and(|c| GREEK.contains(*c)),
        '\u{5f3}' | '\u{5f4}' => before.last().is_some_and(|c| HEBREW.contains(*c)),
        // The middle dot of Japanese.
        '\u{30fb}' => label.iter().any(|c| JAPANESE.contains(*c)),
        // Arabic-Indic digits of one kind only.
        '\u{660}'..='\u{669}' => !label.iter().any(|c| matches!(c, '\u{6f0}'..='\u{6f9}')),
        '\u{6f0}'..='\u{6f9}' => !label.iter().any(|c| matches!(c, '\u{660}'..='\u{669}')),
        _ => false,
    }
}

fn ends_with_virama(before: &[char]) -> bool {
    before.last().is_some_and(|c| VIRAMAS.contains(*c))
}

/// Whether the two letters, signs between them aside, would join without what stands here.
fn breaks_a_join(before: &[char], after: &[char]) -> bool {
    let letter = |c: &&char| !TRANSPARENT.contains(**c);
    before.iter().rev().find(letter).is_some_and(|c| BEFORE.contains(*c))
        && after.iter().find(letter).is_some_and(|c| AFTER.contains(*c))
}
