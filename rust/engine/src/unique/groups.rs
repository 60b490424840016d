//! Repeated keys within one partition: first whether there are any, which needs the keys alone,
//! and only then which rows they belong to.

use super::budget::full;
use super::key::Key;
use super::outcome::Tally;
use super::radix::See;
use super::seed::Seed;
use crate::error::Result;
use crate::kernels::slab::Slab;

/// Places of a table for this many keys: about five eighths are taken.
fn places(keys: usize) -> usize {
    (keys + keys * 5 / 8).max(16)
}

/// Shows keys with rows relative to a base ordinal; may be asked to do so twice.
pub(crate) type Source<'a, K> = &'a mut dyn FnMut(&mut See<'_, K>) -> Result<()>;

/// Tables that are used again for every partition.
#[derive(Debug)]
pub(crate) struct Finder<'a, K: Key> {
    seed: &'a Seed,
    table: Slab<K>,
    /// Places in use of `table`.
    size: usize,
    taken: usize,
    /// How often the key that marks an empty place came.
    zeroes: u64,
    repeated: Vec<K>,
    /// From how many repeats on they are reduced to different ones.
    crowded: usize,
}

#[inline]
fn place(address: u64, skip: u32, size: usize) -> usize {
    // With all bits skipped the address says nothing, and every key begins at 0.
    let rest = address.checked_shl(skip).unwrap_or(0);
    ((u128::from(rest) * size as u128) >> 64) as usize
}

impl<'a, K: Key> Finder<'a, K> {
    pub(crate) fn new(seed: &'a Seed) -> Self {
        let (table, repeated) = (Slab::default(), Vec::new());
        Self { seed, table, size: 0, taken: 0, zeroes: 0, repeated, crowded: 1 << 16 }
    }

    /// Adds what repeats among at most `count` mixed keys, which agree in the first `skip` bits of
    /// their address. Few different keys need a small table, however many there are of each.
    ///
    /// # Errors
    /// Those of the source, and [`crate::error::Code::Memory`] if the system has none left.
    pub(crate) fn search(
        &mut self,
        count: usize,
        skip: u32,
        source: Source<'_, K>,
        tally: &mut Tally,
    ) -> Result<()> {
        self.clear(places(count.min(1 << 17)))?;
        source(&mut |keys, _, _| self.insert(keys, skip))?;
        if self.zeroes > 1 {
            self.repeated.push(K::default());
        }
        if self.repeated.is_empty() {
            return Ok(());
        }
        self.repeated.sort_unstable();
        self.repeated.dedup();
        let groups = std::mem::take(&mut self.repeated);
        let counted = Groups::new(self.seed, skip, &groups)?.count(source, tally);
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
        self.repeated.clear();
        self.crowded = 1 << 16;
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

/// Keys that are known to repeat, and their rows.
struct Groups<'a, K> {
    seed: &'a Seed,
    skip: u32,
    keys: &'a [K],
    /// Position in `keys` plus one; 0 is empty.
    index: Slab<u32>,
    /// How often each key came, and its first row so far.
    found: Vec<(u64, u64)>,
}

impl<'a, K: Key> Groups<'a, K> {
    fn new(seed: &'a Seed, skip: u32, keys: &'a [K]) -> Result<Self> {
        let mut index = Slab::zeroed((keys.len() * 2).max(16), 0u32).ok_or_else(full)?;
        let slots = &mut index[..];
        for (position, key) in keys.iter().enumerate() {
            let mut at = place(seed.address(key.hash()), skip, slots.len());
            while slots[at] != 0 {
                at = if at + 1 == slots.len() { 0 } else { at + 1 };
            }
            slots[at] = u32::try_from(position + 1).map_err(|_| full())?;
        }
        Ok(Self { seed, skip, keys, index, found: vec![(0, 0); keys.len()] })
    }

    fn count(mut self, source: Source<'_, K>, tally: &mut Tally) -> Result<()> {
        let Self { seed, skip, keys, ref index, ref mut found } = self;
        let slots = &index[..];
        source(&mut |entries, rows, base| {
            for (entry, row) in entries.iter().zip(rows) {
                let mut at = place(seed.address(entry.hash()), skip, slots.len());
                while let Some(position) = slots[at].checked_sub(1) {
                    if keys[position as usize] == *entry {
                        tally.member(base + u64::from(*row), &mut found[position as usize]);
                        break;
                    }
                    at = if at + 1 == slots.len() { 0 } else { at + 1 };
                }
            }
            Ok(())
        })?;
        tally.groups += keys.len() as u64;
        Ok(())
    }
}
