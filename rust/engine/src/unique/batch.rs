//! Keys sorted by partition, which the first bits of their hash choose, a batch at a time: small
//! enough to be sorted within the cache, and with rows of 16 bits.
//!
//! Neighbouring partitions are neighbours in every batch, so any power of two of them can be looked
//! at together without moving a key again.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::budget::full;
use super::key::Key;
use super::rows::{RowList, RowMap};
use super::seed::Seed;
use crate::error::{Error, Result};
use crate::kernels::slab::Slab;

/// Bits of a hash that choose the partition.
pub(crate) const BITS: u32 = 11;
/// Number of partitions.
pub(crate) const PARTITIONS: usize = 1 << BITS;
/// Most keys of a batch.
pub(crate) const BATCH: usize = if cfg!(test) { 1 << 12 } else { 1 << 16 };

#[inline]
fn partition(address: u64) -> usize {
    (address >> (64 - BITS)) as usize
}

/// Keys that become one batch, with rows relative to `base`.
#[derive(Debug)]
pub(crate) struct Job<'a, K: Key> {
    base: u64,
    keys: Vec<Cow<'a, [K]>>,
    /// Row `i` if there is none.
    rows: Option<Cow<'a, [u32]>>,
    /// What is to be taken from each of `rows`.
    less: u32,
}

impl<'a, K: Key> Job<'a, K> {
    /// Keys gathered from several pieces.
    pub(crate) fn gathered(base: u64, keys: Vec<K>, rows: Vec<u32>) -> Self {
        Self { base, keys: vec![keys.into()], rows: Some(rows.into()), less: 0 }
    }

    /// Cuts a piece into batches; its beginning joins the job before if that has room for it.
    pub(crate) fn cut(base: u64, keys: &'a [K], map: &'a RowMap, jobs: &mut Vec<Self>) {
        let Some(rows) = map.list() else {
            let follows =
                |job: &&mut Self| job.rows.is_none() && job.base + job.len() as u64 == base;
            if let Some(last) = jobs.last_mut().filter(follows) {
                if last.len() + keys.len() <= BATCH {
                    last.keys.push(keys.into());
                    return;
                }
            }
            let size = even(keys.len());
            let cuts = keys.chunks(size).zip((base..).step_by(size));
            let job = |(keys, base)| Self { base, keys: vec![keys], rows: None, less: 0 };
            jobs.extend(cuts.map(|(keys, base)| job((Cow::Borrowed(keys), base))));
            return;
        };
        let size = even(keys.len());
        for (at, keys) in keys.chunks(size).enumerate() {
            let here = at * size..at * size + keys.len();
            let rows = match &rows {
                Cow::Borrowed(rows) => Cow::Borrowed(&rows[here]),
                Cow::Owned(rows) => Cow::Owned(rows[here].to_vec()),
            };
            let less = rows.first().copied().unwrap_or(0);
            let base = base + u64::from(less);
            jobs.push(Self { base, keys: vec![keys.into()], rows: Some(rows), less });
        }
    }

    fn len(&self) -> usize {
        self.keys.iter().map(|keys| keys.len()).sum()
    }

    /// Whether a row does not fit in 16 bits.
    fn long(&self) -> bool {
        let last = self.rows.as_ref().and_then(|rows| rows.last());
        last.is_some_and(|row| row - self.less > u32::from(u16::MAX))
    }
}

/// The size of batches that differ little, for so many keys.
fn even(keys: usize) -> usize {
    keys.div_ceil(keys.div_ceil(BATCH).max(1)).max(1)
}

/// Batches that were sorted together, in memory of their own.
#[derive(Debug)]
pub(crate) struct Sheet<K: Key> {
    keys: Slab<K>,
    rows: Rows,
    batches: Vec<Batch>,
}

#[derive(Debug)]
enum Rows {
    Short(Slab<u16>),
    Long(Slab<u32>),
}

/// Where a batch is in its sheet, and where each partition ends in it.
#[derive(Debug)]
struct Batch {
    base: u64,
    start: usize,
    ends: Vec<u32>,
}

/// The share of one batch in some neighbouring partitions: mixed keys and their rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Share<'a, K> {
    pub(crate) keys: &'a [K],
    pub(crate) rows: RowList<'a>,
    pub(crate) base: u64,
}

impl<K: Key> Sheet<K> {
    /// Mixes and sorts all jobs.
    ///
    /// # Errors
    /// [`crate::error::Code::Memory`] if the system has none left.
    pub(crate) fn sorted(seed: &Seed, threads: usize, jobs: Vec<Job<'_, K>>) -> Result<Self> {
        let total: usize = jobs.iter().map(Job::len).sum();
        let long = jobs.iter().any(Job::long);
        let mut keys = Slab::zeroed(total, K::default()).ok_or_else(full)?;
        let mut rows = if long {
            Rows::Long(Slab::zeroed(total, 0).ok_or_else(full)?)
        } else {
            Rows::Short(Slab::zeroed(total, 0).ok_or_else(full)?)
        };
        let batches = match &mut rows {
            Rows::Short(rows) => sort_all(seed, threads, jobs, &mut keys, rows, |row| row as u16),
            Rows::Long(rows) => sort_all(seed, threads, jobs, &mut keys, rows, |row| row),
        };
        Ok(Self { keys, rows, batches: batches? })
    }

    /// Bytes in memory.
    pub(crate) fn bytes(&self) -> usize {
        let rows = match &self.rows {
            Rows::Short(rows) => rows.len() * 2,
            Rows::Long(rows) => rows.len() * 4,
        };
        let ends = self.batches.len() * (size_of::<Batch>() + PARTITIONS * 4);
        self.keys.len() * size_of::<K>() + rows + ends
    }

    /// Adds the number of keys in each partition.
    pub(crate) fn count(&self, counts: &mut [u64]) {
        for batch in &self.batches {
            let mut start = 0;
            for (count, end) in counts.iter_mut().zip(&batch.ends) {
                *count += u64::from(end - start);
                start = *end;
            }
        }
    }

    /// The share of every batch in these partitions.
    pub(crate) fn shares(
        &self,
        partitions: std::ops::Range<usize>,
    ) -> impl Iterator<Item = Share<'_, K>> {
        self.batches.iter().map(move |batch| {
            let before = partitions.start.checked_sub(1);
            let from = batch.start + before.map_or(0, |at| batch.ends[at] as usize);
            let to = batch.start + batch.ends[partitions.end - 1] as usize;
            let rows = match &self.rows {
                Rows::Short(rows) => RowList::Short(&rows[from..to]),
                Rows::Long(rows) => RowList::Long(&rows[from..to]),
            };
            Share { keys: &self.keys[from..to], rows, base: batch.base }
        })
    }
}

fn sort_all<K: Key, R: Copy + Send>(
    seed: &Seed,
    threads: usize,
    jobs: Vec<Job<'_, K>>,
    mut keys: &mut [K],
    mut rows: &mut [R],
    narrow: impl Fn(u32) -> R + Sync,
) -> Result<Vec<Batch>> {
    let mut start = 0;
    let mut tasks = Vec::with_capacity(jobs.len());
    let mut batches = Vec::with_capacity(jobs.len());
    for job in &jobs {
        batches.push(Batch { base: job.base, start, ends: vec![0; PARTITIONS] });
        start += job.len();
    }
    for (job, batch) in jobs.iter().zip(&mut batches) {
        let (mine, rest) = std::mem::take(&mut keys).split_at_mut(job.len());
        let (my_rows, more) = std::mem::take(&mut rows).split_at_mut(job.len());
        (keys, rows) = (rest, more);
        tasks.push((job, mine, my_rows, &mut batch.ends));
    }
    let workers = threads.clamp(1, tasks.len().max(1));
    let tasks = Mutex::new(tasks.into_iter());
    let work = || {
        let mut mixed = Vec::new();
        loop {
            let task = tasks.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((job, keys, rows, ends)) = task else { return };
            match &job.rows {
                None => {
                    sort(seed, &job.keys, |at| narrow(at as u32), &mut mixed, (keys, rows, ends));
                }
                Some(list) => {
                    let row = |at: usize| narrow(list[at] - job.less);
                    sort(seed, &job.keys, row, &mut mixed, (keys, rows, ends));
                }
            }
        }
    };
    if workers == 1 {
        work();
        return Ok(batches);
    }
    let done = thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        workers.into_iter().all(|worker| worker.join().is_ok())
    });
    drop(tasks);
    if done {
        Ok(batches)
    } else {
        Err(Error::internal("a thread panicked"))
    }
}

/// Sorts mixed keys by partition, stably; afterwards `ends` says where each partition ends.
fn sort<K: Key, R: Copy>(
    seed: &Seed,
    keys: &[Cow<'_, [K]>],
    row: impl Fn(usize) -> R,
    mixed: &mut Vec<K>,
    (sorted, rows, ends): (&mut [K], &mut [R], &mut Vec<u32>),
) {
    mixed.clear();
    for keys in keys {
        mixed.extend(keys.iter().map(|key| {
            let key = key.mix(seed);
            ends[partition(seed.address(key.hash()))] += 1;
            key
        }));
    }
    let mut start = 0;
    for end in ends.iter_mut() {
        start += std::mem::replace(end, start);
    }
    for (at, key) in mixed.iter().enumerate() {
        let end = &mut ends[partition(seed.address(key.hash()))];
        let to = *end as usize;
        *end += 1;
        sorted[to] = *key;
        rows[to] = row(at);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // how tests fail
mod tests {
    use super::*;

    #[test]
    fn pieces_that_follow_each_other_share_a_batch() {
        let keys: Vec<u64> = (0..3000).collect();
        let mut jobs = Vec::new();
        for start in [0, 1000, 2000, 4000] {
            let keys = &keys[start.min(2000)..start.min(2000) + 1000];
            Job::cut(start as u64, keys, &RowMap::All, &mut jobs);
        }
        assert_eq!(jobs.iter().map(Job::len).collect::<Vec<_>>(), [3000, 1000]);
        let sheet = Sheet::sorted(&Seed::new(1), 1, jobs).unwrap();
        let mut rows: Vec<u64> = Vec::new();
        for share in sheet.shares(0..PARTITIONS) {
            rows.extend((0..share.keys.len()).map(|at| share.base + u64::from(share.rows.get(at))));
        }
        rows.sort_unstable();
        assert_eq!(rows, (0..3000).chain(4000..5000).collect::<Vec<u64>>());
    }

    #[test]
    fn every_key_is_in_its_partition_with_its_row() {
        let seed = Seed::new(3);
        let keys: Vec<u64> = (0..150_000).map(|n: u64| n.wrapping_mul(0x9e37_79b9)).collect();
        let far: Vec<u32> = (0..150_000).map(|n| n * 3 + 1).collect();
        for (map, step) in [(RowMap::All, 1), (RowMap::new(Some(far)), 3)] {
            for threads in [1, 2, 8] {
                let mut jobs = Vec::new();
                Job::cut(10, &keys, &map, &mut jobs);
                jobs.push(Job::gathered(1 << 40, vec![7, 8], vec![5, 100_000]));
                assert!(
                    jobs.iter().rev().skip(1).all(|job| !job.long()) && jobs[jobs.len() - 1].long()
                );
                let sheet = Sheet::sorted(&seed, threads, jobs).unwrap();
                let mut counts = vec![0; PARTITIONS];
                sheet.count(&mut counts);
                assert_eq!(counts.iter().sum::<u64>(), 150_002);
                let mut seen = Vec::new();
                for (at, count) in counts.iter().enumerate() {
                    let mut here = 0;
                    for share in sheet.shares(at..at + 1) {
                        here += share.keys.len() as u64;
                        for (i, key) in share.keys.iter().enumerate() {
                            assert_eq!(partition(*key), at);
                            seen.push((
                                share.base + u64::from(share.rows.get(i)),
                                seed.unmix(*key),
                            ));
                        }
                    }
                    assert_eq!(here, *count);
                }
                seen.sort_unstable();
                let row = |at: usize| 10 + if step == 1 { at as u64 } else { at as u64 * 3 + 1 };
                let mut expected: Vec<_> =
                    keys.iter().enumerate().map(|(at, key)| (row(at), *key)).collect();
                expected.extend([((1 << 40) + 5, 7), ((1 << 40) + 100_000, 8)]);
                assert!(seen == expected, "step {step}, threads {threads}");
                let all: usize = sheet.shares(0..PARTITIONS).map(|share| share.keys.len()).sum();
                assert_eq!(all, 150_002);
            }
        }
    }
}
