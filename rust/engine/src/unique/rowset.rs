//! A set of row ordinals that may outgrow memory: which rows of a stream fail.
//!
//! Rows come in any order and are asked for by ranges. A range of about a million rows shares a
//! bucket: a list while it is short, else a bitmap, so that the whole set takes a bit per row of
//! the stream at most. Above its limit, buckets go to disk, each chained to what went before.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use super::budget::full;
use super::spill::{Disk, SpillFile};
use crate::error::{Error, Result};

const BUCKET_BITS: u32 = 20;
const WORDS: usize = 1 << (BUCKET_BITS - 6);
/// A longer list takes more bytes than the bitmap.
const LONGEST: usize = WORDS * 2;

/// The rows of one bucket, relative to its first.
#[derive(Debug)]
enum Rows {
    Few(Vec<u32>),
    Many(Box<[u64]>),
}

impl Rows {
    fn bytes(&self) -> usize {
        match self {
            Self::Few(rows) => rows.capacity() * size_of::<u32>(),
            Self::Many(words) => size_of_val(&**words),
        }
    }

    fn add(&mut self, row: u32) {
        match self {
            Self::Few(rows) if rows.len() < LONGEST => rows.push(row),
            Self::Few(_) => {
                let mut words = vec![0; WORDS].into_boxed_slice();
                self.mark(&mut words);
                *self = Self::Many(words);
                self.add(row);
            }
            Self::Many(words) => words[row as usize / 64] |= 1 << (row % 64),
        }
    }

    fn mark(&self, bits: &mut [u64]) {
        match self {
            Self::Few(rows) => {
                for row in rows {
                    bits[*row as usize / 64] |= 1 << (row % 64);
                }
            }
            Self::Many(words) => bits.iter_mut().zip(words).for_each(|(bit, word)| *bit |= word),
        }
    }
}

#[derive(Debug)]
struct Bucket {
    rows: Rows,
    /// Offset of the newest part on disk, plus one; 0 is none.
    spilled: u64,
}

impl Default for Bucket {
    fn default() -> Self {
        Self { rows: Rows::Few(Vec::new()), spilled: 0 }
    }
}

/// Row ordinals, each once.
#[derive(Debug)]
pub struct RowSet {
    limit: usize,
    file: Option<SpillFile>,
    buckets: BTreeMap<u64, Bucket>,
    bytes: usize,
    /// The bucket asked for last, as bits.
    open: Option<(u64, Vec<u64>)>,
}

impl RowSet {
    /// An empty set that keeps about `limit` bytes in memory, no less than one bucket takes.
    pub(crate) fn new(limit: Option<usize>, disk: Option<&Disk>) -> Self {
        let limit = limit.map_or(usize::MAX, |bytes| bytes.max(WORDS * 8));
        let file = disk.map(SpillFile::new);
        Self { limit, file, buckets: BTreeMap::new(), bytes: 0, open: None }
    }

    /// Whether no row was added.
    pub(crate) fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }

    /// Bytes on disk.
    pub(crate) fn spilled_bytes(&self) -> u64 {
        self.file.as_ref().map_or(0, SpillFile::written)
    }

    /// Adds rows, and sorts them on the way.
    ///
    /// # Errors
    /// [`crate::error::Code::Memory`] if there are too many and no spill folder,
    /// [`crate::error::Code::Spill`] if that fails.
    pub(crate) fn extend(&mut self, rows: &mut [u64]) -> Result<()> {
        rows.sort_unstable();
        self.open = None;
        for rows in rows.chunk_by(|a, b| a >> BUCKET_BITS == b >> BUCKET_BITS) {
            let Some(first) = rows.first() else { continue };
            let bucket = self.buckets.entry(first >> BUCKET_BITS).or_default();
            let before = bucket.rows.bytes();
            for row in rows {
                bucket.rows.add((row & ((1 << BUCKET_BITS) - 1)) as u32);
            }
            self.bytes = self.bytes + bucket.rows.bytes() - before;
            if self.bytes > self.limit {
                self.spill()?;
            }
        }
        Ok(())
    }

    fn spill(&mut self) -> Result<()> {
        let file = self.file.as_ref().ok_or_else(full)?;
        let mut bytes = Vec::new();
        for bucket in self.buckets.values_mut() {
            bytes.clear();
            bytes.extend_from_slice(&bucket.spilled.to_le_bytes());
            match std::mem::replace(&mut bucket.rows, Rows::Few(Vec::new())) {
                Rows::Few(rows) if rows.is_empty() => continue,
                Rows::Few(rows) => {
                    bytes.extend_from_slice(&(rows.len() as u64).to_le_bytes());
                    bytes.extend(rows.iter().flat_map(|row| row.to_le_bytes()));
                }
                Rows::Many(words) => {
                    bytes.extend_from_slice(&u64::MAX.to_le_bytes());
                    bytes.extend(words.iter().flat_map(|word| word.to_le_bytes()));
                }
            }
            bucket.spilled = file.write(&bytes)? + 1;
        }
        self.bytes = 0;
        Ok(())
    }

    /// The rows of one bucket as bits.
    fn bits(&self, bucket: &Bucket) -> Result<Vec<u64>> {
        let mut bits = vec![0; WORDS];
        bucket.rows.mark(&mut bits);
        let mut next = bucket.spilled;
        while let Some(offset) = next.checked_sub(1) {
            let file = self.file.as_ref().ok_or_else(|| Error::internal("rows have no file"))?;
            let head = file.read(offset, 16)?;
            let [before, count] = [0, 1].map(|at| head.as_chunks().0.get(at).copied());
            next = u64::from_le_bytes(before.unwrap_or_default());
            let count = u64::from_le_bytes(count.unwrap_or_default());
            let rows = if count == u64::MAX {
                let bytes = file.read(offset + 16, WORDS * 8)?;
                let words = bytes.as_chunks().0.iter().map(|word| u64::from_le_bytes(*word));
                Rows::Many(words.collect())
            } else {
                let bytes = file.read(offset + 16, count as usize * 4)?;
                Rows::Few(bytes.as_chunks().0.iter().map(|row| u32::from_le_bytes(*row)).collect())
            };
            rows.mark(&mut bits);
        }
        Ok(bits)
    }

    /// Calls `see` with every row of the set within the range, ascending and relative to its start.
    ///
    /// # Errors
    /// [`crate::error::Code::Spill`] if rows cannot be read back.
    pub(crate) fn within(&mut self, range: Range<u64>, mut see: impl FnMut(usize)) -> Result<()> {
        let numbers: Vec<u64> = self
            .buckets
            .range(range.start >> BUCKET_BITS..=range.end >> BUCKET_BITS)
            .map(|(number, _)| *number)
            .collect();
        for number in numbers {
            if self.open.as_ref().is_none_or(|(open, _)| *open != number) {
                let bits = self.buckets.get(&number).map(|bucket| self.bits(bucket)).transpose()?;
                self.open = Some((number, bits.unwrap_or_default()));
            }
            let Some((_, bits)) = &self.open else { continue };
            let start = number << BUCKET_BITS;
            let from = range.start.saturating_sub(start);
            let to = range.end.saturating_sub(start).min(1 << BUCKET_BITS);
            let mut at = from;
            while at < to {
                let word = bits[(at / 64) as usize] >> (at % 64);
                if word == 0 {
                    at = (at / 64 + 1) * 64;
                    continue;
                }
                at += u64::from(word.trailing_zeros());
                if at < to {
                    see((start + at - range.start) as usize);
                }
                at += 1;
            }
        }
        Ok(())
    }

    /// Adds all rows of another set.
    ///
    /// # Errors
    /// As [`Self::extend`], and [`crate::error::Code::Spill`] if rows cannot be read back.
    pub(crate) fn merge(&mut self, other: Self) -> Result<()> {
        if self.is_empty() {
            *self = other;
            return Ok(());
        }
        for (number, bucket) in &other.buckets {
            let bits = other.bits(bucket)?;
            let start = number << BUCKET_BITS;
            let mut rows = crate::kernels::bits::ones_of(&bits).map(|row| start + row as u64);
            loop {
                let mut some: Vec<u64> = rows.by_ref().take(GATHERED).collect();
                if some.is_empty() {
                    break;
                }
                self.extend(&mut some)?;
            }
        }
        Ok(())
    }

    /// How many rows are in at least one of the sets.
    ///
    /// # Errors
    /// [`crate::error::Code::Spill`] if rows cannot be read back.
    pub(crate) fn count_union(sets: &[&Self]) -> Result<u64> {
        let mut numbers: Vec<u64> =
            sets.iter().flat_map(|set| set.buckets.keys().copied()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let mut count = 0;
        for number in numbers {
            let mut union = vec![0; WORDS];
            for set in sets {
                if let Some(bucket) = set.buckets.get(&number) {
                    let bits = set.bits(bucket)?;
                    union.iter_mut().zip(bits).for_each(|(word, more)| *word |= more);
                }
            }
            count += union.iter().map(|word| u64::from(word.count_ones())).sum::<u64>();
        }
        Ok(count)
    }
}

/// Rows on their way into a set that threads share.
#[derive(Debug)]
pub(crate) struct Marks<'a> {
    set: Option<&'a Mutex<RowSet>>,
    rows: Vec<u64>,
}

/// Rows gathered before the set is locked.
const GATHERED: usize = 4096;

impl<'a> Marks<'a> {
    /// Rows are dropped if there is no set.
    pub(crate) fn new(set: Option<&'a Mutex<RowSet>>) -> Self {
        Self { set, rows: Vec::new() }
    }

    /// Adds a row.
    ///
    /// # Errors
    /// As [`RowSet::extend`].
    #[inline]
    pub(crate) fn push(&mut self, row: u64) -> Result<()> {
        if self.set.is_none() {
            return Ok(());
        }
        self.rows.push(row);
        if self.rows.len() < GATHERED {
            return Ok(());
        }
        self.flush()
    }

    /// Hands over what was gathered; the last thing to do.
    ///
    /// # Errors
    /// As [`RowSet::extend`].
    pub(crate) fn flush(&mut self) -> Result<()> {
        if let Some(set) = self.set {
            set.lock().unwrap_or_else(PoisonError::into_inner).extend(&mut self.rows)?;
        }
        self.rows.clear();
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // how tests fail
mod tests {
    use super::super::spill::Spill;
    use super::*;
    use std::collections::BTreeSet;

    fn disk() -> Disk {
        Disk::new(&Spill { folder: std::env::temp_dir(), quota_bytes: 1 << 30 })
    }

    fn rows(count: u64, spread: u64, salt: u64) -> Vec<u64> {
        (0..count).map(|n| (n ^ salt).wrapping_mul(0x9e37_79b9_7f4a_7c15) % spread).collect()
    }

    #[test]
    fn rows_are_found_again_in_memory_and_on_disk() {
        for (count, spread) in
            [(0, 10), (5, 10), (40_000, 1 << 19), (300_000, 5 << 20), (9, 1 << 50)]
        {
            for limit in [None, Some(0)] {
                let mut set = RowSet::new(limit, Some(&disk()));
                let mut expected = BTreeSet::new();
                for salt in 0..3 {
                    let mut more = rows(count, spread, salt);
                    expected.extend(more.iter().copied());
                    more.chunks_mut(1000).for_each(|rows| set.extend(rows).unwrap());
                }
                assert_eq!(set.is_empty(), expected.is_empty());
                assert!(limit.is_none() || count < 100_000 || set.spilled_bytes() > 0);
                assert_eq!(RowSet::count_union(&[&set]).unwrap(), expected.len() as u64);
                let cuts = [0, 1, 63, 64, 1000, 1 << 20, (1 << 20) + 7, 3 << 20, spread];
                for cut in cuts.windows(2).filter(|cut| cut[0] < cut[1]) {
                    let mut found = Vec::new();
                    set.within(cut[0]..cut[1], |row| found.push(cut[0] + row as u64)).unwrap();
                    let wanted: Vec<u64> = expected.range(cut[0]..cut[1]).copied().collect();
                    assert_eq!(found, wanted, "{count} in {spread}, {cut:?}");
                }
            }
        }
    }

    #[test]
    fn a_row_of_several_sets_counts_once() {
        let (mut a, mut b) = (RowSet::new(None, None), RowSet::new(Some(0), Some(&disk())));
        a.extend(&mut [5, 1 << 21, 5, 7]).unwrap();
        b.extend(&mut rows(100_000, 1 << 20, 0)).unwrap();
        b.extend(&mut [7, 1 << 22]).unwrap();
        let alone = RowSet::count_union(&[&b]).unwrap();
        let five = u64::from(!rows(100_000, 1 << 20, 0).contains(&5));
        assert_eq!(RowSet::count_union(&[&a, &b]).unwrap(), alone + 1 + five);
        assert_eq!(RowSet::count_union(&[]).unwrap(), 0);
        a.merge(b).unwrap();
        assert_eq!(RowSet::count_union(&[&a]).unwrap(), alone + 1 + five);
    }

    #[test]
    fn without_a_folder_the_limit_is_an_error() {
        let mut set = RowSet::new(Some(0), None);
        let error = set.extend(&mut rows(200_000, 1 << 22, 1)).unwrap_err();
        assert_eq!(error.code, crate::error::Code::Memory);
    }
}
