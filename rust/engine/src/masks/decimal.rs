//! Whole and decimal numbers as text.

use arrow_buffer::i256;

/// The two digits of every number below 100.
static PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[0; 2]; 100];
    let mut number = 0;
    while number < 100 {
        pairs[number] = [b'0' + number as u8 / 10, b'0' + number as u8 % 10];
        number += 1;
    }
    pairs
};

/// Appends the minimal decimal text of a number.
pub(super) fn push_u64(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [[0_u8; 2]; 10];
    let mut first = 20;
    for pair in digits.iter_mut().rev() {
        *pair = PAIRS[(number % 100) as usize];
        first -= if number < 10 { 1 } else { 2 };
        number /= 100;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.as_flattened().get(first..).unwrap_or_default());
}

/// Appends the minimal decimal text of a number.
pub(super) fn push_i64(out: &mut Vec<u8>, number: i64) {
    if number < 0 {
        out.push(b'-');
    }
    push_u64(out, number.unsigned_abs());
}

/// Appends the canonical text of `unscaled / 10^scale`: no leading zeros but the one before the
/// point, no trailing zeros after it, no point without digits after it. Equal numbers have equal
/// texts, whatever their scale and width; a whole number has the text of the integer.
pub(super) fn push_decimal(out: &mut Vec<u8>, unscaled: i256, scale: i8) {
    let negative = unscaled.is_negative();
    let text = match unscaled.to_i128().and_then(|n| u64::try_from(n.unsigned_abs()).ok()) {
        Some(small) => {
            let mut digits = Vec::with_capacity(20);
            push_u64(&mut digits, small);
            digits
        }
        None => unscaled.to_string().trim_start_matches('-').as_bytes().to_vec(),
    };
    if negative {
        out.push(b'-');
    }
    let Ok(places) = usize::try_from(scale) else {
        out.extend_from_slice(&text);
        if text != b"0" {
            out.resize(out.len() + usize::from(scale.unsigned_abs()), b'0');
        }
        return;
    };
    let (whole, fraction) = text.split_at(text.len().saturating_sub(places));
    out.extend_from_slice(if whole.is_empty() { b"0" } else { whole });
    let zeros = places - fraction.len();
    let kept = fraction.iter().rposition(|digit| *digit != b'0').map_or(0, |last| last + 1);
    if kept > 0 {
        out.push(b'.');
        out.resize(out.len() + zeros, b'0');
        out.extend_from_slice(fraction.get(..kept).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Literal;
    use arrow_schema::DataType;
    use proptest::prelude::*;

    fn text(unscaled: i128, scale: i8) -> String {
        let mut out = Vec::new();
        push_decimal(&mut out, i256::from_i128(unscaled), scale);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn equal_numbers_have_equal_texts() {
        for (unscaled, scale, expected) in [
            (0, 0, "0"),
            (0, 5, "0"),
            (0, -5, "0"),
            (1250, 2, "12.5"),
            (125, 1, "12.5"),
            (1200, 2, "12"),
            (5, 3, "0.005"),
            (-50, 3, "-0.05"),
            (12, -3, "12000"),
            (i128::MIN, 0, "-170141183460469231731687303715884105728"),
            (1, 38, "0.00000000000000000000000000000000000001"),
        ] {
            assert_eq!(text(unscaled, scale), expected);
        }
    }

    proptest! {
        #[test]
        fn whole_numbers_agree_with_the_standard_library(n: i64, m: u64) {
            let mut out = Vec::new();
            push_i64(&mut out, n);
            prop_assert_eq!(String::from_utf8(out).unwrap(), n.to_string());
            let mut out = Vec::new();
            push_u64(&mut out, m);
            prop_assert_eq!(String::from_utf8(out).unwrap(), m.to_string());
            prop_assert_eq!(text(i128::from(n), 0), n.to_string());
        }

        #[test]
        fn text_names_the_same_number(n: i64, scale in -10_i8..30) {
            let kind = DataType::Decimal256(76, scale);
            let literal = Literal::Number(text(i128::from(n), scale));
            let read = crate::literal::exact::<i256>(&literal, &kind).unwrap();
            prop_assert_eq!(read, Some(i256::from_i128(i128::from(n))));
        }
    }
}
