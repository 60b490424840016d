//! A table of keys with open addressing: fixed-size slots, linear probing, growth by half.
//!
//! The last word of a slot is not 0 when the slot is taken, whatever the key is, so that no key
//! serves as the mark of an empty slot. Slots order by hash: growing is one pass over both tables.

use super::budget::Budget;
use crate::error::Result;

/// Most slots that may be taken, in eighths.
const LOAD_EIGHTHS: usize = 6;
/// Marks a key seen more than once, in the last word of its slot.
pub(crate) const AGAIN: u64 = 1 << 63;

/// A table of slots of `W` words.
#[derive(Debug)]
pub(crate) struct Table<const W: usize> {
    slots: Vec<[u64; W]>,
    taken: usize,
}

impl<const W: usize> Default for Table<W> {
    fn default() -> Self {
        Self { slots: Vec::new(), taken: 0 }
    }
}

/// The slot of a key.
#[derive(Debug)]
pub(crate) enum Found<'a, const W: usize> {
    /// The key was not there; now it is.
    New(&'a mut [u64; W]),
    /// The key was there.
    Old(&'a mut [u64; W]),
}

/// Where a hash begins to look: the hash scaled to the number of slots.
#[inline]
fn home(hash: u64, slots: usize) -> usize {
    ((u128::from(hash) * slots as u128) >> 64) as usize
}

impl<const W: usize> Table<W> {
    /// Brings the slot of a hash into the cache and returns something of it, so that the load
    /// cannot be left out. A group of these in a row costs one wait for memory instead of many.
    #[inline]
    pub(crate) fn touch(&self, hash: u64) -> u64 {
        self.slots.get(home(hash, self.slots.len())).map_or(0, |slot| slot[0])
    }

    /// The slot whose key is the `same`, or else a free one with `entry` put into it. `rehash`
    /// finds the hash of an entry again when the table grows.
    ///
    /// # Errors
    /// [`crate::error::Code::Memory`] if the table must grow beyond the budget.
    #[inline]
    pub(crate) fn find_or_insert(
        &mut self,
        hash: u64,
        entry: [u64; W],
        budget: &Budget,
        same: impl Fn(&[u64; W]) -> bool,
        rehash: impl Fn(&[u64; W]) -> u64,
    ) -> Result<Found<'_, W>> {
        if self.slots.is_empty() {
            self.grow(budget, &rehash)?;
        }
        let mut at = home(hash, self.slots.len());
        loop {
            let slot = &self.slots[at];
            if slot[W - 1] == 0 {
                break;
            }
            if same(slot) {
                return Ok(Found::Old(&mut self.slots[at]));
            }
            at += 1;
            if at == self.slots.len() {
                at = 0;
            }
        }
        if self.taken >= self.slots.len() / 8 * LOAD_EIGHTHS {
            self.grow(budget, &rehash)?;
            at = self.free(hash);
        }
        self.slots[at] = entry;
        self.taken += 1;
        Ok(Found::New(&mut self.slots[at]))
    }

    /// The first free slot for a hash.
    #[inline]
    fn free(&self, hash: u64) -> usize {
        let mut at = home(hash, self.slots.len());
        while self.slots[at][W - 1] != 0 {
            at += 1;
            if at == self.slots.len() {
                at = 0;
            }
        }
        at
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, budget: &Budget, rehash: impl Fn(&[u64; W]) -> u64) -> Result<()> {
        // Always a multiple of 8, so that the load is exact and at least two slots stay free.
        let size = (self.slots.len() / 2 * 3).next_multiple_of(8).max(16);
        budget.take((size - self.slots.len()) * size_of::<[u64; W]>())?;
        let old = std::mem::replace(&mut self.slots, vec![[0; W]; size]);
        for entry in old.iter().filter(|entry| entry[W - 1] != 0) {
            let at = self.free(rehash(entry));
            self.slots[at] = *entry;
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // how tests fail
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_again_after_growing_whatever_their_hash() {
        for shift in [0, 40, 63] {
            let hash = |key: u64| key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> shift;
            let budget = Budget::new(None);
            let mut table = Table::<2>::default();
            let keys = (0..500u64).chain([u64::MAX]);
            for key in keys.clone() {
                let hash = hash(key);
                let same = |slot: &[u64; 2]| slot[0] == key;
                let rehash = |slot: &[u64; 2]| slot[0].wrapping_mul(0x9e37_79b9_7f4a_7c15) >> shift;
                let seen = table.find_or_insert(hash, [key, key / 2 + 1], &budget, same, rehash);
                assert!(matches!(seen.unwrap(), Found::New(_)), "{key} before it came");
            }
            for key in keys {
                let same = |slot: &[u64; 2]| slot[0] == key;
                let rehash = |slot: &[u64; 2]| slot[0].wrapping_mul(0x9e37_79b9_7f4a_7c15) >> shift;
                let seen = table.find_or_insert(hash(key), [key, 7], &budget, same, rehash);
                assert!(matches!(seen.unwrap(), Found::Old([_, row]) if *row == key / 2 + 1));
            }
        }
    }
}
