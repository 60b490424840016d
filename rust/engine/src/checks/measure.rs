//! Numbers that a run observes of the whole dataset, kept exactly: how they compare with a literal
//! of the contract, and how the report shows them.

use std::cmp::Ordering;

use num_bigint::{BigInt, BigUint, Sign};

use crate::literal::Number;

/// A fraction. The denominator is above zero.
#[derive(Debug, Clone)]
pub(crate) struct Ratio {
    numerator: BigInt,
    denominator: BigUint,
}

/// A number in the form in which it compares with a bound: exact types exactly, floats as the
/// nearest float, as everywhere else.
#[derive(Debug, Clone)]
pub(crate) enum Measure {
    Exact(Ratio),
    Double(f64),
    Single(f32),
}

impl From<Ratio> for Measure {
    fn from(ratio: Ratio) -> Self {
        Self::Exact(ratio)
    }
}

fn power(exponent: u32) -> BigUint {
    BigUint::from(10u32).pow(exponent)
}

impl Ratio {
    /// `numerator / denominator`; a denominator of zero counts as one.
    pub(crate) fn new(numerator: impl Into<BigInt>, denominator: impl Into<BigUint>) -> Self {
        let denominator = denominator.into();
        let zero = denominator.bits() == 0;
        let denominator = if zero { BigUint::from(1u32) } else { denominator };
        Self { numerator: numerator.into(), denominator }
    }

    /// `unscaled × 10^-scale`
    pub(crate) fn scaled(unscaled: impl Into<BigInt>, scale: i32) -> Self {
        let power = power(scale.unsigned_abs());
        if scale >= 0 {
            Self::new(unscaled, power)
        } else {
            Self::new(unscaled.into() * BigInt::from(power), 1u32)
        }
    }

    /// A literal of the contract, digit for digit.
    pub(crate) fn of(number: &Number) -> Self {
        let (digits, scale) = number.unscaled();
        let digits = BigInt::parse_bytes(digits.as_bytes(), 10).unwrap_or_default();
        Self::scaled(digits, scale)
    }

    /// Divided by a count; by zero it stays as it is.
    pub(crate) fn over(self, count: u64) -> Self {
        Self::new(self.numerator, self.denominator * count.max(1))
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        let left = &self.numerator * BigInt::from(other.denominator.clone());
        left.cmp(&(&other.numerator * BigInt::from(self.denominator.clone())))
    }

    /// Whether it is an integer.
    pub(crate) fn is_whole(&self) -> bool {
        (self.numerator.magnitude() % &self.denominator).bits() == 0
    }

    /// The greatest integer that is not above it.
    pub(crate) fn floor(&self) -> BigInt {
        let quotient = BigInt::from(self.numerator.magnitude() / &self.denominator);
        match self.numerator.sign() {
            Sign::Minus if self.is_whole() => -quotient,
            Sign::Minus => -quotient - 1,
            _ => quotient,
        }
    }

    /// The nearest double; of two that are equally near, the even one. Infinite where the nearest
    /// number of an unbounded format would be beyond the largest double.
    pub(crate) fn nearest(&self) -> f64 {
        const LEAST: i64 = -1074;
        let magnitude = self.numerator.magnitude();
        if magnitude.bits() == 0 {
            return 0.0;
        }
        // The quotient has 54 or 55 bits, or fewer where doubles are subnormal.
        let digits = magnitude.bits() as i64 - self.denominator.bits() as i64;
        let unit = (digits - 54).max(LEAST);
        let shift = unit.unsigned_abs();
        let (above, below) = if unit <= 0 {
            (magnitude << shift, self.denominator.clone())
        } else {
            (magnitude.clone(), &self.denominator << shift)
        };
        let quotient = u64::try_from(&above / &below).unwrap_or(u64::MAX);
        let rest = above % &below;
        let spare = (64 - quotient.leading_zeros()).saturating_sub(53);
        let cut = quotient & ((1 << spare) - 1);
        let half = match spare {
            0 => (rest.clone() << 1u32).cmp(&below),
            _ => cut.cmp(&(1 << (spare - 1))).then((rest.bits() > 0).cmp(&false)),
        };
        let kept = quotient >> spare;
        let up = half.is_gt() || half.is_eq() && kept & 1 == 1;
        let exponent = unit + i64::from(spare);
        let value = (kept + u64::from(up)) as f64 * two_to(exponent);
        if self.numerator.sign() == Sign::Minus {
            -value
        } else {
            value
        }
    }

    /// Decimal text with at most so many places behind the point, rounded half to even, without
    /// trailing zeros.
    pub(crate) fn text(&self, places: u32) -> String {
        let scaled = self.numerator.magnitude() * power(places);
        let (mut whole, rest) = (&scaled / &self.denominator, (scaled % &self.denominator) << 1u32);
        if rest > self.denominator || rest == self.denominator && whole.bit(0) {
            whole += 1u32;
        }
        let width = places as usize + 1;
        let digits = format!("{whole:0>width$}");
        let (whole, part) = digits.split_at(digits.len() - places as usize);
        let part = part.trim_end_matches('0');
        let negative = self.numerator.sign() == Sign::Minus && digits.bytes().any(|b| b != b'0');
        let (sign, point) =
            (if negative { "-" } else { "" }, if part.is_empty() { "" } else { "." });
        format!("{sign}{whole}{point}{part}")
    }
}

/// A power of two; beyond the doubles zero or infinity.
fn two_to(exponent: i64) -> f64 {
    f64::from_bits(match exponent {
        ..=-1075 => 0,
        -1074..=-1023 => 1 << (exponent + 1074),
        -1022..=1023 => ((exponent + 1023) as u64) << 52,
        1024.. => f64::INFINITY.to_bits(),
    })
}

/// The shortest decimal text that reads as this float.
pub(crate) fn float_text(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && size.is_finite() && !(1e-5..1e16).contains(&size) {
        format!("{value:e}")
    } else {
        format!("{value}")
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // the nearest double is one double, and no other
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(text: &str) -> Ratio {
        Ratio::of(&Number::parse(text).unwrap())
    }

    #[test]
    fn ratios_compare_exactly() {
        let third = Ratio::new(1, 3u32);
        assert!(third.compare(&number("0.3333333333333333333333")).is_gt());
        assert!(third.compare(&number("0.3333333333333333333334")).is_lt());
        assert!(number("-0.5").compare(&Ratio::scaled(-5, 1)).is_eq());
        assert!(number("1e3").compare(&Ratio::scaled(1, -3)).is_eq());
        assert!(number("2").over(4).compare(&number("0.5")).is_eq());
    }

    #[test]
    fn floors_and_wholeness() {
        for (text, floor, whole) in
            [("2", 2, true), ("-2", -2, true), ("2.5", 2, false), ("-2.5", -3, false)]
        {
            assert_eq!((number(text).floor(), number(text).is_whole()), (floor.into(), whole));
        }
    }

    #[test]
    fn texts_are_rounded_and_trimmed() {
        assert_eq!(Ratio::new(2, 3u32).text(6), "0.666667");
        assert_eq!(Ratio::new(-1, 8u32).text(2), "-0.12");
        assert_eq!(Ratio::new(3, 8u32).text(2), "0.38");
        assert_eq!(Ratio::new(100, 1u32).text(0), "100");
        assert_eq!(Ratio::new(-1, 1000u32).text(2), "0");
        assert_eq!(number("-12.500").text(3), "-12.5");
        assert_eq!(float_text(1e300), "1e300");
        assert_eq!(float_text(-0.5), "-0.5");
        assert_eq!(float_text(f64::INFINITY), "inf");
    }

    #[test]
    fn the_nearest_double_at_the_ends() {
        assert_eq!(Ratio::scaled(1, 400).nearest(), 0.0);
        assert_eq!(Ratio::scaled(1, -309).nearest(), f64::INFINITY);
        assert_eq!(Ratio::scaled(-1, -309).nearest(), f64::NEG_INFINITY);
        let least = Ratio::new(1, BigUint::from(1u32) << 1074u32);
        assert_eq!(least.nearest(), f64::from_bits(1));
        // Half of the least lies between 0, which is even, and the least.
        assert_eq!(least.clone().over(2).nearest(), 0.0);
        assert_eq!(Ratio::new(3, BigUint::from(1u32) << 1075u32).nearest(), f64::from_bits(2));
    }

    proptest! {
        #[test]
        fn the_nearest_double_is_what_a_parser_finds(
            digits in any::<i64>(), scale in -340i32..340
        ) {
            let expected: f64 = format!("{digits}e{}", -scale).parse().unwrap();
            let found = Ratio::scaled(digits, scale).nearest();
            // A ratio has no negative zero.
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn the_text_of_a_decimal_reads_back(digits in any::<i64>(), scale in 0u32..30) {
            let ratio = Ratio::scaled(digits, scale as i32);
            prop_assert!(number(&ratio.text(scale)).compare(&ratio).is_eq());
        }
    }
}
