//! Decimal numbers as a contract writes them, digit for digit.

use arrow_schema::TimeUnit;

/// A decimal number: `digits` × 10^-scale, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Number {
    negative: bool,
    /// Without leading zeros; empty for zero.
    digits: String,
    scale: i32,
}

/// How a literal that lies between two representable values is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rounding {
    Floor,
    Ceil,
}

const MAX_DIGITS: usize = 400;

impl Number {
    pub(super) fn integer(value: i128) -> Self {
        Self {
            negative: value < 0,
            digits: match value.unsigned_abs() {
                0 => String::new(),
                n => n.to_string(),
            },
            scale: 0,
        }
    }

    /// Nanoseconds as a number of ticks.
    pub(super) fn ticks(nanos: i128, unit: TimeUnit) -> Self {
        let scale = match unit {
            TimeUnit::Second => 9,
            TimeUnit::Millisecond => 6,
            TimeUnit::Microsecond => 3,
            TimeUnit::Nanosecond => 0,
        };
        Self { scale, ..Self::integer(nanos) }
    }

    /// Reads `-12.50e3`; no infinity, no NaN, no leading plus.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((m, e)) => (m, e.parse::<i32>().ok().filter(|e| e.abs() <= 400)?),
            None => (rest, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all_digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() && fraction.is_empty()
            || !all_digits(whole)
            || !all_digits(fraction)
            || text.len() > MAX_DIGITS
        {
            return None;
        }
        let digits = format!("{whole}{fraction}").trim_start_matches('0').to_owned();
        let scale = fraction.len() as i32 - exponent;
        Some(Self { negative: negative && !digits.is_empty(), digits, scale })
    }

    /// The integer at 10^-`scale`, as text, moved by `rounding` when it lies between two.
    /// `None` when `rounding` is absent and the literal is not representable.
    pub(crate) fn at_scale(&self, scale: i32, rounding: Option<Rounding>) -> Option<String> {
        let shift = scale - self.scale;
        let (mut whole, inexact) = if shift >= 0 {
            let zeros = "0".repeat(shift as usize);
            (format!("{}{zeros}", self.digits), false)
        } else {
            let cut = self.digits.len().saturating_sub(shift.unsigned_abs() as usize);
            let (kept, lost) = self.digits.split_at(cut);
            (kept.to_owned(), lost.bytes().any(|b| b != b'0'))
        };
        if self.digits.is_empty() || whole.is_empty() {
            "0".clone_into(&mut whole);
        }
        if inexact {
            let away = match rounding? {
                Rounding::Floor => self.negative,
                Rounding::Ceil => !self.negative,
            };
            if away {
                whole = increment(&whole);
            }
        }
        let zero = whole.bytes().all(|b| b == b'0');
        Some(if self.negative && !zero { format!("-{whole}") } else { whole })
    }

    /// The literal as text that any float parser reads.
    pub(crate) fn to_float_text(&self) -> String {
        let sign = if self.negative { "-" } else { "" };
        let digits = if self.digits.is_empty() { "0" } else { &self.digits };
        format!("{sign}{digits}e{}", -self.scale)
    }

    /// Digits below the point that the number needs; none for whole numbers.
    pub(crate) fn scale(&self) -> i32 {
        self.scale.max(0)
    }

    /// The integer that its digits make, and how many of them stand behind the point.
    pub(crate) fn unscaled(&self) -> (String, i32) {
        let sign = if self.negative { "-" } else { "" };
        let digits = if self.digits.is_empty() { "0" } else { &self.digits };
        (format!("{sign}{digits}"), self.scale)
    }

    pub(crate) fn is_negative(&self) -> bool {
        self.negative
    }

    pub(crate) fn is_positive(&self) -> bool {
        !self.negative && !self.digits.is_empty()
    }

    /// Digits and scale: the absolute value is the digits times 10^-scale.
    pub(crate) fn parts(&self) -> (&str, i32) {
        (&self.digits, self.scale)
    }

    /// The integer, as text, whose multiples at 10^-`scale` are the multiples of this number there.
    pub(crate) fn modulus(&self, scale: i32) -> String {
        // v at 10^-scale is a multiple of d at 10^-s exactly if d divides v times 10^(s - scale).
        let shift = self.scale - scale;
        if shift <= 0 {
            return format!("{}{}", self.digits, "0".repeat(shift.unsigned_abs() as usize));
        }
        let mut digits = self.digits.clone();
        for prime in [2, 5] {
            for _ in 0..shift {
                match divided(&digits, prime) {
                    Some(smaller) => digits = smaller,
                    None => break,
                }
            }
        }
        digits
    }
}

/// The quotient of an integer in digits, without leading zeros; `None` when there is a remainder.
fn divided(digits: &str, by: u8) -> Option<String> {
    let mut rest = 0;
    let mut quotient = String::with_capacity(digits.len());
    for digit in digits.bytes() {
        let part = rest * 10 + (digit - b'0');
        quotient.push(char::from(b'0' + part / by));
        rest = part % by;
    }
    (rest == 0).then(|| quotient.trim_start_matches('0').to_owned())
}

fn increment(digits: &str) -> String {
    let mut bytes = digits.as_bytes().to_vec();
    for b in bytes.iter_mut().rev() {
        if *b == b'9' {
            *b = b'0';
        } else {
            *b += 1;
            return String::from_utf8_lossy(&bytes).into_owned();
        }
    }
    format!("1{}", String::from_utf8_lossy(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_modulus_divides_the_stored_integers() {
        let modulus = |text: &str, scale| Number::parse(text).unwrap().modulus(scale);
        assert_eq!(modulus("3", 0), "3");
        assert_eq!(modulus("0.05", 2), "5");
        assert_eq!(modulus("0.05", 4), "500");
        assert_eq!(modulus("2.5", 0), "5");
        assert_eq!(modulus("0.5", 0), "1");
        assert_eq!(modulus("0.75", 0), "3");
        assert_eq!(modulus("0.75", 1), "15");
        assert_eq!(modulus("1e-80", 0), "1");
        assert_eq!(modulus("1e3", -2), "10");
        assert_eq!(modulus("1.00", 0), "1");
    }
}
