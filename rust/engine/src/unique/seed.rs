//! The keyed mixing that spreads keys over lanes and slots.
//!
//! Nothing of a verdict depends on the seed: packed keys are mixed by a bijection, and wide keys
//! are compared byte by byte. The seed only stops whoever writes the data from aiming at one slot.

use std::fmt;

/// Random constants of one run, drawn by the caller: the engine has no source of randomness.
#[derive(Clone, PartialEq, Eq)]
pub struct Seed {
    flip: u64,
    odd: [u64; 2],
    text: [u64; 4],
    /// Which bits of an address count. Fewer of them only in tests, where all keys shall collide.
    #[cfg(any(test, fuzzing))]
    address: u64,
    /// The same for the hash or fingerprint of a wide key.
    #[cfg(any(test, fuzzing))]
    fingerprint: [u64; 2],
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(..)")
    }
}

impl Seed {
    /// Expands 64 random bits by `SplitMix64` (Steele, Lea, Flood 2014).
    pub fn new(bits: u64) -> Self {
        let mut state = bits;
        let mut next = || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        };
        Self {
            flip: next(),
            odd: [next() | 1, next() | 1],
            text: [next(), next(), next(), next()],
            #[cfg(any(test, fuzzing))]
            address: u64::MAX,
            #[cfg(any(test, fuzzing))]
            fingerprint: [u64::MAX; 2],
        }
    }

    /// Lets only the leading `address` bits choose lane and slot, and keeps only `fingerprint`
    /// bits (0 to 128) of a wide key's hash. No verdict may change.
    #[cfg(any(test, fuzzing))]
    #[must_use]
    pub fn truncated(mut self, address: u32, fingerprint: u32) -> Self {
        let leading = |bits: u32| {
            if bits == 0 {
                0
            } else {
                u64::MAX << (64 - bits.min(64))
            }
        };
        self.address = leading(address);
        self.fingerprint = [leading(fingerprint), leading(fingerprint.saturating_sub(64))];
        self
    }

    /// A bijection of the 64-bit words: equal results mean equal keys.
    #[inline]
    pub(crate) fn mix(&self, key: u64) -> u64 {
        let mut x = key ^ self.flip;
        x ^= x >> 32;
        x = x.wrapping_mul(self.odd[0]);
        x ^= x >> 32;
        x = x.wrapping_mul(self.odd[1]);
        x ^ (x >> 32)
    }

    /// The inverse of [`Self::mix`].
    #[cfg(test)]
    pub(crate) fn unmix(&self, mixed: u64) -> u64 {
        let inverse = |odd: u64| {
            // Newton's iteration doubles the correct bits; an odd number is its own inverse mod 8.
            (0..5).fold(odd, |x, _| x.wrapping_mul(2u64.wrapping_sub(odd.wrapping_mul(x))))
        };
        let mut x = mixed ^ (mixed >> 32);
        x = x.wrapping_mul(inverse(self.odd[1]));
        x ^= x >> 32;
        x = x.wrapping_mul(inverse(self.odd[0]));
        x ^= x >> 32;
        x ^ self.flip
    }

    /// A bijection of pairs of words; the second word is kept as it is.
    #[inline]
    pub(crate) fn mix2(&self, key: [u64; 2]) -> [u64; 2] {
        [self.mix(key[0] ^ key[1].rotate_left(23)), key[1]]
    }

    /// What chooses the lane (first bits) and the slot (next bits) of a mixed word.
    #[inline]
    #[cfg_attr(not(any(test, fuzzing)), allow(clippy::unused_self))]
    pub(crate) fn address(&self, mixed: u64) -> u64 {
        #[cfg(any(test, fuzzing))]
        return mixed & self.address;
        #[cfg(not(any(test, fuzzing)))]
        mixed
    }

    /// A 128-bit fingerprint of bytes: two folded multiplications with independent constants. Not
    /// injective; the first word serves as a hash.
    #[inline]
    pub(crate) fn fingerprint(&self, bytes: &[u8]) -> [u64; 2] {
        let [s0, s1, s2, s3] = self.text;
        let (mut a, mut b) = (s0 ^ bytes.len() as u64, s1 ^ bytes.len() as u64);
        let (blocks, rest) = bytes.as_chunks::<16>();
        for block in blocks {
            let (x, y) = halves(*block);
            a = fold(a ^ x, y ^ s2);
            b = fold(b ^ y, x ^ s3);
        }
        if !rest.is_empty() {
            let mut last = [0; 16];
            last[..rest.len()].copy_from_slice(rest);
            let (x, y) = halves(last);
            a = fold(a ^ x, y ^ s2);
            b = fold(b ^ y, x ^ s3);
        }
        let words = [fold(a ^ s3, s0 ^ self.odd[0]), fold(b ^ s2, s1 ^ self.odd[1])];
        #[cfg(any(test, fuzzing))]
        let words = [words[0] & self.fingerprint[0], words[1] & self.fingerprint[1]];
        words
    }
}

#[inline]
fn halves(block: [u8; 16]) -> (u64, u64) {
    let whole = u128::from_le_bytes(block);
    (whole as u64, (whole >> 64) as u64)
}

#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // how tests fail
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn mixing_is_injective_on_a_dense_range_and_at_the_ends() {
        let seed = Seed::new(7);
        let keys = (0..100_000).chain([u64::MAX, u64::MAX - 1, 1 << 63]);
        let mixed: HashSet<u64> = keys.clone().map(|key| seed.mix(key)).collect();
        assert_eq!(mixed.len(), 100_003);
        assert!(keys.into_iter().all(|key| seed.unmix(seed.mix(key)) == key));
    }

    #[test]
    fn leading_bits_spread_evenly() {
        for bits in 0..20 {
            let seed = Seed::new(bits);
            let mut lanes = [0u32; 64];
            (0..64_000u64)
                .for_each(|key| lanes[(seed.mix(key << (bits % 13)) >> 58) as usize] += 1);
            assert!(lanes.iter().all(|&n| (500..2000).contains(&n)), "{bits}: {lanes:?}");
        }
    }

    #[test]
    fn fingerprints_know_length_and_trailing_zeros() {
        let seed = Seed::new(1);
        let texts: [&[u8]; 6] = [b"", b"\0", b"a", b"a\0", &[0; 16], &[0; 17]];
        let prints: HashSet<_> = texts.iter().map(|text| seed.fingerprint(text)).collect();
        assert_eq!(prints.len(), texts.len());
    }
}
