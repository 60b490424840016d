//! The last block of many HMAC-SHA-256 messages at once.
//!
//! Where the processor has the SHA extensions, two messages go through them interleaved: the rounds
//! of one message depend on each other, those of two do not.
#![allow(unsafe_code)] // calls of code for processor features that were just detected

use sha2::block_api::compress256;

/// Bytes of a block.
pub(crate) const BLOCK: usize = 64;
/// Bytes of a digest.
pub(crate) const DIGEST: usize = 32;
/// The state between blocks.
pub(crate) type State = [u32; 8];

/// Finishes as many messages as the shortest of the slices has: `inner` is the state of the inner
/// hash before the message's last block, `last` that block with its padding, `outer` the state of
/// the outer hash after the key's block. `out` gets the codes.
pub(crate) fn finish_hmac(
    inner: &[State],
    last: &[[u8; BLOCK]],
    outer: &State,
    out: &mut [[u8; DIGEST]],
) {
    #[cfg(target_arch = "x86_64")]
    if super::cpu::level() >= super::cpu::Level::V3 && std::arch::is_x86_feature_detected!("sha") {
        // SAFETY: the processor has the SHA extensions, and the level includes SSE4.1.
        unsafe { x86::finish_hmac(inner, last, outer, out) };
        return;
    }
    portable(inner, last, outer, out);
}

fn portable(inner: &[State], last: &[[u8; BLOCK]], outer: &State, out: &mut [[u8; DIGEST]]) {
    for ((inner, last), out) in inner.iter().zip(last).zip(out) {
        let mut state = *inner;
        compress256(&mut state, std::slice::from_ref(last));
        let mut block = [0; BLOCK];
        block[..DIGEST].copy_from_slice(&bytes_of(&state));
        block[DIGEST] = 0x80;
        // The outer message: the key's block and the inner digest.
        block[BLOCK - 8..].copy_from_slice(&(8 * (BLOCK + DIGEST) as u64).to_be_bytes());
        state = *outer;
        compress256(&mut state, &[block]);
        *out = bytes_of(&state);
    }
}

/// A state as the digest that it is at the end.
pub(crate) fn bytes_of(state: &State) -> [u8; DIGEST] {
    let mut bytes = [0; DIGEST];
    for (out, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        *out = word.to_be_bytes();
    }
    bytes
}

#[cfg(target_arch = "x86_64")]
pub(super) mod x86 {
    use std::arch::x86_64::{
        __m128i, _mm_add_epi32, _mm_alignr_epi8, _mm_blend_epi16, _mm_cvtsi128_si64, _mm_set_epi32,
        _mm_set_epi64x, _mm_sha256msg1_epu32, _mm_sha256msg2_epu32, _mm_sha256rnds2_epu32,
        _mm_shuffle_epi32, _mm_shuffle_epi8, _mm_unpackhi_epi64,
    };

    use super::{State, BLOCK, DIGEST};

    /// The round constants (FIPS 180-4, section 4.2.2).
    const K: [[u32; 4]; 16] = [
        [0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5],
        [0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5],
        [0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3],
        [0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174],
        [0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc],
        [0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da],
        [0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7],
        [0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967],
        [0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13],
        [0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85],
        [0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3],
        [0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070],
        [0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5],
        [0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3],
        [0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208],
        [0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2],
    ];

    /// Messages in flight.
    const LANES: usize = 2;

    /// A state in the order of the instructions: `abef` and `cdgh`.
    type Halves = [__m128i; 2];
    /// Sixteen words of a message schedule.
    type Words = [__m128i; 4];

    /// As [`super::finish_hmac`].
    #[target_feature(enable = "sha,sse4.1,ssse3")]
    pub(super) fn finish_hmac(
        inner: &[State],
        last: &[[u8; BLOCK]],
        outer: &State,
        out: &mut [[u8; DIGEST]],
    ) {
        let outer = halves_of(outer);
        let count = inner.len().min(last.len()).min(out.len());
        let (inner, last, out) = (&inner[..count], &last[..count], &mut out[..count]);
        let (inner, inner_rest) = inner.as_chunks::<LANES>();
        let (last, last_rest) = last.as_chunks::<LANES>();
        let (out, out_rest) = out.as_chunks_mut::<LANES>();
        for ((inner, last), out) in inner.iter().zip(last).zip(out) {
            *out = lanes(inner, last, outer);
        }
        for ((inner, last), out) in inner_rest.iter().zip(last_rest).zip(out_rest) {
            [*out] = lanes(&[*inner], &[*last], outer);
        }
    }

    #[target_feature(enable = "sha,sse4.1,ssse3")]
    fn lanes<const N: usize>(
        inner: &[State; N],
        last: &[[u8; BLOCK]; N],
        outer: Halves,
    ) -> [[u8; DIGEST]; N] {
        let mut states = [outer; N];
        let mut words = [[outer[0]; 4]; N];
        for lane in 0..N {
            states[lane] = halves_of(&inner[lane]);
            words[lane] = words_of(&last[lane]);
        }
        compress(&mut states, &mut words);
        for lane in 0..N {
            let [first, second] = in_order(states[lane]);
            // The inner digest, the bit that ends it, and the length of 96 bytes in bits.
            let (end, length) = (_mm_set_epi32(0, 0, 0, i32::MIN), _mm_set_epi32(768, 0, 0, 0));
            words[lane] = [first, second, end, length];
        }
        let mut states = [outer; N];
        compress(&mut states, &mut words);
        let mut digests = [[0; DIGEST]; N];
        for lane in 0..N {
            let [first, second] = in_order(states[lane]);
            let (start, end) = digests[lane].split_at_mut(16);
            store(swapped(first), start);
            store(swapped(second), end);
        }
        digests
    }

    /// One block through every lane; the words are used up.
    #[target_feature(enable = "sha,sse4.1,ssse3")]
    fn compress<const N: usize>(states: &mut [Halves; N], words: &mut [Words; N]) {
        let before = *states;
        for (step, constants) in K.iter().enumerate() {
            let at = step % 4;
            let [k0, k1, k2, k3] = constants.map(|word| word as i32);
            let k = _mm_set_epi32(k3, k2, k1, k0);
            for lane in 0..N {
                let words = &mut words[lane];
                if step >= 4 {
                    let mixed = _mm_sha256msg1_epu32(words[at], words[(at + 1) % 4]);
                    let moved = _mm_alignr_epi8(words[(at + 3) % 4], words[(at + 2) % 4], 4);
                    let sum = _mm_add_epi32(mixed, moved);
                    words[at] = _mm_sha256msg2_epu32(sum, words[(at + 3) % 4]);
                }
                let keyed = _mm_add_epi32(words[at], k);
                let [abef, cdgh] = &mut states[lane];
                *cdgh = _mm_sha256rnds2_epu32(*cdgh, *abef, keyed);
                *abef = _mm_sha256rnds2_epu32(*abef, *cdgh, _mm_shuffle_epi32(keyed, 0x0e));
            }
        }
        for (state, before) in states.iter_mut().zip(before) {
            state[0] = _mm_add_epi32(state[0], before[0]);
            state[1] = _mm_add_epi32(state[1], before[1]);
        }
    }

    #[target_feature(enable = "sse4.1,ssse3")]
    fn halves_of(state: &State) -> Halves {
        // The words are named a to h.
        let s = state.map(|word| word as i32);
        [_mm_set_epi32(s[0], s[1], s[4], s[5]), _mm_set_epi32(s[2], s[3], s[6], s[7])]
    }

    /// `abcd` and `efgh`, `a` and `e` in the lowest words.
    #[target_feature(enable = "sse4.1,ssse3")]
    fn in_order([abef, cdgh]: Halves) -> [__m128i; 2] {
        let feba = _mm_shuffle_epi32(abef, 0x1b);
        let dchg = _mm_shuffle_epi32(cdgh, 0xb1);
        [_mm_blend_epi16(feba, dchg, 0xf0), _mm_alignr_epi8(dchg, feba, 8)]
    }

    #[target_feature(enable = "ssse3")]
    fn words_of(block: &[u8; BLOCK]) -> Words {
        let mut words = [_mm_set_epi64x(0, 0); 4];
        for (words, bytes) in words.iter_mut().zip(block.as_chunks::<16>().0) {
            *words = swapped(load(bytes));
        }
        words
    }

    /// The bytes of each word in the other order.
    #[target_feature(enable = "ssse3")]
    fn swapped(words: __m128i) -> __m128i {
        let order = _mm_set_epi64x(0x0c0d_0e0f_0809_0a0b, 0x0405_0607_0001_0203);
        _mm_shuffle_epi8(words, order)
    }

    /// Sixteen bytes; the compiler makes one load of it.
    #[target_feature(enable = "sse2")]
    pub(in super::super) fn load(bytes: &[u8; 16]) -> __m128i {
        let both = u128::from_le_bytes(*bytes);
        _mm_set_epi64x((both >> 64) as i64, both as i64)
    }

    /// Writes sixteen bytes; `out` has that many.
    #[target_feature(enable = "sse2")]
    pub(in super::super) fn store(words: __m128i, out: &mut [u8]) {
        if let Some(out) = out.first_chunk_mut::<16>() {
            let low = _mm_cvtsi128_si64(words) as u64;
            let high = _mm_cvtsi128_si64(_mm_unpackhi_epi64(words, words)) as u64;
            *out = (u128::from(high) << 64 | u128::from(low)).to_le_bytes();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_lanes_agree_with_the_portable_twin(
            messages in proptest::collection::vec((any::<State>(), any::<[[u8; 32]; 2]>()), 0..9),
            outer: State,
        ) {
            let inner: Vec<State> = messages.iter().map(|(state, _)| *state).collect();
            let last: Vec<[u8; BLOCK]> = messages
                .iter()
                .map(|(_, halves)| *halves.as_flattened().first_chunk().unwrap())
                .collect();
            let mut fast = vec![[0; DIGEST]; last.len()];
            let mut slow = fast.clone();
            finish_hmac(&inner, &last, &outer, &mut fast);
            portable(&inner, &last, &outer, &mut slow);
            prop_assert_eq!(fast, slow);
        }
    }

    #[test]
    fn slices_of_different_lengths_are_cut_to_the_shortest() {
        let mut out = [[7; DIGEST]; 3];
        finish_hmac(&[[1; 8]; 2], &[[2; BLOCK]; 5], &[3; 8], &mut out);
        assert!(out[0] == out[1] && out[0] != [7; DIGEST] && out[2] == [7; DIGEST]);
    }
}
