//! What happens to keys at the end: pieces are handed to threads, scattered into partitions or
//! looked up in the bits of a dense range, and what repeats is counted.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::thread;

use super::dense::{self, SeeWords};
use super::groups::Finder;
use super::key::Key;
use super::log::{RowMap, Rows, Segment};
use super::outcome::Tally;
use super::radix::{Chains, Geometry, See};
use super::seed::Seed;
use super::span::Span;
use super::spill::SpillFile;
use crate::error::{Error, Result};

/// Bytes of keys that are searched at a time: with their table they fit into the cache.
pub(crate) const LARGEST: usize = 1 << 19;
/// What a store may use.
#[derive(Debug)]
pub(crate) struct Means<'a> {
    pub(crate) seed: &'a Seed,
    /// Bytes of memory, if there is a limit.
    pub(crate) granted: Option<usize>,
    pub(crate) file: Option<&'a RwLock<SpillFile>>,
    pub(crate) threads: usize,
}

/// Keys that increase strictly within one piece.
#[derive(Debug)]
pub(crate) struct Rising {
    pub(crate) base_row: u64,
    pub(crate) map: RowMap,
    pub(crate) span: Span,
}

/// Sees the keys of a piece with its base row and rows.
type SeePiece<'a, K> = dyn FnMut(&[K], u64, &RowMap) -> Result<()> + 'a;

/// What is given to a thread at once.
pub(crate) enum Unit<K: Key> {
    Segment(Segment<K>, Vec<bool>),
    Rising(Rising),
}

/// Runs one job per input, on threads if there are several, and adds up what they find.
fn each<I: Send>(jobs: Vec<I>, job: impl Fn(I) -> Result<Tally> + Sync) -> Result<Tally> {
    let results: Vec<Result<Tally>> = if jobs.len() <= 1 {
        jobs.into_iter().map(job).collect()
    } else {
        thread::scope(|scope| {
            let job = &job;
            let spawn = |input| scope.spawn(move || job(input));
            let workers: Vec<_> = jobs.into_iter().map(spawn).collect();
            let join = |worker: thread::ScopedJoinHandle<'_, Result<Tally>>| {
                worker.join().unwrap_or_else(|_| Err(Error::internal("a thread panicked")))
            };
            workers.into_iter().map(join).collect()
        })
    };
    let mut sum = Tally::default();
    for tally in results {
        sum.merge(&tally?);
    }
    Ok(sum)
}

pub(crate) fn reading(file: Option<&RwLock<SpillFile>>) -> Option<RwLockReadGuard<'_, SpillFile>> {
    file.map(|file| file.read().unwrap_or_else(PoisonError::into_inner))
}

pub(crate) fn writing(file: &RwLock<SpillFile>) -> RwLockWriteGuard<'_, SpillFile> {
    file.write().unwrap_or_else(PoisonError::into_inner)
}

impl<K: Key> Unit<K> {
    /// Shows the chosen keys with their rows.
    fn visit(&self, file: Option<&SpillFile>, see: &mut SeePiece<'_, K>) -> Result<()> {
        match self {
            Self::Rising(rising) => {
                let words = rising.span.keys(file)?;
                let keys: Vec<K> = words.into_iter().map(K::of_word).collect();
                see(&keys, rising.base_row, &rising.map)
            }
            Self::Segment(segment, chosen) => {
                let mut chosen = chosen.iter();
                segment.visit(file, |entry, keys| {
                    if chosen.next() == Some(&true) {
                        see(keys, entry.base_row, &entry.map)
                    } else {
                        Ok(())
                    }
                })
            }
        }
    }

    fn base_row(&self) -> u64 {
        match self {
            Self::Rising(rising) => rising.base_row,
            Self::Segment(segment, _) => segment.entries.first().map_or(0, |entry| entry.base_row),
        }
    }
}

/// Scatters all units over the chains of the threads, and spills chains above `limit` bytes in all.
pub(crate) fn scatter<K: Key>(
    means: &Means<'_>,
    chains: &mut [Chains<K>],
    units: Vec<Unit<K>>,
    limit: Option<usize>,
) -> Result<()> {
    let limit = limit.map(|bytes| bytes / chains.len().max(1));
    let units = Mutex::new(units.into_iter());
    let fill = |chains: &mut Chains<K>| {
        loop {
            let unit = units.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(unit) = unit else { break };
            let relieve = |chains: &mut Chains<K>| match (limit, means.file) {
                (Some(limit), Some(file)) if chains.used_bytes() > limit / 4 * 3 => {
                    chains.spill(&mut writing(file))
                }
                _ => Ok(()),
            };
            {
                let file = reading(means.file);
                unit.visit(file.as_deref(), &mut |keys, base, map| {
                    chains.push(means.seed, false, keys, base, &map.rows(keys.len()))
                })?;
            }
            relieve(chains)?;
        }
        chains.flush(means.seed)?;
        Ok(Tally::default())
    };
    each(chains.iter_mut().collect(), fill).map(|_| ())
}

/// What repeats within the partitions.
pub(crate) fn search<K: Key>(means: &Means<'_>, chains: &[Chains<K>]) -> Result<Tally> {
    let Some(geometry) = chains.first().map(Chains::geometry) else { return Ok(Tally::default()) };
    let count = |partition: usize| chains.iter().map(|chains| chains.count(partition)).sum();
    let counts: Vec<usize> = (0..geometry.partitions()).map(count).collect();
    let mean = counts.iter().sum::<usize>() / counts.len().max(1);
    let next = AtomicUsize::new(0);
    let largest = LARGEST / K::BYTES;
    let work = |()| {
        let mut tally = Tally::default();
        let mut finder = Finder::new(means.seed);
        loop {
            let partition = next.fetch_add(1, Ordering::Relaxed);
            let Some(count) = counts.get(partition).copied() else { return Ok(tally) };
            if count < 2 {
                continue;
            }
            let mut source = |see: &mut See<'_, K>| {
                let file = reading(means.file);
                chains.iter().try_for_each(|chains| chains.visit(partition, file.as_deref(), see))
            };
            let used = geometry.skip + geometry.bits;
            // A partition far above the mean holds a few keys many times: splitting cannot help.
            if count <= largest * 2 || count > mean.saturating_mul(16) {
                finder.search(count, used, &mut source, &mut tally)?;
                continue;
            }
            let finer = Geometry::for_keys(count, used, largest, 1);
            let mut parts = Chains::new(finer);
            source(&mut |keys, rows, base| {
                parts.push(means.seed, true, keys, base, &Rows::List(rows))
            })?;
            parts.flush(means.seed)?;
            for part in 0..finer.partitions() {
                let count = parts.count(part);
                let mut source = |see: &mut See<'_, K>| parts.visit(part, None, see);
                if count > 1 {
                    finder.search(count, used + finer.bits, &mut source, &mut tally)?;
                }
            }
        }
    };
    let threads = means.threads.clamp(1, geometry.partitions());
    each(vec![(); threads], work)
}

/// What repeats among keys of a small range.
pub(crate) fn search_dense<K: Key>(
    means: &Means<'_>,
    units: &mut [Unit<K>],
    least: u64,
    domain: u64,
) -> Result<Tally> {
    // Spans and segments each are in row order; together they need not be.
    units.sort_by_key(Unit::base_row);
    let units = &*units;
    let scan = |see: &mut SeeWords<'_>| {
        let file = reading(means.file);
        units.iter().try_for_each(|unit| {
            unit.visit(file.as_deref(), &mut |keys, base, map| {
                let words =
                    K::words(keys).ok_or_else(|| Error::internal("wide keys have no range"))?;
                let mut rows: Option<Vec<u32>> = None;
                see(words, &mut |at| {
                    let rows = rows.get_or_insert_with(|| map.rows(keys.len()).iter().collect());
                    base + u64::from(rows[at])
                })
            })
        })
    };
    dense::search(&scan, least, domain, means.threads)
}
