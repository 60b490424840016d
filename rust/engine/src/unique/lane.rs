//! A share of all keys, chosen by the first bits of their hash. Lanes never meet, so threads take
//! one each.

use std::sync::atomic::{AtomicU64, Ordering};

use super::arena::Arena;
use super::block::Texts;
use super::budget::Budget;
use super::outcome::Tally;
use super::seed::Seed;
use super::table::{Found, Table, AGAIN};
use crate::error::Result;

/// Bits of a hash that choose the lane.
pub(crate) const LANE_BITS: u32 = 6;
/// Number of lanes.
pub(crate) const LANES: usize = 1 << LANE_BITS;
/// Keys whose slots are fetched together.
const GROUP: usize = 32;

/// The lane of an address.
#[inline]
pub(crate) fn lane_of(address: u64) -> usize {
    (address >> (64 - LANE_BITS)) as usize
}

/// The keys of one lane, and what was found among them.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    one: Table<2>,
    two: Table<3>,
    uuid: Table<3>,
    wide: Table<2>,
    arena: Arena,
    pub(crate) tally: Tally,
}

/// Keys of one part of a block, mixed; perhaps only those of one lane.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Share<'a, K> {
    /// Mixed keys.
    pub(crate) keys: &'a [K],
    /// The position of each in its part; the same as here if there is none.
    pub(crate) order: Option<&'a [u32]>,
    /// The rows of the part by position.
    pub(crate) rows: Option<&'a [u32]>,
}

impl<K> Share<'_, K> {
    #[inline]
    fn position(&self, at: usize) -> usize {
        self.order.map_or(at, |order| order[at] as usize)
    }

    #[inline]
    fn row(&self, at: usize) -> u32 {
        let position = self.position(at);
        self.rows.map_or(position as u32, |rows| rows[position])
    }
}

/// Bits of rows that repeat a key, set by several threads.
pub(crate) type Marks = [AtomicU64];

#[inline]
fn mark(marks: &Marks, row: u32) {
    marks[row as usize / 64].fetch_or(1 << (row % 64), Ordering::Relaxed);
}

/// Neighbouring lanes that take up keys, and what they need for it.
#[derive(Debug)]
pub(crate) struct Lanes<'a> {
    pub(crate) these: &'a mut [Lane],
    /// Ordinal of the first of them.
    pub(crate) first: usize,
    pub(crate) seed: &'a Seed,
    pub(crate) budget: &'a Budget,
}

impl Lanes<'_> {
    #[inline]
    fn of(&mut self, address: u64) -> &mut Lane {
        &mut self.these[lane_of(address) - self.first]
    }

    /// Takes up keys of one word, in row order.
    pub(crate) fn one(&mut self, share: Share<'_, u64>, base: u64, marks: &Marks) -> Result<()> {
        self.packed(
            share,
            base,
            marks,
            |lane| (&mut lane.one, &mut lane.tally),
            |key| key,
            |key, last| [key, last],
        )
    }

    /// Takes up keys of two words, in row order.
    pub(crate) fn two(
        &mut self,
        share: Share<'_, [u64; 2]>,
        base: u64,
        marks: &Marks,
    ) -> Result<()> {
        self.packed(
            share,
            base,
            marks,
            |lane| (&mut lane.two, &mut lane.tally),
            |key| key[0],
            |[a, b], last| [a, b, last],
        )
    }

    /// Takes up UUIDs, in row order.
    pub(crate) fn uuid(
        &mut self,
        share: Share<'_, [u64; 2]>,
        base: u64,
        marks: &Marks,
    ) -> Result<()> {
        self.packed(
            share,
            base,
            marks,
            |lane| (&mut lane.uuid, &mut lane.tally),
            |key| key[0],
            |[a, b], last| [a, b, last],
        )
    }

    #[inline]
    fn packed<K: Copy, const W: usize>(
        &mut self,
        share: Share<'_, K>,
        base: u64,
        marks: &Marks,
        parts: impl for<'l> Fn(&'l mut Lane) -> (&'l mut Table<W>, &'l mut Tally),
        word: impl Fn(K) -> u64,
        entry: impl Fn(K, u64) -> [u64; W],
    ) -> Result<()> {
        let (seed, budget) = (self.seed, self.budget);
        for (group, keys) in share.keys.chunks(GROUP).enumerate() {
            for key in keys {
                let address = seed.address(word(*key));
                parts(self.of(address)).0.ask(address << LANE_BITS);
            }
            for (at, key) in keys.iter().enumerate() {
                let row = share.row(group * GROUP + at);
                let ordinal = base + u64::from(row);
                let address = seed.address(word(*key));
                let (table, tally) = parts(self.of(address));
                let entry = entry(*key, ordinal + 1);
                let same = |slot: &[u64; W]| slot[..W - 1] == entry[..W - 1];
                let rehash = |slot: &[u64; W]| seed.address(slot[0]) << LANE_BITS;
                let found =
                    table.find_or_insert(address << LANE_BITS, entry, budget, same, rehash)?;
                if let Found::Old(slot) = found {
                    let last = &mut slot[W - 1];
                    let first = (*last & AGAIN == 0).then_some(*last - 1);
                    *last |= AGAIN;
                    tally.repeat(ordinal, first);
                    mark(marks, row);
                }
            }
        }
        Ok(())
    }

    /// Takes up wide keys, in row order. The same hash is not yet the same key.
    pub(crate) fn wide(
        &mut self,
        share: Share<'_, [u64; 2]>,
        texts: &Texts,
        base: u64,
        marks: &Marks,
    ) -> Result<()> {
        let (seed, budget) = (self.seed, self.budget);
        for (group, keys) in share.keys.chunks(GROUP).enumerate() {
            for [hash, _] in keys {
                let address = seed.address(*hash);
                self.of(address).wide.ask(address << LANE_BITS);
            }
            for (at, [hash, _]) in keys.iter().enumerate() {
                let at = group * GROUP + at;
                let (row, bytes) = (share.row(at), texts.key(share.position(at)));
                let ordinal = base + u64::from(row);
                let address = seed.address(*hash);
                let Lane { wide, arena, tally, .. } = self.of(address);
                let entry = [*hash, !AGAIN];
                let same =
                    |[other, at]: &[u64; 2]| other == hash && arena.get(*at & !AGAIN).1 == bytes;
                let rehash = |slot: &[u64; 2]| seed.address(slot[0]) << LANE_BITS;
                match wide.find_or_insert(address << LANE_BITS, entry, budget, same, rehash)? {
                    Found::New(slot) => slot[1] = arena.push(ordinal, bytes, budget)?,
                    Found::Old([_, at]) => {
                        let first = (*at & AGAIN == 0).then(|| arena.get(*at).0);
                        *at |= AGAIN;
                        tally.repeat(ordinal, first);
                        mark(marks, row);
                    }
                }
            }
        }
        Ok(())
    }
}

/// The mixed keys of a part, as they come or grouped by lane.
#[derive(Debug)]
pub(crate) struct Mixed<K> {
    keys: Vec<K>,
    /// If grouped: positions, in row order within a lane, and where each lane ends.
    groups: Option<(Vec<u32>, [u32; LANES])>,
}

impl<K: Copy + Default> Mixed<K> {
    /// Mixed keys, in row order.
    pub(crate) fn new(keys: Vec<K>) -> Self {
        Self { keys, groups: None }
    }

    /// Mixes every key.
    pub(crate) fn mix(&mut self, mix: impl Fn(&mut K)) {
        self.keys.iter_mut().for_each(mix);
    }

    /// Groups the keys by the lane of their first word.
    pub(crate) fn group(&mut self, seed: &Seed, word: impl Fn(K) -> u64) {
        let lane = |key: &K| lane_of(seed.address(word(*key)));
        let mut next = [0u32; LANES];
        self.keys.iter().for_each(|key| next[lane(key)] += 1);
        let mut start = 0;
        for next in &mut next {
            start += std::mem::replace(next, start);
        }
        let mut keys = vec![K::default(); self.keys.len()];
        let mut order = vec![0; self.keys.len()];
        for (position, key) in self.keys.iter().enumerate() {
            let next = &mut next[lane(key)];
            keys[*next as usize] = *key;
            order[*next as usize] = position as u32;
            *next += 1;
        }
        *self = Self { keys, groups: Some((order, next)) };
    }

    /// All keys, or those of one lane if they are grouped.
    pub(crate) fn share<'a>(&'a self, lane: usize, rows: Option<&'a [u32]>) -> Share<'a, K> {
        let Some((order, ends)) = &self.groups else {
            return Share { keys: &self.keys, order: None, rows };
        };
        let start = lane.checked_sub(1).map_or(0, |before| ends[before] as usize);
        let end = ends[lane] as usize;
        Share { keys: &self.keys[start..end], order: Some(&order[start..end]), rows }
    }
}
