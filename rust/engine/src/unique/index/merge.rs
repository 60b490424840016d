//! Sorted keys from several places, as one sorted row of distinct keys.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::error::Result;

/// Keys that increase, one at a time.
pub(crate) type Keys<'a> = Box<dyn Iterator<Item = Result<u128>> + 'a>;

/// The distinct keys of all sources, sorted.
pub(crate) struct Merged<'a> {
    sources: Vec<Keys<'a>>,
    heads: BinaryHeap<Reverse<(u128, usize)>>,
    last: Option<u128>,
}

impl<'a> Merged<'a> {
    /// # Errors
    /// Those of the first keys.
    pub(crate) fn new(sources: Vec<Keys<'a>>) -> Result<Self> {
        let mut merged = Self { sources, heads: BinaryHeap::new(), last: None };
        for source in 0..merged.sources.len() {
            merged.pull(source)?;
        }
        Ok(merged)
    }

    fn pull(&mut self, source: usize) -> Result<()> {
        if let Some(key) = self.sources.get_mut(source).and_then(Iterator::next) {
            self.heads.push(Reverse((key?, source)));
        }
        Ok(())
    }
}

impl Iterator for Merged<'_> {
    type Item = Result<u128>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Reverse((key, source)) = self.heads.pop()?;
            if let Err(error) = self.pull(source) {
                self.heads.clear();
                return Some(Err(error));
            }
            if self.last != Some(key) {
                self.last = Some(key);
                return Some(Ok(key));
            }
        }
    }
}
