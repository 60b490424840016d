//! `date-time`: a date, `T` and a time with its offset.

use super::{date, time, About, Kernel};

pub(super) struct DateTime;

impl Kernel for DateTime {
    const ABOUT: About = About {
        name: "date-time",
        aliases: &[],
        summary: "a date, T and a time with seconds and an offset; 60 seconds only at 23:59:60 UTC",
        source: "RFC 3339, section 5.6",
        pattern: concat!(
            "[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])[Tt]",
            full_time_pattern!()
        ),
        beyond: "the day exists; 60 seconds only at 23:59:60 UTC",
        example: "1985-04-12T23:20:50.52Z",
    };

    #[inline]
    fn accepts(text: &[u8]) -> bool {
        match text.split_first_chunk::<10>() {
            Some((day, [b'T' | b't', clock @ ..])) => date::day(day) && time::clock(clock),
            _ => false,
        }
    }
}
