//! Equal values that stand near each other, gathered: what costs something is done once for all.

const PLACES: usize = 256;

#[derive(Clone, Copy, Default)]
struct Place {
    hash: u64,
    row: usize,
    count: u64,
}

/// Calls `each` with a row, the hash of its value, and how many rows that have the `same` value it
/// stands for. All rows are counted once; which ones stand together is left to chance, so `each`
/// must not depend on it.
pub(super) fn gather(
    rows: impl Iterator<Item = usize>,
    hash: impl Fn(usize) -> u64,
    same: impl Fn(usize, usize) -> bool,
    mut each: impl FnMut(usize, u64, u64),
) {
    let mut places = [Place::default(); PLACES];
    for row in rows {
        let hash = hash(row);
        // A byte is always an index of a place.
        let place = &mut places[usize::from(hash as u8)];
        if place.count > 0 && place.hash == hash && same(place.row, row) {
            place.count += 1;
        } else {
            let before = std::mem::replace(place, Place { hash, row, count: 1 });
            if before.count > 0 {
                each(before.row, before.hash, before.count);
            }
        }
    }
    for place in places.iter().filter(|place| place.count > 0) {
        each(place.row, place.hash, place.count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    proptest! {
        #[test]
        fn every_row_is_counted_once_with_its_like(
            values in prop::collection::vec(0_u16..600, 0..500), clash: bool,
        ) {
            let mut counts = HashMap::new();
            let hash = |row: usize| if clash { 7 } else { u64::from(values[row]) };
            gather(0..values.len(), hash, |a, b| values[a] == values[b], |row, _, count| {
                *counts.entry(values[row]).or_insert(0) += count;
            });
            let mut expected = HashMap::new();
            for value in &values {
                *expected.entry(*value).or_insert(0) += 1;
            }
            prop_assert_eq!(counts, expected);
        }
    }
}
