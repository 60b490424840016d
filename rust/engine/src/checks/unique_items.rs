//! `unique_items`: no two items of a list are equal.
//!
//! Items are written as canonical bytes, and the bytes are compared in full: by sorting each list,
//! or, where lists share items, all items once, so that lists that overlap take no longer.

mod canonical;

use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;

use super::{Arity, CheckKind, Clause, Compiled, Definition, RowCheck, Scope};
use crate::error::{Error, Result};
use crate::kernels::bits;
use crate::kernels::spans::Spans;
use crate::promise;
use canonical::Canonical;

/// Most bytes that the items of a morsel may take.
const MOST: usize = 1 << 30;

pub(super) struct UniqueItems;

impl CheckKind for UniqueItems {
    fn definition(&self) -> &'static Definition {
        &Definition {
            name: "unique_items",
            aliases: &[],
            summary: "no two items of a list are equal; null equals null, and NaN equals NaN",
            scope: Scope::Row,
            arity: Arity::One,
            applies_to: "lists of anything but unions",
            arguments: &[],
            example: "{column: tags, rule: unique_items}",
        }
    }

    fn compile(&self, clause: &Clause<'_>) -> Result<Compiled> {
        let column = clause.column()?;
        let items = match &column.data_type {
            DataType::Map(..) => None,
            lists => promise::items(lists).filter(canonical::has_form),
        };
        match items {
            Some(_) => Ok(Compiled::Row(Box::new(Distinct))),
            None => Err(clause.not_applicable(column, "lists of anything but unions")),
        }
    }
}

#[derive(Debug)]
struct Distinct;

impl RowCheck for Distinct {
    fn fail(&self, columns: &[ArrayRef], _: Option<&[u64]>, fail: &mut [u64]) -> Result<()> {
        let lists =
            columns.first().ok_or_else(|| Error::internal("unique_items lost its column"))?;
        let (spans, values) = Spans::of(lists, lists.nulls())?;
        let (first, last) = spans.window();
        let items = Canonical::of(&values.slice(first, last - first), MOST)?;
        let inside = |(start, end): (usize, usize)| (start - first, end - first);
        let lists = spans.iter().enumerate().filter(|(_, (start, end))| end - start > 1);
        let (rows, lists): (Vec<_>, Vec<_>) = lists.map(|(row, span)| (row, inside(span))).unzip();
        let repeats = if lists.is_sorted_by(|a, b| a.1 <= b.0) {
            Repeats::of(&lists, &items)
        } else {
            Repeats::of(&[(0, items.len())], &items)
        };
        for (row, (start, end)) in rows.into_iter().zip(lists) {
            if repeats.inside(start, end) {
                bits::set(fail, row);
            }
        }
        Ok(())
    }

    fn cost(&self) -> f64 {
        100.0
    }

    fn explain(&self) -> String {
        "items as canonical bytes, sorted and compared in full".into()
    }
}

/// Where items repeat an earlier one.
struct Repeats {
    /// For each item, one more than the last item that it, or one before it, repeats; 0 for none.
    latest: Vec<usize>,
}

impl Repeats {
    /// Looks for equal items inside of each of `parts`, which are disjoint and ascend.
    fn of(parts: &[(usize, usize)], items: &Canonical) -> Self {
        let mut earlier = vec![0; items.len()];
        let mut order = Vec::new();
        for (start, end) in parts {
            order.clear();
            order.extend(*start..*end);
            order.sort_unstable_by(|a, b| items.bytes(*a).cmp(items.bytes(*b)).then(a.cmp(b)));
            for (before, after) in order.iter().zip(order.iter().skip(1)) {
                if items.bytes(*before) == items.bytes(*after) {
                    if let Some(place) = earlier.get_mut(*after) {
                        *place = before + 1;
                    }
                }
            }
        }
        let mut latest = 0;
        for place in &mut earlier {
            latest = latest.max(*place);
            *place = latest;
        }
        Self { latest: earlier }
    }

    /// Whether two items from `start` to before `end` are equal.
    fn inside(&self, start: usize, end: usize) -> bool {
        end > start && self.latest.get(end - 1).is_some_and(|earlier| *earlier > start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{Int32Array, ListViewArray};
    use arrow_buffer::ScalarBuffer;
    use arrow_schema::Field;
    use proptest::prelude::*;
    use std::sync::Arc;

    proptest! {
        #[test]
        fn lists_that_share_items_are_judged_as_if_alone(
            items in prop::collection::vec(prop::option::of(0i32..6), 0..40),
            lists in prop::collection::vec((0usize..40, 0usize..6), 0..30),
        ) {
            let n = items.len();
            let lists: Vec<_> = lists
                .iter()
                .map(|(start, size)| (start % (n + 1), (*size).min(n - start % (n + 1))))
                .collect();
            let array: ArrayRef = Arc::new(ListViewArray::new(
                Arc::new(Field::new("item", DataType::Int32, true)),
                lists.iter().map(|l| l.0 as i32).collect::<ScalarBuffer<i32>>(),
                lists.iter().map(|l| l.1 as i32).collect::<ScalarBuffer<i32>>(),
                Arc::new(Int32Array::from(items.clone())),
                None,
            ));
            let mut fail = vec![0; bits::words(lists.len())];
            Distinct.fail(&[array], None, &mut fail).unwrap();
            let expected: Vec<usize> = (0..lists.len())
                .filter(|row| {
                    let (start, size) = lists[*row];
                    let list = &items[start..start + size];
                    (1..size).any(|i| list[..i].contains(&list[i]))
                })
                .collect();
            prop_assert_eq!(bits::ones_of(&fail).collect::<Vec<_>>(), expected);
        }
    }
}
