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
    /// Of two numbers in one word, the lower one of so many bits: how far either goes, in a byte.
    Pairs(u32, Vec<[u8; 2]>),
    /// On disk: how a step is written, and where the first is.
    Spilled(Form, u64),
}

/// A step in bytes.
#[derive(Debug, Clone, Copy)]
enum Form {
    /// So many, the lowest first.
    Whole(usize),
    /// Two, as in [`Steps::Pairs`].
    Pair(u32),
}

impl Form {
    fn width(self) -> usize {
        match self {
            Self::Whole(width) => width,
            Self::Pair(_) => 2,
        }
    }

    fn read(self, bytes: &[u8]) -> u64 {
        if let (Self::Pair(low), [upper, lower]) = (self, bytes) {
            return whole(low, [*upper, *lower]);
        }
        let mut step = [0; 8];
        step.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        u64::from_le_bytes(step)
    }
}

/// All steps, of which none is greater than `most`, as pairs, or none.
fn pairs(low: u32, most: u64, steps: impl Iterator<Item = u64>) -> Option<Steps> {
    if most.checked_add(128)?.checked_shr(low)? > 0xff {
        return None;
    }
    let mut misfit = 0;
    let pairs = steps.map(|step| {
        let upper = (step + 128) >> low;
        let lower = step.wrapping_sub(upper << low);
        misfit |= lower.wrapping_add(128);
        [upper as u8, lower as u8]
    });
    let pairs = pairs.collect();
    (misfit <= 0xff).then_some(Steps::Pairs(low, pairs))
}

fn whole(low: u32, [upper, lower]: [u8; 2]) -> u64 {
    (u64::from(upper) << low).wrapping_add(i64::from(lower as i8) as u64)
}

impl Span {
    /// The keys made of these values, if every one is greater than the one before. Keys of several
    /// numbers say of how many bits the last one is.
    pub(crate) fn of<T: Copy>(
        values: &[T],
        low: Option<u32>,
        key: impl Fn(T) -> u64,
    ) -> Option<Self> {
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
        let key = &key;
        let steps = || {
            let step = |(before, next): (&T, &T)| key(*next).wrapping_sub(key(*before));
            values.iter().zip(values.iter().skip(1)).map(step)
        };
        let steps = if least == most {
            Steps::Even(most)
        } else if most <= 0xff {
            Steps::Bytes(steps().map(|step| step as u8).collect())
        } else if most <= 0xffff {
            Steps::Shorts(steps().map(|step| step as u16).collect())
        } else if let Some(pairs) = low.and_then(|low| pairs(low, most, steps())) {
            pairs
        } else if most <= 0xffff_ffff {
            Steps::Ints(steps().map(|step| step as u32).collect())
        } else {
            Steps::Longs(steps().collect())
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
            Steps::Pairs(_, steps) => steps.len() * 2,
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
            Steps::Pairs(low, steps) => keys.extend(steps.iter().map(|s| next(whole(*low, *s)))),
            Steps::Spilled(form, offset) => {
                let file = file.ok_or_else(|| Error::internal("spilled keys have no file"))?;
                let bytes = file.read(*offset, form.width() * (self.count - 1))?;
                let steps = bytes.chunks_exact(form.width());
                keys.extend(steps.map(|bytes| next(form.read(bytes))));
            }
        }
        Ok(keys)
    }

    /// Moves the steps to disk.
    ///
    /// # Errors
    /// [`crate::error::Code::Spill`] if they cannot be written.
    pub(crate) fn spill(&mut self, file: &SpillFile) -> Result<()> {
        let (form, bytes): (_, Vec<u8>) = match &self.steps {
            Steps::Even(_) | Steps::Spilled(..) => return Ok(()),
            Steps::Bytes(steps) => (Form::Whole(1), steps.clone()),
            Steps::Shorts(steps) => (Form::Whole(2), little(steps, u16::to_le_bytes)),
            Steps::Ints(steps) => (Form::Whole(4), little(steps, u32::to_le_bytes)),
            Steps::Longs(steps) => (Form::Whole(8), little(steps, u64::to_le_bytes)),
            Steps::Pairs(low, steps) => (Form::Pair(*low), steps.concat()),
        };
        self.steps = Steps::Spilled(form, file.write(&bytes)?);
        Ok(())
    }
}

fn little<T: Copy, const N: usize>(steps: &[T], bytes: impl Fn(T) -> [u8; N]) -> Vec<u8> {
    steps.iter().flat_map(|step| bytes(*step)).collect()
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
            let mut span = Span::of(&keys, None, |key| key).unwrap();
            assert_eq!((span.first, span.last, span.count), (keys[0], keys[999], 1000));
            assert_eq!(span.keys(None).unwrap(), keys, "{most}");
            let bytes = span.bytes();
            span.spill(&file).unwrap();
            assert_eq!(span.keys(Some(&file)).unwrap(), keys, "{most} from disk");
            assert_eq!((bytes == 0, span.bytes()), (most == 1, 0));
        }
    }

    #[test]
    fn two_numbers_in_a_word_take_two_bytes_where_they_can() {
        let file = SpillFile::new(&Disk::new(&Spill {
            folder: std::env::temp_dir(),
            quota_bytes: u64::MAX,
        }));
        for low in [20, 32, 40] {
            // Three lines an order; the lower number goes back by so much.
            for (back, gap, pairs) in
                [(2, 1, true), (128, 1, true), (129, 1, false), (2, 255, true), (2, 256, false)]
            {
                let line = |n: u64| [0, 1, back][(n % 3) as usize] + 1000;
                let keys: Vec<u64> = (0..120).map(|n| ((n / 3 * gap) << low) + line(n)).collect();
                let mut span = Span::of(&keys, Some(low), |key| key).unwrap();
                assert_eq!(span.bytes() == 119 * 2, pairs, "{low} {back} {gap}");
                assert_eq!(span.keys(None).unwrap(), keys);
                span.spill(&file).unwrap();
                assert_eq!((span.keys(Some(&file)).unwrap(), span.bytes()), (keys, 0));
            }
        }
    }

    /// A step as how far its two numbers go, if a byte holds either; the lower one may go back.
    fn pair(low: u32, step: u64) -> Option<[u8; 2]> {
        match pairs(low, step, [step].into_iter())? {
            Steps::Pairs(_, pairs) => pairs.first().copied(),
            _ => None,
        }
    }

    #[test]
    fn a_step_is_two_bytes_and_back_or_none() {
        for low in [8, 20, 32, 56, 63] {
            let near = |n: u64| (0..400).map(move |d| n.wrapping_add(d).wrapping_sub(200));
            let steps = (0..64).flat_map(|bit| near(1 << bit)).chain(near(255 << 8)).chain(near(0));
            for step in steps {
                if let Some(bytes) = pair(low, step) {
                    assert_eq!(whole(low, bytes), step, "{step:x} by {low}");
                }
                // Several steps are pairs if each is.
                for other in [1, 127, 255 << low.min(40), step / 2] {
                    let both = pairs(low, step.max(other), [step, other].into_iter());
                    let each = [step, other].map(|step| pair(low, step));
                    assert_eq!(both.is_some(), each.iter().all(Option::is_some), "{step:x} {low}");
                }
            }
        }
        assert_eq!(pair(32, 1), Some([0, 1]));
        assert_eq!(pair(32, (25 << 32) - 6), Some([25, 250]));
        assert_eq!(pair(32, 128), None);
        assert_eq!(pair(32, 256 << 32), None);
        assert_eq!(pair(32, u64::MAX), None);
    }

    #[test]
    fn even_spans_that_follow_each_other_are_one() {
        let keys: Vec<u64> = (0..1000).map(|n| n * 3).collect();
        let span = |keys: &[u64]| Span::of(keys, None, |key| key).unwrap();
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
        assert!(Span::of(&rising, None, |key| key).is_some());
        assert!(Span::of(&rising, None, |key| !key).is_none());
        assert!(Span::of(&rising[..10], None, |key| key).is_none());
        for at in [0, 1, 255, 256, 257, 998] {
            let mut keys = rising.clone();
            keys[at + 1] = keys[at];
            assert!(Span::of(&keys, None, |key| key).is_none(), "equal at {at}");
            keys.swap(at, at + 1);
            keys[at + 1] = keys[at].wrapping_sub(1);
            assert!(Span::of(&keys, None, |key| key).is_none(), "falling at {at}");
        }
        let ends: Vec<u64> = (0..100).chain(u64::MAX - 100..=u64::MAX).collect();
        assert_eq!(Span::of(&ends, None, |key| key).unwrap().keys(None).unwrap(), ends);
    }
}
