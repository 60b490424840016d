//! Membership of short byte strings in a set, without a branch per row.
//!
//! A string of up to 16 (or 32) bytes is one (or two) words of 16 bytes, read at once and masked to
//! its length. Its place in the table comes from one multiplication, with a factor chosen when the
//! table was made so that members rarely meet; as many neighbours are compared as the unluckiest
//! member needs. The length is compared beside the words: "a" and "a\0" have the same words. Longer
//! strings are looked up in a hash set. Views tell their length and first bytes: among a few members
//! that are not inline there is at most one to compare with, and mostly none.

use std::collections::HashSet;

use super::rows::{Question, Row, Rows};
use super::views::Inline;

/// Bytes of a word.
const WORD: usize = 16;
/// Sets of factors that are tried.
const TRIES: u64 = 64;
/// Bytes of a text that a view holds itself.
const INLINE: usize = 12;
/// More members are looked up by their hash.
const HEADS: usize = 16;
/// Slots per member.
const ROOM: usize = 4;

/// The bytes of a word that belong to a string of so many bytes.
const MASKS: [u128; WORD + 1] = {
    let mut masks = [u128::MAX; WORD + 1];
    let mut len = 0;
    while len < WORD {
        masks[len] = (1 << (8 * len)) - 1;
        len += 1;
    }
    masks
};

/// A string of at most `N` words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Key<const N: usize> {
    words: [u128; N],
    len: usize,
}

impl<const N: usize> Key<N> {
    /// Equal to no string's key.
    const VACANT: Self = Self { words: [0; N], len: usize::MAX };

    #[inline]
    fn of(row: &Row<'_>) -> Self {
        let mut words = [0; N];
        for (at, word) in words.iter_mut().enumerate() {
            let left = row.len().saturating_sub(at * WORD).min(WORD);
            *word = u128::from_le_bytes(row.word(at * WORD)) & MASKS[left];
        }
        Self { words, len: row.len() }
    }

    /// Equality in one go: what differs first is as likely at the end.
    #[inline]
    fn same(&self, other: &Self) -> bool {
        let mut differ = (self.len ^ other.len) as u128;
        for (a, b) in self.words.iter().zip(&other.words) {
            differ |= a ^ b;
        }
        differ == 0
    }

    /// The place in a table of 2^(64 - `shift`) slots.
    #[inline]
    fn place(&self, factor: u64, shift: u32) -> usize {
        let mut folded = 0;
        for word in self.words {
            folded = u64::rotate_left(folded, 29) ^ word as u64;
            folded = folded.rotate_left(29) ^ (word >> 64) as u64;
        }
        (folded.wrapping_mul(factor) >> (shift & 63)) as usize
    }
}

#[derive(Debug)]
struct Table<const N: usize> {
    factor: u64,
    shift: u32,
    /// Slots a member may stand behind its own.
    reach: usize,
    /// A power of two, and `reach` more.
    slots: Box<[Key<N>]>,
}

impl<const N: usize> Table<N> {
    fn new(members: &[&[u8]]) -> Self {
        let bits = (members.len() * ROOM).next_power_of_two().trailing_zeros().max(1);
        let keys: Vec<Key<N>> = members.iter().map(|m| Key::of(&Row::whole(m))).collect();
        let tried = (1..=TRIES).map(|seed| Self::with(mix(seed) | 1, bits, &keys));
        let mut best: Option<Self> = None;
        for table in tried {
            let better = best.as_ref().is_none_or(|b| table.reach < b.reach);
            if better {
                best = Some(table);
            }
            if best.as_ref().is_some_and(|b| b.reach == 0) {
                break;
            }
        }
        best.unwrap_or_else(|| Self::with(1, bits, &keys))
    }

    fn with(factor: u64, bits: u32, keys: &[Key<N>]) -> Self {
        let shift = 64 - bits;
        let mut slots = vec![Key::VACANT; (1 << bits) + keys.len()];
        let mut reach = 0;
        for key in keys {
            let home = key.place(factor, shift);
            let free = slots.iter().skip(home).position(|slot| *slot == Key::VACANT).unwrap_or(0);
            slots[home + free] = *key;
            reach = reach.max(free);
        }
        slots.truncate((1 << bits) + reach);
        Self { factor, shift, reach, slots: slots.into() }
    }

    fn members(&self) -> usize {
        self.slots.iter().filter(|slot| **slot != Key::VACANT).count()
    }

    /// Whether the row is a member; `FAR` if some stand behind their own slot.
    #[inline]
    fn contains<const FAR: bool>(&self, row: &Row<'_>) -> bool {
        let key = Key::of(row);
        let home = key.place(self.factor, self.shift);
        let same = |at: usize| self.slots.get(at).is_some_and(|slot| slot.same(&key));
        let mut found = same(home);
        if FAR {
            for next in 1..=self.reach {
                found |= same(home + next);
            }
        }
        found
    }

    #[inline]
    fn ask<R: Rows, const FAR: bool>(&self, rows: &R, first: usize, asked: u64) -> u64 {
        let mut found = 0;
        if asked == u64::MAX {
            for at in 0..64 {
                let yes = self.contains::<FAR>(&rows.row(first + at));
                found = found >> 1 | u64::from(yes) << 63;
            }
            return found;
        }
        let mut rest = asked;
        while rest != 0 {
            let yes = self.contains::<FAR>(&rows.row(first + rest.trailing_zeros() as usize));
            found |= rest & rest.wrapping_neg() & u64::from(yes).wrapping_neg();
            rest &= rest - 1;
        }
        found
    }
}

fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    x = (x ^ (x >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    x ^ (x >> 32)
}

/// Members that views do not hold themselves, by what views tell: the length and four bytes.
#[derive(Debug)]
struct Headed {
    heads: Vec<u64>,
    /// The words of each, and which bits of them are its own.
    texts: Vec<[(u128, u128); 2]>,
}

impl Headed {
    /// The members that are longer than an inline text, if they are few and no two have one head.
    fn of(members: &[&[u8]]) -> Option<Self> {
        let longer: Vec<&[u8]> = members.iter().copied().filter(|m| m.len() > INLINE).collect();
        let mut heads = Vec::new();
        for member in &longer {
            let [a, b, c, d] = Row::whole(member).word(0);
            let length = u32::try_from(member.len()).ok()?;
            let head = u64::from(length) | u64::from(u32::from_le_bytes([a, b, c, d])) << 32;
            if heads.contains(&head) || member.len() > 2 * WORD {
                return None;
            }
            heads.push(head);
        }
        let text = |member: &&[u8]| {
            let Key { words: [one, other], len } = Key::of(&Row::whole(member));
            [(one, MASKS[len.min(WORD)]), (other, MASKS[len.saturating_sub(WORD)])]
        };
        let texts = longer.iter().map(text).collect();
        (heads.len() <= HEADS).then_some(Self { heads, texts })
    }

    fn ask<R: Rows>(&self, rows: &R, block: &[u128; 64], first: usize, asked: u64) -> u64 {
        let mut found = 0;
        let mut rest = asked;
        while rest != 0 {
            let at = rest.trailing_zeros() as usize;
            let mut chosen = self.heads.len();
            for (number, head) in self.heads.iter().enumerate() {
                chosen = if *head == block[at % 64] as u64 { number } else { chosen };
            }
            if let Some([(one, mine), (other, rest_mine)]) = self.texts.get(chosen) {
                let row = rows.row(first + at);
                let word = |at| u128::from_le_bytes(row.word(at));
                let differ = (word(0) ^ one) & mine | (word(WORD) ^ other) & rest_mine;
                let yes = differ == 0;
                found |= (rest & rest.wrapping_neg()) & u64::from(yes).wrapping_neg();
            }
            rest &= rest - 1;
        }
        found
    }
}

#[derive(Debug)]
enum Short {
    One(Table<1>),
    Two(Table<2>),
}

/// A set of byte strings.
#[derive(Debug)]
pub(crate) struct Words {
    /// The shortest members, which views hold themselves.
    inline: Inline,
    headed: Option<Headed>,
    short: Short,
    /// Members that do not fit in two words.
    long: HashSet<Box<[u8]>>,
}

impl Words {
    /// The set of these strings, which may repeat.
    pub(crate) fn new(members: &[&[u8]]) -> Self {
        let mut members = members.to_vec();
        members.sort_unstable();
        members.dedup();
        let (inline, headed) = (Inline::of(&members), Headed::of(&members));
        let (short, long): (Vec<_>, Vec<_>) =
            members.into_iter().partition(|m| m.len() <= 2 * WORD);
        let one = short.iter().all(|m| m.len() <= WORD);
        let short =
            if one { Short::One(Table::new(&short)) } else { Short::Two(Table::new(&short)) };
        Self { inline, headed, short, long: long.into_iter().map(Into::into).collect() }
    }

    /// Different members.
    pub(crate) fn len(&self) -> usize {
        let count = |taken: usize| taken + self.long.len();
        match &self.short {
            Short::One(table) => count(table.members()),
            Short::Two(table) => count(table.members()),
        }
    }

    #[inline]
    fn each<R: Rows, const N: usize>(
        &self,
        table: &Table<N>,
        rows: &R,
        first: usize,
        asked: u64,
    ) -> u64 {
        let mut found = if table.reach == 0 {
            table.ask::<R, false>(rows, first, asked)
        } else {
            table.ask::<R, true>(rows, first, asked)
        };
        if self.long.is_empty() {
            return found;
        }
        let mut rest = asked & !found;
        while rest != 0 {
            let row = rows.row(first + rest.trailing_zeros() as usize);
            let yes = row.len() > 2 * WORD && self.long.contains(row.bytes());
            found |= rest & rest.wrapping_neg() & u64::from(yes).wrapping_neg();
            rest &= rest - 1;
        }
        found
    }
}

impl Question for Words {
    fn ask<R: Rows>(&self, rows: &R, first: usize, asked: u64) -> u64 {
        let block = rows.block_of_views(first);
        let among = block.and_then(|block| self.inline.among(block));
        let (found, open) = match among {
            Some(among) => (among.found & asked, among.longer & asked),
            None => (0, asked),
        };
        if let (Some(block), Some(headed), true) = (block, &self.headed, among.is_some()) {
            return found | headed.ask(rows, block, first, open);
        }
        found
            | match &self.short {
                Short::One(table) => self.each(table, rows, first, open),
                Short::Two(table) => self.each(table, rows, first, open),
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::cpu::each_level;
    use crate::kernels::{rows, testing};
    use proptest::prelude::*;

    fn members_among(members: &[&[u8]], values: &[Option<Vec<u8>>], offset: usize) -> Vec<usize> {
        let words = Words::new(members);
        let decoy = members.first().copied().unwrap_or_default();
        testing::in_all_layouts(values, decoy, offset, |array, valid, out| {
            rows::fill(array, valid, out, true, &words).unwrap();
        })
    }

    fn contains(members: &[&[u8]], value: &[u8]) -> bool {
        !members_among(members, &[Some(value.to_vec())], 0).is_empty()
    }

    #[test]
    fn what_differs_only_in_length_or_at_the_end_is_told_apart() {
        let sixteen = [b'x'; 16];
        let members: [&[u8]; 6] = [b"a", b"", b"abcdefgh", &sixteen, "äöü".as_bytes(), b"a\0b"];
        for member in members {
            assert!(contains(&members, member), "{member:?}");
        }
        for other in
            [&b"a\0"[..], b"\0", b"abcdefg", b"abcdefghi", &[b'x'; 17], &[b'x'; 15], b"a\0c"]
        {
            assert!(!contains(&members, other), "{other:?}");
        }
        assert!(contains(&[b"a", b"a\0"], b"a\0") && !contains(&[b"a\0"], b"a"));
    }

    #[test]
    fn sets_of_any_size_and_length_work() {
        let many: Vec<Vec<u8>> =
            (0..3000).map(|i| format!("member-number-{i}").into_bytes()).collect();
        let long: Vec<Vec<u8>> = (0..40).map(|len| vec![b'y'; len]).collect();
        for members in [many, long] {
            let borrowed: Vec<&[u8]> = members.iter().map(Vec::as_slice).collect();
            let words = Words::new(&borrowed);
            assert_eq!(words.len(), members.len());
            let values: Vec<_> = members.iter().cloned().map(Some).collect();
            assert_eq!(members_among(&borrowed, &values, 1).len(), members.len());
            assert!(
                !contains(&borrowed, b"member-number-3000") && !contains(&borrowed, &[b'y'; 40])
            );
        }
        assert!(!contains(&[], b""));
    }

    #[test]
    fn members_beyond_a_view_are_told_by_their_heads_and_compared_whole() {
        let members: Vec<Vec<u8>> = (10..=32).map(|len| vec![b'a' + len as u8 % 26; len]).collect();
        for some in [&members[..], &members[3..9]] {
            let borrowed: Vec<&[u8]> = some.iter().map(Vec::as_slice).collect();
            assert_eq!(Headed::of(&borrowed).is_some(), some.len() <= HEADS);
            for member in &members {
                assert_eq!(contains(&borrowed, member), some.contains(member), "{member:?}");
                for at in 0..member.len() {
                    let mut other = member.clone();
                    other[at] ^= 1;
                    assert!(!contains(&borrowed, &other), "{other:?}");
                }
            }
        }
        let alike: [&[u8]; 2] = [b"the same head, one", b"the same head, two"];
        assert!(Headed::of(&alike).is_none());
        assert!(alike.iter().all(|member| contains(&alike, member)));
    }

    proptest! {
        #[test]
        fn every_level_finds_the_same_members(
            members in prop::collection::vec(prop::collection::vec(0u8..3, 0..20), 1..20),
            picks in prop::collection::vec((0usize..20, 0usize..4), 0..200),
        ) {
            let values: Vec<_> = picks
                .iter()
                .map(|(at, change)| {
                    let mut value = members[at % members.len()].clone();
                    match change {
                        0 => value.push(0),
                        1 => drop(value.pop()),
                        _ => {}
                    }
                    Some(value)
                })
                .collect();
            let borrowed: Vec<&[u8]> = members.iter().map(Vec::as_slice).collect();
            let all = each_level(|| members_among(&borrowed, &values, 0));
            prop_assert!(all.windows(2).all(|pair| pair[0] == pair[1]));
        }

        #[test]
        fn a_set_equals_a_hash_set(
            members in prop::collection::vec(prop::collection::vec(prop::sample::select(b"ab\0".to_vec()), 0..36), 1..20),
            values in prop::collection::vec(prop::option::of(prop::collection::vec(prop::sample::select(b"ab\0".to_vec()), 0..36)), 0..150),
            offset in 0usize..64,
        ) {
            let mut values = values;
            values.extend(members.iter().cloned().map(Some));
            let borrowed: Vec<&[u8]> = members.iter().map(Vec::as_slice).collect();
            let oracle: HashSet<&[u8]> = borrowed.iter().copied().collect();
            let expected: Vec<usize> = (0..values.len())
                .filter(|row| values[*row].as_deref().is_some_and(|v| oracle.contains(v)))
                .collect();
            prop_assert_eq!(members_among(&borrowed, &values, offset), expected);
        }
    }
}
