//! The text that reads as a value of each promised type. Nothing stands around it.

use crate::literal::{time, Number};
use crate::promise::Promise;

/// Digits of the widest decimal.
const DIGITS: usize = 76;

/// Whether `text` is a value of `target`, whole and exactly.
pub(super) fn reads(text: &str, target: &Promise) -> bool {
    match *target {
        Promise::Text => true,
        Promise::Boolean => text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false"),
        Promise::Integer(shape) => integer(text, shape),
        Promise::Decimal(Some((precision, scale))) => {
            let digits = number(text).and_then(|n| n.at_scale(i32::from(scale), None));
            digits.is_some_and(|d| d.trim_start_matches('-').len() <= usize::from(precision))
        }
        Promise::Decimal(None) | Promise::Number => number(text).is_some_and(|number| {
            let (digits, scale) = number.parts();
            let scale = usize::try_from(scale).unwrap_or(0);
            *target == Promise::Number || digits.len() <= DIGITS && scale <= DIGITS
        }),
        Promise::Float(32) => is_float(text) && text.parse().is_ok_and(f32::is_finite),
        Promise::Float(_) => is_float(text) && text.parse().is_ok_and(f64::is_finite),
        Promise::Date => time::date(text).is_some(),
        Promise::Time(_) => time::time_of_day(text).is_some(),
        Promise::Timestamp(ref moment) => {
            time::timestamp(text).is_some_and(|(_, aware)| moment.allows(aware))
        }
        Promise::Binary | Promise::List | Promise::Struct | Promise::Map => false,
    }
}

/// A sign and digits, within the type.
fn integer(text: &str, shape: Option<(u8, bool)>) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return true;
    }
    if digits.len() > 20 {
        return false;
    }
    let Ok(size) = digits.parse::<i128>() else {
        return false;
    };
    let value = if text.starts_with('-') { -size } else { size };
    let (low, high) = match shape {
        Some((bits, true)) => (-(1_i128 << (bits - 1)), (1_i128 << (bits - 1)) - 1),
        Some((bits, false)) => (0, (1_i128 << bits) - 1),
        None => (i128::from(i64::MIN), i128::from(u64::MAX)),
    };
    (low..=high).contains(&value)
}

/// A decimal number; a leading plus counts for nothing.
fn number(text: &str) -> Option<Number> {
    let bare = text.strip_prefix('+').filter(|rest| !rest.starts_with('-')).unwrap_or(text);
    Number::parse(bare)
}

/// No names such as `inf` and `nan`: those are no text of a number.
fn is_float(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agree(target: &str, good: &[&str], bad: &[&str]) {
        let promise = Promise::parse(target).unwrap();
        for text in good {
            assert!(reads(text, &promise), "{text:?} as {target}");
        }
        for text in bad {
            assert!(!reads(text, &promise), "{text:?} as {target}");
        }
    }

    #[test]
    fn every_type_has_its_grammar() {
        agree("int8", &["127", "-128", "+5", "007", "-0"], &["128", "-129", "", "+", "1.0", " 1"]);
        agree("uint64", &["18446744073709551615"], &["18446744073709551616", "-1", "1e3"]);
        agree("integer", &["-9223372036854775808"], &["-9223372036854775809", "٣", "1_000"]);
        agree(
            "decimal(5,2)",
            &["123.45", "-0.5", "1e2", "999.990", ".5", "+1"],
            &["1000", "0.005"],
        );
        agree("decimal", &["1e76", "0.1"], &["1e-77", "+-1", "1e401", "nan", "1,5"]);
        agree("number", &["1e-300", "-1.5E+3"], &["inf", "0x10", "1 "]);
        agree("float32", &["3.4e38", "0.1"], &["3.5e38", "NaN", "infinity", "e5", ""]);
        agree("float64", &["1e308", "-.5"], &["1e309", "1d"]);
        agree("boolean", &["true", "False"], &["1", "yes", "true "]);
        agree("date", &["2024-02-29"], &["2023-02-29", "2024-2-9", "20240229"]);
        agree("time", &["23:59:59.5", "07:30"], &["24:00", "7:30"]);
        agree("timestamp", &["2024-01-01T00:00:00Z", "2024-01-01 00:00"], &["2024-01-01T25:00"]);
        agree("timestamp_tz", &["2024-01-01T00:00:00+02:00"], &["2024-01-01T00:00:00"]);
        agree("timestamp_ntz", &["2024-01-01T00:00:00"], &["2024-01-01T00:00:00Z"]);
        agree("string", &["", "x"], &[]);
    }
}
