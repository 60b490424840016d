//! Which keys of a unit may repeat: two bits for each of many cells, into which addresses fall, say
//! whether one key came to it and whether another did. Equal keys share a cell, so a key alone in
//! its cell is unique. No step depends on what was found before, unlike in a table of keys: almost
//! all keys are done with here, at a fraction of a table's time.

use super::budget::full;
use super::key::Key;
use super::seed::Seed;
use crate::error::Result;
use crate::kernels::slab::Slab;

/// Cells for each key, at least.
const PER_KEY: usize = 8;
/// Most keys that the cells are chosen for: with their bits they fit into the cache.
const MOST: usize = 1 << 18;
/// Keys that are picked at a time.
const GROUP: usize = 512;

/// The cells of one unit.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    /// Bits of 64 cells: whether a key came, whether another did.
    words: Slab<[u64; 2]>,
    /// Words in use are 2^`bits`.
    bits: u32,
    /// Keys that met another.
    met: u64,
}

/// Which cell an address falls into.
#[derive(Debug, Clone, Copy)]
struct Place {
    skip: u32,
    mask: u64,
    bits: u32,
}

impl Place {
    #[inline]
    fn of(self, address: u64) -> (usize, u32) {
        let rest = (address & self.mask) << self.skip;
        ((rest >> (64 - self.bits)) as usize, (rest >> (58 - self.bits)) as u32 & 63)
    }
}

impl Cells {
    /// Empty cells for about so many keys.
    ///
    /// # Errors
    /// [`crate::error::Code::Memory`] if the system has none left.
    pub(crate) fn clear(&mut self, keys: usize) -> Result<()> {
        let words = (keys.min(MOST) * PER_KEY / 64).next_power_of_two().max(2);
        if self.words.len() < words {
            self.words = Slab::zeroed(words, [0; 2]).ok_or_else(full)?;
        } else {
            self.words[..words].fill([0; 2]);
        }
        (self.bits, self.met) = (words.ilog2(), 0);
        Ok(())
    }

    /// Keys that met another in their cell when they came: less than those that share one.
    pub(crate) fn met(&self) -> u64 {
        self.met
    }

    fn place(&self, skip: u32) -> Place {
        // With all bits skipped the address says nothing, and every key falls into one cell.
        let (skip, mask) = if skip < 64 { (skip, u64::MAX) } else { (0, 0) };
        Place { skip, mask, bits: self.bits }
    }

    /// Puts mixed keys, which agree in the first `skip` bits of their addresses, into their cells.
    pub(crate) fn put<K: Key>(&mut self, seed: &Seed, keys: &[K], skip: u32) {
        let place = self.place(skip);
        let words = &mut self.words[..1 << self.bits];
        let mut met = 0;
        for key in keys {
            let (word, bit) = place.of(seed.address(key.hash()));
            let [one, more] = &mut words[word];
            let came = *one & 1 << bit;
            *more |= came;
            *one |= 1 << bit;
            met += came >> bit;
        }
        self.met += met;
    }

    /// Appends those of the keys that share their cell.
    pub(crate) fn pick<K: Key>(&self, seed: &Seed, keys: &[K], skip: u32, picked: &mut Vec<K>) {
        let place = self.place(skip);
        let words = &self.words[..1 << self.bits];
        let mut near = [K::default(); GROUP];
        for keys in keys.chunks(GROUP) {
            let mut count = 0;
            for key in keys {
                let (word, bit) = place.of(seed.address(key.hash()));
                near[count] = *key;
                count += (words[word][1] >> bit & 1) as usize;
            }
            picked.extend_from_slice(&near[..count]);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // how tests fail
mod tests {
    use super::*;

    #[test]
    fn keys_that_repeat_are_picked_and_few_others() {
        for (address, skip) in [(64, 0), (64, 11), (64, 63), (64, 64), (3, 0), (0, 0)] {
            let seed = Seed::new(5).truncated(address, 128);
            let mut cells = Cells::default();
            for count in [1u64, 2, 1000, 5000, 3] {
                cells.clear(count as usize).unwrap();
                let top = |key: u64| if skip < 64 { key >> skip } else { key };
                let keys: Vec<u64> = (0..count).map(|key| top(seed.mix(key))).collect();
                let again: Vec<u64> = keys.iter().copied().step_by(100).collect();
                cells.put(&seed, &keys, skip);
                cells.put(&seed, &again, skip);
                assert!(cells.met() >= again.len() as u64);
                let mut picked = Vec::new();
                cells.pick(&seed, &keys, skip, &mut picked);
                assert!(again.iter().all(|key| picked.contains(key)));
                assert!(cells.met() < 2 * keys.len() as u64);
                if (address, skip) == (64, 0) {
                    assert!(picked.len() <= again.len() + keys.len() / 5, "{}", picked.len());
                }
            }
        }
    }
}
