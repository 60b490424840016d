//! Uniqueness judged at the end: for runs that only check, so that no row waits for a verdict.
//! Takes less memory and time than [`super::Resident`], and can go on where memory ends.

use std::sync::{PoisonError, RwLock};

use super::block::KeyBlock;
use super::budget::full;
use super::judge::Means;
use super::key::Key;
use super::outcome::{NullGroup, Outcome, Tally};
use super::seed::Seed;
use super::spill::{Spill, SpillFile};
use super::store::Store;
use crate::error::{Code, Error, Result};

/// Makes room in a store that holds much that it could do without.
fn relieve<K: Key>(
    store: &mut Store<K>,
    means: &Means<'_>,
    due: usize,
    share: usize,
) -> Result<()> {
    if store.waiting_bytes() > due {
        store.relieve(means, share)
    } else {
        Ok(())
    }
}

/// The keys of a run until its end.
#[derive(Debug)]
pub struct Deferred {
    seed: Seed,
    granted: Option<usize>,
    file: Option<RwLock<SpillFile>>,
    one: Store<u64>,
    two: Store<[u64; 2]>,
    uuid: Store<[u64; 2]>,
    /// Wide keys, by their fingerprints.
    wide: Store<[u64; 2]>,
    rows: u64,
    exempt: u64,
    nulls: NullGroup,
    tally: Tally,
    next_row: u64,
    failed: bool,
}

impl Deferred {
    /// Nothing seen yet. Above `memory_bytes` keys go to the spill folder; without one the run ends
    /// with an error there. No limit of memory if there is none.
    pub fn new(seed: &Seed, memory_bytes: Option<usize>, spill: Option<&Spill>) -> Self {
        Self {
            seed: seed.clone(),
            granted: memory_bytes,
            file: spill.map(|spill| RwLock::new(SpillFile::new(&spill.folder, spill.quota_bytes))),
            one: Store::new(memory_bytes),
            two: Store::new(memory_bytes),
            uuid: Store::new(memory_bytes),
            wide: Store::new(memory_bytes),
            rows: 0,
            exempt: 0,
            nulls: NullGroup::default(),
            tally: Tally::default(),
            next_row: 0,
            failed: false,
        }
    }

    /// Takes up blocks in row order.
    ///
    /// # Errors
    /// [`Code::Memory`] if the keys outgrow the budget and there is no spill folder,
    /// [`Code::Spill`] if the spill folder fails: the run cannot go on then. [`Code::Internal`] for
    /// blocks out of order.
    pub fn append(&mut self, blocks: Vec<KeyBlock>, threads: usize) -> Result<()> {
        self.usable()?;
        let appended = blocks.into_iter().try_for_each(|block| self.append_one(block, threads));
        self.failed = appended.is_err();
        appended
    }

    fn usable(&self) -> Result<()> {
        if self.failed {
            return Err(Error::new(Code::RunFinished, "the uniqueness check failed before"));
        }
        Ok(())
    }

    fn append_one(&mut self, block: KeyBlock, threads: usize) -> Result<()> {
        let base = block.base_row;
        if base < self.next_row {
            return Err(Error::internal("blocks of keys came out of row order"));
        }
        self.next_row = base + block.rows as u64;
        self.rows += block.rows as u64;
        self.exempt += block.exempt;
        if let Some(nulls) = &block.nulls {
            self.nulls.absorb(nulls, base, &mut self.tally, |_| ());
        }
        match block.span {
            Some(span) => self.one.push_span(base, span, block.one.rows),
            None => self.one.push(base, &block.one.keys, block.one.rows)?,
        }
        self.two.push(base, &block.two.keys, block.two.rows)?;
        self.uuid.push(base, &block.uuid.keys, block.uuid.rows)?;
        self.wide.push(base, &block.wide.prints.keys, block.wide.prints.rows)?;
        let Some(granted) = self.granted else { return Ok(()) };
        if self.file.is_some() && self.memory_bytes() > granted / 2 {
            self.relieve(granted, threads)?;
        }
        if self.memory_bytes() > granted {
            Err(full())
        } else {
            Ok(())
        }
    }

    /// Makes room where the most keys are.
    fn relieve(&mut self, granted: usize, threads: usize) -> Result<()> {
        let Self { seed, file, one, two, uuid, wide, .. } = self;
        let means = Means { seed, granted: Some(granted), file: file.as_ref(), threads };
        let used = [!one.is_empty(), !two.is_empty(), !uuid.is_empty(), !wide.is_empty()];
        let share = granted / 2 / used.iter().filter(|used| **used).count().max(1);
        let due = granted / 8;
        relieve(one, &means, due, share)?;
        relieve(two, &means, due, share)?;
        relieve(uuid, &means, due, share)?;
        relieve(wide, &means, due, share)
    }

    /// What was found.
    ///
    /// # Errors
    /// [`Code::Memory`] or [`Code::Spill`] if there is no room for judging,
    /// [`Code::RunFinished`] if [`Self::append`] failed before.
    pub fn finish(self, threads: usize) -> Result<Outcome> {
        self.usable()?;
        let Self { seed, granted, file, mut tally, one, two, uuid, wide, .. } = self;
        let means = Means { seed: &seed, granted, file: file.as_ref(), threads };
        tally.merge(&one.finish(&means)?);
        tally.merge(&two.finish(&means)?);
        tally.merge(&uuid.finish(&means)?);
        let wide = wide.finish(&means)?;
        tally.merge(&wide);
        let written = |file: &RwLock<SpillFile>| {
            file.read().unwrap_or_else(PoisonError::into_inner).written()
        };
        let spilled_bytes = file.as_ref().map_or(0, written);
        let mut outcome = tally.outcome(self.rows, self.exempt);
        outcome.verified = wide.surplus == 0;
        outcome.spilled_bytes = spilled_bytes;
        Ok(outcome)
    }

    /// Bytes the keys take in memory.
    pub fn memory_bytes(&self) -> usize {
        self.one.bytes() + self.two.bytes() + self.uuid.bytes() + self.wide.bytes()
    }
}
