//! Keys that repeat, and their rows: what one thread finds.

use std::sync::Mutex;

use super::budget::full;
use super::key::Key;
use super::outcome::Tally;
use super::rowset::{Marks, RowSet};
use super::search::{place, Source};
use super::seed::Seed;
use crate::error::Result;
use crate::kernels::slab::Slab;

/// What one thread finds: counts, and which rows.
#[derive(Debug)]
pub(crate) struct Found<'a> {
    pub(crate) tally: Tally,
    surplus: Marks<'a>,
    members: Marks<'a>,
}

impl<'a> Found<'a> {
    /// The sets take the rows beyond the first of their key, and all rows of keys that repeat.
    pub(crate) fn new(
        surplus: Option<&'a Mutex<RowSet>>,
        members: Option<&'a Mutex<RowSet>>,
    ) -> Self {
        let (surplus, members) = (Marks::new(surplus), Marks::new(members));
        Self { tally: Tally::default(), surplus, members }
    }

    /// A row of a key that repeats, as [`Tally::member`] takes it.
    #[inline]
    fn member(&mut self, row: u64, group: &mut (u64, u64)) -> Result<()> {
        self.members.push(row)?;
        match self.tally.member(row, group) {
            Some(later) => self.surplus.push(later),
            None => Ok(()),
        }
    }

    /// A row beyond the first of its key.
    pub(crate) fn surplus(&mut self, row: u64) -> Result<()> {
        self.tally.surplus += 1;
        self.tally.first_surplus.offer(row);
        self.surplus.push(row)
    }

    /// The counts; the rows are in their sets.
    ///
    /// # Errors
    /// As [`RowSet::extend`].
    pub(crate) fn finish(mut self) -> Result<Tally> {
        self.surplus.flush()?;
        self.members.flush()?;
        Ok(self.tally)
    }
}

/// Keys that are known to repeat, and their rows.
#[derive(Debug)]
pub(crate) struct Groups<'a, K> {
    seed: &'a Seed,
    skip: u32,
    keys: &'a [K],
    /// Position in `keys` plus one; 0 is empty.
    index: Slab<u32>,
    /// How often each key came, and its first row so far.
    seen: Vec<(u64, u64)>,
}

impl<'a, K: Key> Groups<'a, K> {
    /// Of keys that agree in the first `skip` bits of their address.
    ///
    /// # Errors
    /// [`crate::error::Code::Memory`] if the system has none left.
    pub(crate) fn new(seed: &'a Seed, skip: u32, keys: &'a [K]) -> Result<Self> {
        let mut index = Slab::zeroed((keys.len() * 2).max(16), 0u32).ok_or_else(full)?;
        let slots = &mut index[..];
        for (position, key) in keys.iter().enumerate() {
            let mut at = place(seed.address(key.hash()), skip, slots.len());
            while slots[at] != 0 {
                at = if at + 1 == slots.len() { 0 } else { at + 1 };
            }
            slots[at] = u32::try_from(position + 1).map_err(|_| full())?;
        }
        Ok(Self { seed, skip, keys, index, seen: vec![(0, 0); keys.len()] })
    }

    /// Finds their rows in the source, which may show other keys too.
    ///
    /// # Errors
    /// Those of the source, and of the sets of rows.
    pub(crate) fn count(mut self, source: Source<'_, K>, found: &mut Found<'_>) -> Result<()> {
        let Self { seed, skip, keys, ref index, ref mut seen } = self;
        let slots = &index[..];
        source(&mut |share| {
            for (at_key, entry) in share.keys.iter().enumerate() {
                let mut at = place(seed.address(entry.hash()), skip, slots.len());
                while let Some(position) = slots[at].checked_sub(1) {
                    if keys[position as usize] == *entry {
                        let group = &mut seen[position as usize];
                        let row = share.base + u64::from(share.rows.get(at_key));
                        found.member(row, group)?;
                        break;
                    }
                    at = if at + 1 == slots.len() { 0 } else { at + 1 };
                }
            }
            Ok(())
        })?;
        found.tally.groups += keys.len() as u64;
        Ok(())
    }
}
