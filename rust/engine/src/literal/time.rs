//! ISO 8601 dates, times and timestamps of literals, and durations such as `24h`.

const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// How many days a month has, proleptic Gregorian; none outside January to December.
#[inline]
pub(crate) fn month_days(year: u32, month: u8) -> u8 {
    const LENGTHS: [u8; 16] = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0, 0, 0];
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    LENGTHS.get(usize::from(month)).map_or(0, |days| days + u8::from(leap && month == 2))
}

/// Days since 1970-01-01 of `YYYY-MM-DD`, proleptic Gregorian.
pub(crate) fn date(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes.get(4) != Some(&b'-') || bytes.get(7) != Some(&b'-') {
        return None;
    }
    let year = digits(text.get(0..4)?)?;
    let month = digits(text.get(5..7)?)?;
    let day = digits(text.get(8..10)?)?;
    let length = i64::from(month_days(u32::try_from(year).ok()?, u8::try_from(month).ok()?));
    if !(1..=length).contains(&day) {
        return None;
    }
    // Days from civil (H. Hinnant, chrono-compatible low-level date algorithms).
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let year_of_era = y.rem_euclid(400);
    let shifted = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * shifted + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

/// Year, month and day of a day number (0 is 1970-01-01). Any `i64` from the Arrow date types.
/// The inverse of [`date`], of the same origin.
pub(crate) fn date_of(day: i64) -> (i64, u32, u32) {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month as u32, day as u32)
}

/// `YYYY-MM-DD` of a day number.
pub(crate) fn date_text(day: i64) -> String {
    let (year, month, day) = date_of(day);
    format!("{year:04}-{month:02}-{day:02}")
}

/// `HH:MM:SS` of nanoseconds since midnight, with as much of a fraction as there is.
pub(crate) fn time_text(nanos: i128) -> String {
    let second = i128::from(NANOS_PER_SECOND);
    let (seconds, part) = (nanos.div_euclid(second), nanos.rem_euclid(second));
    let (minutes, hours) = (seconds / 60 % 60, seconds / 3600);
    let fraction = format!(".{part:09}");
    let fraction = fraction.trim_end_matches('0').trim_end_matches('.');
    format!("{hours:02}:{minutes:02}:{:02}{fraction}", seconds % 60)
}

/// ISO 8601 of nanoseconds since the epoch; `Z` stands behind those of a column with a zone.
pub(crate) fn timestamp_text(nanos: i128, aware: bool) -> String {
    let day = 86_400 * i128::from(NANOS_PER_SECOND);
    let date = date_text(nanos.div_euclid(day) as i64);
    format!("{date}T{}{}", time_text(nanos.rem_euclid(day)), if aware { "Z" } else { "" })
}

/// Nanoseconds since midnight of `HH:MM[:SS[.fraction]]`.
pub(crate) fn time_of_day(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    if bytes.len() < 5 || bytes.get(2) != Some(&b':') {
        return None;
    }
    let hour = digits(text.get(0..2)?)?;
    let minute = digits(text.get(3..5)?)?;
    let mut nanos = 0;
    let mut second = 0;
    if let Some(rest) = text.get(5..).filter(|r| !r.is_empty()) {
        let rest = rest.strip_prefix(':')?;
        let (whole, fraction) = match rest.split_once('.') {
            Some((w, f)) => (w, Some(f)),
            None => (rest, None),
        };
        if whole.len() != 2 {
            return None;
        }
        second = digits(whole)?;
        if let Some(fraction) = fraction {
            if !(1..=9).contains(&fraction.len()) {
                return None;
            }
            nanos = digits(&format!("{fraction:0<9}"))?;
        }
    }
    (hour < 24 && minute < 60 && second < 60)
        .then(|| ((hour * 60 + minute) * 60 + second) * NANOS_PER_SECOND + nanos)
}

/// Nanoseconds since the epoch, and whether an offset was given. A bare date is midnight.
pub(crate) fn timestamp(text: &str) -> Option<(i128, bool)> {
    let days = date(text.get(0..10)?)?;
    let rest = text.get(10..)?;
    if rest.is_empty() {
        return Some((i128::from(days) * 86_400 * i128::from(NANOS_PER_SECOND), false));
    }
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let (clock, offset) = if let Some(clock) = rest.strip_suffix(['Z', 'z']) {
        (clock, Some(0))
    } else if let Some(at) = rest.rfind(['+', '-']) {
        let (clock, offset) = rest.split_at(at);
        let sign = if offset.starts_with('-') { -1 } else { 1 };
        let hour = digits(offset.get(1..3)?)?;
        let minute = digits(offset.get(3..)?.strip_prefix(':')?)?;
        if offset.len() != 6 || hour > 23 || minute > 59 {
            return None;
        }
        (clock, Some(sign * (hour * 60 + minute) * 60))
    } else {
        (rest, None)
    };
    let nanos = i128::from(days) * 86_400 * i128::from(NANOS_PER_SECOND)
        + i128::from(time_of_day(clock)?)
        - i128::from(offset.unwrap_or(0)) * i128::from(NANOS_PER_SECOND);
    Some((nanos, offset.is_some()))
}

/// Nanoseconds of a duration: `90s`, `15m`, `1.5h`, `24h`, `7d`, `2w`; fractions are exact.
pub(crate) fn duration(text: &str) -> Option<i128> {
    let text = text.trim();
    let split = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (amount, unit) = text.split_at(split);
    let seconds: i128 = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    let amount = super::Number::parse(amount.trim())?;
    let nanos = amount.at_scale(9, None)?.parse::<i128>().ok()?;
    nanos.checked_mul(seconds).filter(|n| *n >= 0)
}

fn digits(text: &str) -> Option<i64> {
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}
