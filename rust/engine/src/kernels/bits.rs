//! Failure bitmaps: one bit per row in words of 64, bits past the end are zero.

use arrow_buffer::{BooleanBuffer, NullBuffer};

use super::mask;

/// Words that hold `rows` bits.
pub(crate) const fn words(rows: usize) -> usize {
    rows.div_ceil(64)
}

/// The bits of `buffer`, shifted to start at bit 0; bits past the end are zero.
pub(crate) fn from_boolean(buffer: &BooleanBuffer) -> Vec<u64> {
    let mut out: Vec<u64> = buffer.bit_chunks().iter_padded().collect();
    out.resize(words(buffer.len()), 0);
    trim(&mut out, buffer.len());
    out
}

/// The valid rows, or `None` when all are.
pub(crate) fn from_nulls(nulls: Option<&NullBuffer>) -> Option<Vec<u64>> {
    nulls.filter(|n| n.null_count() > 0).map(|n| from_boolean(n.inner()))
}

/// Clears the bits from `rows` on.
pub(crate) fn trim(bits: &mut [u64], rows: usize) {
    if !rows.is_multiple_of(64) {
        if let Some(last) = bits.get_mut(rows / 64) {
            *last &= (1 << (rows % 64)) - 1;
        }
    }
}

/// All `rows` bits set.
pub(crate) fn ones(rows: usize) -> Vec<u64> {
    let mut bits = vec![u64::MAX; words(rows)];
    trim(&mut bits, rows);
    bits
}

/// Number of set bits.
pub(crate) fn count(bits: &[u64]) -> u64 {
    mask::count(bits)
}

/// The other ones of `rows` bits.
pub(crate) fn not(bits: &[u64], rows: usize) -> Vec<u64> {
    let mut other: Vec<u64> = bits.iter().map(|word| !word).collect();
    trim(&mut other, rows);
    other
}

/// `a |= b`
pub(crate) fn or(a: &mut [u64], b: &[u64]) {
    for (a, b) in a.iter_mut().zip(b) {
        *a |= b;
    }
}

/// `a &= b`
pub(crate) fn and(a: &mut [u64], b: &[u64]) {
    for (a, b) in a.iter_mut().zip(b) {
        *a &= b;
    }
}

/// `a &= !b`
pub(crate) fn and_not(a: &mut [u64], b: &[u64]) {
    for (a, b) in a.iter_mut().zip(b) {
        *a &= !b;
    }
}

/// `a` keeps its bits where `chosen` is set and takes those of `b` elsewhere.
pub(crate) fn select(a: &mut [u64], chosen: &[u64], b: &[u64]) {
    for ((a, chosen), b) in a.iter_mut().zip(chosen).zip(b) {
        *a = (*a & chosen) | (b & !chosen);
    }
}

/// `a = !a`, also past the end: trim where that matters.
pub(crate) fn invert(a: &mut [u64]) {
    for word in a {
        *word = !*word;
    }
}

/// Positions of the set bits, ascending.
pub(crate) fn ones_of(bits: &[u64]) -> impl Iterator<Item = usize> + '_ {
    bits.iter().enumerate().flat_map(|(index, word)| {
        let mut rest = *word;
        std::iter::from_fn(move || {
            (rest != 0).then(|| {
                let bit = rest.trailing_zeros() as usize;
                rest &= rest - 1;
                index * 64 + bit
            })
        })
    })
}

/// Whether bit `row` is set; false past the end.
pub(crate) fn get(bits: &[u64], row: usize) -> bool {
    bits.get(row / 64).is_some_and(|w| w >> (row % 64) & 1 == 1)
}

/// Sets bit `row`.
pub(crate) fn set(bits: &mut [u64], row: usize) {
    if let Some(word) = bits.get_mut(row / 64) {
        *word |= 1 << (row % 64);
    }
}

/// Sets the bits from `start` to before `end`.
pub(crate) fn set_range(bits: &mut [u64], start: usize, end: usize) {
    for (index, word) in bits.iter_mut().enumerate().take(words(end)).skip(start / 64) {
        let first = index * 64;
        let from = start.saturating_sub(first);
        let until = (end - first).min(64);
        *word |= (u64::MAX << from) & (u64::MAX >> (64 - until));
    }
}

/// A boolean buffer of `rows` bits.
pub(crate) fn to_boolean(bits: &[u64], rows: usize) -> BooleanBuffer {
    let bytes: Vec<u8> = bits.iter().flat_map(|w| w.to_le_bytes()).collect();
    BooleanBuffer::new(bytes.into(), 0, rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_range_sets_its_bits(start in 0usize..200, length in 0usize..200) {
            let mut bits = vec![0; 7];
            set_range(&mut bits, start, start + length);
            let set: Vec<usize> = (start..start + length).collect();
            prop_assert_eq!(ones_of(&bits).collect::<Vec<_>>(), set);
        }

        #[test]
        fn every_bit_offset_gives_the_same_words(
            bools in prop::collection::vec(any::<bool>(), 64..200), offset in 0usize..64
        ) {
            let sliced = BooleanBuffer::from(bools.clone()).slice(offset, bools.len() - offset);
            let words = from_boolean(&sliced);
            let rows: Vec<usize> = (offset..bools.len()).filter(|i| bools[*i]).map(|i| i - offset).collect();
            prop_assert_eq!(ones_of(&words).collect::<Vec<_>>(), rows);
            prop_assert_eq!(to_boolean(&words, sliced.len()), sliced);
        }
    }
}
