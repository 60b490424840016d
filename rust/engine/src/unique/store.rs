//! One kind of packed keys from the first to the last row, judged at the end.
//!
//! Keys are logged as they come, and increasing ones as spans. At the end what increases strictly
//! and overlaps nothing is unique without another look; the rest goes through the bits of a dense
//! range or through partitions. If memory runs short, the log is spilled (a dense range needs it
//! only twice more, in order) or scattered into partitions at once, and those are spilled.

use super::budget::full;
use super::judge::{scatter, search, search_dense, writing, Means, Rising, Unit, LARGEST};
use super::key::Key;
use super::log::{Log, RowMap};
use super::outcome::Tally;
use super::radix::{Chains, Geometry};
use super::span::Span;
use crate::error::Result;

/// Bytes of a segment of the log.
const SEGMENT: usize = 8 << 20;

/// The keys of a store.
#[derive(Debug)]
pub(crate) struct Store<K: Key> {
    log: Log<K>,
    rising: Vec<Rising>,
    rising_bytes: usize,
    /// One per thread, once keys are scattered before the end.
    chains: Vec<Chains<K>>,
    /// The ranges of keys that were scattered.
    scattered: Vec<(K, K)>,
    keys: usize,
    range: Option<(K, K)>,
}

/// The least key and the number of possible keys from there on, if a bit for each is little.
fn dense<K: Key>(keys: usize, range: Option<(K, K)>, granted: Option<usize>) -> Option<(u64, u64)> {
    let (least, greatest) = range?;
    let (least, greatest) = (*K::words(&[least])?.first()?, *K::words(&[greatest])?.first()?);
    let domain = (greatest - least).checked_add(1)?;
    let small = granted.is_none_or(|bytes| domain / 8 <= bytes as u64 / 4);
    (small && domain / 8 <= keys as u64).then_some((least, domain))
}

fn join<K: Key>(range: Option<(K, K)>, least: K, greatest: K) -> (K, K) {
    let (a, b) = range.unwrap_or((least, greatest));
    (a.min(least), b.max(greatest))
}

impl<K: Key> Store<K> {
    pub(crate) fn new(granted: Option<usize>) -> Self {
        let segment = granted.map_or(SEGMENT, |bytes| (bytes / 64).clamp(1 << 12, SEGMENT));
        Self {
            log: Log::new(segment),
            rising: Vec::new(),
            rising_bytes: 0,
            chains: Vec::new(),
            scattered: Vec::new(),
            keys: 0,
            range: None,
        }
    }

    fn note(&mut self, least: K, greatest: K, keys: usize) {
        self.range = Some(join(self.range, least, greatest));
        self.keys += keys;
    }

    /// Whether it has any key.
    pub(crate) fn is_empty(&self) -> bool {
        self.keys == 0
    }

    /// Bytes in memory.
    pub(crate) fn bytes(&self) -> usize {
        let chains: usize = self.chains.iter().map(Chains::bytes).sum();
        self.log.bytes() + self.rising_bytes + chains
    }

    /// Bytes in memory that [`Self::relieve`] can free.
    pub(crate) fn waiting_bytes(&self) -> usize {
        self.log.bytes() + self.rising_bytes
    }

    /// Logs the keys of a piece.
    ///
    /// # Errors
    /// [`crate::error::Code::Memory`] if the system has none left.
    pub(crate) fn push(&mut self, base_row: u64, keys: &[K], rows: Option<Vec<u32>>) -> Result<()> {
        if let Some((least, greatest)) = self.log.push(base_row, keys, RowMap::new(rows))? {
            self.note(least, greatest, keys.len());
        }
        Ok(())
    }

    /// Logs a span.
    pub(crate) fn push_span(&mut self, base_row: u64, span: Span, rows: Option<Vec<u32>>) {
        self.note(K::of_word(span.first), K::of_word(span.last), span.count);
        let map = RowMap::new(rows);
        self.rising_bytes += span.bytes() + map.bytes() + size_of::<Rising>();
        self.rising.push(Rising { base_row, map, span });
    }

    /// Makes room: spills or scatters the log and spills partitions and spans. At most `share`
    /// bytes are left to partitions.
    ///
    /// # Errors
    /// [`crate::error::Code::Spill`] if the spill folder fails.
    pub(crate) fn relieve(&mut self, means: &Means<'_>, share: usize) -> Result<()> {
        let Some(file) = means.file else { return Err(full()) };
        if self.chains.is_empty() && dense(self.keys, self.range, means.granted).is_some() {
            self.log.spill(&mut writing(file))?;
        } else {
            self.scatter(means, share)?;
        }
        if self.rising_bytes > share / 4 {
            let mut file = writing(file);
            self.rising.iter_mut().try_for_each(|rising| rising.span.spill(&mut file))?;
            let bytes = |rising: &Rising| rising.map.bytes() + size_of::<Rising>();
            self.rising_bytes = self.rising.iter().map(bytes).sum();
        }
        Ok(())
    }

    /// Scatters the whole log before the end.
    fn scatter(&mut self, means: &Means<'_>, share: usize) -> Result<()> {
        if self.chains.is_empty() {
            let geometry = Geometry::for_bytes(share, K::BYTES, means.threads);
            self.chains = (0..means.threads.max(1)).map(|_| Chains::new(geometry)).collect();
        }
        let mut units = Vec::new();
        for segment in self.log.take() {
            let ranges = segment.entries.iter().map(|entry| (entry.least, entry.greatest));
            self.scattered.extend(ranges);
            let all = vec![true; segment.entries.len()];
            units.push(Unit::Segment(segment, all));
        }
        // Ranges that touch are one.
        self.scattered.sort_unstable();
        self.scattered.dedup_by(|next, kept| {
            let joined = next.0 <= kept.1;
            if joined {
                kept.1 = kept.1.max(next.1);
            }
            joined
        });
        scatter(means, &mut self.chains, units, Some(share))
    }

    /// What repeats among all keys.
    ///
    /// # Errors
    /// [`crate::error::Code::Memory`] or [`crate::error::Code::Spill`] if there is no room.
    pub(crate) fn finish(mut self, means: &Means<'_>) -> Result<Tally> {
        let (mut units, keys, range) = self.entangled();
        if keys == 0 && self.scattered.is_empty() {
            return Ok(Tally::default());
        }
        if self.chains.is_empty() {
            if let Some((least, domain)) = dense(keys, range, means.granted) {
                return search_dense(means, &mut units, least, domain);
            }
            let fits = |bytes: usize| keys.saturating_mul(K::BYTES + 4) <= bytes;
            if means.granted.is_none_or(fits) {
                let geometry = Geometry::for_keys(keys, 0, LARGEST / K::BYTES, means.threads);
                let threads = if geometry.bits == 0 { 1 } else { means.threads.max(1) };
                self.chains = (0..threads).map(|_| Chains::new(geometry)).collect();
                scatter(means, &mut self.chains, units, None)?;
                return search(means, &self.chains);
            }
        }
        let Some(granted) = means.granted else { return Err(full()) };
        if means.file.is_none() {
            return Err(full());
        }
        let share = granted / 2;
        if self.chains.is_empty() {
            let geometry = Geometry::for_bytes(share, K::BYTES, means.threads);
            self.chains = (0..means.threads.max(1)).map(|_| Chains::new(geometry)).collect();
        }
        scatter(means, &mut self.chains, units, Some(share))?;
        search(means, &self.chains)
    }

    /// What does not increase strictly, or overlaps something else, how many keys that is and their
    /// range. The others are unique: each lies in a range that nothing else touches.
    fn entangled(&mut self) -> (Vec<Unit<K>>, usize, Option<(K, K)>) {
        let segments = self.log.take();
        let rising = std::mem::take(&mut self.rising);
        let spans = rising
            .iter()
            .map(|rising| (K::of_word(rising.span.first), K::of_word(rising.span.last), false));
        let entries = segments.iter().flat_map(|segment| &segment.entries);
        let entries = entries.map(|entry| (entry.least, entry.greatest, !entry.rising));
        let scattered = self.scattered.iter().map(|(least, greatest)| (*least, *greatest, true));
        let mut items: Vec<(K, K, bool)> = spans.chain(entries).chain(scattered).collect();
        let mut order: Vec<usize> = (0..items.len()).collect();
        order.sort_unstable_by_key(|at| items[*at].0);
        let mut before: Option<(usize, K)> = None;
        for at in order {
            let (least, greatest, _) = items[at];
            before = match before {
                Some((widest, reach)) if least <= reach => {
                    items[at].2 = true;
                    items[widest].2 = true;
                    Some(if greatest > reach { (at, greatest) } else { (widest, reach) })
                }
                _ => Some((at, greatest)),
            };
        }
        let mut keys = 0;
        let chosen = items.iter().filter(|(_, _, entangled)| *entangled);
        let range = chosen.fold(None, |range, (a, b, _)| Some(join(range, *a, *b)));
        let mut items = items.into_iter().map(|(_, _, entangled)| entangled);
        let mut units = Vec::new();
        for rising in rising {
            if items.next() == Some(true) {
                keys += rising.span.count;
                units.push(Unit::Rising(rising));
            }
        }
        for segment in segments {
            let chosen: Vec<bool> = items.by_ref().take(segment.entries.len()).collect();
            let counts = segment.entries.iter().zip(&chosen).filter(|(_, chosen)| **chosen);
            let count: usize = counts.map(|(entry, _)| entry.len()).sum();
            if count > 0 {
                keys += count;
                units.push(Unit::Segment(segment, chosen));
            }
        }
        (units, keys, range)
    }
}
