//! `duration`: years to seconds, each unit next to the one above it, or weeks alone.

use super::class::{run, DIGIT};
use super::{About, Kernel};

macro_rules! time_pattern {
    () => {
        "T(?:[0-9]+H(?:[0-9]+M(?:[0-9]+S)?)?|[0-9]+M(?:[0-9]+S)?|[0-9]+S)"
    };
}

pub(super) struct Duration;

impl Kernel for Duration {
    const ABOUT: About = About {
        name: "duration",
        aliases: &[],
        summary: "an ISO 8601 duration in whole numbers and upper case; no unit is left out \
                  between two others, and weeks stand alone",
        source: "RFC 3339, appendix A",
        pattern: concat!(
            "P(?:[0-9]+W|",
            time_pattern!(),
            "|(?:[0-9]+Y(?:[0-9]+M(?:[0-9]+D)?)?|[0-9]+M(?:[0-9]+D)?|[0-9]+D)(?:",
            time_pattern!(),
            ")?)"
        ),
        beyond: "",
        example: "P3DT4H30M",
    };

    fn accepts(text: &[u8]) -> bool {
        let Some(rest) = text.strip_prefix(b"P") else {
            return false;
        };
        let (days, rest) = units(rest, *b"YMD");
        match rest {
            [] => days,
            [b'T', time @ ..] => matches!(units(time, *b"HMS"), (true, [])),
            // Weeks, and nothing before or after them.
            _ if !days => matches!(number(rest), Some((b'W', []))),
            _ => false,
        }
    }
}

/// Whether there is a number with one of the units, and what follows it and the units below it,
/// without a gap between them.
fn units(text: &[u8], order: [u8; 3]) -> (bool, &[u8]) {
    let mut rest = text;
    let mut next = None;
    while let Some((unit, after)) = number(rest) {
        let Some(at) = order.iter().position(|known| *known == unit) else {
            break;
        };
        if next.is_some_and(|next| next != at) {
            break;
        }
        next = Some(at + 1);
        rest = after;
    }
    (next.is_some(), rest)
}

/// The byte after a number, and what follows it.
fn number(text: &[u8]) -> Option<(u8, &[u8])> {
    let digits = run(text, DIGIT);
    let (unit, rest) = text.get(digits..)?.split_first()?;
    (digits > 0).then_some((*unit, rest))
}
