//! What the stages ask of a packed key.

use std::fmt::Debug;

use super::seed::Seed;
use super::spare;
use crate::kernels::slab::Plain;

/// A key of one or two words. [`Default`] is all zeroes, which marks an empty place of a table and
/// is therefore counted beside it.
pub(crate) trait Key: Plain + Ord + Default + Send + Sync + Debug {
    /// Bytes of a key on disk.
    const BYTES: usize;
    /// The image under the seed's bijection.
    fn mix(self, seed: &Seed) -> Self;
    /// What chooses partition and place of a mixed key.
    fn hash(self) -> u64;
    /// Appends the bytes.
    fn write(self, bytes: &mut Vec<u8>);
    /// Reads as many bytes as were written.
    fn read(bytes: &[u8]) -> Self;
    /// The key of one word, as spans have them.
    fn of_word(word: u64) -> Self;
    /// The least and the greatest of the keys; that of [`Default`] twice if there are none.
    fn bounds(keys: &[Self]) -> (Self, Self);
    /// The lower halves of keys of one word whose upper half is the same, and that. All keys lie
    /// between the bounds.
    fn lower(keys: &[Self], least: Self, greatest: Self) -> Option<(u64, Vec<u32>)>;
    /// The keys as numbers, if one word holds them.
    fn words(keys: &[Self]) -> Option<&[u64]>;
    /// Lets go of keys whose memory may be of use.
    fn spare(keys: Vec<Self>);
}

fn word(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(bytes);
    u64::from_le_bytes(word)
}

impl Key for u64 {
    const BYTES: usize = 8;
    #[inline]
    fn mix(self, seed: &Seed) -> Self {
        seed.mix(self)
    }
    #[inline]
    fn hash(self) -> u64 {
        self
    }
    fn write(self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.to_le_bytes());
    }
    fn read(bytes: &[u8]) -> Self {
        word(bytes)
    }
    fn of_word(word: u64) -> Self {
        word
    }
    fn bounds(keys: &[Self]) -> (Self, Self) {
        let first = keys.first().copied().unwrap_or_default();
        keys.iter().fold((first, first), |(least, most), key| (least.min(*key), most.max(*key)))
    }
    fn lower(keys: &[Self], least: Self, greatest: Self) -> Option<(u64, Vec<u32>)> {
        let upper = least >> 32 << 32;
        let same = greatest >> 32 << 32 == upper;
        same.then(|| (upper, keys.iter().map(|key| *key as u32).collect()))
    }
    fn words(keys: &[Self]) -> Option<&[u64]> {
        Some(keys)
    }
    fn spare(keys: Vec<Self>) {
        spare::give(keys);
    }
}

impl Key for [u64; 2] {
    const BYTES: usize = 16;
    #[inline]
    fn mix(self, seed: &Seed) -> Self {
        seed.mix2(self)
    }
    #[inline]
    fn hash(self) -> u64 {
        self[0]
    }
    fn write(self, bytes: &mut Vec<u8>) {
        for word in self {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
    }
    fn read(bytes: &[u8]) -> Self {
        [word(&bytes[..8]), word(&bytes[8..])]
    }
    fn of_word(word: u64) -> Self {
        [word, 0]
    }
    fn bounds(keys: &[Self]) -> (Self, Self) {
        // As numbers of 128 bits they have the same order, and are compared without a branch.
        let number = |[high, low]: [u64; 2]| u128::from(high) << 64 | u128::from(low);
        let first = number(keys.first().copied().unwrap_or_default());
        let (least, most) = keys.iter().fold((first, first), |(least, most), key| {
            (least.min(number(*key)), most.max(number(*key)))
        });
        let key = |number: u128| [(number >> 64) as u64, number as u64];
        (key(least), key(most))
    }
    fn lower(_: &[Self], _: Self, _: Self) -> Option<(u64, Vec<u32>)> {
        None
    }
    fn words(_: &[Self]) -> Option<&[u64]> {
        None
    }
    fn spare(_: Vec<Self>) {}
}
