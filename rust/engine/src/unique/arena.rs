//! Wide keys in full, each with a number that belongs to it: the first row of the key, or which of
//! the keys it is.

use super::budget::Budget;
use crate::error::Result;

/// Bytes of a piece of memory; larger keys get a piece of their own.
const CHUNK: usize = 1 << 16;

/// A number, the length and the bytes of each key, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Arena {
    chunks: Vec<Vec<u8>>,
}

impl Arena {
    /// Stores a key; the reference is never 0 and leaves the highest bit free.
    pub(crate) fn push(&mut self, number: u64, key: &[u8], budget: &Budget) -> Result<u64> {
        let need = key.len().saturating_add(16);
        let full = self.chunks.last().is_none_or(|chunk| chunk.capacity() - chunk.len() < need);
        if full {
            // The first pieces are small: a run over a thousand rows has 64 lanes too.
            let size = need.max(CHUNK.min(1024 << self.chunks.len().min(6)));
            budget.take(size)?;
            self.chunks.push(Vec::with_capacity(size));
        }
        let at = (self.chunks.len() as u64) << 32;
        let Some(chunk) = self.chunks.last_mut() else {
            return Ok(at);
        };
        let start = chunk.len() as u64;
        chunk.extend_from_slice(&number.to_le_bytes());
        chunk.extend_from_slice(&(key.len() as u64).to_le_bytes());
        chunk.extend_from_slice(key);
        Ok(at | start)
    }

    /// Number and bytes of a key.
    pub(crate) fn get(&self, reference: u64) -> (u64, &[u8]) {
        let chunk = &self.chunks[(reference >> 32) as usize - 1][reference as u32 as usize..];
        let word = |at: usize| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&chunk[at..at + 8]);
            u64::from_le_bytes(bytes)
        };
        (word(0), &chunk[16..16 + word(8) as usize])
    }
}
