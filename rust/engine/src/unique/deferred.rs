//! Uniqueness judged at the end: for runs that only check, so that no row waits for a verdict.
//! Takes less memory and time than [`super::Resident`], and can go on where memory ends.

use std::sync::{Mutex, PoisonError};

use super::block::KeyBlock;
use super::budget::full;
use super::judge::Means;
use super::outcome::{NullGroup, Outcome, Tally};
use super::rowset::RowSet;
use super::seed::Seed;
use super::spare;
use super::spill::{Disk, SpillFile};
use super::store::Store;
use super::suspects::{Suspects, TextLog};
use crate::error::{Code, Error, Result};

/// What a deferred check may use, and what it shall find.
#[derive(Debug, Clone, Default)]
pub struct Terms {
    /// Most bytes of memory; no limit if there is none.
    pub memory_bytes: Option<usize>,
    /// Where keys go above that; without it, the check ends with an error there.
    pub disk: Option<Disk>,
    /// Also say which rows are beyond the first of their key.
    pub rows: bool,
    /// The source can be read again: wide keys need not be kept in full for the case that some
    /// seem to repeat.
    pub replay: bool,
}

/// What was found.
#[derive(Debug)]
pub struct Finding {
    /// Counts and examples.
    pub outcome: Outcome,
    /// The rows beyond the first of their key, if they were asked for.
    pub surplus: Option<RowSet>,
}

/// The keys of a run until its end.
#[derive(Debug)]
pub struct Deferred {
    seed: Seed,
    terms: Terms,
    file: Option<SpillFile>,
    one: Store<u64>,
    two: Store<[u64; 2]>,
    uuid: Store<[u64; 2]>,
    /// Wide keys, by their fingerprints.
    wide: Store<[u64; 2]>,
    /// Their bytes, unless the source can be read again.
    texts: Option<TextLog>,
    checksum: u64,
    rows: u64,
    exempt: u64,
    nulls: NullGroup,
    tally: Tally,
    surplus: Option<Mutex<RowSet>>,
    next_row: u64,
    state: State,
}

/// How far a check has come.
#[derive(Debug)]
enum State {
    Open,
    Failed,
    /// With the wide keys that seem to repeat; they are yet to be compared, or have been.
    Judged(Option<Box<Suspects>>),
}

impl Deferred {
    /// Nothing seen yet.
    pub fn new(seed: &Seed, terms: Terms) -> Self {
        let (bytes, disk) = (terms.memory_bytes, terms.disk.as_ref());
        let rows = || RowSet::new(bytes.map(|bytes| bytes / 8), disk);
        Self {
            seed: seed.clone(),
            file: disk.map(SpillFile::new),
            one: Store::new(bytes),
            two: Store::new(bytes),
            uuid: Store::new(bytes),
            wide: Store::new(bytes),
            texts: (!terms.replay).then(|| TextLog::new(seed, disk)),
            checksum: 0,
            rows: 0,
            exempt: 0,
            nulls: NullGroup::default(),
            tally: Tally::default(),
            surplus: terms.rows.then(|| Mutex::new(rows())),
            next_row: 0,
            state: State::Open,
            terms,
        }
    }

    /// Takes up blocks in row order.
    ///
    /// # Errors
    /// [`Code::Memory`] if the keys outgrow the budget and there is no spill folder,
    /// [`Code::Spill`] if the spill folder fails: the check cannot go on then. [`Code::Internal`]
    /// for blocks out of order.
    pub fn append(&mut self, blocks: Vec<KeyBlock>, threads: usize) -> Result<()> {
        if !matches!(self.state, State::Open) {
            return Err(over());
        }
        let appended = blocks.into_iter().try_for_each(|block| self.take(block));
        let appended = appended.and_then(|()| self.settle(threads));
        if appended.is_err() {
            self.state = State::Failed;
        }
        appended
    }

    fn take(&mut self, block: KeyBlock) -> Result<()> {
        let base = block.base_row;
        if base < self.next_row {
            return Err(Error::internal("blocks of keys came out of row order"));
        }
        self.next_row = base + block.rows as u64;
        self.rows += block.rows as u64;
        self.exempt += block.exempt;
        if let Some(nulls) = &block.nulls {
            let mut repeats = Vec::new();
            let repeat = |row: usize| repeats.push(base + row as u64);
            self.nulls.absorb(nulls, base, &mut self.tally, repeat);
            if let Some(rows) = &mut self.surplus {
                rows.get_mut().unwrap_or_else(PoisonError::into_inner).extend(&mut repeats)?;
            }
        }
        self.checksum = self.checksum.wrapping_add(block.wide_checksum(&self.seed));
        if let Some(texts) = &mut self.texts {
            texts.push(base, &block.wide);
        }
        match block.span {
            Some(span) => self.one.push_span(base, span, block.one.rows),
            None => self.one.push(base, block.one.keys, block.one.rows),
        }
        self.two.push(base, block.two.keys, block.two.rows);
        self.uuid.push(base, block.uuid.keys, block.uuid.rows);
        self.wide.push(base, block.wide.prints.keys, block.wide.prints.rows);
        Ok(())
    }

    /// Sorts what is worth it, and makes room where it is short.
    fn settle(&mut self, threads: usize) -> Result<()> {
        let Self { seed, file, one, two, uuid, wide, .. } = self;
        let granted = self.terms.memory_bytes;
        let file = file.as_ref();
        let means = Means { seed, granted, file, threads, surplus: None, members: None };
        one.settle(&means)?;
        two.settle(&means)?;
        uuid.settle(&means)?;
        wide.settle(&means)?;
        let Some(granted) = granted else { return Ok(()) };
        let texts = self.texts.as_ref().map_or(0, TextLog::bytes);
        let taken = one.bytes() + two.bytes() + uuid.bytes() + wide.bytes() + texts;
        if file.is_some() && taken > granted / 2 {
            let due = granted / 8;
            if let Some(texts) = self.texts.as_mut().filter(|texts| texts.bytes() > due) {
                texts.spill()?;
            }
            if one.bytes() > due {
                one.relieve(&means)?;
            }
            for store in [two, uuid, wide].into_iter().filter(|store| store.bytes() > due) {
                store.relieve(&means)?;
            }
        }
        if self.memory_bytes() > granted {
            Err(full())
        } else {
            Ok(())
        }
    }

    /// Ends the taking up and judges. Says whether the source should be read again, for
    /// [`Self::replay`]; what wide keys repeat is not verified otherwise.
    ///
    /// # Errors
    /// [`Code::Memory`] or [`Code::Spill`] if there is no room for judging,
    /// [`Code::RunFinished`] if an error came before.
    pub fn judge(&mut self, threads: usize) -> Result<bool> {
        match &self.state {
            State::Judged(_) => return Ok(false),
            State::Failed => return Err(over()),
            State::Open => {}
        }
        self.state = State::Failed;
        let suspects = self.search(threads)?.map(Box::new);
        spare::release();
        let again = suspects.is_some() && self.terms.replay;
        self.state = State::Judged(suspects);
        Ok(again)
    }

    fn search(&mut self, threads: usize) -> Result<Option<Suspects>> {
        let granted = self.terms.memory_bytes;
        let set = || RowSet::new(granted.map(|bytes| bytes / 8), self.terms.disk.as_ref());
        let taken = |store: &mut Store<[u64; 2]>| std::mem::replace(store, Store::new(granted));
        let one = std::mem::replace(&mut self.one, Store::new(granted));
        let (two, uuid, wide) =
            (taken(&mut self.two), taken(&mut self.uuid), taken(&mut self.wide));
        let file = self.file.as_ref();
        let surplus = self.surplus.as_ref();
        let mut means = Means { seed: &self.seed, granted, file, threads, surplus, members: None };
        self.tally.merge(&one.finish(&means)?);
        self.tally.merge(&two.finish(&means)?);
        self.tally.merge(&uuid.finish(&means)?);
        let (members, supposed) = (Mutex::new(set()), Mutex::new(set()));
        (means.surplus, means.members) = (surplus.map(|_| &supposed), Some(&members));
        let tally = wide.finish(&means)?;
        if tally.surplus == 0 {
            self.texts = None;
            return Ok(None);
        }
        let unlocked = |set: Mutex<_>| set.into_inner().unwrap_or_else(PoisonError::into_inner);
        let supposed = (tally, unlocked(supposed));
        let half = granted.map(|bytes| bytes / 2);
        let (members, sum) = (unlocked(members), self.checksum);
        let mut suspects = Suspects::new(&self.seed, members, supposed, set(), half, sum);
        if let Some(texts) = &self.texts {
            suspects.look_up(texts)?;
        }
        Ok(Some(suspects))
    }

    /// Whether some keys only seem to repeat as yet.
    pub(crate) fn suspects(&self) -> bool {
        matches!(self.state, State::Judged(Some(_)))
    }

    /// Takes up the same blocks once more, in row order, after [`Self::judge`] has asked for it.
    ///
    /// # Errors
    /// [`Code::Spill`] if the spill folder fails.
    pub fn replay(&mut self, blocks: &[KeyBlock]) -> Result<()> {
        let State::Judged(Some(suspects)) = &mut self.state else { return Ok(()) };
        blocks.iter().try_for_each(|block| suspects.compare(block))
    }

    /// What was found.
    ///
    /// # Errors
    /// Those of [`Self::judge`], and [`Code::SourceChanged`] if a replay did not show the keys in
    /// question.
    pub fn finish(mut self, threads: usize) -> Result<Finding> {
        self.judge(threads)?;
        let State::Judged(suspects) = self.state else { return Err(over()) };
        let mut surplus =
            self.surplus.map(|set| set.into_inner().unwrap_or_else(PoisonError::into_inner));
        let mut verified = true;
        let mut spilled_bytes = self.file.as_ref().map_or(0, SpillFile::written)
            + self.texts.as_ref().map_or(0, TextLog::spilled_bytes);
        if let Some(suspects) = suspects {
            let (tally, rows, sure) = suspects.finish()?;
            self.tally.merge(&tally);
            if let Some(surplus) = &mut surplus {
                surplus.merge(rows)?;
            }
            verified = sure;
        }
        spilled_bytes += surplus.as_ref().map_or(0, RowSet::spilled_bytes);
        let mut outcome = self.tally.outcome(self.rows, self.exempt);
        outcome.verified = verified;
        outcome.spilled_bytes = spilled_bytes;
        Ok(Finding { outcome, surplus })
    }

    /// Bytes the keys take in memory.
    pub fn memory_bytes(&self) -> usize {
        let texts = self.texts.as_ref().map_or(0, TextLog::bytes);
        self.one.bytes() + self.two.bytes() + self.uuid.bytes() + self.wide.bytes() + texts
    }
}

fn over() -> Error {
    Error::new(Code::RunFinished, "the uniqueness check failed or ended before")
}
