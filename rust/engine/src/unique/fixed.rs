//! Columns whose values all have the same width, as unsigned words that order as the values do.

use arrow_array::cast::AsArray;
use arrow_array::types::{IntervalDayTimeType, IntervalMonthDayNanoType};
use arrow_array::{Array, ArrayRef};
use arrow_buffer::{ArrowNativeType, NullBuffer};

use super::column::{buffer, Column};
use super::form::{KeyForm, Kind};
use super::span::Span;
use super::spare;
use crate::error::{Error, Result};

/// One word per row: two sizes, so that the usual case stays within registers.
#[derive(Debug)]
pub(crate) enum Words {
    /// At most 64 bits.
    One(Vec<u64>),
    /// At most 128 bits.
    Two(Vec<u128>),
}

/// The value of every row. What stands under a null is arbitrary.
///
/// # Errors
/// [`crate::error::Code::InvalidArrow`] for a buffer that is too short.
pub(crate) fn words(kind: Kind, column: &Column, rows: usize) -> Result<Words> {
    let Some(index) = &column.index else {
        return plain(kind, &column.values);
    };
    if column.values.len() > rows.max(1024) {
        // A slice of a large dictionary: fetch what is used before converting it.
        let positions = arrow_array::UInt32Array::new(index.clone().into(), column.nulls.clone());
        let taken = arrow_select::take::take(&column.values, &positions, None)
            .map_err(|_| Error::internal("taking from a dictionary failed"))?;
        return plain(kind, &taken);
    }
    Ok(match plain(kind, &column.values)? {
        Words::One(values) => Words::One(gather(&values, index)),
        Words::Two(values) => Words::Two(gather(&values, index)),
    })
}

/// The keys of a plain column of whole numbers without nulls if they increase strictly, straight
/// from its buffer: ids and times mostly do.
///
/// # Errors
/// As for [`words`].
pub(crate) fn rising(kind: Kind, column: &Column) -> Result<Option<Span>> {
    if column.index.is_some() {
        return Ok(None);
    }
    let array = &column.values;
    Ok(match kind {
        Kind::Signed(32) => {
            let values = buffer(array, size_of::<i32>())?;
            Span::of(values.typed_data::<i32>(), None, |v| u64::from(v as u32 ^ 1 << 31))
        }
        Kind::Signed(64) => {
            let values = buffer(array, size_of::<i64>())?;
            Span::of(values.typed_data::<i64>(), None, |v| v as u64 ^ 1 << 63)
        }
        Kind::Unsigned(32) => {
            let values = buffer(array, size_of::<u32>())?;
            Span::of(values.typed_data::<u32>(), None, u64::from)
        }
        Kind::Unsigned(64) => {
            let values = buffer(array, size_of::<u64>())?;
            Span::of(values.typed_data::<u64>(), None, |v| v)
        }
        _ => None,
    })
}

fn gather<T: Copy + Default>(values: &[T], index: &[u32]) -> Vec<T> {
    index.iter().map(|at| values.get(*at as usize).copied().unwrap_or_default()).collect()
}

fn plain(kind: Kind, array: &ArrayRef) -> Result<Words> {
    fn one<T: ArrowNativeType>(array: &ArrayRef, word: impl Fn(T) -> u64) -> Result<Words> {
        let values = buffer(array, size_of::<T>())?;
        Ok(Words::One(spare::collect(values.typed_data::<T>().iter().map(|value| word(*value)))))
    }
    let wrong = || Error::internal("a key column of fixed width has an unexpected type");
    Ok(match kind {
        Kind::Null => Words::One(vec![0; array.len()]),
        Kind::Boolean => {
            let bits = array.as_boolean_opt().ok_or_else(wrong)?.values();
            Words::One(bits.iter().map(u64::from).collect())
        }
        Kind::Signed(8) => one(array, |v: i8| u64::from(v as u8 ^ 1 << 7))?,
        Kind::Signed(16) => one(array, |v: i16| u64::from(v as u16 ^ 1 << 15))?,
        Kind::Signed(32) => one(array, |v: i32| u64::from(v as u32 ^ 1 << 31))?,
        Kind::Signed(64) => one(array, |v: i64| v as u64 ^ 1 << 63)?,
        Kind::Signed(_) => {
            let values = buffer(array, size_of::<i128>())?;
            let word = |v: &i128| *v as u128 ^ 1 << 127;
            Words::Two(values.typed_data::<i128>().iter().map(word).collect())
        }
        Kind::Unsigned(8) => one(array, |v: u8| u64::from(v))?,
        Kind::Unsigned(16) => one(array, |v: u16| u64::from(v))?,
        Kind::Unsigned(32) => one(array, |v: u32| u64::from(v))?,
        Kind::Unsigned(_) => one(array, |v: u64| v)?,
        Kind::Float(16) => one(array, half)?,
        Kind::Float(32) => one(array, single)?,
        Kind::Float(_) => one(array, double)?,
        Kind::DayTime => {
            let values = array.as_primitive_opt::<IntervalDayTimeType>().ok_or_else(wrong)?;
            let word = |v: &arrow_buffer::IntervalDayTime| {
                u64::from(v.days as u32) << 32 | u64::from(v.milliseconds as u32)
            };
            Words::One(values.values().iter().map(word).collect())
        }
        Kind::MonthDayNano => {
            let values = array.as_primitive_opt::<IntervalMonthDayNanoType>().ok_or_else(wrong)?;
            let word = |v: &arrow_buffer::IntervalMonthDayNano| {
                let days = u64::from(v.months as u32) << 32 | u64::from(v.days as u32);
                u128::from(days) << 64 | u128::from(v.nanoseconds as u64)
            };
            Words::Two(values.values().iter().map(word).collect())
        }
        Kind::Fixed(width) => {
            let values = array.as_fixed_size_binary_opt().ok_or_else(wrong)?;
            let word = |row: usize| big_endian(values.value(row));
            if width <= 8 {
                Words::One((0..array.len()).map(|row| word(row) as u64).collect())
            } else {
                Words::Two((0..array.len()).map(word).collect())
            }
        }
        Kind::Decimal256 | Kind::Bytes => return Err(wrong()),
    })
}

fn big_endian(bytes: &[u8]) -> u128 {
    bytes.iter().fold(0, |word, byte| word << 8 | u128::from(*byte))
}

/// One NaN, one zero, ordered: negative numbers inverted, the others above them.
pub(crate) fn double(value: f64) -> u64 {
    let bits =
        if value.is_nan() { f64::NAN.to_bits() & !(1 << 63) } else { (value + 0.0).to_bits() };
    if bits >> 63 == 1 {
        !bits
    } else {
        bits | 1 << 63
    }
}

pub(crate) fn single(value: f32) -> u64 {
    let bits =
        if value.is_nan() { f32::NAN.to_bits() & !(1 << 31) } else { (value + 0.0).to_bits() };
    u64::from(if bits >> 31 == 1 { !bits } else { bits | 1 << 31 })
}

/// The same for the bits of a 16-bit number.
pub(crate) fn half(bits: u16) -> u64 {
    let bits = match bits {
        bits if bits & 0x7fff > 0x7c00 => 0x7e00,
        0x8000 => 0,
        bits => bits,
    };
    u64::from(if bits >> 15 == 1 { !bits } else { bits | 1 << 15 })
}

/// Two plain columns of signed integers side by side in one word, as [`pack`] puts them there; `None`
/// for other columns, and if some value needs more than its width.
///
/// # Errors
/// As for [`words`].
pub(crate) fn pair(
    kinds: [Kind; 2],
    columns: [&Column; 2],
    widths: [usize; 2],
) -> Result<Option<Vec<u64>>> {
    fn both<A: ArrowNativeType + Into<i64>, B: ArrowNativeType + Into<i64>>(
        columns: [&Column; 2],
        widths: [usize; 2],
    ) -> Result<Option<Vec<u64>>> {
        let [above, below] = widths;
        let one = buffer(&columns[0].values, size_of::<A>())?;
        let other = buffer(&columns[1].values, size_of::<B>())?;
        let values = one.typed_data::<A>().iter().zip(other.typed_data::<B>());
        let mut misfit = 0;
        let keys = spare::collect(values.map(|(one, other)| {
            let biased = |value: i64, width: usize| value.wrapping_add(1 << (width - 1)) as u64;
            let (one, other) = (biased((*one).into(), above), biased((*other).into(), below));
            misfit |= one >> above | other >> below;
            one << below | other
        }));
        Ok((misfit == 0).then_some(keys))
    }
    let narrow = widths.iter().all(|width| (1..64).contains(width)) && widths[0] + widths[1] <= 64;
    if !narrow || columns.iter().any(|column| column.index.is_some()) {
        return Ok(None);
    }
    match kinds {
        [Kind::Signed(32), Kind::Signed(32)] => both::<i32, i32>(columns, widths),
        [Kind::Signed(32), Kind::Signed(64)] => both::<i32, i64>(columns, widths),
        [Kind::Signed(64), Kind::Signed(32)] => both::<i64, i32>(columns, widths),
        [Kind::Signed(64), Kind::Signed(64)] => both::<i64, i64>(columns, widths),
        _ => Ok(None),
    }
}

/// The columns side by side in one word of `T`, first column uppermost, before them the null mask.
pub(crate) fn pack<T: Word>(
    spec: &KeyForm,
    widths: &[usize],
    columns: &[(Words, Option<NullBuffer>)],
    rows: usize,
) -> Vec<T> {
    let mut keys = vec![T::default(); rows];
    if spec.masks_nulls() {
        for (_, nulls) in columns {
            match nulls {
                Some(nulls) => {
                    keys.iter_mut()
                        .zip(nulls.iter())
                        .for_each(|(k, valid)| k.push(1, u128::from(!valid)));
                }
                None => keys.iter_mut().for_each(|key| key.push(1, 0)),
            }
        }
    }
    for ((words, nulls), width) in columns.iter().zip(widths) {
        let nulls = nulls.as_ref().filter(|_| spec.masks_nulls());
        match (words, nulls) {
            (Words::One(words), None) => {
                keys.iter_mut().zip(words).for_each(|(key, word)| key.push_word(*width, *word));
            }
            (Words::Two(words), None) => {
                keys.iter_mut().zip(words).for_each(|(key, word)| key.push(*width, *word));
            }
            (Words::One(words), Some(nulls)) => {
                for ((key, word), valid) in keys.iter_mut().zip(words).zip(nulls.iter()) {
                    key.push_word(*width, if valid { *word } else { 0 });
                }
            }
            (Words::Two(words), Some(nulls)) => {
                for ((key, word), valid) in keys.iter_mut().zip(words).zip(nulls.iter()) {
                    key.push(*width, if valid { *word } else { 0 });
                }
            }
        }
    }
    keys
}

/// A word that takes further columns from below.
pub(crate) trait Word: Copy + Default {
    fn push(&mut self, width: usize, value: u128);
    fn push_word(&mut self, width: usize, value: u64);
}

impl Word for u64 {
    #[inline]
    fn push(&mut self, width: usize, value: u128) {
        self.push_word(width, value as u64);
    }
    #[inline]
    fn push_word(&mut self, width: usize, value: u64) {
        *self = if width >= 64 { value } else { *self << width | value };
    }
}

impl Word for u128 {
    #[inline]
    fn push(&mut self, width: usize, value: u128) {
        *self = if width >= 128 { value } else { *self << width | value };
    }
    #[inline]
    fn push_word(&mut self, width: usize, value: u64) {
        self.push(width, u128::from(value));
    }
}

/// The same values in fewer bits, and which rows do not fit (arbitrary words there).
pub(crate) fn shrink(kind: Kind, words: &Words, width: usize, misfit: &mut [bool]) -> Words {
    let natural = kind.bits().unwrap_or(width);
    if natural <= width {
        return match words {
            Words::One(words) => Words::One(words.clone()),
            Words::Two(words) => Words::Two(words.clone()),
        };
    }
    // Signed values are biased by half their range; the narrow word has the narrow bias.
    let signed = matches!(kind, Kind::Signed(_));
    let shift = if signed { (1u128 << (natural - 1)) - (1u128 << (width - 1)) } else { 0 };
    Words::One(match words {
        Words::One(words) => {
            let shift = shift as u64;
            let narrow = |(word, misfit): (&u64, &mut bool)| {
                let word = word.wrapping_sub(shift);
                *misfit |= width < 64 && word >> (width & 63) != 0;
                word
            };
            words.iter().zip(misfit).map(narrow).collect()
        }
        Words::Two(words) => {
            let narrow = |(word, misfit): (&u128, &mut bool)| {
                let word = word.wrapping_sub(shift);
                *misfit |= word >> width != 0;
                word as u64
            };
            words.iter().zip(misfit).map(narrow).collect()
        }
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // how tests fail
mod tests {
    use super::super::form::Nulls;
    use super::*;
    use arrow_array::{Int32Array, Int64Array};
    use std::sync::Arc;

    #[test]
    fn floats_have_one_zero_one_nan_and_keep_their_order() {
        assert_eq!(double(-0.0), double(0.0));
        assert_eq!(single(-0.0), single(0.0));
        assert_eq!(half(0x8000), half(0));
        let quiet = f64::from_bits(0xfff8_0000_0000_0001);
        assert_eq!(double(quiet), double(f64::NAN));
        assert_eq!(single(f32::from_bits(0xff80_0001)), single(f32::NAN));
        assert_eq!(half(0xfc01), half(0x7e00));
        let ordered =
            [f64::NEG_INFINITY, -1.5, -f64::MIN_POSITIVE, 0.0, 5e-324, 2.0, f64::INFINITY];
        assert!(ordered.windows(2).all(|pair| double(pair[0]) < double(pair[1])));
        let small = ordered.map(|value| value as f32);
        assert!(small.windows(2).all(|p| single(p[0]) <= single(p[1])));
        let tiny = [0xfc00, 0xbc00, 0, 0x3c00, 0x7c00];
        assert!(tiny.windows(2).all(|pair| half(pair[0]) < half(pair[1])));
    }

    #[test]
    fn two_integers_are_packed_at_once_as_they_are_one_after_the_other() {
        let ends = |bits: u32| {
            let most = (1i64 << (bits - 1)) - 1;
            [0, 1, -1, most, -most - 1, most - 1]
        };
        let longs: Vec<i64> = ends(32).into_iter().chain([1 << 31, i64::MIN, i64::MAX]).collect();
        let ints: Vec<i32> = ends(32).iter().map(|v| *v as i32).collect();
        for form in [(64, 32), (32, 64), (32, 32), (64, 64)] {
            let column = |bits: u32, at: usize| -> ArrayRef {
                match bits {
                    32 => Arc::new(Int32Array::from(vec![ints[at % ints.len()]])),
                    _ => Arc::new(Int64Array::from(vec![longs[at % longs.len()]])),
                }
            };
            for (a, b) in (0..9).flat_map(|a| (0..9).map(move |b| (a, b))) {
                let columns = [column(form.0, a), column(form.1, b)];
                let types = columns.each_ref().map(|column| column.data_type().clone());
                let spec = KeyForm::compile(&types, Nulls::Distinct).unwrap();
                let natural = [form.0 as usize, form.1 as usize];
                let widths = if spec.narrow.is_empty() { &natural[..] } else { &spec.narrow };
                let kinds = [spec.kinds[0], spec.kinds[1]];
                let columns = [0, 1].map(|at| Column::resolve(kinds[at], &columns[at]).unwrap());
                let mut misfit = [false];
                let words = [0, 1].map(|at| {
                    let words = words(kinds[at], &columns[at], 1).unwrap();
                    (shrink(kinds[at], &words, widths[at], &mut misfit), None)
                });
                let keys = pair(kinds, columns.each_ref(), [widths[0], widths[1]]).unwrap();
                let slow = (!misfit[0]).then(|| pack::<u64>(&spec, widths, &words, 1));
                assert_eq!(keys, slow, "{form:?} {a} {b}");
            }
        }
    }

    #[test]
    fn shrinking_keeps_what_fits() {
        let bias = |v: i64| v as u64 ^ 1 << 63;
        let values = [0, -1, i64::from(i32::MIN), i64::from(i32::MAX), 1 << 31, i64::MIN];
        let words = Words::One(values.map(bias).to_vec());
        let mut misfit = [false; 6];
        let Words::One(narrow) = shrink(Kind::Signed(64), &words, 32, &mut misfit) else {
            unreachable!()
        };
        assert_eq!(misfit, [false, false, false, false, true, true]);
        assert_eq!(narrow[..4], [1 << 31, (1 << 31) - 1, 0, (1 << 32) - 1]);
    }
}
