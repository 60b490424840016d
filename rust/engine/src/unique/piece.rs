//! Keys as they came, not looked at until the end: a piece is a span, or plain keys in memory or on
//! disk.

use std::borrow::Cow;

use super::key::Key;
use super::rows::RowMap;
use super::span::Span;
use super::spill::SpillFile;
use crate::error::{Error, Result};

/// Keys of following rows are joined up to this many.
const JOINED: usize = 1 << 15;

/// Keys of consecutive rows, or of some of them.
#[derive(Debug)]
pub(crate) struct Piece<K> {
    pub(crate) base_row: u64,
    pub(crate) map: RowMap,
    keys: Keys<K>,
    pub(crate) least: K,
    pub(crate) greatest: K,
    /// Whether the keys increase strictly.
    pub(crate) rising: bool,
}

#[derive(Debug)]
enum Keys<K> {
    Plain(Vec<K>),
    /// Keys of one word that share their upper half.
    Lower(u64, Vec<u32>),
    Disk(u64, usize),
    Span(Span),
}

impl<K: Key> Piece<K> {
    /// A piece of plain keys; none if there are no keys.
    pub(crate) fn new(base_row: u64, map: RowMap, keys: Vec<K>) -> Option<Self> {
        let (first, last) = (*keys.first()?, *keys.last()?);
        let rising = keys.windows(2).all(|pair| pair[0] < pair[1]);
        let (least, greatest) = if rising { (first, last) } else { K::bounds(&keys) };
        let keys = match K::lower(&keys, least, greatest) {
            Some((upper, lower)) => {
                K::spare(keys);
                Keys::Lower(upper, lower)
            }
            None => Keys::Plain(keys),
        };
        Some(Self { base_row, map, keys, least, greatest, rising })
    }

    /// A piece of a span.
    pub(crate) fn of_span(base_row: u64, map: RowMap, span: Span) -> Self {
        let (least, greatest) = (K::of_word(span.first), K::of_word(span.last));
        Self { base_row, map, keys: Keys::Span(span), least, greatest, rising: true }
    }

    /// Keys of this piece.
    pub(crate) fn len(&self) -> usize {
        match &self.keys {
            Keys::Plain(keys) => keys.len(),
            Keys::Lower(_, lower) => lower.len(),
            Keys::Disk(_, len) => *len,
            Keys::Span(span) => span.count,
        }
    }

    /// Bytes in memory.
    pub(crate) fn bytes(&self) -> usize {
        let keys = match &self.keys {
            Keys::Plain(keys) => keys.capacity() * size_of::<K>(),
            Keys::Lower(_, lower) => lower.capacity() * size_of::<u32>(),
            Keys::Disk(..) => 0,
            Keys::Span(span) => span.bytes(),
        };
        keys + self.map.bytes() + size_of::<Self>()
    }

    /// Takes up the piece that follows, if both are small enough to be one; else gives it back.
    pub(crate) fn join(&mut self, next: Self) -> Option<Self> {
        let follows = matches!((&self.map, &next.map), (RowMap::All, RowMap::All))
            && self.base_row + self.len() as u64 == next.base_row;
        if !follows {
            return Some(next);
        }
        match (&mut self.keys, &next.keys) {
            (Keys::Plain(keys), Keys::Plain(more)) if keys.len() + more.len() <= JOINED => {
                keys.extend_from_slice(more);
            }
            (Keys::Lower(upper, lower), Keys::Lower(other, more))
                if upper == other && lower.len() + more.len() <= JOINED =>
            {
                lower.extend_from_slice(more);
            }
            (Keys::Span(span), Keys::Span(more)) => {
                if !span.join(more) {
                    return Some(next);
                }
            }
            _ => return Some(next),
        }
        self.rising &= next.rising && self.greatest < next.least;
        self.least = self.least.min(next.least);
        self.greatest = self.greatest.max(next.greatest);
        None
    }

    /// The keys in full.
    ///
    /// # Errors
    /// [`crate::error::Code::Spill`] if they cannot be read back.
    pub(crate) fn keys(&self, file: Option<&SpillFile>) -> Result<Cow<'_, [K]>> {
        Ok(match &self.keys {
            Keys::Plain(keys) => keys.into(),
            Keys::Lower(upper, lower) => {
                let key = |low: &u32| K::of_word(upper | u64::from(*low));
                lower.iter().map(key).collect::<Vec<K>>().into()
            }
            Keys::Disk(offset, len) => {
                let file = file.ok_or_else(|| Error::internal("spilled keys have no file"))?;
                let bytes = file.read(*offset, len * K::BYTES)?;
                bytes.chunks_exact(K::BYTES).map(K::read).collect::<Vec<K>>().into()
            }
            Keys::Span(span) => {
                span.keys(file)?.into_iter().map(K::of_word).collect::<Vec<K>>().into()
            }
        })
    }

    /// Lets go of the keys.
    pub(crate) fn end(self) {
        if let Keys::Plain(keys) = self.keys {
            K::spare(keys);
        }
    }

    /// Moves the keys to disk, not what is known about them.
    ///
    /// # Errors
    /// [`crate::error::Code::Spill`] if they cannot be written.
    pub(crate) fn spill(&mut self, file: &SpillFile) -> Result<()> {
        if let Keys::Lower(..) = self.keys {
            self.keys = Keys::Plain(self.keys(None)?.into_owned());
        }
        match &mut self.keys {
            Keys::Plain(keys) => {
                let mut bytes = Vec::with_capacity(keys.len() * K::BYTES);
                for key in keys.iter() {
                    key.write(&mut bytes);
                }
                self.keys = Keys::Disk(file.write(&bytes)?, keys.len());
            }
            Keys::Span(span) => span.spill(file)?,
            Keys::Lower(..) | Keys::Disk(..) => {}
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // how tests fail
mod tests {
    use super::super::spill::{Disk, Spill};
    use super::*;

    fn piece(base: u64, keys: &[u64]) -> Piece<u64> {
        Piece::new(base, RowMap::All, keys.to_vec()).unwrap()
    }

    #[test]
    fn pieces_of_following_rows_are_joined() {
        let mut first = piece(0, &[1, 2]);
        assert!(first.join(piece(2, &[3])).is_none());
        assert_eq!((first.least, first.greatest, first.rising), (1, 3, true));
        assert!(first.join(piece(4, &[9])).is_some(), "row 3 is not there");
        assert!(first.join(piece(3, &[2, 9])).is_none());
        assert_eq!((first.least, first.greatest, first.rising), (1, 9, false));
        assert_eq!(*first.keys(None).unwrap(), [1, 2, 3, 2, 9]);
        let listed = Piece::new(5, RowMap::new(Some(vec![0, 3])), vec![9, 7]).unwrap();
        assert!(first.join(listed).is_some());
        assert!(Piece::<u64>::new(0, RowMap::All, Vec::new()).is_none());
    }

    #[test]
    fn keys_that_share_their_upper_half_take_half_the_room() {
        let high = 5 << 32;
        let mut near = piece(0, &[high + 3, high + 1, high + u64::from(u32::MAX)]);
        let far = piece(0, &[3, 1, high]);
        assert_eq!(far.bytes() - near.bytes(), 12);
        assert!(near.join(piece(3, &[high])).is_none());
        assert!(near.join(piece(4, &[high + (1 << 32), high + (1 << 32)])).is_some());
        assert_eq!(*near.keys(None).unwrap(), [high + 3, high + 1, high + 0xffff_ffff, high]);
        assert_eq!((near.least, near.greatest, near.len()), (high, high + 0xffff_ffff, 4));
        let file = SpillFile::new(&Disk::new(&Spill {
            folder: std::env::temp_dir(),
            quota_bytes: u64::MAX,
        }));
        near.spill(&file).unwrap();
        assert_eq!(
            *near.keys(Some(&file)).unwrap(),
            [high + 3, high + 1, high + 0xffff_ffff, high]
        );
    }

    #[test]
    fn spilled_keys_come_back() {
        let file = SpillFile::new(&Disk::new(&Spill {
            folder: std::env::temp_dir(),
            quota_bytes: u64::MAX,
        }));
        let mut plain = Piece::new(7, RowMap::All, vec![[1, 2], [0, 3], [1, 2]]).unwrap();
        let before = plain.bytes();
        plain.spill(&file).unwrap();
        plain.spill(&file).unwrap();
        assert_eq!(*plain.keys(Some(&file)).unwrap(), [[1, 2], [0, 3], [1, 2]]);
        assert_eq!(before - plain.bytes(), 48);
        assert_eq!((plain.least, plain.greatest, plain.len()), ([0, 3], [1, 2], 3));
    }
}
