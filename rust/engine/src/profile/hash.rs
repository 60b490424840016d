//! The fixed hash of a profile. It has no seed: equal values give equal profiles in every process.
//! Somebody who makes up data can therefore mislead an estimate; nothing is decided by one.

const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

/// A permutation of 64 bits in which every input bit moves about half of the output bits (the
/// finaliser of `SplitMix64`).
pub(super) const fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// The place of a row in the order that samples are taken in; no two rows share one.
pub(super) const fn priority(row: u64) -> u64 {
    mix(row.wrapping_add(SEED))
}

/// The hash of a whole number, the same for every width.
pub(super) const fn number(value: i128) -> u64 {
    mix(mix(value as u64 ^ SEED) ^ (value >> 64) as u64)
}

/// The hash of bytes.
pub(super) fn bytes(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut hash = SEED ^ bytes.len() as u64;
    for word in words {
        hash = mix(hash ^ u64::from_le_bytes(*word));
    }
    let mut last = [0; 8];
    for (place, byte) in last.iter_mut().zip(rest) {
        *place = *byte;
    }
    mix(hash.rotate_left(17) ^ u64::from_le_bytes(last))
}
