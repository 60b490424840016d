//! A perfect hash table of integers: one slot in which a value can be, found without a search.

use crate::literal::Native;

/// Slots per member of a hash table, before rounding up to a power of two.
const ROOM: usize = 2;
/// Members per bucket, on average.
const CROWD: usize = 2;
/// The most members of one bucket, and the factors that are tried before a table is given up.
const MOST: usize = 32;
const TRIES: u64 = 16;
/// Moves that are tried per member, on average, before a factor is given up: members can be chosen
/// so that they meet.
const MOVES: usize = 64;

/// Hash and displace: a value's bucket says how far its slot is moved, so that no two members share
/// one. A slot without a member repeats the first member, which is right wherever it stands.
#[derive(Debug)]
pub(super) struct Hashed<T> {
    factor: u64,
    /// One for each bucket; a power of two of them, as of the slots.
    moves: Box<[u32]>,
    slots: Box<[T]>,
}

impl<T: Native> Hashed<T> {
    /// The table of different members; `None` if too many of them meet, whatever the factor.
    pub(super) fn new(members: &[T]) -> Option<Self> {
        let keys: Vec<u64> = members.iter().map(|m| m.key()).collect::<Option<_>>()?;
        (0..TRIES).find_map(|attempt| Self::with(members, &keys, factor(attempt)))
    }

    /// The table with this factor; `None` if too many members meet.
    fn with(members: &[T], keys: &[u64], factor: u64) -> Option<Self> {
        let first = *members.first()?;
        let slots = (members.len() * ROOM).next_power_of_two();
        let buckets = (members.len() / CROWD).next_power_of_two();
        let mut crowds: Vec<Vec<usize>> = vec![Vec::new(); buckets];
        for (at, key) in keys.iter().enumerate() {
            crowds.get_mut(bucket(hash(*key, factor), buckets))?.push(at);
        }
        let mut order: Vec<usize> = (0..buckets).collect();
        order.sort_by_key(|at| std::cmp::Reverse(crowds.get(*at).map_or(0, Vec::len)));
        let mut table =
            Self { factor, moves: vec![0; buckets].into(), slots: vec![first; slots].into() };
        let mut taken = vec![false; slots];
        let mut left = MOVES * members.len();
        for at in order {
            let crowd = crowds.get(at)?;
            if crowd.is_empty() {
                break;
            }
            if crowd.len() > MOST {
                return None;
            }
            let hashes: Option<Vec<u64>> =
                crowd.iter().map(|at| keys.get(*at).map(|key| hash(*key, factor))).collect();
            let (moved, places) = free(&hashes?, &taken, left)?;
            left = left.saturating_sub((moved as usize + 1) * crowd.len());
            *table.moves.get_mut(at)? = moved;
            for (place, member) in places.into_iter().zip(crowd) {
                *taken.get_mut(place)? = true;
                *table.slots.get_mut(place)? = *members.get(*member)?;
            }
        }
        Some(table)
    }

    #[inline]
    pub(super) fn has(&self, value: T) -> bool {
        let hash = hash(value.key().unwrap_or_default(), self.factor);
        let moved = self.moves.get(bucket(hash, self.moves.len())).copied().unwrap_or_default();
        self.slots.get(slot(hash, moved, self.slots.len())).is_some_and(|member| *member == value)
    }
}

/// The least move by which these hashes get slots of their own, and the slots; `None` where so many
/// slots were looked at without finding one.
fn free(hashes: &[u64], taken: &[bool], looks: usize) -> Option<(u32, Vec<usize>)> {
    let most = (looks / hashes.len().max(1)).min(taken.len());
    let mut places = Vec::with_capacity(hashes.len());
    (0..u32::try_from(most).ok()?).find_map(|moved| {
        places.clear();
        for hash in hashes {
            let place = slot(*hash, moved, taken.len());
            if taken.get(place) != Some(&false) || places.contains(&place) {
                return None;
            }
            places.push(place);
        }
        Some((moved, std::mem::take(&mut places)))
    })
}

#[inline]
fn hash(key: u64, factor: u64) -> u64 {
    let product = key.wrapping_mul(factor);
    (product ^ product >> 32).wrapping_mul(factor)
}

/// The high half of a hash finds the bucket, the low half the slot; both counts are powers of two.
#[inline]
fn bucket(hash: u64, buckets: usize) -> usize {
    (hash >> 40) as usize & (buckets - 1)
}

#[inline]
fn slot(hash: u64, moved: u32, slots: usize) -> usize {
    // Moved by a multiple of the hash's own step, or hashes that meet would meet in every move.
    let step = hash >> 20 | 1;
    (hash >> 8).wrapping_add(step.wrapping_mul(u64::from(moved))) as usize & (slots - 1)
}

/// An odd number without a pattern.
fn factor(attempt: u64) -> u64 {
    let mut mixed = attempt.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB) | 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_for_free_slots_ends() {
        let mut taken = vec![true; 64];
        assert_eq!(free(&[1 << 30], &taken, usize::MAX), None);
        taken[slot(1 << 30, 5, 64)] = false;
        assert_eq!(free(&[1 << 30], &taken, 5), None);
        assert!(free(&[1 << 30], &taken, 64).is_some());
        // Equal hashes meet however far they are moved.
        assert_eq!(free(&[1 << 30; 2], &[false; 64], 1 << 20), None);
    }
}
