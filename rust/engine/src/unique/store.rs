//! One kind of packed keys from the first to the last row, judged at the end.
//!
//! Keys are kept as they came, increasing ones as spans, as long as it may turn out that no more is
//! needed: what increases strictly and overlaps nothing is unique without another look, and a dense
//! range takes one bit per possible key. Once there are many that are neither, they are sorted by
//! partition as they come. If memory runs short, keys go to disk in the form they have.

use super::budget::full;
use super::judge::{search_dense, Means};
use super::key::Key;
use super::outcome::Tally;
use super::partitions::Partitions;
use super::piece::Piece;
use super::rows::RowMap;
use super::span::Span;
use crate::error::Result;

/// Fewer keys are kept as they came: sorting them pays only with more.
const FEW: usize = if cfg!(test) { 1 << 13 } else { 1 << 18 };
/// Keys of a range with so many bits may become dense.
const SMALL_RANGE: u64 = if cfg!(test) { 1 << 17 } else { 1 << 31 };

/// The keys of a store.
#[derive(Debug)]
pub(crate) struct Store<K: Key> {
    pieces: Vec<Piece<K>>,
    pieces_bytes: usize,
    parts: Partitions<K>,
    /// Keys in pieces that do not increase, and all in pieces.
    loose: usize,
    keys: usize,
    range: Option<(K, K)>,
}

/// The least key and the number of possible keys from there on.
fn domain<K: Key>((least, greatest): (K, K)) -> Option<(u64, u64)> {
    let (least, greatest) = (*K::words(&[least])?.first()?, *K::words(&[greatest])?.first()?);
    Some((least, (greatest - least).checked_add(1)?))
}

/// The least key and the number of possible keys from there on, if a bit for each is little.
fn dense<K: Key>(keys: usize, range: Option<(K, K)>, granted: Option<usize>) -> Option<(u64, u64)> {
    let (least, domain) = domain(range?)?;
    let small = granted.is_none_or(|bytes| domain / 8 <= bytes as u64 / 4);
    (small && domain / 8 <= keys as u64).then_some((least, domain))
}

fn join<K: Key>(range: Option<(K, K)>, least: K, greatest: K) -> (K, K) {
    let (a, b) = range.unwrap_or((least, greatest));
    (a.min(least), b.max(greatest))
}

impl<K: Key> Store<K> {
    pub(crate) fn new(granted: Option<usize>) -> Self {
        Self {
            pieces: Vec::new(),
            pieces_bytes: 0,
            parts: Partitions::new(granted),
            loose: 0,
            keys: 0,
            range: None,
        }
    }

    /// Bytes in memory.
    pub(crate) fn bytes(&self) -> usize {
        self.pieces_bytes + self.parts.bytes()
    }

    /// Takes the keys of a piece of the stream.
    pub(crate) fn push(&mut self, base_row: u64, keys: Vec<K>, rows: Option<Vec<u32>>) {
        if let Some(piece) = Piece::new(base_row, RowMap::new(rows), keys) {
            self.take(piece);
        }
    }

    /// Takes a span.
    pub(crate) fn push_span(&mut self, base_row: u64, span: Span, rows: Option<Vec<u32>>) {
        self.take(Piece::of_span(base_row, RowMap::new(rows), span));
    }

    fn take(&mut self, piece: Piece<K>) {
        self.range = Some(join(self.range, piece.least, piece.greatest));
        self.keys += piece.len();
        if !piece.rising {
            self.loose += piece.len();
        }
        let Some(last) = self.pieces.last_mut() else {
            self.pieces_bytes += piece.bytes();
            self.pieces.push(piece);
            return;
        };
        let (before, was, count) = (last.bytes(), last.rising, last.len());
        let rising = if piece.rising { piece.len() } else { 0 };
        if let Some(piece) = last.join(piece) {
            self.pieces_bytes += piece.bytes();
            self.pieces.push(piece);
            return;
        }
        self.pieces_bytes += last.bytes() - before;
        if !last.rising {
            self.loose += rising + if was { count } else { 0 };
        }
    }

    /// Sorts keys by partition once there are many that are neither increasing nor maybe dense.
    ///
    /// # Errors
    /// [`crate::error::Code::Memory`] if the system has none left.
    pub(crate) fn settle(&mut self, means: &Means<'_>) -> Result<()> {
        if self.loose < FEW && self.parts.is_empty() {
            return Ok(());
        }
        let maybe_dense = self.parts.is_empty()
            && self.range.and_then(domain).is_some_and(|(_, domain)| {
                domain <= SMALL_RANGE.max(self.keys as u64 * 8)
                    && means.granted.is_none_or(|bytes| domain / 8 <= bytes as u64 / 4)
            });
        if maybe_dense {
            return Ok(());
        }
        self.sort(means, None, |piece| !piece.rising)
    }

    /// Sorts the chosen pieces by partition.
    fn sort(
        &mut self,
        means: &Means<'_>,
        limit: Option<usize>,
        chosen: impl Fn(&Piece<K>) -> bool,
    ) -> Result<()> {
        let pieces = std::mem::take(&mut self.pieces);
        let (chosen, rest) = pieces.into_iter().partition(chosen);
        self.pieces = rest;
        self.pieces_bytes = self.pieces.iter().map(Piece::bytes).sum();
        self.keys = self.pieces.iter().map(Piece::len).sum();
        self.loose = self.pieces.iter().filter(|piece| !piece.rising).map(Piece::len).sum();
        self.range = self
            .pieces
            .iter()
            .fold(None, |range, piece| Some(join(range, piece.least, piece.greatest)));
        self.parts.add(means, chosen, limit)
    }

    /// Makes room: everything goes to disk, what may be dense or increases as it is, all else
    /// sorted by partition.
    ///
    /// # Errors
    /// [`crate::error::Code::Spill`] if the spill folder fails.
    pub(crate) fn relieve(&mut self, means: &Means<'_>) -> Result<()> {
        let file = means.file.ok_or_else(full)?;
        let may_be_dense =
            self.parts.is_empty() && dense(self.keys, self.range, means.granted).is_some();
        if !may_be_dense {
            self.sort(means, means.granted.map(|bytes| bytes / 4), |piece| !piece.rising)?;
            self.parts.spill(means)?;
        }
        self.pieces.iter_mut().try_for_each(|piece| piece.spill(file))?;
        self.pieces_bytes = self.pieces.iter().map(Piece::bytes).sum();
        Ok(())
    }

    /// What repeats among all keys.
    ///
    /// # Errors
    /// [`crate::error::Code::Memory`] or [`crate::error::Code::Spill`] if there is no room.
    pub(crate) fn finish(mut self, means: &Means<'_>) -> Result<Tally> {
        let (pieces, range) = self.entangled();
        if pieces.is_empty() && self.parts.is_empty() {
            return Ok(Tally::default());
        }
        if self.parts.is_empty() {
            let keys = pieces.iter().map(Piece::len).sum();
            if let Some((least, domain)) = dense(keys, range, means.granted) {
                return search_dense(means, &pieces, least, domain);
            }
        }
        self.parts.add(means, pieces, means.granted.map(|bytes| bytes / 2))?;
        self.parts.search(means)
    }

    /// What does not increase strictly, or overlaps something else, and the range of that. The
    /// other pieces are unique: each lies in a range that nothing else touches.
    fn entangled(&mut self) -> (Vec<Piece<K>>, Option<(K, K)>) {
        let pieces = std::mem::take(&mut self.pieces);
        let items = pieces.iter().map(|piece| (piece.least, piece.greatest, !piece.rising));
        let sorted = self.parts.range().map(|(least, greatest)| (least, greatest, true));
        let mut items: Vec<(K, K, bool)> = items.chain(sorted).collect();
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
        let mut entangled = items.into_iter().map(|(_, _, entangled)| entangled);
        let chosen = |_: &Piece<K>| entangled.next() == Some(true);
        let pieces: Vec<Piece<K>> = pieces.into_iter().filter(chosen).collect();
        let range =
            pieces.iter().fold(None, |range, piece| Some(join(range, piece.least, piece.greatest)));
        (pieces, range)
    }
}
