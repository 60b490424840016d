//! What a text says of a moment, field by field, and whether there is such a moment.

use crate::literal::time::month_days;

/// One field; the number is its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// Year before and after the first, 0 among them.
    Year,
    YearOfEra,
    Month,
    Day,
    DayOfYear,
    /// Monday is 1.
    Weekday,
    Hour,
    ClockHour,
    HalfDayHour,
    ClockHalfDayHour,
    /// Morning is 0.
    HalfDay,
    Minute,
    Second,
    Nanosecond,
    /// Seconds ahead of UTC.
    Offset,
}

/// Every field in its place, with its least and its greatest value.
const RANGES: [(Field, i64, i64); Field::Offset as usize + 1] = [
    (Field::Year, -999_999_999, 999_999_999),
    (Field::YearOfEra, 1, 999_999_999),
    (Field::Month, 1, 12),
    (Field::Day, 1, 31),
    (Field::DayOfYear, 1, 366),
    (Field::Weekday, 1, 7),
    (Field::Hour, 0, 23),
    (Field::ClockHour, 1, 24),
    (Field::HalfDayHour, 0, 11),
    (Field::ClockHalfDayHour, 1, 12),
    (Field::HalfDay, 0, 1),
    (Field::Minute, 0, 59),
    (Field::Second, 0, 59),
    (Field::Nanosecond, 0, 999_999_999),
    (Field::Offset, -18 * 3600, 18 * 3600),
];

/// The fields that a text has set.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Fields {
    values: [Option<i64>; RANGES.len()],
}

impl Fields {
    /// Sets a field; None when it has another value. Ranges are for the end: a section that was
    /// read is not given up for a value that is out of range.
    pub(super) fn set(&mut self, field: Field, value: i64) -> Option<()> {
        (*self.values[field as usize].get_or_insert(value) == value).then_some(())
    }

    fn get(&self, field: Field) -> Option<i64> {
        self.values[field as usize]
    }

    /// Whether the fields are in their ranges and agree with each other and with the calendar.
    pub(super) fn agree(&self) -> bool {
        let in_range = RANGES.iter().all(|(field, least, most)| {
            self.get(*field).is_none_or(|value| (*least..=*most).contains(&value))
        });
        in_range && self.date_exists() == Ok(true) && self.hours_agree() == Ok(true)
    }

    fn date_exists(&self) -> Result<bool, Contradiction> {
        let year = one_of(self.get(Field::Year), self.get(Field::YearOfEra))?;
        // Without a year, a day exists when some year has it: one of the leap years.
        let cycle = year.map_or(0, |year| year.rem_euclid(400)) as u32;
        let length = |month: i64| i64::from(month_days(cycle, month as u8));
        let before = |month: i64| (1..month).map(length).sum::<i64>();
        let (month, day) = (self.get(Field::Month), self.get(Field::Day));
        let date = month.zip(day);
        let of_year = self.get(Field::DayOfYear);
        if date.is_some_and(|(month, day)| day > length(month))
            || of_year.is_some_and(|day| day > before(13))
        {
            return Ok(false);
        }
        let of_date = date.map(|(month, day)| before(month) + day);
        let (Some(year), Some(day_of_year)) = (year, of_date.or(of_year)) else {
            return Ok(true);
        };
        // The day is known: whatever else is written of it must fit.
        let its_month = (1..=12).filter(|month| before(*month) < day_of_year).count() as i64;
        let fits = |written: Option<i64>, known: i64| written.is_none_or(|value| value == known);
        Ok(fits(of_year, day_of_year)
            && fits(month, its_month)
            && fits(day, day_of_year - before(its_month))
            && fits(self.get(Field::Weekday), weekday(year, day_of_year)))
    }

    fn hours_agree(&self) -> Result<bool, Contradiction> {
        let clock = self.get(Field::ClockHour).map(|hour| hour % 24);
        let clock_half = self.get(Field::ClockHalfDayHour).map(|hour| hour % 12);
        let half_day = self.get(Field::HalfDay);
        let hour_of_half = one_of(self.get(Field::HalfDayHour), clock_half)?;
        let of_halves = half_day.zip(hour_of_half).map(|(half, hour)| half * 12 + hour);
        let hour = one_of(one_of(self.get(Field::Hour), clock)?, of_halves)?;
        let same = |written: Option<i64>, of_hour: fn(i64) -> i64| {
            written.zip(hour).is_none_or(|(written, hour)| written == of_hour(hour))
        };
        Ok(same(half_day, |hour| hour / 12) && same(hour_of_half, |hour| hour % 12))
    }
}

/// Two values of what can have one only.
#[derive(Debug, PartialEq, Eq)]
struct Contradiction;

/// The value that at least one of two has.
fn one_of(a: Option<i64>, b: Option<i64>) -> Result<Option<i64>, Contradiction> {
    match (a, b) {
        (Some(a), Some(b)) if a != b => Err(Contradiction),
        _ => Ok(a.or(b)),
    }
}

/// Monday is 1.
fn weekday(year: i64, day_of_year: i64) -> i64 {
    // Days before the year, from the year 1, which began with a Monday.
    let past = year - 1;
    let days = past * 365 + past.div_euclid(4) - past.div_euclid(100) + past.div_euclid(400);
    (days + day_of_year - 1).rem_euclid(7) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agree(fields: &[(Field, i64)]) -> bool {
        let mut found = Fields::default();
        fields.iter().all(|(field, value)| found.set(*field, *value).is_some()) && found.agree()
    }

    #[test]
    fn every_field_has_its_place() {
        assert!(RANGES.iter().enumerate().all(|(at, (field, ..))| *field as usize == at));
    }

    #[test]
    fn weekdays_follow_the_calendar() {
        let day = |year, month, day, weekday| {
            agree(&[
                (Field::Year, year),
                (Field::Month, month),
                (Field::Day, day),
                (Field::Weekday, weekday),
            ])
        };
        assert!(day(1970, 1, 1, 4) && !day(1970, 1, 1, 5));
        assert!(day(2024, 2, 29, 4) && day(2000, 1, 1, 6) && day(0, 12, 31, 7) && day(-1, 1, 1, 5));
    }

    #[test]
    fn a_day_of_the_year_is_one_of_a_month() {
        let agrees =
            |field, value| agree(&[(Field::Year, 2024), (Field::DayOfYear, 60), (field, value)]);
        assert!(agrees(Field::Month, 2) && agrees(Field::Day, 29) && agrees(Field::Weekday, 4));
        assert!(!agrees(Field::Month, 3) && !agrees(Field::Day, 1) && !agrees(Field::Weekday, 5));
        // Without a year: of a leap year, or not.
        assert!(agree(&[(Field::Month, 3), (Field::Day, 1), (Field::DayOfYear, 60)]));
        assert!(agree(&[(Field::DayOfYear, 366)]));
        assert!(!agree(&[(Field::Year, 2023), (Field::DayOfYear, 366)]));
    }

    #[test]
    fn a_field_has_one_value() {
        assert!(agree(&[(Field::Day, 3), (Field::Day, 3)]));
        assert!(!agree(&[(Field::Day, 3), (Field::Day, 4)]));
        assert!(!agree(&[(Field::Year, 2024), (Field::YearOfEra, 2023)]));
        assert!(agree(&[(Field::Hour, 13), (Field::HalfDay, 1), (Field::ClockHalfDayHour, 1)]));
        assert!(!agree(&[(Field::Hour, 13), (Field::HalfDay, 0)]));
        assert!(!agree(&[(Field::Hour, 13), (Field::ClockHalfDayHour, 2)]));
    }
}
