//! HMAC-SHA-256 (RFC 2104, FIPS 198-1) with the key's two block states computed once.
//!
//! A value of at most 55 bytes costs two compressions instead of four.

use std::fmt;

use sha2::block_api::compress256;
use zeroize::Zeroize;

use crate::error::{Error, Result};
use crate::kernels::hex::encode_digests;
use crate::kernels::sha256::{bytes_of, finish_hmac, State, BLOCK};

pub(super) use crate::kernels::sha256::DIGEST;

/// Messages in a full batch.
pub(super) const BATCH: usize = 64;
/// The longest message that shares its block with the padding.
const SHORT: usize = BLOCK - 9;

/// The initial state of SHA-256 (FIPS 180-4, section 5.3.3).
const INITIAL: State = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// A keyed state. Wiped when dropped; never printed.
pub(super) struct HmacSha256 {
    inner: State,
    outer: State,
}

impl Drop for HmacSha256 {
    fn drop(&mut self) {
        self.inner.zeroize();
        self.outer.zeroize();
    }
}

impl fmt::Debug for HmacSha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HmacSha256")
    }
}

impl HmacSha256 {
    /// Keys longer than a block are hashed first, as the standard says.
    pub(super) fn new(key: &[u8]) -> Self {
        let mut block = [0_u8; BLOCK];
        if let Some(start) = block.get_mut(..key.len()) {
            start.copy_from_slice(key);
        } else {
            let (mut state, mut last) = (INITIAL, [0; BLOCK]);
            lead(&mut state, &mut last, key, 0);
            compress256(&mut state, &[last]);
            block[..DIGEST].copy_from_slice(&bytes_of(&state));
        }
        let mut states = [INITIAL; 2];
        for (state, pad) in states.iter_mut().zip([0x36, 0x5c]) {
            let mut padded = block.map(|byte| byte ^ pad);
            compress256(state, &[padded]);
            padded.zeroize();
        }
        block.zeroize();
        let [inner, outer] = states;
        Self { inner, outer }
    }
}

/// Takes a message into a state that has seen `before` bytes, up to the last block, which is left
/// in `last` with its padding.
fn lead(state: &mut State, last: &mut [u8; BLOCK], message: &[u8], before: usize) {
    let (blocks, rest) = message.as_chunks::<BLOCK>();
    if !blocks.is_empty() {
        compress256(state, blocks);
    }
    *last = [0; BLOCK];
    last[..rest.len()].copy_from_slice(rest);
    last[rest.len()] = 0x80;
    if rest.len() > SHORT {
        compress256(state, std::slice::from_ref(last));
        *last = [0; BLOCK];
    }
    let bits = (before as u64 + message.len() as u64) << 3;
    last[BLOCK - 8..].copy_from_slice(&bits.to_be_bytes());
}

/// Collects messages, so that the kernel gets many at once.
pub(super) struct Batch<'a> {
    hmac: &'a HmacSha256,
    inner: [State; BATCH],
    last: [[u8; BLOCK]; BATCH],
    codes: [[u8; DIGEST]; BATCH],
    used: usize,
}

impl<'a> Batch<'a> {
    pub(super) fn new(hmac: &'a HmacSha256) -> Self {
        Self {
            hmac,
            inner: [hmac.inner; BATCH],
            last: [[0; BLOCK]; BATCH],
            codes: [[0; DIGEST]; BATCH],
            used: 0,
        }
    }

    /// Adds a message; true when the batch is full: it takes no more before [`Batch::finish`].
    pub(super) fn push(&mut self, message: &[u8]) -> bool {
        let at = self.used;
        if let (Some(inner), Some(last)) = (self.inner.get_mut(at), self.last.get_mut(at)) {
            *inner = self.hmac.inner;
            lead(inner, last, message, BLOCK);
            self.used += 1;
        }
        self.used == BATCH
    }

    /// The codes of the messages, in their order; the batch is empty again.
    pub(super) fn finish(&mut self) -> &[[u8; DIGEST]] {
        let used = std::mem::take(&mut self.used);
        let codes = self.codes.get_mut(..used).unwrap_or_default();
        finish_hmac(&self.inner, &self.last, &self.hmac.outer, codes);
        codes
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        // Raw values do not stay on the stack.
        self.last.zeroize();
        self.inner.zeroize();
    }
}

/// Runs known answers through the code that masks use; some microseconds. A miscompiled or
/// misdetected SIMD path fails here instead of in published data.
///
/// # Errors
/// `engine.internal` when an answer is wrong.
pub fn self_test() -> Result<()> {
    // RFC 4231, test case 2.
    const EXPECTED: [u8; DIGEST] = [
        0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e, 0x6a, 0x04, 0x24, 0x26, 0x08, 0x95, 0x75,
        0xc7, 0x5a, 0x00, 0x3f, 0x08, 0x9d, 0x27, 0x39, 0x83, 0x9d, 0xec, 0x58, 0xb9, 0x64, 0xec,
        0x38, 0x43,
    ];
    let hmac = HmacSha256::new(b"Jefe");
    let mut batch = Batch::new(&hmac);
    for _ in 0..3 {
        batch.push(b"what do ya want for nothing?");
    }
    let mut text = [[0; 2 * DIGEST]];
    encode_digests(&[EXPECTED], &mut text);
    let text_fits = text.as_flattened().starts_with(b"5bdcc146bf60754e6a042426089575c7");
    if text_fits && batch.finish() == [EXPECTED; 3] {
        Ok(())
    } else {
        Err(Error::internal("HMAC-SHA-256 does not give the published answer on this machine"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::masks::encode::hex_text;
    use hmac::{Hmac, KeyInit, Mac};
    use proptest::prelude::*;
    use sha2::Sha256;

    impl HmacSha256 {
        fn digest(&self, message: &[u8]) -> [u8; DIGEST] {
            let mut batch = Batch::new(self);
            batch.push(message);
            batch.finish()[0]
        }
    }

    fn peer(key: &[u8], message: &[u8]) -> Vec<u8> {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
        mac.update(message);
        mac.finalize().into_bytes().to_vec()
    }

    #[test]
    fn answers_match_rfc_4231() {
        let cases: [(&[u8], &[u8], &str); 7] = [
            (
                &[0x0b; 20],
                b"Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            ),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                &[0xaa; 20],
                &[0xdd; 50],
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
            ),
            (
                &(0x01..=0x19).collect::<Vec<u8>>(),
                &[0xcd; 50],
                "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
            ),
            (&[0x0c; 20], b"Test With Truncation", "a3b6167473100ee06e0c796c2955552b"),
            (
                &[0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
            (
                &[0xaa; 131],
                b"This is a test using a larger than block-size key and a larger than \
                  block-size data. The key needs to be hashed before being used by the HMAC \
                  algorithm.",
                "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
            ),
        ];
        for (key, message, expected) in cases {
            let digest = HmacSha256::new(key).digest(message);
            assert_eq!(hex_text(&digest[..expected.len() / 2]), expected);
        }
    }

    #[test]
    fn every_length_agrees_with_the_hmac_crate() {
        let message: Vec<u8> = (0..=255).cycle().take(300).collect();
        for key in [&[3_u8; 32][..], &[9; 64], &[1; 65], b""] {
            let ours = HmacSha256::new(key);
            for length in 0..=message.len() {
                assert_eq!(ours.digest(&message[..length]).to_vec(), peer(key, &message[..length]));
            }
        }
    }

    #[test]
    fn the_self_test_passes_and_a_state_is_never_printed() {
        self_test().unwrap();
        assert_eq!(format!("{:?}", HmacSha256::new(b"k")), "HmacSha256");
    }

    #[test]
    fn a_batch_gives_the_codes_of_its_messages_in_order() {
        let hmac = HmacSha256::new(b"key");
        let mut batch = Batch::new(&hmac);
        for count in [0, 1, 2, 3, 63, 64, 5] {
            let messages: Vec<Vec<u8>> = (0..count).map(|at| vec![at as u8; at * 3]).collect();
            let full = messages.iter().fold(None, |_, message| Some(batch.push(message)));
            assert_eq!(full, (count > 0).then_some(count == BATCH));
            let expected: Vec<_> = messages.iter().map(|message| hmac.digest(message)).collect();
            assert_eq!(batch.finish(), expected);
        }
    }

    proptest! {
        #[test]
        fn any_key_and_message_agree_with_the_hmac_crate(
            key in proptest::collection::vec(any::<u8>(), 0..100),
            message in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            prop_assert_eq!(HmacSha256::new(&key).digest(&message).to_vec(), peer(&key, &message));
        }
    }
}
