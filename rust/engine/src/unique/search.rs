//! Repeated keys within a unit of partitions: first which keys may repeat, by the cells they fall
//! into, then which of those do, and only then which rows they belong to.

use super::batch::Share;
use super::budget::full;
use super::cells::Cells;
use super::groups::{Found, Groups};
use super::key::Key;
use super::seed::Seed;
use crate::error::Result;
use crate::kernels::slab::Slab;

/// Keys that are searched at a time: the bits of their cells fit into the cache.
pub(crate) const LARGEST: usize = if cfg!(test) { 1 << 9 } else { 1 << 18 };
/// Least bytes for copies of keys.
const ROOM: usize = if cfg!(test) { 1 << 13 } else { 1 << 20 };
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
    cells: Cells,
    table: Slab<K>,
    /// Places in use of `table`.
    size: usize,
    taken: usize,
    /// How often the key that marks an empty place came.
    zeroes: u64,
    repeated: Vec<K>,
    /// From how many repeats on they are reduced to different ones.
    crowded: usize,
    picked: Vec<K>,
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
            room: room.map_or(usize::MAX, |bytes| bytes.max(ROOM)),
            cells: Cells::default(),
            table: Slab::default(),
            size: 0,
            taken: 0,
            zeroes: 0,
            repeated: Vec::new(),
            crowded: 1 << 16,
            picked: Vec::new(),
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
        let count = count as usize;
        if count < 2 {
            return Ok(());
        }
        // A unit far above the mean holds a few keys many times: splitting cannot help.
        if count <= LARGEST * 2 || count as u64 / 16 > mean {
            return self.part(Part { skip, bits: 0, value: 0 }, count, source, found);
        }
        let parts = (count / LARGEST).next_power_of_two();
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
        let (seed, skip) = (self.seed, part.skip + part.bits);
        self.repeated.clear();
        let mut copied = std::mem::take(&mut self.copied);
        // Those of the keys that are of this part.
        let mut of_part = |keys: &[K], see: &mut dyn FnMut(&[K]) -> Result<()>| {
            if part.bits == 0 {
                return see(keys);
            }
            copied.clear();
            copied.extend(keys.iter().filter(|key| part.has(seed.address(key.hash()))));
            see(&copied)
        };
        self.cells.clear(count)?;
        source(&mut |share| {
            of_part(share.keys, &mut |keys| {
                self.cells.put(seed, keys, skip);
                Ok(())
            })
        })?;
        if self.cells.met() > 0 {
            self.open()?;
            source(&mut |share| of_part(share.keys, &mut |keys| self.insert_met(keys, skip)))?;
        }
        self.copied = copied;
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
            let keys = &sorted[start..end];
            self.cells.clear(keys.len())?;
            self.cells.put(seed, keys, skip + bits);
            if self.cells.met() > 0 {
                self.open()?;
                self.insert_met(keys, skip + bits)?;
                self.note_zeroes();
            }
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

    /// An empty table for the keys that met another.
    fn open(&mut self) -> Result<()> {
        let size = places((self.cells.met() as usize * 2).min(1 << 17));
        if self.table.len() < size {
            self.table = Slab::zeroed(size, K::default()).ok_or_else(full)?;
        } else {
            self.table[..size].fill(K::default());
        }
        (self.size, self.taken, self.zeroes) = (size, 0, 0);
        self.crowded = self.crowded.max(1 << 16);
        Ok(())
    }

    /// Inserts those of the keys that met another.
    fn insert_met(&mut self, keys: &[K], skip: u32) -> Result<()> {
        let mut picked = std::mem::take(&mut self.picked);
        picked.clear();
        self.cells.pick(self.seed, keys, skip, &mut picked);
        let inserted = self.insert(&picked, skip);
        self.picked = picked;
        inserted
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
