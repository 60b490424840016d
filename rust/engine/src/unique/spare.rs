//! Memory of keys that were taken up, kept for those of the next rows: what goes back to the system
//! is cleared page by page when it is asked for again, which costs as much as judging such keys.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Words of the vectors that are worth keeping.
const WORDS: std::ops::RangeInclusive<usize> = 1 << 13..=1 << 16;
/// Most vectors that are kept: with those in use as many as a window has pieces, and at most 16 MiB.
const MOST: usize = 32;

static KEPT: Mutex<Vec<Vec<u64>>> = Mutex::new(Vec::new());

fn kept() -> MutexGuard<'static, Vec<Vec<u64>>> {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// These words in a vector that has no more room than it needs, or in one that was given before.
pub(crate) fn collect(words: impl ExactSizeIterator<Item = u64>) -> Vec<u64> {
    if !WORDS.contains(&words.len()) {
        return words.collect();
    }
    let spare = kept().pop().filter(|spare| spare.capacity() >= words.len());
    let mut memory = spare.unwrap_or_else(|| Vec::with_capacity(words.len()));
    memory.extend(words);
    memory
}

/// Keeps the memory of a vector, if it is worth that.
pub(crate) fn give(mut memory: Vec<u64>) {
    if WORDS.contains(&memory.capacity()) {
        memory.clear();
        let mut kept = kept();
        if kept.len() < MOST {
            kept.push(memory);
        }
    }
}

/// Gives everything that is kept back to the system.
pub(crate) fn release() {
    let all = std::mem::take(&mut *kept());
    drop(all);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_holds_the_words_of_the_next_alone() {
        for len in [0usize, 5, 1 << 13, 10_000, 1 << 16, (1 << 16) + 1, 9_000] {
            let words = collect((0..len).map(|word| word as u64 * 3));
            assert!(words.iter().copied().eq((0..len as u64).map(|word| word * 3)));
            give(words);
        }
        release();
    }
}
