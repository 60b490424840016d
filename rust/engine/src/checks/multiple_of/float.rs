//! Whether the shortest decimal of a float is a multiple of a decimal unit.

use crate::literal::Number;

/// A positive unit of `digits` × 10^-`scale`.
#[derive(Debug)]
pub(super) struct Unit {
    digits: u64,
    scale: i32,
    /// 10^`scale`, where a float holds it exactly.
    power: Option<f64>,
}

impl Unit {
    /// `None` when the unit has too many digits.
    pub(super) fn new(number: &Number) -> Option<Self> {
        let (digits, scale) = number.parts();
        let (digits, scale) = if scale < 0 {
            (format!("{digits}{}", "0".repeat(scale.unsigned_abs() as usize)), 0)
        } else {
            (digits.to_owned(), scale)
        };
        let digits = digits.parse().ok().filter(|digits| *digits < 10_u64.pow(18))?;
        let power = (scale <= 22).then(|| format!("1e{scale}").parse().ok()).flatten();
        Some(Self { digits, scale, power })
    }

    /// Whether `digits` × 10^`exponent`, whose digits end in no zero, is a multiple.
    fn divides(&self, digits: u64, exponent: i32) -> bool {
        if digits == 0 {
            return true;
        }
        let modulus = u128::from(self.digits);
        let mut rest = u128::from(digits) % modulus;
        match exponent + self.scale {
            0.. if rest == 0 => true,
            shift @ 0.. => {
                for _ in 0..shift {
                    rest = rest * 10 % modulus;
                }
                rest == 0
            }
            _ => false, // finer than the unit
        }
    }
}

/// A float as the decimal that it is written as.
pub(super) trait Float: Copy + Send + Sync + 'static {
    fn is_multiple_of(self, unit: &Unit) -> bool;
}

impl Float for f64 {
    fn is_multiple_of(self, unit: &Unit) -> bool {
        /// Decimals of 15 digits are told apart by a double: the one that rounds to this value
        /// is its shortest.
        const SURE: f64 = 1e15;
        if let Some(power) = unit.power {
            let scaled = self * power;
            if scaled.abs() < SURE {
                let whole = scaled.round();
                // Both are exact, so that the quotient is the double nearest to the decimal.
                let nearest = whole / power;
                return nearest.to_bits() == self.to_bits()
                    && (whole as i64).unsigned_abs().is_multiple_of(unit.digits);
            }
        }
        self.is_finite() && shortest(&format!("{self:e}"), unit)
    }
}

impl Float for f32 {
    fn is_multiple_of(self, unit: &Unit) -> bool {
        self.is_finite() && shortest(&format!("{self:e}"), unit)
    }
}

/// Judges a float's shortest decimal in scientific notation, such as `-1.25e-7`.
fn shortest(text: &str, unit: &Unit) -> bool {
    let Some((mantissa, exponent)) = text.trim_start_matches('-').split_once('e') else {
        return false;
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}").parse();
    let exponent = exponent.parse::<i32>();
    match (digits, exponent) {
        (Ok(digits), Ok(exponent)) => unit.divides(digits, exponent - fraction.len() as i32),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn unit(text: &str) -> Unit {
        Unit::new(&Number::parse(text).unwrap()).unwrap()
    }

    #[test]
    fn floats_are_the_decimals_that_they_are_written_as() {
        let cent = unit("0.01");
        for value in [19.99, 0.3, -0.01, 0.0, -0.0, 1e300, 123_456_789.12, 1e22] {
            assert!(value.is_multiple_of(&cent), "{value}");
        }
        for value in [0.1 + 0.2, 0.015, f64::NAN, f64::INFINITY, 5e-324, 1e-30] {
            assert!(!value.is_multiple_of(&cent), "{value}");
        }
        assert!(0.3_f32.is_multiple_of(&cent) && !0.305_f32.is_multiple_of(&cent));
        assert!(1e300.is_multiple_of(&unit("1e17")) && !1e16.is_multiple_of(&unit("1e17")));
        assert!(6e-30.is_multiple_of(&unit("3e-30")) && !7e-30.is_multiple_of(&unit("3e-30")));
        assert!(!f32::NAN.is_multiple_of(&cent));
        assert!(Unit::new(&Number::parse("1234567890.1234567891").unwrap()).is_none());
    }

    proptest! {
        #[test]
        fn the_quick_answer_is_that_of_the_digits(
            whole in -2_000_000_000_000_000_i64..2_000_000_000_000_000,
            scale in 0u32..20,
            digits in 1u64..2000,
            unit_scale in 0i32..20,
            nudge in -2i64..=2,
        ) {
            let near: f64 = format!("{whole}e-{scale}").parse().unwrap();
            let value = f64::from_bits(near.to_bits().wrapping_add_signed(nudge));
            let unit = unit(&format!("{digits}e-{unit_scale}"));
            let exact = value.is_finite() && shortest(&format!("{value:e}"), &unit);
            prop_assert_eq!(value.is_multiple_of(&unit), exact);
        }
    }
}
