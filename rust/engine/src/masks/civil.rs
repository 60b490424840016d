//! Dates of the proleptic Gregorian calendar as ISO 8601 text.

use crate::literal::time::date_of;

/// Appends `YYYY-MM-DD`; years outside 0..=9999 get a sign and at least four digits.
pub(crate) fn push_date(out: &mut Vec<u8>, day: i64) {
    let (year, month, day) = date_of(day);
    if year < 0 {
        out.push(b'-');
    } else if year > 9999 {
        out.push(b'+');
    }
    push_padded(out, year.unsigned_abs(), 4);
    out.push(b'-');
    push_padded(out, u64::from(month), 2);
    out.push(b'-');
    push_padded(out, u64::from(day), 2);
}

fn push_padded(out: &mut Vec<u8>, number: u64, width: usize) {
    let start = out.len();
    super::decimal::push_u64(out, number);
    let written = out.len() - start;
    for _ in written..width {
        out.insert(start, b'0');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(day: i64) -> String {
        let mut out = Vec::new();
        push_date(&mut out, day);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn dates_have_iso_text() {
        for (day, expected) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (11_016, "2000-02-29"),
            (19_782, "2024-02-29"),
            (2_932_896, "9999-12-31"),
            (2_932_897, "+10000-01-01"),
            (-719_528, "0000-01-01"),
            (-719_529, "-0001-12-31"),
            (i64::from(i32::MAX), "+5881580-07-11"),
            (i64::from(i32::MIN), "-5877641-06-23"),
        ] {
            assert_eq!(text(day), expected);
        }
        // The whole range of Date64.
        assert!(text(i64::MIN.div_euclid(86_400_000)).starts_with('-'));
        assert!(text(i64::MAX.div_euclid(86_400_000)).starts_with('+'));
    }

    proptest! {
        #[test]
        fn text_and_day_are_inverse(day in -719_528_i64..=2_932_896) {
            prop_assert_eq!(crate::literal::time::date(&text(day)), Some(day));
        }
    }
}
