//! The keys of a piece as an index holds them.

use std::fmt;

use arrow_buffer::NullBuffer;
use sha2::{Digest, Sha256};

use super::SECTIONS;
use crate::error::Result;
use crate::unique::block::{KeyBlock, Part};

/// What the fingerprints are for.
const PURPOSE: &str = "meshgate/1 keys of what is published";

/// One value per section.
pub(crate) type Sections<T> = [T; SECTIONS];

/// A key of two words as one number of the same order.
fn pair(key: [u64; 2]) -> u128 {
    u128::from(key[0]) << 64 | u128::from(key[1])
}

/// Fingerprints of wide keys, other ones in every index: equal keys have equal ones, and nobody can aim
/// at one.
#[derive(Clone)]
pub(crate) struct Prints(Sha256);

impl fmt::Debug for Prints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Prints")
    }
}

impl Prints {
    pub(crate) fn new(identity: &str) -> Self {
        let length = (identity.len() as u64).to_le_bytes();
        Self(Sha256::new().chain_update(PURPOSE).chain_update(length).chain_update(identity))
    }

    pub(crate) fn of(&self, key: &[u8]) -> u128 {
        let hash: [u8; 32] = self.0.clone().chain_update(key).finalize().into();
        hash.iter().take(16).fold(0, |print, byte| print << 8 | u128::from(*byte))
    }
}

/// The keys of one piece.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    /// Sorted keys with their rows within the piece.
    pub(crate) keys: Sections<Vec<(u128, u32)>>,
    /// Rows whose one column is null, where null equals null.
    pub(crate) nulls: Vec<u32>,
}

impl Entries {
    /// The keys of a block.
    ///
    /// # Errors
    /// None for a block that was not spilled.
    pub(crate) fn new(block: &KeyBlock, prints: &Prints) -> Result<Self> {
        fn part<K: Copy>(part: &Part<K>, key: impl Fn(K) -> u128) -> Vec<(u128, u32)> {
            let keys = part.keys.iter().enumerate();
            keys.map(|(at, own)| (key(*own), part.row(at) as u32)).collect()
        }
        let mut one = part(&block.one, u128::from);
        if let Some(span) = &block.span {
            let keys = span.keys(None)?.into_iter().enumerate();
            one.extend(keys.map(|(at, key)| (u128::from(key), block.one.row(at) as u32)));
        }
        let wide = (0..block.wide.ends.len()).map(|at| {
            let print = prints.of(block.wide.key(at));
            (print, block.wide.prints.row(at) as u32)
        });
        let mut keys = [one, part(&block.two, pair), part(&block.uuid, pair), wide.collect()];
        for keys in &mut keys {
            keys.sort_unstable();
        }
        let null = |rows: &NullBuffer| {
            (0..rows.len()).filter(|row| rows.is_null(*row)).map(|row| row as u32).collect()
        };
        Ok(Self { keys, nulls: block.nulls.as_ref().map(null).unwrap_or_default() })
    }
}
