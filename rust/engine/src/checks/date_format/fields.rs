//! What a text says of a moment, field by field, and whether there is such a moment.

use crate::literal::time::month_days;

/// One field; the number is its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// Year before and after the first, 0 among them.
    Year,
    /// Year from 1.
    YearOfEra,
    Month,
    Day,
    DayOfYear,
    /// Monday is 1.
    Weekday,
    /// 0 to 23.
    Hour,
    /// 1 to 24.
    ClockHour,
    /// 0 to 11.
    HalfDayHour,
    /// 1 to 12.
    ClockHalfDayHour,
    /// Morning 0, afternoon 1.
    HalfDay,
    Minute,
    Second,
    Nanosecond,
    /// Seconds ahead of UTC.
    Offset,
}

const COUNT: usize = Field::Offset as usize + 1;

impl Field {
    const fn range(self) -> (i64, i64) {
        match self {
            Self::Year => (-999_999_999, 999_999_999),
            Self::YearOfEra => (1, 999_999_999),
            Self::Month | Self::ClockHalfDayHour => (1, 12),
            Self::Day => (1, 31),
            Self::DayOfYear => (1, 366),
            Self::Weekday => (1, 7),
            Self::Hour => (0, 23),
            Self::ClockHour => (1, 24),
            Self::HalfDayHour => (0, 11),
            Self::HalfDay => (0, 1),
            Self::Minute | Self::Second => (0, 59),
            Self::Nanosecond => (0, 999_999_999),
            Self::Offset => (-18 * 3600, 18 * 3600),
        }
    }
}

/// The fields that a text has set.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Fields {
    values: [Option<i64>; COUNT],
}

impl Fields {
    /// Sets a field; None when its value is out of range or contradicts the one it has.
    pub(super) fn set(&mut self, field: Field, value: i64) -> Option<()> {
        let (least, most) = field.range();
        let place = &mut self.values[field as usize];
        let fits = (least..=most).contains(&value) && place.is_none_or(|known| known == value);
        *place = Some(value);
        fits.then_some(())
    }

    fn get(&self, field: Field) -> Option<i64> {
        self.values[field as usize]
    }

    /// Whether the fields agree with each other and with the calendar.
    pub(super) fn agree(&self) -> bool {
        self.date_exists().is_some() && self.hours_agree().is_some()
    }

    fn date_exists(&self) -> Option<()> {
        let year = one_of(self.get(Field::Year), self.get(Field::YearOfEra))?;
        let month = self.get(Field::Month);
        // Without a year, a day exists when some year has it.
        let cycle = year.map_or(0, |year| year.rem_euclid(400)) as u32;
        let length = |month: i64| i64::from(month_days(cycle, month as u8));
        let day = self.get(Field::Day);
        if let (Some(month), Some(day)) = (month, day) {
            (day <= length(month)).then_some(())?;
        }
        let day_of_year = self.get(Field::DayOfYear);
        let days = (1..=12).map(length).sum::<i64>();
        day_of_year.is_none_or(|day| day <= days).then_some(())?;
        let year = match year {
            Some(year) => year,
            None => return Some(()),
        };
        let before = |month: i64| (1..month).map(length).sum::<i64>();
        let written = month.zip(day).map(|(month, day)| before(month) + day);
        let Some(day_of_year) = one_of(written, day_of_year)? else {
            return Some(());
        };
        let weekday = weekday(year, day_of_year);
        self.get(Field::Weekday).is_none_or(|written| written == weekday).then_some(())
    }

    fn hours_agree(&self) -> Option<()> {
        let clock = self.get(Field::ClockHour).map(|hour| hour % 24);
        let clock_half = self.get(Field::ClockHalfDayHour).map(|hour| hour % 12);
        let half_day = self.get(Field::HalfDay);
        let hour_of_half = one_of(self.get(Field::HalfDayHour), clock_half)?;
        let of_halves = half_day.zip(hour_of_half).map(|(half, hour)| half * 12 + hour);
        let hour = one_of(one_of(self.get(Field::Hour), clock)?, of_halves)?;
        let same = |written: Option<i64>, of_hour: fn(i64) -> i64| {
            written.zip(hour).is_none_or(|(written, hour)| written == of_hour(hour))
        };
        (same(half_day, |hour| hour / 12) && same(hour_of_half, |hour| hour % 12)).then_some(())
    }
}

/// The value that at least one of two has; None when they contradict each other.
fn one_of(a: Option<i64>, b: Option<i64>) -> Option<Option<i64>> {
    a.zip(b).is_none_or(|(a, b)| a == b).then_some(a.or(b))
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
    fn a_field_has_one_value() {
        assert!(agree(&[(Field::Day, 3), (Field::Day, 3)]));
        assert!(!agree(&[(Field::Day, 3), (Field::Day, 4)]));
        assert!(!agree(&[(Field::Year, 2024), (Field::YearOfEra, 2023)]));
        assert!(agree(&[(Field::Hour, 13), (Field::HalfDay, 1), (Field::ClockHalfDayHour, 1)]));
        assert!(!agree(&[(Field::Hour, 13), (Field::HalfDay, 0)]));
        assert!(!agree(&[(Field::Hour, 13), (Field::ClockHalfDayHour, 2)]));
    }
}
