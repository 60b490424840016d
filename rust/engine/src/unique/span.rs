//! Strictly increasing keys: they cannot repeat each other, and take a byte or two each, or none.

use super::spill::SpillFile;
use crate::error::{Error, Result};

/// Fewer keys are not worth the bookkeeping.
const SHORTEST: usize = 64;
/// Keys looked at before giving up is considered.
const GLANCE: usize = 256;

/// Strictly increasing keys of one word.
#[derive(Debug, Clone)]
pub(crate) struct Span {
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) count: usize,
    steps: Steps,
}

/// The differences between neighbours, in the narrowest form that holds all.
#[derive(Debug, Clone)]
enum Steps {
    /// All the same.
    Even(u64),
    Bytes(Vec<u8>),
    Shorts(Vec<u16>),
    Ints(Vec<u32>),
    Longs(Vec<u64>),
    /// On disk: width of a step in bytes, and where the first is.
    Spilled(usize, u64),
}

impl Span {
    /// The keys made of these values, if every one is greater than the one before.
    pub(crate) fn of<T: Copy>(values: &[T], key: impl Fn(T) -> u64) -> Option<Self> {
        if values.len() < SHORTEST {
            return None;
        }
        let (first, last) = (key(*values.first()?), key(*values.last()?));
        let (mut least, mut most, mut before) = (u64::MAX, 0, first);
        for chunk in values.get(1..)?.chunks(GLANCE) {
            let mut rising = true;
            for value in chunk {
                let next = key(*value);
                let step = next.wrapping_sub(before);
                rising &= next > before;
                least = least.min(step);
                most = most.max(step);
                before = next;
            }
            if !rising {
                return None;
            }
        }
        let mut before = first;
        let steps = values.get(1..)?.iter().map(|value| {
            let next = key(*value);
            next.wrapping_sub(std::mem::replace(&mut before, next))
        });
        let steps = if least == most {
            Steps::Even(most)
        } else if most <= 0xff {
            Steps::Bytes(steps.map(|step| step as u8).collect())
        } else if most <= 0xffff {
            Steps::Shorts(steps.map(|step| step as u16).collect())
        } else if most <= 0xffff_ffff {
            Steps::Ints(steps.map(|step| step as u32).collect())
        } else {
            Steps::Longs(steps.collect())
        };
        Some(Self { first, last, count: values.len(), steps })
    }

    /// Takes up the span that follows if all steps are the same; says whether it did.
    pub(crate) fn join(&mut self, next: &Self) -> bool {
        let (Steps::Even(step), Steps::Even(other)) = (&self.steps, &next.steps) else {
            return false;
        };
        if step != other || self.last.checked_add(*step) != Some(next.first) {
            return false;
        }
        self.last = next.last;
        self.count += next.count;
        true
    }

    /// Bytes in memory beside the value itself.
    pub(crate) fn bytes(&self) -> usize {
        match &self.steps {
            Steps::Even(_) | Steps::Spilled(..) => 0,
            Steps::Bytes(steps) => steps.len(),
            Steps::Shorts(steps) => steps.len() * 2,
            Steps::Ints(steps) => steps.len() * 4,
            Steps::Longs(steps) => steps.len() * 8,
        }
    }

    /// The keys in full; `file` is where steps were spilled to.
    ///
    /// # Errors
    /// [`crate::error::Code::Spill`] if they cannot be read back.
    pub(crate) fn keys(&self, file: Option<&SpillFile>) -> Result<Vec<u64>> {
        let mut key = self.first;
        let mut next = |step: u64| {
            key = key.wrapping_add(step);
            key
        };
        let mut keys = Vec::with_capacity(self.count);
        keys.push(self.first);
        match &self.steps {
            Steps::Even(step) => keys.extend((1..self.count).map(|_| next(*step))),
            Steps::Bytes(steps) => keys.extend(steps.iter().map(|step| next(u64::from(*step)))),
            Steps::Shorts(steps) => keys.extend(steps.iter().map(|step| next(u64::from(*step)))),
            Steps::Ints(steps) => keys.extend(steps.iter().map(|step| next(u64::from(*step)))),
            Steps::Longs(steps) => keys.extend(steps.iter().map(|step| next(*step))),
            Steps::Spilled(width, offset) => {
                let file = file.ok_or_else(|| Error::internal("spilled keys have no file"))?;
                let bytes = file.read(*offset, width * (self.count - 1))?;
                keys.extend(bytes.chunks_exact(*width).map(|bytes| {
                    let mut step = [0; 8];
                    step[..*width].copy_from_slice(bytes);
                    next(u64::from_le_bytes(step))
                }));
            }
        }
        Ok(keys)
    }

    /// Moves the steps to disk.
    ///
    /// # Errors
    /// [`crate::error::Code::Spill`] if they cannot be written.
    pub(crate) fn spill(&mut self, file: &SpillFile) -> Result<()> {
        let (width, bytes) = match &self.steps {
            Steps::Even(_) | Steps::Spilled(..) => return Ok(()),
            Steps::Bytes(steps) => (1, steps.clone()),
            Steps::Shorts(steps) => (2, steps.iter().flat_map(|step| step.to_le_bytes()).collect()),
            Steps::Ints(steps) => (4, steps.iter().flat_map(|step| step.to_le_bytes()).collect()),
            Steps::Longs(steps) => (8, steps.iter().flat_map(|step| step.to_le_bytes()).collect()),
        };
        self.steps = Steps::Spilled(width, file.write(&bytes)?);
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // how tests fail
mod tests {
    use super::super::spill::{Disk, Spill};
    use super::*;

    #[test]
    fn spans_hold_what_they_were_made_of_in_memory_and_on_disk() {
        let folder = std::env::temp_dir();
        let disk = Disk::new(&Spill { folder, quota_bytes: u64::MAX });
        let file = SpillFile::new(&disk);
        for most in [1, 2, 255, 256, 65_535, 65_536, 1 << 32, 1 << 50] {
            let keys: Vec<u64> =
                (0..1000u64).map(|n| 5 + n * most - (n % 2).min(most - 1)).collect();
            let mut span = Span::of(&keys, |key| key).unwrap();
            assert_eq!((span.first, span.last, span.count), (keys[0], keys[999], 1000));
            assert_eq!(span.keys(None).unwrap(), keys, "{most}");
            let bytes = span.bytes();
            span.spill(&file).unwrap();
            assert_eq!(span.keys(Some(&file)).unwrap(), keys, "{most} from disk");
            assert_eq!((bytes == 0, span.bytes()), (most == 1, 0));
        }
    }

    #[test]
    fn even_spans_that_follow_each_other_are_one() {
        let keys: Vec<u64> = (0..1000).map(|n| n * 3).collect();
        let span = |keys: &[u64]| Span::of(keys, |key| key).unwrap();
        let mut joined = span(&keys[..300]);
        assert!(!joined.join(&span(&keys[400..])) && !joined.join(&span(&keys[..300])));
        assert!(joined.join(&span(&keys[300..])));
        assert_eq!((joined.last, joined.count), (keys[999], 1000));
        assert_eq!(joined.keys(None).unwrap(), keys);
        let uneven: Vec<u64> = (1000..1100).map(|n| n * 3 + n % 2).collect();
        assert!(!joined.join(&span(&uneven)));
    }

    #[test]
    fn only_strictly_increasing_keys_are_a_span() {
        let rising: Vec<u64> = (0..1000).collect();
        assert!(Span::of(&rising, |key| key).is_some());
        assert!(Span::of(&rising, |key| !key).is_none());
        assert!(Span::of(&rising[..10], |key| key).is_none());
        for at in [0, 1, 255, 256, 257, 998] {
            let mut keys = rising.clone();
            keys[at + 1] = keys[at];
            assert!(Span::of(&keys, |key| key).is_none(), "equal at {at}");
            keys.swap(at, at + 1);
            keys[at + 1] = keys[at].wrapping_sub(1);
            assert!(Span::of(&keys, |key| key).is_none(), "falling at {at}");
        }
        let ends: Vec<u64> = (0..100).chain(u64::MAX - 100..=u64::MAX).collect();
        assert_eq!(Span::of(&ends, |key| key).unwrap().keys(None).unwrap(), ends);
    }
}
