//! Values as text, in the spelling that a contract has for them.

use arrow_schema::{DataType, TimeUnit};

use crate::masks::civil;

const DAY_S: i128 = 86_400;

/// The text of an ordered value, given the number that stands for it in the column.
pub(super) fn word(key: i128, data_type: &DataType) -> String {
    match data_type {
        DataType::Decimal32(_, scale)
        | DataType::Decimal64(_, scale)
        | DataType::Decimal128(_, scale) => decimal(key, *scale),
        DataType::Float32 => format!("{:?}", super::keys::float(key) as f32),
        DataType::Float64 => format!("{:?}", super::keys::float(key)),
        DataType::Date32 => date(key),
        DataType::Date64 => date(key.div_euclid(DAY_S * 1000)),
        DataType::Time32(unit) | DataType::Time64(unit) => clock(key, *unit),
        DataType::Timestamp(unit, zone) => {
            let per_day = DAY_S * per_second(*unit);
            let zone = if zone.is_some() { "Z" } else { "" };
            let day = date(key.div_euclid(per_day));
            format!("{day}T{}{zone}", clock(key.rem_euclid(per_day), *unit))
        }
        _ => key.to_string(),
    }
}

fn date(day: i128) -> String {
    let mut out = Vec::new();
    civil::push_date(&mut out, day as i64);
    String::from_utf8(out).unwrap_or_default()
}

const fn per_second(unit: TimeUnit) -> i128 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

/// `HH:MM:SS`, and a fraction where there is one.
fn clock(ticks: i128, unit: TimeUnit) -> String {
    let per_second = per_second(unit);
    let seconds = ticks.div_euclid(per_second);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let fraction = ticks.rem_euclid(per_second);
    let mut text = format!("{hour:02}:{minute:02}:{second:02}");
    if fraction > 0 {
        let nanos = fraction * (1_000_000_000 / per_second);
        text.push('.');
        text.push_str(format!("{nanos:09}").trim_end_matches('0'));
    }
    text
}

/// With as many decimal places as the column has.
fn decimal(unscaled: i128, scale: i8) -> String {
    let sign = if unscaled < 0 { "-" } else { "" };
    let digits = unscaled.unsigned_abs().to_string();
    match usize::try_from(scale) {
        Ok(0) => format!("{sign}{digits}"),
        Ok(places) => {
            let digits = format!("{digits:0>width$}", width = places + 1);
            let (whole, fraction) = digits.split_at(digits.len() - places);
            format!("{sign}{whole}.{fraction}")
        }
        Err(_) if unscaled == 0 => digits,
        Err(_) => format!("{sign}{digits}{}", "0".repeat(usize::from(scale.unsigned_abs()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::keys;

    #[test]
    fn values_have_the_spelling_of_a_contract() {
        let seconds = DataType::Timestamp(TimeUnit::Second, Some("UTC".into()));
        let nanos = DataType::Timestamp(TimeUnit::Nanosecond, None);
        for (key, data_type, text) in [
            (-5, DataType::Int8, "-5"),
            (-50, DataType::Decimal128(9, 2), "-0.50"),
            (0, DataType::Decimal64(9, 2), "0.00"),
            (7, DataType::Decimal32(9, 0), "7"),
            (12, DataType::Decimal128(9, -3), "12000"),
            (19_782, DataType::Date32, "2024-02-29"),
            (-1, DataType::Date64, "1969-12-31"),
            (3_723, DataType::Time32(TimeUnit::Second), "01:02:03"),
            (1_500, DataType::Time32(TimeUnit::Millisecond), "00:00:01.5"),
            (0, seconds.clone(), "1970-01-01T00:00:00Z"),
            (-1, seconds, "1969-12-31T23:59:59Z"),
            (1, nanos, "1970-01-01T00:00:00.000000001"),
            (keys::of_float(0.1), DataType::Float64, "0.1"),
            (keys::of_float(f64::from(0.1_f32)), DataType::Float32, "0.1"),
            (keys::of_float(-1e300), DataType::Float64, "-1e300"),
        ] {
            assert_eq!(word(key, &data_type), text);
        }
    }
}
