//! Rows that leave a block because their verdict is known already.

use arrow_buffer::NullBuffer;

use super::block::{KeyBlock, Part, Texts};
use crate::error::Result;
use crate::kernels::bits;

impl KeyBlock {
    /// The block without the keys of these rows, which count as exempt.
    ///
    /// # Errors
    /// None for a block that was not spilled.
    pub(crate) fn without(self, dropped: &[u64]) -> Result<Self> {
        let mut block = self.unfolded()?;
        let (before, nulls) = (block.keys(), null_rows(block.nulls.as_ref()));
        block.one = kept(block.one, dropped);
        block.two = kept(block.two, dropped);
        block.uuid = kept(block.uuid, dropped);
        let mut wide = Texts::default();
        let mut rows = Vec::new();
        for at in 0..block.wide.ends.len() {
            let row = block.wide.prints.row(at);
            if !bits::get(dropped, row) {
                wide.push(block.wide.prints.keys[at], block.wide.key(at));
                rows.push(row as u32);
            }
        }
        wide.prints.rows = Some(rows);
        block.wide = wide;
        block.nulls = block.nulls.and_then(|nulls| {
            let dropped = bits::to_boolean(dropped, nulls.len());
            Some(NullBuffer::new(nulls.inner() | &dropped)).filter(|n| n.null_count() > 0)
        });
        let fewer = before - block.keys() + nulls - null_rows(block.nulls.as_ref());
        block.exempt += fewer as u64;
        Ok(block)
    }
}

fn null_rows(nulls: Option<&NullBuffer>) -> usize {
    nulls.map_or(0, NullBuffer::null_count)
}

fn kept<K: Copy>(part: Part<K>, dropped: &[u64]) -> Part<K> {
    let places = (0..part.keys.len()).filter(|at| !bits::get(dropped, part.row(*at)));
    let (keys, rows) = places.map(|at| (part.keys[at], part.row(at) as u32)).unzip();
    Part { keys, rows: Some(rows) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // how tests fail
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Int64Array, StringArray};
    use arrow_schema::DataType;

    use super::super::block::encode;
    use super::super::form::{KeyForm, Nulls};
    use super::super::resident::Resident;
    use super::super::seed::Seed;

    /// What is left repeats as if the other rows had been exempt from the start.
    #[test]
    fn what_is_left_is_judged_alone() {
        let seed = Seed::new(3);
        let long = |n: i64| format!("a text that is much too long to be packed {}", n % 7);
        let numbers: ArrayRef =
            Arc::new((0..200).map(|n| (n % 11 != 0).then_some(n % 30)).collect::<Int64Array>());
        let rising: ArrayRef = Arc::new(Int64Array::from_iter_values(0..200));
        let texts: ArrayRef = Arc::new(StringArray::from_iter_values((0..200).map(long)));
        for column in [numbers, rising, texts] {
            for nulls in [Nulls::Distinct, Nulls::Equal] {
                let kind: DataType = column.data_type().clone();
                let form = KeyForm::compile(&[kind], nulls).unwrap();
                let mut dropped = vec![0u64; 4];
                (0..200).filter(|row| row % 3 == 0).for_each(|row| {
                    crate::kernels::bits::set(&mut dropped, row);
                });
                let columns = [Arc::clone(&column)];
                let left = encode(&form, &seed, &columns, 0).unwrap().without(&dropped).unwrap();
                let mut within: Vec<u64> = dropped.iter().map(|word| !word).collect();
                crate::kernels::bits::trim(&mut within, 200);
                let expected =
                    super::super::block::encode_within(&form, &seed, &columns, Some(&within), 0);
                let outcome = |block| {
                    let mut resident = Resident::new(&seed, None);
                    let repeats = resident.absorb(vec![block], 1).unwrap();
                    (repeats, resident.finish().unwrap())
                };
                assert_eq!(outcome(left), outcome(expected.unwrap()));
            }
        }
    }
}
