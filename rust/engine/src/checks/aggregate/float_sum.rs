//! The exact sum of doubles: each is an integer times a power of two, and so is their sum.
//!
//! The sum is kept in digits of 32 bits, of which every double touches three. Digits are 64 bits
//! wide and signed, so that carries wait for a billion additions. Digits that no value came near do
//! not exist. Nothing is rounded before the end, so neither order nor cuts can change the result.

use num_bigint::{BigInt, BigUint};

use super::super::measure::{Measure, Ratio};
use super::fold::{words, Fold, Found};
use super::form::{Form, Function};

/// Bits of a digit.
const DIGIT: u32 = 32;
/// Additions after which digits might be full.
const PATIENCE: u32 = 1 << 30;
/// All doubles are multiples of two to this power.
const LEAST: u32 = 1074;

/// The sum of doubles, and how many they are.
#[derive(Debug, Default)]
pub(super) struct FloatSum {
    /// Digits from the `first` on, the lowest first.
    digits: Vec<i64>,
    first: usize,
    /// Additions since carries were done.
    waiting: u32,
    count: u64,
    nan: u64,
    /// Whether there was an infinity: negative, positive.
    infinite: [bool; 2],
}

impl FloatSum {
    /// The digits of these places.
    fn place(&mut self, at: usize, length: usize) -> &mut [i64] {
        if self.digits.is_empty() {
            self.first = at;
        }
        if at < self.first {
            let missing = self.first - at;
            self.digits.splice(0..0, std::iter::repeat_n(0, missing));
            self.first = at;
        }
        let start = at - self.first;
        if start + length > self.digits.len() {
            self.digits.resize(start + length, 0);
        }
        self.digits.get_mut(start..start + length).unwrap_or_default()
    }

    /// Does the carries.
    fn settle(&mut self) {
        let mut over = 0;
        for digit in &mut self.digits {
            let sum = *digit + over;
            *digit = sum & ((1 << DIGIT) - 1);
            over = sum >> DIGIT;
        }
        while over != 0 && over != -1 {
            self.digits.push(over & ((1 << DIGIT) - 1));
            over >>= DIGIT;
        }
        if over == -1 {
            // The sign stands in the highest digit alone.
            if let Some(highest) = self.digits.last_mut() {
                *highest -= 1 << DIGIT;
            }
        }
        self.waiting = 0;
    }

    /// The sum as an integer times two to the power of minus [`LEAST`].
    fn total(&self) -> BigInt {
        let digits = self.digits.iter().rev();
        let high = digits.fold(BigInt::ZERO, |sum, digit| (sum << DIGIT) + *digit);
        high << (self.first * DIGIT as usize)
    }
}

impl Fold for FloatSum {
    type Value = f64;

    // A few digits, as long as the values are of similar size.
    const HEAP: usize = 64;

    fn add(&mut self, value: f64) {
        self.count += 1;
        let bits = value.to_bits();
        let (negative, exponent) = (bits >> 63 == 1, (bits >> 52 & 0x7ff) as u32);
        if exponent == 0x7ff {
            if value.is_nan() {
                self.nan += 1;
            } else {
                self.infinite[usize::from(!negative)] = true;
            }
            return;
        }
        let fraction = bits & ((1 << 52) - 1);
        // Subnormal numbers have the exponent of the least normal ones and no leading one.
        let (mantissa, shift) =
            if exponent == 0 { (fraction, 0) } else { (fraction | 1 << 52, exponent - 1) };
        if mantissa == 0 {
            return;
        }
        let wide = u128::from(mantissa) << (shift % DIGIT);
        let parts = [wide as u32, (wide >> 32) as u32, (wide >> 64) as u32];
        for (digit, part) in self.place((shift / DIGIT) as usize, 3).iter_mut().zip(parts) {
            *digit += if negative { -i64::from(part) } else { i64::from(part) };
        }
        self.waiting += 1;
        if self.waiting >= PATIENCE {
            self.settle();
        }
    }

    fn merge(&mut self, mut other: Self) {
        self.count += other.count;
        self.nan += other.nan;
        for (mine, theirs) in self.infinite.iter_mut().zip(other.infinite) {
            *mine |= theirs;
        }
        if other.digits.is_empty() {
            return;
        }
        self.settle();
        other.settle();
        let digits = self.place(other.first, other.digits.len());
        digits.iter_mut().zip(other.digits).for_each(|(mine, theirs)| *mine += theirs);
        self.waiting = 2;
    }

    fn found(&self, form: &Form) -> Found {
        let mean = form.function() == Function::Mean;
        match self.infinite {
            _ if self.nan > 0 => Found::NotANumber(self.nan),
            _ if self.count == 0 => Found::Nothing,
            [true, true] => Found::NotANumber(0),
            [true, false] => Found::Number(Measure::Double(f64::NEG_INFINITY)),
            [false, true] => Found::Number(Measure::Double(f64::INFINITY)),
            [false, false] => {
                let sum = Ratio::new(self.total(), BigUint::from(1u32) << LEAST);
                let number = if mean { sum.over(self.count) } else { sum };
                Found::Number(Measure::Double(number.nearest()))
            }
        }
    }

    fn carry(&self) -> String {
        let [negative, positive] = self.infinite;
        let Self { first, count, nan, .. } = self;
        let digits: Vec<_> = self.digits.iter().map(i64::to_string).collect();
        let (digits, waiting) = (digits.join(","), self.waiting);
        format!("{first} {digits} {waiting} {count} {nan} {negative} {positive}")
    }

    fn carried(text: &str) -> Option<Self> {
        let [first, digits, waiting, count, nan, negative, positive] = words(text)?;
        let digits = digits.split(',').filter(|digit| !digit.is_empty()).map(str::parse);
        Some(Self {
            digits: digits.collect::<Result<_, _>>().ok()?,
            first: first.parse().ok()?,
            waiting: waiting.parse().ok()?,
            count: count.parse().ok()?,
            nan: nan.parse().ok()?,
            infinite: [negative.parse().ok()?, positive.parse().ok()?],
        })
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // the nearest double is one double, and no other
mod tests {
    use super::*;
    use crate::checks::aggregate::form::Form;
    use proptest::prelude::*;

    fn sum(values: &[f64]) -> FloatSum {
        let mut sum = FloatSum::default();
        for value in values {
            sum.add(*value);
        }
        sum
    }

    fn number(sum: &FloatSum, function: Function) -> f64 {
        match sum.found(&Form::plain(function, &arrow_schema::DataType::Float64)) {
            Found::Number(Measure::Double(number)) => number,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn nothing_is_rounded_before_the_end() {
        for (values, expected) in [
            (vec![1e308, 1e308, -1e308, -1e308, 1.0], 1.0),
            (vec![1e16, 1.0, -1e16], 1.0),
            (vec![1e308, 1e308], f64::INFINITY),
            (vec![-1e308, -1e308], f64::NEG_INFINITY),
            (vec![f64::from_bits(1), f64::from_bits(1)], f64::from_bits(2)),
            (vec![f64::MAX, f64::from_bits(1), -f64::MAX], f64::from_bits(1)),
            (vec![-0.0, -0.0], 0.0),
            (vec![0.1; 10], 1.0),
            (vec![f64::INFINITY, 1.0], f64::INFINITY),
            // 2^53 + 1 lies between two doubles, and the smallest of all decides.
            (vec![9_007_199_254_740_992.0, 1.0], 9_007_199_254_740_992.0),
            (vec![9_007_199_254_740_992.0, 1.0, f64::from_bits(1)], 9_007_199_254_740_994.0),
        ] {
            assert_eq!(number(&sum(&values), Function::Sum), expected, "{values:?}");
        }
        assert_eq!(number(&sum(&[1e308, 1e308]), Function::Mean), 1e308);
        assert!(matches!(
            sum(&[f64::INFINITY, f64::NEG_INFINITY])
                .found(&Form::plain(Function::Sum, &arrow_schema::DataType::Float64)),
            Found::NotANumber(0)
        ));
    }

    #[test]
    fn carries_keep_the_sum() {
        for values in [vec![-1.0], vec![-1.0, 3.5], vec![f64::MAX; 5], vec![-f64::MAX; 5], vec![]] {
            let plain = sum(&values);
            let mut carried = sum(&values);
            for _ in 0..3 {
                carried.settle();
                assert_eq!(carried.total(), plain.total(), "{values:?}");
            }
        }
    }

    /// The sum of integers times 2^-1074 that the doubles are, without any of the above.
    fn naive(values: &[f64]) -> BigInt {
        let exact = |value: &f64| {
            let bits = value.to_bits();
            let (exponent, fraction) = ((bits >> 52 & 0x7ff) as u32, bits & ((1 << 52) - 1));
            let whole = BigInt::from(if exponent == 0 { fraction } else { fraction | 1 << 52 })
                << exponent.saturating_sub(1);
            if *value < 0.0 {
                -whole
            } else {
                whole
            }
        };
        values.iter().map(exact).fold(BigInt::ZERO, |sum, value| sum + value)
    }

    proptest! {
        #[test]
        fn any_cut_and_order_give_the_exact_sum(
            bits in prop::collection::vec(any::<u64>(), 0..40),
            cuts in prop::collection::vec(0usize..40, 0..5),
            carried in any::<bool>(),
        ) {
            let values: Vec<f64> =
                bits.into_iter().map(f64::from_bits).filter(|v| v.is_finite()).collect();
            let mut ends: Vec<usize> = cuts.into_iter().map(|cut| cut.min(values.len())).collect();
            ends.push(values.len());
            ends.sort_unstable();
            let (mut start, mut forth, mut back) = (0, FloatSum::default(), FloatSum::default());
            for end in ends {
                let mut part = sum(&values[start..end]);
                if carried {
                    part.settle();
                }
                part = FloatSum::carried(&part.carry()).unwrap();
                forth.merge(part);
                let mut last = sum(&values[start..end]);
                last.merge(std::mem::take(&mut back));
                back = last;
                start = end;
            }
            prop_assert_eq!(forth.total(), naive(&values));
            prop_assert_eq!(back.total(), naive(&values));
        }
    }
}
