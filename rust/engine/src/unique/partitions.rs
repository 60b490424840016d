//! All keys of a store that were sorted by partition: in memory, and on disk above the budget. Both
//! are searched by the same code; they differ only in where shares come from.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::batch::{Job, Share, Sheet, BATCH, BITS, PARTITIONS};
use super::disk_run::{partitions, DiskRun};
use super::judge::{each, Means};
use super::key::Key;
use super::outcome::Tally;
use super::piece::Piece;
use super::rows::RowList;
use super::search::{Finder, See, Unit, LARGEST};
use crate::error::{Error, Result};
use crate::kernels::prefetch::prefetch;

/// Smaller pieces are gathered until they are worth sorting.
const GATHERED: usize = if cfg!(test) { 1 << 9 } else { 1 << 14 };
/// Keys taken up between two looks at the budget.
const STEP: usize = 8 * BATCH;
/// Bytes of a group of partitions on disk, about.
const GROUP: usize = 1 << 12;

/// Keys sorted by partition.
#[derive(Debug)]
pub(crate) struct Partitions<K: Key> {
    sheets: Vec<Sheet<K>>,
    runs: Vec<DiskRun>,
    /// Groups on disk are 2^`disk_bits`.
    disk_bits: u32,
    bytes: usize,
    counts: Vec<u64>,
    /// The least and the greatest key before they were mixed.
    range: Option<(K, K)>,
    base: u64,
    keys: Vec<K>,
    rows: Vec<u32>,
}

impl<K: Key> Partitions<K> {
    pub(crate) fn new(granted: Option<usize>) -> Self {
        let groups = granted.map_or(PARTITIONS, |bytes| bytes / 2 / GROUP);
        Self {
            sheets: Vec::new(),
            runs: Vec::new(),
            disk_bits: groups.clamp(4, PARTITIONS).ilog2(),
            bytes: 0,
            counts: Vec::new(),
            range: None,
            base: 0,
            keys: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// Whether there is no key.
    pub(crate) fn is_empty(&self) -> bool {
        self.range.is_none()
    }

    /// The least and the greatest key.
    pub(crate) fn range(&self) -> Option<(K, K)> {
        self.range
    }

    /// Bytes in memory.
    pub(crate) fn bytes(&self) -> usize {
        let gathered = self.keys.capacity() * size_of::<K>() + self.rows.capacity() * 4;
        self.bytes + gathered + self.counts.len() * 8
    }

    /// Takes up pieces; if `limit` bytes are not enough, the rest goes to disk.
    ///
    /// # Errors
    /// [`crate::error::Code::Memory`] or [`crate::error::Code::Spill`] if there is no room.
    pub(crate) fn add(
        &mut self,
        means: &Means<'_>,
        pieces: Vec<Piece<K>>,
        limit: Option<usize>,
    ) -> Result<()> {
        let mut pieces = pieces.into_iter().peekable();
        while pieces.peek().is_some() {
            let mut count = 0;
            let mut some = Vec::new();
            while let Some(piece) =
                pieces.next_if(|piece| count == 0 || count + piece.len() <= STEP)
            {
                count += piece.len();
                some.push(piece);
            }
            self.take_up(means, &some)?;
            some.into_iter().for_each(Piece::end);
            if limit.is_some_and(|bytes| self.bytes() > bytes) {
                self.spill(means)?;
            }
        }
        Ok(())
    }

    fn take_up(&mut self, means: &Means<'_>, pieces: &[Piece<K>]) -> Result<()> {
        let mut read = Vec::with_capacity(pieces.len());
        for piece in pieces {
            let (least, greatest) = self.range.unwrap_or((piece.least, piece.greatest));
            self.range = Some((least.min(piece.least), greatest.max(piece.greatest)));
            let keys = piece.keys(means.file)?;
            if keys.len() < GATHERED {
                self.gather(means, piece, &keys)?;
            } else {
                read.push((piece, keys));
            }
        }
        let mut jobs = Vec::new();
        for (piece, keys) in &read {
            Job::cut(piece.base_row, keys, &piece.map, &mut jobs);
        }
        self.sort(means, jobs)
    }

    fn sort(&mut self, means: &Means<'_>, jobs: Vec<Job<'_, K>>) -> Result<()> {
        if jobs.is_empty() {
            return Ok(());
        }
        let sheet = Sheet::sorted(means.seed, means.threads, jobs)?;
        self.counts.resize(PARTITIONS, 0);
        sheet.count(&mut self.counts);
        self.bytes += sheet.bytes();
        self.sheets.push(sheet);
        Ok(())
    }

    /// Adds a small piece to what waits until it is worth sorting.
    fn gather(&mut self, means: &Means<'_>, piece: &Piece<K>, keys: &[K]) -> Result<()> {
        let list = piece.map.list();
        let row = |at: usize| list.as_ref().map_or(at as u32, |rows| rows[at]);
        let last = keys.len().checked_sub(1).map_or(0, row);
        let end = piece.base_row.checked_sub(self.base).map(|gap| gap + u64::from(last));
        let full = self.keys.len() + keys.len() > BATCH;
        if full || end.is_none_or(|end| end > u64::from(u32::MAX)) {
            self.seal(means)?;
        }
        if self.keys.is_empty() {
            self.base = piece.base_row;
        }
        let gap = (piece.base_row - self.base) as u32;
        self.keys.extend_from_slice(keys);
        self.rows.extend((0..keys.len()).map(|at| row(at) + gap));
        Ok(())
    }

    /// Sorts what waits.
    fn seal(&mut self, means: &Means<'_>) -> Result<()> {
        if self.keys.is_empty() {
            return Ok(());
        }
        let (keys, rows) = (std::mem::take(&mut self.keys), std::mem::take(&mut self.rows));
        self.sort(means, vec![Job::gathered(self.base, keys, rows)])
    }

    /// Moves all keys to disk.
    ///
    /// # Errors
    /// [`crate::error::Code::Spill`] if they cannot be written.
    pub(crate) fn spill(&mut self, means: &Means<'_>) -> Result<()> {
        let file = means.file.ok_or_else(super::budget::full)?;
        self.seal(means)?;
        if !self.sheets.is_empty() {
            self.runs.push(DiskRun::write(file, &self.sheets, self.disk_bits)?);
            self.sheets.clear();
            self.bytes = self.runs.iter().map(DiskRun::bytes).sum();
        }
        Ok(())
    }

    /// What repeats.
    ///
    /// # Errors
    /// [`crate::error::Code::Memory`] or [`crate::error::Code::Spill`] if there is no room.
    pub(crate) fn search(mut self, means: &Means<'_>) -> Result<Tally> {
        if self.sheets.is_empty() && self.runs.is_empty() {
            return self.search_few(means);
        }
        self.seal(means)?;
        let total: u64 = self.counts.iter().sum();
        let wanted = (total as usize / LARGEST * 2).next_power_of_two().ilog2();
        let most = if self.runs.is_empty() { BITS } else { self.disk_bits };
        let bits = wanted.min(most);
        let units = 1usize << bits;
        let next = AtomicUsize::new(0);
        let room = means.granted.map(|bytes| bytes / 4 / means.threads.max(1));
        let work = |()| {
            let mut found = means.found();
            let mut finder = Finder::new(means.seed, room);
            loop {
                let unit = next.fetch_add(1, Ordering::Relaxed);
                if unit >= units {
                    return found.finish();
                }
                let here = partitions(unit..unit + 1, bits);
                let count: u64 = self.counts.get(here).unwrap_or_default().iter().sum();
                let unit_of = Unit { count, mean: total / units as u64, skip: bits };
                let mut source = |see: &mut See<'_, K>| self.visit(means, unit, bits, see);
                finder.search(unit_of, &mut source, &mut found)?;
            }
        };
        each(vec![(); means.threads.clamp(1, units)], work)
    }

    /// The same where all keys wait: too few to be worth sorting.
    fn search_few(mut self, means: &Means<'_>) -> Result<Tally> {
        self.keys.iter_mut().for_each(|key| *key = key.mix(means.seed));
        let (keys, rows) = (&self.keys[..], RowList::Long(&self.rows));
        let share = Share { keys, rows, base: self.base };
        let count = keys.len() as u64;
        let mut found = means.found();
        let unit = Unit { count, mean: count, skip: 0 };
        Finder::new(means.seed, None).search(unit, &mut |see| see(share), &mut found)?;
        found.finish()
    }

    /// Shows every share of one unit, of which there are 2^`bits`.
    fn visit(&self, means: &Means<'_>, unit: usize, bits: u32, see: &mut See<'_, K>) -> Result<()> {
        let finer = self.disk_bits.saturating_sub(bits);
        for run in &self.runs {
            let file = means.file.ok_or_else(|| Error::internal("spilled keys have no file"))?;
            run.visit(file, unit << finer..(unit + 1) << finer, see)?;
        }
        let here = partitions(unit..unit + 1, bits);
        let mut shares = self.sheets.iter().flat_map(|sheet| sheet.shares(here.clone()));
        // Each share begins at another place: what comes is fetched while what is there is seen.
        let (mut one, mut two) = (shares.next(), shares.next());
        while let Some(share) = one {
            let three = shares.next();
            if let Some(share) = &three {
                prefetch(share.keys);
            }
            see(share)?;
            (one, two) = (two, three);
        }
        Ok(())
    }
}
