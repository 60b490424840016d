//! `time`: a time of day with its offset from UTC.

use super::class::{run, two_digits, DIGIT};
use super::{About, Kernel};

const DAY: u32 = 24 * 60;

pub(super) struct Time;

impl Kernel for Time {
    const ABOUT: About = About {
        name: "time",
        aliases: &[],
        summary: "a time of day with seconds and an offset; 60 seconds only at 23:59:60 UTC",
        source: "RFC 3339, section 5.6 (full-time)",
        pattern: full_time_pattern!(),
        beyond: "60 seconds only at 23:59:60 UTC",
        example: "08:30:06.283Z",
    };

    fn accepts(text: &[u8]) -> bool {
        clock(text)
    }
}

/// Whether the whole text is a time with an offset.
#[inline]
pub(super) fn clock(text: &[u8]) -> bool {
    let Some((whole, rest)) = text.split_first_chunk::<8>() else {
        return false;
    };
    let [h1, h0, b':', m1, m0, b':', s1, s0] = *whole else {
        return false;
    };
    let (Some(hour), Some(minute), Some(second)) =
        (two_digits(h1, h0), two_digits(m1, m0), two_digits(s1, s0))
    else {
        return false;
    };
    let offset = match rest {
        [b'.', fraction @ ..] => {
            let digits = run(fraction, DIGIT);
            if digits == 0 {
                return false;
            }
            &fraction[digits..]
        }
        _ => rest,
    };
    let Some(ahead) = minutes_ahead(offset) else {
        return false;
    };
    let last_minute = || {
        let local = u32::from(hour) * 60 + u32::from(minute);
        (local + DAY - ahead) % DAY == DAY - 1
    };
    hour < 24 && minute < 60 && (second < 60 || (second == 60 && last_minute()))
}

/// Minutes that the offset is ahead of UTC, less than a day; those behind as the rest of a day.
#[inline]
fn minutes_ahead(offset: &[u8]) -> Option<u32> {
    match *offset {
        [b'Z' | b'z'] => Some(0),
        [sign @ (b'+' | b'-'), h1, h0, b':', m1, m0] => {
            let (hours, minutes) = (two_digits(h1, h0)?, two_digits(m1, m0)?);
            let ahead = u32::from(hours) * 60 + u32::from(minutes);
            let ahead = if sign == b'+' { ahead } else { (DAY * 5 - ahead) % DAY };
            (hours < 24 && minutes < 60).then_some(ahead)
        }
        _ => None,
    }
}
