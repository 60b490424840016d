//! Which items each list of an array has, whatever its layout, and what follows for a list from
//! what is known of its items.

use arrow_array::cast::AsArray;
use arrow_array::{
    Array, ArrayRef, BooleanArray, GenericListArray, GenericListViewArray, OffsetSizeTrait,
};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;
use arrow_select::filter::filter;

use super::bits;
use crate::error::{Error, Result};

/// For each list, from which to before which value of the child its items stand. Those of list
/// views may overlap and come in any order; a null list has none.
#[derive(Debug)]
pub(crate) struct Spans(Vec<(usize, usize)>);

impl Spans {
    /// Those of a plain list or map array, and the values that they lead to. What is null in `nulls`
    /// counts as null; so lists below a null struct can be hidden.
    ///
    /// # Errors
    /// `engine.internal` for an array of another type.
    pub(crate) fn of(array: &ArrayRef, nulls: Option<&NullBuffer>) -> Result<(Self, ArrayRef)> {
        let (mut spans, values) = match array.data_type() {
            DataType::List(_) => of_offsets(array.as_list::<i32>()),
            DataType::LargeList(_) => of_offsets(array.as_list::<i64>()),
            DataType::ListView(_) => of_views(array.as_list_view::<i32>()),
            DataType::LargeListView(_) => of_views(array.as_list_view::<i64>()),
            DataType::FixedSizeList(_, _) => {
                let lists = array.as_fixed_size_list();
                let size = usize::try_from(lists.value_length()).unwrap_or_default();
                let spans = (0..lists.len()).map(|list| (list * size, (list + 1) * size));
                (spans.collect(), ArrayRef::clone(lists.values()))
            }
            DataType::Map(..) => {
                let maps = array.as_map();
                let entries: ArrayRef = std::sync::Arc::new(maps.entries().clone());
                (pairs(maps.value_offsets()), entries)
            }
            _ => return Err(Error::internal("a list kernel met a column without lists")),
        };
        if let Some(nulls) = nulls.filter(|nulls| nulls.null_count() > 0) {
            for (span, valid) in spans.iter_mut().zip(nulls) {
                if !valid {
                    *span = (0, 0);
                }
            }
        }
        Ok((Self(spans), values))
    }

    /// How many lists there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The span of each list, in the order of the lists.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.0.iter().copied()
    }

    /// The span of one list.
    pub(crate) fn get(&self, list: usize) -> (usize, usize) {
        self.0.get(list).copied().unwrap_or_default()
    }

    /// From which to before which item all of the lists stand.
    pub(crate) fn window(&self) -> (usize, usize) {
        let full = || self.iter().filter(|(start, end)| end > start);
        let first = full().map(|(start, _)| start).min();
        (first.unwrap_or_default(), full().map(|(_, end)| end).max().unwrap_or_default())
    }

    /// The lists that have an item whose bit is set. Takes as long for lists that share their items.
    pub(crate) fn any(&self, items: &[u64]) -> Vec<u64> {
        let mut out = vec![0; bits::words(self.len())];
        if items.iter().all(|word| *word == 0) {
            return out;
        }
        let ranks = Ranks::of(items);
        for (word, lists) in out.iter_mut().zip(self.0.chunks(64)) {
            for (bit, (start, end)) in lists.iter().enumerate() {
                *word |= u64::from(ranks.before(*end) > ranks.before(*start)) << bit;
            }
        }
        out
    }
}

impl Spans {
    /// The same lists over those values only that one of them has. They keep their order, so that
    /// lists that shared items still do.
    ///
    /// # Errors
    /// Only for a bug.
    pub(crate) fn compact(self, values: &ArrayRef) -> Result<(Self, ArrayRef)> {
        let used = self.used(values.len());
        if bits::count(&used) as usize == values.len() {
            return Ok((self, ArrayRef::clone(values)));
        }
        let ranks = Ranks::of(&used);
        let moved = self.iter().map(|(start, end)| (ranks.before(start), ranks.before(end)));
        let moved = Self(moved.collect());
        let used = BooleanArray::new(bits::to_boolean(&used, values.len()), None);
        let values = filter(values, &used);
        Ok((moved, values.map_err(|_| Error::internal("items could not be filtered"))?))
    }

    /// The values that one of the lists has.
    fn used(&self, values: usize) -> Vec<u64> {
        let mut full: Vec<_> = self.iter().filter(|(start, end)| end > start).collect();
        // Most lists stand in order; sorting finds that out in one pass.
        full.sort_unstable();
        let mut used = vec![0; bits::words(values)];
        let mut reached = 0;
        for (start, end) in full {
            if end > reached {
                bits::set_range(&mut used, start.max(reached), end);
                reached = end;
            }
        }
        used
    }
}

/// How many bits are set before any position.
pub(crate) struct Ranks<'a> {
    bits: &'a [u64],
    before_word: Vec<usize>,
}

impl<'a> Ranks<'a> {
    pub(crate) fn of(bits: &'a [u64]) -> Self {
        let mut sum = 0;
        let mut before_word = Vec::with_capacity(bits.len() + 1);
        before_word.push(0);
        before_word.extend(bits.iter().map(|word| {
            sum += word.count_ones() as usize;
            sum
        }));
        Self { bits, before_word }
    }

    /// The number of set bits before `position`.
    #[inline]
    pub(crate) fn before(&self, position: usize) -> usize {
        let whole = position / 64;
        let rest = self.bits.get(whole).map_or(0, |word| word & ((1 << (position % 64)) - 1));
        self.before_word.get(whole).map_or(0, |sum| sum + rest.count_ones() as usize)
    }
}

fn pairs<O: OffsetSizeTrait>(offsets: &[O]) -> Vec<(usize, usize)> {
    offsets.windows(2).map(|pair| (pair[0].as_usize(), pair[1].as_usize())).collect()
}

fn of_offsets<O: OffsetSizeTrait>(lists: &GenericListArray<O>) -> (Vec<(usize, usize)>, ArrayRef) {
    (pairs(lists.value_offsets()), ArrayRef::clone(lists.values()))
}

fn of_views<O: OffsetSizeTrait>(
    lists: &GenericListViewArray<O>,
) -> (Vec<(usize, usize)>, ArrayRef) {
    let span = |(offset, size): (&O, &O)| (offset.as_usize(), offset.as_usize() + size.as_usize());
    let spans = lists.value_offsets().iter().zip(lists.value_sizes()).map(span);
    (spans.collect(), ArrayRef::clone(lists.values()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::types::Int32Type;
    use arrow_array::{Int32Array, ListViewArray};
    use arrow_buffer::ScalarBuffer;
    use arrow_schema::Field;
    use proptest::prelude::*;
    use std::collections::HashSet;
    use std::sync::Arc;

    proptest! {
        #[test]
        fn a_list_has_what_one_of_its_items_has(
            items in prop::collection::vec(any::<bool>(), 0..200),
            lists in prop::collection::vec((0usize..200, 0usize..70, any::<bool>()), 0..200),
        ) {
            let n = items.len();
            let lists: Vec<_> = lists
                .iter()
                .map(|(start, size, valid)| {
                    let start = start % (n + 1);
                    (start, (*size).min(n - start), *valid)
                })
                .collect();
            let array: ArrayRef = Arc::new(ListViewArray::new(
                Arc::new(Field::new("item", DataType::Int32, true)),
                lists.iter().map(|l| l.0 as i32).collect::<ScalarBuffer<i32>>(),
                lists.iter().map(|l| l.1 as i32).collect::<ScalarBuffer<i32>>(),
                Arc::new(Int32Array::from_iter_values(0..n as i32)),
                Some(lists.iter().map(|l| l.2).collect()),
            ));
            let (spans, values) = Spans::of(&array, array.nulls()).unwrap();
            prop_assert_eq!((spans.len(), values.len()), (lists.len(), n));
            let mut set = vec![0; bits::words(n)];
            (0..n).filter(|i| items[*i]).for_each(|i| bits::set(&mut set, i));
            let expected: Vec<usize> = (0..lists.len())
                .filter(|row| {
                    let (start, size, valid) = lists[*row];
                    valid && items[start..start + size].contains(&true)
                })
                .collect();
            prop_assert_eq!(bits::ones_of(&spans.any(&set)).collect::<Vec<_>>(), expected);

            let item = |values: &ArrayRef, at: usize| values.as_primitive::<Int32Type>().value(at);
            let all = |spans: &Spans, values: &ArrayRef| -> Vec<Vec<i32>> {
                spans.iter().map(|(a, z)| (a..z).map(|at| item(values, at)).collect()).collect()
            };
            let before = all(&spans, &values);
            let seen: HashSet<i32> = before.iter().flatten().copied().collect();
            let (spans, values) = spans.compact(&values).unwrap();
            prop_assert_eq!(all(&spans, &values), before);
            prop_assert_eq!(values.len(), seen.len());
        }
    }

    #[test]
    fn a_rank_counts_the_bits_before_a_position() {
        let ranks = Ranks::of(&[0b1011, u64::MAX]);
        let before = |position| ranks.before(position);
        assert_eq!([before(0), before(1), before(3), before(64)], [0, 1, 2, 3]);
        assert_eq!([before(65), before(127), before(128)], [4, 66, 67]);
    }
}
