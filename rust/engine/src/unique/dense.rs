//! Keys of a small range: one bit each says whether the key came before, a second whether it came
//! again. Rows come from looking at the keys once more, and only if there are repeats.

use std::thread;

use super::budget::full;
use super::judge::Means;
use super::outcome::{Tally, EXAMPLES};
use crate::error::{Error, Result};
use crate::kernels::slab::Slab;

/// Sees keys, and can ask for the ordinal of each.
pub(crate) type SeeWords<'a> = dyn FnMut(&[u64], &mut dyn FnMut(usize) -> u64) -> Result<()> + 'a;
/// Shows keys in row order.
pub(crate) type Scan<'a> = &'a (dyn Fn(&mut SeeWords<'_>) -> Result<()> + Sync);

/// Keys taken at a time.
const GROUP: usize = 512;
/// Ranges up to this one have their bits near enough to be marked as keys come.
const NEAR: u64 = if cfg!(test) { 1 << 12 } else { 1 << 24 };
/// Keys of a region are 2^`REGION`: their bits fit into the cache.
const REGION: u32 = if cfg!(test) { 10 } else { 20 };
/// Keys of a region that wait to be marked together: several for each line of its bits.
const WAITING: usize = if cfg!(test) { 1 << 6 } else { 1 << 14 };
/// Words for keys of other ranges.
const ELSEWHERE: usize = 64;

/// What repeats among the keys of a scan, all of which lie in `least..least + domain`.
///
/// # Errors
/// Those of the scan, and [`crate::error::Code::Memory`] if the system has no memory left.
pub(crate) fn search(scan: Scan<'_>, least: u64, domain: u64, means: &Means<'_>) -> Result<Tally> {
    // Every thread looks at all keys and judges those of its own range.
    let threads = means.threads.clamp(1, 4) as u64;
    let share = domain.div_ceil(threads).next_multiple_of(64);
    let ranges = (0..threads).map(|at| at * share).filter(|start| *start < domain);
    let ranges = ranges.map(|start| (least + start, share.min(domain - start)));
    let tallies: Vec<Result<Tally>> = if threads == 1 {
        ranges.map(|(least, domain)| range(scan, least, domain, means)).collect()
    } else {
        thread::scope(|scope| {
            let workers: Vec<_> = ranges
                .map(|(least, domain)| scope.spawn(move || range(scan, least, domain, means)))
                .collect();
            let join = |worker: thread::ScopedJoinHandle<'_, Result<Tally>>| {
                worker.join().unwrap_or_else(|_| Err(Error::internal("a thread panicked")))
            };
            workers.into_iter().map(join).collect()
        })
    };
    let mut sum = Tally::default();
    for tally in tallies {
        sum.merge(&tally?);
    }
    Ok(sum)
}

fn range(scan: Scan<'_>, least: u64, domain: u64, means: &Means<'_>) -> Result<Tally> {
    if domain > NEAR && distinct(scan, least, domain)? {
        return means.found().finish();
    }
    let words = usize::try_from(domain.div_ceil(64)).map_err(|_| full())?;
    // Keys of other ranges go to more words at the end: to one of them, each would wait for the one
    // before.
    let mut seen = Slab::zeroed(words + ELSEWHERE, 0u64).ok_or_else(full)?;
    let mut again: Option<Slab<u64>> = None;
    let mut found = means.found();
    let mut near = [0u32; GROUP];
    scan(&mut |keys, ordinal| {
        let seen = &mut seen[..words + ELSEWHERE];
        for (group, keys) in keys.chunks(GROUP).enumerate() {
            // Positions of the keys that came before, without a branch on each.
            let mut count = 0;
            for (at, key) in keys.iter().enumerate() {
                let key = key.wrapping_sub(least);
                let here = key < domain;
                let elsewhere = words + at % ELSEWHERE;
                let word = &mut seen[if here { (key / 64) as usize } else { elsewhere }];
                near[count] = at as u32;
                count += usize::from(here) & (*word >> (key % 64)) as usize;
                *word |= 1 << (key % 64);
            }
            for at in near.iter().take(count) {
                let key = keys[*at as usize] - least;
                let (word, bit) = ((key / 64) as usize, 1 << (key % 64));
                let again = match &mut again {
                    Some(again) => again,
                    None => again.insert(Slab::zeroed(words, 0).ok_or_else(full)?),
                };
                if again[word] & bit == 0 {
                    again[word] |= bit;
                    found.tally.groups += 1;
                }
                found.surplus(ordinal(group * GROUP + *at as usize))?;
            }
        }
        Ok(())
    })?;
    let mut tally = found.finish()?;
    let Some(again) = again else { return Ok(tally) };
    let again = &again[..];
    let mut members = 0;
    scan(&mut |keys, ordinal| {
        if members == EXAMPLES {
            return Ok(());
        }
        for (at, key) in keys.iter().enumerate() {
            let key = key.wrapping_sub(least);
            if key < domain && again[(key / 64) as usize] >> (key % 64) & 1 == 1 {
                tally.first_members.offer(ordinal(at));
                members += 1;
                if members == EXAMPLES {
                    break;
                }
            }
        }
        Ok(())
    })?;
    Ok(tally)
}

/// Whether no key of the range repeats. Keys wait by their region, so that the bits of one region
/// at a time are in the cache.
fn distinct(scan: Scan<'_>, least: u64, domain: u64) -> Result<bool> {
    let regions = usize::try_from(domain.div_ceil(1 << REGION)).map_err(|_| full())?;
    let mut seen = Slab::zeroed(regions << (REGION - 6), 0u64).ok_or_else(full)?;
    // Keys of other ranges have a last region, whose keys nobody marks.
    let mut waiting = Slab::zeroed((regions + 1) * WAITING, 0u32).ok_or_else(full)?;
    let mut counts = vec![0; regions + 1];
    let mut repeats = false;
    let mut mark = |region: usize, offsets: &[u32]| {
        let bits = 1usize << (REGION - 6);
        let seen = seen.get_mut(region * bits..(region + 1) * bits);
        seen.is_some_and(|seen| came(seen, offsets))
    };
    scan(&mut |keys, _| {
        if repeats {
            return Ok(());
        }
        let waiting = &mut waiting[..];
        for key in keys {
            let key = key.wrapping_sub(least);
            let region = if key < domain { (key >> REGION) as usize } else { regions };
            let count = &mut counts[region];
            waiting[region * WAITING + *count] = key as u32 & ((1 << REGION) - 1);
            *count += 1;
            if *count == WAITING {
                *count = 0;
                repeats |= mark(region, &waiting[region * WAITING..(region + 1) * WAITING]);
            }
        }
        Ok(())
    })?;
    for (region, count) in counts.into_iter().enumerate() {
        let start = region * WAITING;
        repeats |= mark(region, &waiting[start..start + count]);
    }
    Ok(!repeats)
}

/// Marks keys; whether one was marked before.
fn came(seen: &mut [u64], offsets: &[u32]) -> bool {
    let mut came = 0;
    for at in offsets {
        let word = &mut seen[(at / 64) as usize];
        came |= *word >> (at % 64);
        *word |= 1 << (at % 64);
    }
    came & 1 == 1
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // how tests fail
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn keys_of_a_wide_range_are_distinct_or_not() {
        let keys: Vec<u64> = (0..20_000u64).map(|n| 1_000 + n * 7_919 % 20_011).collect();
        for (least, domain) in [(1_000, 20_011), (1_000, 10_000), (9_999, 5_000), (0, 1 << 15)] {
            for repeated in [None, Some(0), Some(77), Some(10_000), Some(19_998)] {
                let mut keys = keys.clone();
                if let Some(at) = repeated {
                    keys[19_999] = keys[at];
                }
                let inside = keys.iter().filter(|key| key.wrapping_sub(least) < domain);
                let different: HashSet<u64> = inside.clone().copied().collect();
                let scan = |see: &mut SeeWords<'_>| {
                    keys.chunks(999).try_for_each(|keys| see(keys, &mut |at| at as u64))
                };
                let found = distinct(&scan, least, domain).unwrap();
                assert_eq!(found, different.len() == inside.count(), "{least} {repeated:?}");
            }
        }
    }
}
