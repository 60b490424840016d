//! `date`: a day of the calendar as `YYYY-MM-DD`.

use super::{About, Kernel};
use crate::literal::time::month_days;

pub(super) struct Date;

impl Kernel for Date {
    const ABOUT: About = About {
        name: "date",
        aliases: &[],
        summary: "a date as YYYY-MM-DD that exists in the Gregorian calendar",
        source: "RFC 3339, section 5.6 (full-date)",
        pattern: concat!(
            "(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])",
            "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))",
            "|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)"
        ),
        beyond: "",
        example: "2024-02-29",
    };

    #[inline]
    fn accepts(text: &[u8]) -> bool {
        <&[u8; 10]>::try_from(text).is_ok_and(day)
    }
}

/// Whether the text is a date, eight bytes at a time.
#[inline]
pub(super) fn day(text: &[u8; 10]) -> bool {
    let [y0, y1, y2, y3, d0, m0, m1, d1, t0, t1] = *text;
    let word = u64::from_le_bytes([y0, y1, y2, y3, m0, m1, t0, t1]);
    // Below ten everywhere, once '0' is taken away; what is not a digit has a high bit now or
    // after the sum.
    let digits = word ^ 0x3030_3030_3030_3030;
    let over = digits.wrapping_add(0x7676_7676_7676_7676) | digits;
    if over & 0x8080_8080_8080_8080 != 0 || d0 != b'-' || d1 != b'-' {
        return false;
    }
    // Pairs of digits as numbers: years of the century, centuries, month and day.
    let pairs = (digits & 0x00ff_00ff_00ff_00ff) * 10 + (digits >> 8 & 0x00ff_00ff_00ff_00ff);
    let [century, year, month, day] = [0, 16, 32, 48].map(|at| (pairs >> at) as u8);
    let length = month_days(u32::from(century) * 100 + u32::from(year), month);
    day.wrapping_sub(1) < length
}
