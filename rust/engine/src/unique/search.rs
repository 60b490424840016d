//! Repeated keys within a unit of partitions: first whether there are any, which needs the keys
//! alone, and only then which rows they belong to.

use super::batch::Share;
use super::budget::full;
use super::groups::{Found, Groups};
use super::key::Key;
use super::seed::Seed;
use crate::error::Result;
use crate::kernels::slab::Slab;

/// Bytes of keys that are searched at a time: with their table they fit into the cache.
pub(crate) const LARGEST: usize = if cfg!(test) { 1 << 12 } else { 1 << 19 };
/// A large unit is looked at so many times rather than copied.
const LOOKS: usize = 8;

/// Places of a table for this many keys: about five eighths are taken.
fn places(keys: usize) -> usize {
    (keys + keys * 5 / 8).max(16)
}

/// Sees keys that agree in their first bits, with their rows.
pub(crate) type See<'a, K> = dyn FnMut(Share<'_, K>) -> Result<()> + 'a;
/// Shows all keys of a unit; may be asked to do so several times.
pub(crate) type Source<'a, K> = &'a mut dyn FnMut(&mut See<'_, K>) -> Result<()>;

/// What is known of a unit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unit {
    /// Its keys, and the mean of all units.
    pub(crate) count: u64,
    pub(crate) mean: u64,
    /// The first bits of an address, in which its keys agree.
    pub(crate) skip: u32,
}

/// A part of a unit: keys whose next bits have this value.
#[derive(Debug, Clone, Copy)]
struct Part {
    skip: u32,
    bits: u32,
    value: u64,
}

impl Part {
    #[inline]
    fn next(address: u64, skip: u32, bits: u32) -> u64 {
        let rest = address.checked_shl(skip).unwrap_or(0);
        if bits == 0 {
            0
        } else {
            rest >> (64 - bits)
        }
    }

    #[inline]
    fn has(self, address: u64) -> bool {
        Self::next(address, self.skip, self.bits) == self.value
    }
}

/// Tables that are used again for every unit.
#[derive(Debug)]
pub(crate) struct Finder<'a, K: Key> {
    seed: &'a Seed,
    /// Most bytes for copies of keys.
    room: usize,
    table: Slab<K>,
    /// Places in use of `table`.
    size: usize,
    taken: usize,
    /// How often the key that marks an empty place came.
    zeroes: u64,
    repeated: Vec<K>,
    /// From how many repeats on they are reduced to different ones.
    crowded: usize,
    copied: Vec<K>,
    sorted: Vec<K>,
}

/// Where a key begins to look in a table of this size.
#[inline]
pub(crate) fn place(address: u64, skip: u32, size: usize) -> usize {
    // With all bits skipped the address says nothing, and every key begins at 0.
    let rest = address.checked_shl(skip).unwrap_or(0);
    ((u128::from(rest) * size as u128) >> 64) as usize
}

impl<'a, K: Key> Finder<'a, K> {
    /// `room` bytes are for copies of keys; no limit if there is none.
    pub(crate) fn new(seed: &'a Seed, room: Option<usize>) -> Self {
        Self {
            seed,
            room: room.map_or(usize::MAX, |bytes| bytes.max(LARGEST * 2)),
            table: Slab::default(),
            size: 0,
            taken: 0,
            zeroes: 0,
            repeated: Vec::new(),
            crowded: 1 << 16,
            copied: Vec::new(),
            sorted: Vec::new(),
        }
    }

    /// Adds what repeats among the keys of a unit. Few different keys need a small table, however
    /// many there are of each; many are searched in parts that fit into the cache.
    ///
    /// # Errors
    /// Those of the source, and [`crate::error::Code::Memory`] if the system has none left.
    pub(crate) fn search(
        &mut self,
        unit: Unit,
        source: Source<'_, K>,
        found: &mut Found<'_>,
    ) -> Result<()> {
        let Unit { count, mean, skip } = unit;
        let (count, largest) = (count as usize, LARGEST / K::BYTES);
        if count < 2 {
            return Ok(());
        }
        // A unit far above the mean holds a few keys many times: splitting cannot help.
        if count <= largest * 2 || count as u64 / 16 > mean {
            return self.part(Part { skip, bits: 0, value: 0 }, count, source, found);
        }
        let parts = (count / largest).next_power_of_two();
        if parts <= LOOKS {
            let bits = parts.ilog2();
            return (0..parts as u64).try_for_each(|value| {
                self.part(Part { skip, bits, value }, count / parts, source, found)
            });
        }
        let looks = (count * K::BYTES * 2).div_ceil(self.room).next_power_of_two().min(parts);
        let bits = looks.ilog2();
        (0..looks as u64).try_for_each(|value| {
            let part = Part { skip, bits, value };
            self.copy(part, count / looks, parts.ilog2() - bits, source, found)
        })
    }

    /// Searches a part in one table.
    fn part(
        &mut self,
        part: Part,
        count: usize,
        source: Source<'_, K>,
        found: &mut Found<'_>,
    ) -> Result<()> {
        let seed = self.seed;
        self.repeated.clear();
        self.clear(places(count.min(1 << 17)))?;
        let skip = part.skip + part.bits;
        source(&mut |share| {
            if part.bits == 0 {
                self.insert(share.keys, skip)
            } else {
                let mut copied = std::mem::take(&mut self.copied);
                copied.clear();
                let here = share.keys.iter().filter(|key| part.has(seed.address(key.hash())));
                copied.extend(here);
                let inserted = self.insert(&copied, skip);
                self.copied = copied;
                inserted
            }
        })?;
        self.count(part, source, found)
    }

    /// Copies a part and sorts it by its next bits, so that tables are small.
    fn copy(
        &mut self,
        part: Part,
        count: usize,
        bits: u32,
        source: Source<'_, K>,
        found: &mut Found<'_>,
    ) -> Result<()> {
        let seed = self.seed;
        let mut copied = std::mem::take(&mut self.copied);
        copied.clear();
        let mut crowded = false;
        source(&mut |share| {
            crowded |= copied.len() > count.saturating_mul(4);
            if !crowded {
                let here = share.keys.iter().filter(|key| part.has(seed.address(key.hash())));
                copied.extend(here);
            }
            Ok(())
        })?;
        if crowded {
            self.copied = Vec::new();
            return self.part(part, count, source, found);
        }
        let skip = part.skip + part.bits;
        let next = |key: &K| Part::next(seed.address(key.hash()), skip, bits) as usize;
        let mut ends = vec![0usize; 1 << bits];
        for key in &copied {
            ends[next(key)] += 1;
        }
        let mut start = 0;
        for end in &mut ends {
            start += std::mem::replace(end, start);
        }
        let mut sorted = std::mem::take(&mut self.sorted);
        sorted.clear();
        sorted.resize(copied.len(), K::default());
        for key in &copied {
            let end = &mut ends[next(key)];
            sorted[*end] = *key;
            *end += 1;
        }
        self.repeated.clear();
        let mut start = 0;
        for end in ends {
            self.clear(places((end - start).min(1 << 17)))?;
            self.insert(&sorted[start..end], skip + bits)?;
            self.note_zeroes();
            start = end;
        }
        (self.copied, self.sorted) = (copied, sorted);
        self.count(part, source, found)
    }

    fn note_zeroes(&mut self) {
        if self.zeroes > 1 {
            self.repeated.push(K::default());
        }
        self.zeroes = 0;
    }

    /// Finds the rows of what repeats.
    fn count(&mut self, part: Part, source: Source<'_, K>, found: &mut Found<'_>) -> Result<()> {
        self.note_zeroes();
        if self.repeated.is_empty() {
            return Ok(());
        }
        self.repeated.sort_unstable();
        self.repeated.dedup();
        let groups = std::mem::take(&mut self.repeated);
        let counted = Groups::new(self.seed, part.skip, &groups)?.count(source, found);
        self.repeated = groups;
        counted
    }

    fn clear(&mut self, size: usize) -> Result<()> {
        if self.table.len() < size {
            self.table = Slab::zeroed(size, K::default()).ok_or_else(full)?;
        } else {
            self.table[..size].fill(K::default());
        }
        (self.size, self.taken, self.zeroes) = (size, 0, 0);
        self.crowded = self.crowded.max(1 << 16);
        Ok(())
    }

    fn insert(&mut self, keys: &[K], skip: u32) -> Result<()> {
        let zero = K::default();
        let mut rest = keys;
        while !rest.is_empty() {
            // As many keys as certainly leave three eighths of the places free.
            let room = (self.size / 8 * 5).saturating_sub(self.taken);
            if room == 0 {
                self.grow(skip)?;
                continue;
            }
            let (now, later) = rest.split_at(room.min(rest.len()));
            rest = later;
            let table = &mut self.table[..self.size];
            let mut taken = 0;
            for key in now {
                if *key == zero {
                    self.zeroes += 1;
                    continue;
                }
                let mut at = place(self.seed.address(key.hash()), skip, table.len());
                loop {
                    let found = table[at];
                    if found == zero {
                        table[at] = *key;
                        taken += 1;
                        break;
                    }
                    if found == *key {
                        self.repeated.push(*key);
                        break;
                    }
                    at = if at + 1 == table.len() { 0 } else { at + 1 };
                }
            }
            self.taken += taken;
            if self.repeated.len() > self.crowded {
                self.repeated.sort_unstable();
                self.repeated.dedup();
                self.crowded = (self.repeated.len() * 2).max(1 << 16);
            }
        }
        Ok(())
    }

    fn grow(&mut self, skip: u32) -> Result<()> {
        let size = self.size * 2;
        let mut table = Slab::zeroed(size, K::default()).ok_or_else(full)?;
        let slots = &mut table[..];
        for key in self.table[..self.size].iter().filter(|key| **key != K::default()) {
            let mut at = place(self.seed.address(key.hash()), skip, size);
            while slots[at] != K::default() {
                at = if at + 1 == size { 0 } else { at + 1 };
            }
            slots[at] = *key;
        }
        (self.table, self.size) = (table, size);
        Ok(())
    }
}
