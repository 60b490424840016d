//! What an aggregate remembers of the values it was given. Whatever their order and however they
//! were parted, the same is remembered.

use arrow_buffer::i256;
use num_bigint::BigInt;

use super::super::measure::{Measure, Ratio};
use super::super::value::{Validity, Value};
use super::form::{Form, Function};

/// The number that an aggregate has come to.
#[derive(Debug)]
pub(super) enum Found {
    /// There was no value.
    Nothing,
    /// So many values were NaN; none, if infinities of both signs were added.
    NotANumber(u64),
    Number(Measure),
}

/// The memory of one aggregate over values of one family.
pub(super) trait Fold: Default + Send + Sync + 'static {
    type Value: Value;

    /// Bytes that it usually owns beside itself.
    const HEAP: usize = 0;

    fn add(&mut self, value: Self::Value);

    fn merge(&mut self, other: Self);

    fn found(&self, form: &Form) -> Found;

    /// What is remembered, as text that can be carried elsewhere.
    fn carry(&self) -> String;

    /// What [`Self::carry`] gave.
    fn carried(text: &str) -> Option<Self>;
}

/// The words of a carried memory, if there are so many.
pub(super) fn words<const N: usize>(text: &str) -> Option<[&str; N]> {
    text.split(' ').collect::<Vec<_>>().try_into().ok()
}

/// The least or the greatest value.
#[derive(Debug)]
pub(super) struct Extreme<V, const GREATEST: bool> {
    best: Option<V>,
    nan: u64,
}

impl<V, const GREATEST: bool> Default for Extreme<V, GREATEST> {
    fn default() -> Self {
        Self { best: None, nan: 0 }
    }
}

/// A value as a number of the column's type.
trait Measured: Value {
    fn measure(self, form: &Form) -> Measure;
    fn word(self) -> String;
    fn of_word(word: &str) -> Option<Self>;
}

impl Measured for i128 {
    fn measure(self, form: &Form) -> Measure {
        Ratio::scaled(self, form.scale()).into()
    }

    fn word(self) -> String {
        self.to_string()
    }

    fn of_word(word: &str) -> Option<Self> {
        word.parse().ok()
    }
}

impl Measured for i256 {
    fn measure(self, form: &Form) -> Measure {
        Ratio::scaled(big(self), form.scale()).into()
    }

    fn word(self) -> String {
        self.to_string()
    }

    fn of_word(word: &str) -> Option<Self> {
        Self::from_string(word)
    }
}

impl Measured for f64 {
    fn measure(self, form: &Form) -> Measure {
        // Negative zero is zero, whichever of them came first.
        let value = self + 0.0;
        if form.is_single() {
            Measure::Single(value as f32)
        } else {
            Measure::Double(value)
        }
    }

    fn word(self) -> String {
        self.to_bits().to_string()
    }

    fn of_word(word: &str) -> Option<Self> {
        word.parse().ok().map(Self::from_bits)
    }
}

fn big(value: i256) -> BigInt {
    BigInt::from_signed_bytes_le(&value.to_le_bytes())
}

impl<V: Measured, const GREATEST: bool> Fold for Extreme<V, GREATEST> {
    type Value = V;

    fn add(&mut self, value: V) {
        let better = match self.best {
            None => true,
            Some(best) if GREATEST => value > best,
            Some(best) => value < best,
        };
        if value.is_nan() {
            self.nan += 1;
        } else if better {
            self.best = Some(value);
        }
    }

    fn merge(&mut self, other: Self) {
        self.nan += other.nan;
        if let Some(value) = other.best {
            self.add(value);
        }
    }

    fn found(&self, form: &Form) -> Found {
        match self.best {
            _ if self.nan > 0 => Found::NotANumber(self.nan),
            None => Found::Nothing,
            Some(best) => Found::Number(best.measure(form)),
        }
    }

    fn carry(&self) -> String {
        let best = self.best.map_or_else(|| "none".into(), V::word);
        format!("{best} {}", self.nan)
    }

    fn carried(text: &str) -> Option<Self> {
        let [best, nan] = words(text)?;
        let best = if best == "none" { None } else { Some(V::of_word(best)?) };
        Some(Self { best, nan: nan.parse().ok()? })
    }
}

/// The sum of integers, of any size, and how many they are.
#[derive(Debug)]
pub(super) struct Sum<V> {
    /// What is in neither is nowhere: the sum is both together.
    small: i128,
    large: BigInt,
    count: u64,
    values: std::marker::PhantomData<V>,
}

impl<V> Default for Sum<V> {
    fn default() -> Self {
        let values = std::marker::PhantomData;
        Self { small: 0, large: BigInt::ZERO, count: 0, values }
    }
}

impl<V> Sum<V> {
    fn plus(&mut self, value: i128) {
        if let Some(sum) = self.small.checked_add(value) {
            self.small = sum;
        } else {
            self.large += self.small;
            self.small = value;
        }
    }
}

/// Integers that can be added up.
trait Summed: Value {
    fn add_to<V>(self, sum: &mut Sum<V>);
}

impl Summed for i128 {
    fn add_to<V>(self, sum: &mut Sum<V>) {
        sum.plus(self);
    }
}

impl Summed for i256 {
    fn add_to<V>(self, sum: &mut Sum<V>) {
        match self.to_i128() {
            Some(small) => sum.plus(small),
            None => sum.large += big(self),
        }
    }
}

impl<V: Summed> Fold for Sum<V> {
    type Value = V;

    fn add(&mut self, value: V) {
        self.count += 1;
        value.add_to(self);
    }

    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.plus(other.small);
        self.large += other.large;
    }

    fn found(&self, form: &Form) -> Found {
        if self.count == 0 {
            return Found::Nothing;
        }
        let sum = Ratio::scaled(&self.large + self.small, form.scale());
        let mean = form.function() == Function::Mean;
        Found::Number(if mean { sum.over(self.count) } else { sum }.into())
    }

    fn carry(&self) -> String {
        format!("{} {}", &self.large + self.small, self.count)
    }

    fn carried(text: &str) -> Option<Self> {
        let [sum, count] = words(text)?;
        let (large, count) = (sum.parse().ok()?, count.parse().ok()?);
        Some(Self { large, count, ..Self::default() })
    }
}

/// How many values are null, and of how many.
#[derive(Debug, Default)]
pub(super) struct NullShare {
    nulls: u64,
    rows: u64,
}

impl Fold for NullShare {
    type Value = Validity;

    fn add(&mut self, Validity(valid): Validity) {
        self.rows += 1;
        self.nulls += u64::from(!valid);
    }

    fn merge(&mut self, other: Self) {
        self.rows += other.rows;
        self.nulls += other.nulls;
    }

    fn found(&self, _: &Form) -> Found {
        if self.rows == 0 {
            return Found::Nothing;
        }
        Found::Number(Ratio::new(self.nulls, self.rows).into())
    }

    fn carry(&self) -> String {
        format!("{} {}", self.nulls, self.rows)
    }

    fn carried(text: &str) -> Option<Self> {
        let [nulls, rows] = words(text)?;
        Some(Self { nulls: nulls.parse().ok()?, rows: rows.parse().ok()? })
    }
}
