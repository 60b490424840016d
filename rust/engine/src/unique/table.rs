//! A table of keys with open addressing: fixed-size slots, linear probing, growth by half.
//!
//! The last word of a slot is not 0 when the slot is taken, whatever the key is, so that no key
//! serves as the mark of an empty slot. Slots order by hash: growing is one pass over both tables.

use super::budget::{full, Budget};
use crate::error::Result;
use crate::kernels::prefetch::prefetch;
use crate::kernels::slab::Slab;

/// Most slots that may be taken, in eighths.
const LOAD_EIGHTHS: usize = 5;
/// Marks a key seen more than once, in the last word of its slot.
pub(crate) const AGAIN: u64 = 1 << 63;

/// A table of slots of `W` words.
#[derive(Debug)]
pub(crate) struct Table<const W: usize> {
    slots: Slab<[u64; W]>,
    taken: usize,
}

impl<const W: usize> Default for Table<W> {
    fn default() -> Self {
        Self { slots: Slab::default(), taken: 0 }
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

/// Slots that are looked at together: a cache line of them, where they fill one.
const fn bucket(words: usize) -> usize {
    if words == 2 {
        4
    } else {
        1
    }
}

/// Where a hash begins to look: the hash scaled to the number of buckets.
#[inline]
fn home<const W: usize>(hash: u64, slots: usize) -> usize {
    let buckets = slots / bucket(W);
    ((u128::from(hash) * buckets as u128) >> 64) as usize * bucket(W)
}

/// The next slot, around the end.
#[inline]
fn after(at: usize, slots: usize) -> usize {
    if at + 1 == slots {
        0
    } else {
        at + 1
    }
}

/// The first free slot for a hash.
#[inline]
fn free<const W: usize>(slots: &[[u64; W]], hash: u64) -> usize {
    let mut at = home::<W>(hash, slots.len());
    while slots[at][W - 1] != 0 {
        at = after(at, slots.len());
    }
    at
}

impl<const W: usize> Table<W> {
    /// Asks for the slots of a hash. A group of these in a row costs one wait for memory instead of
    /// many.
    #[inline]
    pub(crate) fn ask(&self, hash: u64) {
        let at = home::<W>(hash, self.slots.len());
        // Where slots do not fill lines, the next ones may lie on the next line.
        let slots = if bucket(W) > 1 { 1 } else { 3 };
        prefetch(self.slots.get(at..at + slots).unwrap_or_default());
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
        let slots = &self.slots[..];
        let mut at = home::<W>(hash, slots.len());
        let known = loop {
            let slot = &slots[at];
            if slot[W - 1] == 0 {
                break false;
            }
            if same(slot) {
                break true;
            }
            at = after(at, slots.len());
        };
        if known {
            return Ok(Found::Old(&mut self.slots[at]));
        }
        if self.taken >= slots.len() / 8 * LOAD_EIGHTHS {
            self.grow(budget, &rehash)?;
            at = free(&self.slots, hash);
        }
        self.taken += 1;
        let slot = &mut self.slots[at];
        *slot = entry;
        Ok(Found::New(slot))
    }

    /// The slot whose key is the `same`, if there is one.
    #[inline]
    pub(crate) fn find(&self, hash: u64, same: impl Fn(&[u64; W]) -> bool) -> Option<&[u64; W]> {
        let slots = &self.slots[..];
        if slots.is_empty() {
            return None;
        }
        let mut at = home::<W>(hash, slots.len());
        while slots[at][W - 1] != 0 {
            if same(&slots[at]) {
                return Some(&slots[at]);
            }
            at = after(at, slots.len());
        }
        None
    }

    /// Every slot that is taken, in no order that means anything.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &[u64; W]> {
        self.slots.iter().filter(|slot| slot[W - 1] != 0)
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, budget: &Budget, rehash: impl Fn(&[u64; W]) -> u64) -> Result<()> {
        // Always a multiple of 8: the load is exact, two slots stay free, buckets are whole.
        let size = (self.slots.len() / 2 * 3).next_multiple_of(8).max(16);
        budget.take((size - self.slots.len()) * size_of::<[u64; W]>())?;
        let mut fresh = Slab::zeroed(size, [0; W]).ok_or_else(full)?;
        let slots = &mut fresh[..];
        for entry in self.slots.iter().filter(|entry| entry[W - 1] != 0) {
            let at = free(slots, rehash(entry));
            slots[at] = *entry;
        }
        self.slots = fresh;
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
                let found = table.find(hash(key), |slot| slot[0] == key);
                assert_eq!(found, Some(&[key, key / 2 + 1]));
            }
            assert!(table.find(hash(1000), |slot| slot[0] == 1000).is_none());
            assert_eq!(table.entries().count(), 501);
            assert!(Table::<2>::default().find(0, |_| true).is_none());
        }
    }
}
