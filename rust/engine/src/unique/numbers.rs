//! Numbers for keys: equal keys have one number, different keys different ones, from 0 upwards.
//! What groups are told apart by, and what foreign keys are looked up in. Keys are compared in full.

use super::arena::Arena;
use super::block::{KeyBlock, Part, Texts};
use super::budget::Budget;
use super::key::Key;
use super::seed::Seed;
use super::table::{Found, Table};
use crate::error::Result;
use crate::kernels::bits;

/// Keys whose slots are fetched together.
const GROUP: usize = 32;

/// Keys, each with its number.
#[derive(Debug)]
pub(crate) struct Numbers {
    seed: Seed,
    budget: Budget,
    one: Table<2>,
    two: Table<3>,
    uuid: Table<3>,
    wide: Table<2>,
    arena: Arena,
    /// The number of the one null key, where null equals null.
    null: Option<usize>,
    count: usize,
}

impl Numbers {
    /// No key yet. No limit of memory if there is none.
    pub(crate) fn new(seed: &Seed, memory_bytes: Option<usize>) -> Self {
        Self {
            seed: seed.clone(),
            budget: Budget::new(memory_bytes),
            one: Table::default(),
            two: Table::default(),
            uuid: Table::default(),
            wide: Table::default(),
            arena: Arena::default(),
            null: None,
            count: 0,
        }
    }

    /// How many keys have a number.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// Counts so many bytes beside the keys against their memory.
    ///
    /// # Errors
    /// [`crate::error::Code::Memory`] if there is no room for them.
    pub(crate) fn reserve(&self, bytes: usize) -> Result<()> {
        self.budget.take(bytes)
    }

    /// Numbers the keys of a block; `take` is told row and number of each, in any order. A key that
    /// is new gets the least number that was free.
    ///
    /// # Errors
    /// [`crate::error::Code::Memory`] if the keys outgrow the budget.
    pub(crate) fn number(
        &mut self,
        block: KeyBlock,
        mut take: impl FnMut(usize, usize),
    ) -> Result<()> {
        let block = block.unfolded()?;
        let means = (&self.seed, &self.budget);
        let count = &mut self.count;
        let take = &mut take;
        packed(&mut self.one, &block.one, means, count, |key, last| [key, last], take)?;
        packed(&mut self.two, &block.two, means, count, |[a, b], last| [a, b, last], take)?;
        packed(&mut self.uuid, &block.uuid, means, count, |[a, b], last| [a, b, last], take)?;
        for (position, [hash, _]) in block.wide.prints.keys.iter().enumerate() {
            let number = self.number_wide(*hash, block.wide.key(position))?;
            take(block.wide.prints.row(position), number);
        }
        if let Some(nulls) = &block.nulls {
            for row in (0..nulls.len()).filter(|row| nulls.is_null(*row)) {
                take(row, self.number_null());
            }
        }
        Ok(())
    }

    fn number_null(&mut self) -> usize {
        *self.null.get_or_insert_with(|| {
            self.count += 1;
            self.count - 1
        })
    }

    fn number_wide(&mut self, hash: u64, bytes: &[u8]) -> Result<usize> {
        let Self { seed, budget, wide, arena, count, .. } = self;
        let same = |[other, at]: &[u64; 2]| *other == hash && arena.get(*at).1 == bytes;
        let rehash = |slot: &[u64; 2]| seed.address(slot[0]);
        Ok(match wide.find_or_insert(seed.address(hash), [hash, 1], budget, same, rehash)? {
            Found::Old([_, at]) => arena.get(*at).0 as usize,
            Found::New(slot) => {
                slot[1] = arena.push(*count as u64, bytes, budget)?;
                *count += 1;
                *count - 1
            }
        })
    }

    /// Sets the bits of rows whose key has no number.
    ///
    /// # Errors
    /// Only for a bug.
    pub(crate) fn missing(&self, block: KeyBlock, missing: &mut [u64]) -> Result<()> {
        let block = block.unfolded()?;
        let seed = &self.seed;
        absent(&self.one, &block.one, seed, |slot, key| slot[0] == key, missing);
        absent(&self.two, &block.two, seed, |slot, key| slot[..2] == key, missing);
        absent(&self.uuid, &block.uuid, seed, |slot, key| slot[..2] == key, missing);
        self.absent_wide(&block.wide, missing);
        if let Some(nulls) = block.nulls.filter(|_| self.null.is_none()) {
            for row in (0..nulls.len()).filter(|row| nulls.is_null(*row)) {
                bits::set(missing, row);
            }
        }
        Ok(())
    }

    fn absent_wide(&self, texts: &Texts, missing: &mut [u64]) {
        for (group, prints) in texts.prints.keys.chunks(GROUP).enumerate() {
            for [hash, _] in prints {
                self.wide.ask(self.seed.address(*hash));
            }
            for (at, [hash, _]) in prints.iter().enumerate() {
                let position = group * GROUP + at;
                let bytes = texts.key(position);
                let same = |[other, at]: &[u64; 2]| other == hash && self.arena.get(*at).1 == bytes;
                if self.wide.find(self.seed.address(*hash), same).is_none() {
                    bits::set(missing, texts.prints.row(position));
                }
            }
        }
    }

    /// Numbers the keys of others; `take` is told their number and the one here, in any order. Both
    /// must have the same seed.
    ///
    /// # Errors
    /// [`crate::error::Code::Memory`] if the keys outgrow the budget.
    pub(crate) fn adopt(&mut self, other: &Self, mut take: impl FnMut(usize, usize)) -> Result<()> {
        let means = (&self.seed, &self.budget);
        let count = &mut self.count;
        for slot in other.one.entries() {
            take(slot[1] as usize - 1, insert(&mut self.one, *slot, means, count)?);
        }
        for slot in other.two.entries() {
            take(slot[2] as usize - 1, insert(&mut self.two, *slot, means, count)?);
        }
        for slot in other.uuid.entries() {
            take(slot[2] as usize - 1, insert(&mut self.uuid, *slot, means, count)?);
        }
        for [hash, at] in other.wide.entries() {
            let (number, bytes) = other.arena.get(*at);
            take(number as usize, self.number_wide(*hash, bytes)?);
        }
        if let Some(number) = other.null {
            take(number, self.number_null());
        }
        Ok(())
    }
}

/// The number of a mixed key, which is all of the slot but its last word.
#[inline]
fn insert<const W: usize>(
    table: &mut Table<W>,
    mut slot: [u64; W],
    (seed, budget): (&Seed, &Budget),
    count: &mut usize,
) -> Result<usize> {
    slot[W - 1] = *count as u64 + 1;
    let same = |other: &[u64; W]| other[..W - 1] == slot[..W - 1];
    let rehash = |slot: &[u64; W]| seed.address(slot[0]);
    Ok(match table.find_or_insert(seed.address(slot[0]), slot, budget, same, rehash)? {
        Found::Old(slot) => slot[W - 1] as usize - 1,
        Found::New(_) => {
            *count += 1;
            *count - 1
        }
    })
}

fn packed<K: Key, const W: usize>(
    table: &mut Table<W>,
    part: &Part<K>,
    means: (&Seed, &Budget),
    count: &mut usize,
    entry: impl Fn(K, u64) -> [u64; W],
    take: &mut impl FnMut(usize, usize),
) -> Result<()> {
    for (group, keys) in part.keys.chunks(GROUP).enumerate() {
        for key in keys {
            table.ask(means.0.address(key.mix(means.0).hash()));
        }
        for (at, key) in keys.iter().enumerate() {
            let number = insert(table, entry(key.mix(means.0), 0), means, count)?;
            take(part.row(group * GROUP + at), number);
        }
    }
    Ok(())
}

fn absent<K: Key, const W: usize>(
    table: &Table<W>,
    part: &Part<K>,
    seed: &Seed,
    same: impl Fn(&[u64; W], K) -> bool,
    missing: &mut [u64],
) {
    for (group, keys) in part.keys.chunks(GROUP).enumerate() {
        for key in keys {
            table.ask(seed.address(key.mix(seed).hash()));
        }
        for (at, key) in keys.iter().enumerate() {
            let key = key.mix(seed);
            if table.find(seed.address(key.hash()), |slot| same(slot, key)).is_none() {
                bits::set(missing, part.row(group * GROUP + at));
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // how tests fail
mod tests {
    use std::collections::HashMap;
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Int64Array, StringArray};
    use arrow_schema::DataType;
    use proptest::prelude::*;

    use super::super::{encode, KeyForm, Nulls};
    use super::*;
    use crate::error::Code;

    type Row = (Option<i64>, Option<String>);

    fn block(rows: &[Row], nulls: Nulls, seed: &Seed) -> KeyBlock {
        let form = KeyForm::compile(&[DataType::Int64, DataType::Utf8], nulls).unwrap();
        let numbers: ArrayRef = Arc::new(rows.iter().map(|row| row.0).collect::<Int64Array>());
        let texts: ArrayRef =
            Arc::new(rows.iter().map(|row| row.1.as_deref()).collect::<StringArray>());
        encode(&form, seed, &[numbers, texts], 0).unwrap()
    }

    fn numbered(numbers: &mut Numbers, block: KeyBlock, rows: usize) -> Vec<Option<usize>> {
        let mut found = vec![None; rows];
        numbers.number(block, |row, number| found[row] = Some(number)).unwrap();
        found
    }

    fn rows() -> impl Strategy<Value = Vec<Row>> {
        let text = prop_oneof![
            "[ab]{0,2}",
            "[a]{8,9}",
            "[a]{15,18}",
            Just("6f9619ff-8b86-d011-b42d-00cf4fc964ff".to_owned()),
        ];
        prop::collection::vec((prop::option::of(-1i64..2), prop::option::of(text)), 0..60)
    }

    proptest! {
        /// Also where all keys have the same address and all wide ones the same hash.
        #[test]
        fn equal_keys_and_no_others_share_a_number(
            first in rows(), second in rows(), other in rows(), truncated in any::<bool>()
        ) {
            let seed = Seed::new(5);
            let seed = if truncated { seed.truncated(0, 0) } else { seed };
            let mut mine = Numbers::new(&seed, None);
            let mut theirs = Numbers::new(&seed, None);
            let mut known: HashMap<Row, usize> = HashMap::new();
            for rows in [&first, &second] {
                let found =
                    numbered(&mut mine, block(rows, Nulls::Equal, &seed), rows.len());
                for (row, number) in rows.iter().zip(found) {
                    let number = number.unwrap();
                    prop_assert_eq!(*known.entry(row.clone()).or_insert(number), number);
                }
            }
            let distinct: std::collections::HashSet<_> = known.values().collect();
            prop_assert_eq!((distinct.len(), known.len()), (mine.len(), mine.len()));

            // What is missing is what the map does not know.
            let mut missing = vec![0; bits::words(other.len())];
            mine.missing(block(&other, Nulls::Equal, &seed), &mut missing).unwrap();
            for (row, key) in other.iter().enumerate() {
                prop_assert_eq!(bits::get(&missing, row), !known.contains_key(key));
            }

            // Adopting is numbering.
            let found = numbered(&mut theirs, block(&other, Nulls::Equal, &seed), other.len());
            let mut own = vec![usize::MAX; theirs.len()];
            mine.adopt(&theirs, |other, number| own[other] = number).unwrap();
            for (row, number) in other.into_iter().zip(found) {
                let number = own[number.unwrap()];
                prop_assert_eq!(*known.entry(row).or_insert(number), number);
            }
            prop_assert_eq!(known.len(), mine.len());
        }
    }

    #[test]
    fn a_null_exempts_a_row_where_it_equals_nothing() {
        let seed = Seed::new(1);
        let rows = [(None, Some("a".into())), (Some(1), None), (Some(1), Some("a".into()))];
        let mut numbers = Numbers::new(&seed, None);
        let found = numbered(&mut numbers, block(&rows, Nulls::Distinct, &seed), 3);
        assert_eq!(found, [None, None, Some(0)]);
        let mut missing = vec![0; 1];
        let empty = Numbers::new(&seed, None);
        empty.missing(block(&rows, Nulls::Distinct, &seed), &mut missing).unwrap();
        assert_eq!(missing, [0b100]);
    }

    #[test]
    fn keys_that_outgrow_the_budget_are_an_error() {
        let seed = Seed::new(1);
        let rows: Vec<Row> = (0..1000).map(|n| (Some(n), Some("x".repeat(20)))).collect();
        let mut numbers = Numbers::new(&seed, Some(10_000));
        let error = numbers.number(block(&rows, Nulls::Equal, &seed), |_, _| ()).unwrap_err();
        assert_eq!(error.code, Code::Memory);
        assert_eq!(numbers.reserve(10_001).unwrap_err().code, Code::Memory);
    }
}
