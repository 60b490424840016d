//! Keys: from a reference in the contract to a sub-key for one method, domain and normaliser.
//!
//! A sub-key is HKDF-SHA256 (RFC 5869) without salt over the master key, with
//! `info = frame("meshgate/1", method, domain, normaliser)`; `frame` puts before each part (UTF-8)
//! its length as four bytes, big-endian. Any HKDF and HMAC tool can verify an output.

use std::collections::BTreeMap;
use std::fmt;

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::error::{Code, Error, Result};

/// The first part of every frame.
const SCHEME: &str = "meshgate/1";
/// Least length of a master key, in bytes.
const MIN_BYTES: usize = 32;
/// Least number of different bytes in a master key. Random keys of 32 bytes have about 30, and
/// fewer than 10 with a probability far below 2^-100; hexadecimal text of 32 random bytes has 10
/// or more of its 16 digits practically always.
const MIN_DISTINCT: usize = 10;
/// Least length of a key that is printable text: 32 random bytes are 43 characters in base64 and
/// 64 in hexadecimal. A shorter text holds less than its bytes promise.
const MIN_TEXT: usize = 43;

/// The master keys of one compilation, by reference. Wiped when dropped; never printed.
#[derive(Default, Clone)]
pub struct KeyRing {
    keys: BTreeMap<String, Zeroizing<Vec<u8>>>,
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyRing({} keys)", self.keys.len())
    }
}

impl From<&BTreeMap<String, Zeroizing<Vec<u8>>>> for KeyRing {
    fn from(keys: &BTreeMap<String, Zeroizing<Vec<u8>>>) -> Self {
        Self::new(keys.clone())
    }
}

impl KeyRing {
    /// The reference under which a ring holds the mesh's default key: what a clause without a
    /// `key` uses. No reference of a contract can be spelt so.
    pub const DEFAULT: &'static str = "default";

    /// A ring of keys by reference (`env:NAME`, `file:PATH`, [`KeyRing::DEFAULT`]).
    pub fn new(keys: BTreeMap<String, Zeroizing<Vec<u8>>>) -> Self {
        Self { keys }
    }

    /// Derives the sub-key of one method, domain and normaliser from the key that `reference`
    /// names, or from the default key.
    ///
    /// # Errors
    /// `plan.bad_key` when the ring has no such key, or the key is shorter than 32 bytes, too
    /// regular, or a short text.
    pub fn subkey(
        &self,
        reference: Option<&str>,
        method: &str,
        domain: &str,
        normalizer: &str,
    ) -> Result<SubKey> {
        let master =
            self.keys.get(reference.unwrap_or(Self::DEFAULT)).ok_or_else(|| missing(reference))?;
        if let Some(weakness) = weakness(master) {
            return Err(bad_key(format!("{} {weakness}", named(reference)))
                .help("use 32 random bytes, also as text: openssl rand -hex 32"));
        }
        let kdf = Hkdf::<Sha256>::new(None, master);
        let mut bytes = Zeroizing::new([0_u8; 32]);
        let mut kid = [0_u8; 8];
        kdf.expand(&frame(&[SCHEME, method, domain, normalizer])?, bytes.as_mut())
            .and_then(|()| {
                kdf.expand(&frame(&[SCHEME, "kid", "", ""]).unwrap_or_default(), &mut kid)
            })
            .map_err(|_| Error::internal("a key could not be derived"))?;
        Ok(SubKey { bytes, key_id: super::encode::hex_text(&kid) })
    }
}

/// A derived key of 32 bytes. Wiped when dropped; never printed.
pub struct SubKey {
    bytes: Zeroizing<[u8; 32]>,
    key_id: String,
}

impl fmt::Debug for SubKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SubKey(of {})", self.key_id)
    }
}

impl SubKey {
    /// The key. Keep it inside the engine.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// The id of the master key: 16 hexadecimal digits, safe to publish.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }
}

/// Each part preceded by its length, so that no two lists of parts share a frame.
fn frame(parts: &[&str]) -> Result<Vec<u8>> {
    let mut framed = Vec::new();
    for part in parts {
        let length = u32::try_from(part.len())
            .map_err(|_| Error::new(Code::TooLarge, "the domain of a mask is too long"))?;
        framed.extend_from_slice(&length.to_be_bytes());
        framed.extend_from_slice(part.as_bytes());
    }
    Ok(framed)
}

/// Why a key protects nothing, or `None`. Says nothing about the key but this.
fn weakness(key: &[u8]) -> Option<&'static str> {
    let mut seen = [false; 256];
    for byte in key {
        if let Some(seen) = seen.get_mut(usize::from(*byte)) {
            *seen = true;
        }
    }
    let repeats = |period: usize| key.iter().zip(key.iter().skip(period)).all(|(a, b)| a == b);
    if key.len() < MIN_BYTES {
        Some("is shorter than 32 bytes")
    } else if seen.iter().filter(|seen| **seen).count() < MIN_DISTINCT
        || (1..MIN_BYTES.min(key.len() / 2 + 1)).any(repeats)
    {
        Some("is too regular to be random")
    } else if key.len() < MIN_TEXT && key.iter().all(|b| matches!(b, b' '..=b'~' | b'\t'..=b'\r')) {
        Some("is a text too short to hold 32 random bytes")
    } else {
        None
    }
}

fn missing(reference: Option<&str>) -> Error {
    match reference {
        None => bad_key("no default key is configured".to_owned()).help(
            "name a key in the mask (`key: env:NAME`) or configure the default key of the mesh",
        ),
        Some(_) => bad_key(format!("{} was not provided", named(reference)))
            .help("provide the key under exactly this reference"),
    }
}

/// How messages name a key. What is not a reference may be a key and is not repeated.
fn named(reference: Option<&str>) -> String {
    match reference {
        None => "the default key".to_owned(),
        Some(text) if text.starts_with("env:") || text.starts_with("file:") => {
            format!("the key {}", super::hint::shown(text))
        }
        Some(_) => "the key of this mask".to_owned(),
    }
}

fn bad_key(message: String) -> Error {
    Error::new(Code::BadKey, message).at("/key")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::masks::encode::hex_text;

    fn ring(key: &[u8]) -> KeyRing {
        KeyRing::new(BTreeMap::from([("env:K".to_owned(), Zeroizing::new(key.to_vec()))]))
    }

    #[test]
    fn derivation_matches_the_golden_vector() {
        let master: Vec<u8> = (0..32).collect();
        let key = ring(&master)
            .subkey(Some("env:K"), "hmac", "customer_email", "trim,casefold_domain")
            .unwrap();
        assert_eq!(
            hex_text(key.bytes()),
            "5501d7863d6ceb177ed31c3cdcf15592e1d3eab36b60afd4859e72cb14a8622a"
        );
        assert_eq!(key.key_id(), "83f1501252dc225a");
    }

    #[test]
    fn hkdf_matches_rfc_5869() {
        // Test case 1 of RFC 5869, appendix A.
        let salt: Vec<u8> = (0..13).collect();
        let info: Vec<u8> = (0xf0..=0xf9).collect();
        let mut okm = [0_u8; 42];
        Hkdf::<Sha256>::new(Some(&salt), &[0x0b; 22]).expand(&info, &mut okm).unwrap();
        assert_eq!(
            hex_text(&okm),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf\
             34007208d5b887185865"
        );
        // Test case 3: no salt, no info, as here.
        Hkdf::<Sha256>::new(None, &[0x0b; 22]).expand(&[], &mut okm).unwrap();
        assert_eq!(
            hex_text(&okm),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d\
             9d201395faa4b61a96c8"
        );
    }

    #[test]
    fn parts_of_a_frame_cannot_move() {
        assert_ne!(frame(&["ab", "c"]).unwrap(), frame(&["a", "bc"]).unwrap());
        assert_eq!(frame(&["ab", ""]).unwrap(), b"\0\0\0\x02ab\0\0\0\0");
    }

    #[test]
    fn weak_keys_are_refused_without_showing_them() {
        let weak: [&[u8]; 7] = [
            b"",
            b"p4ssw0rd",
            &[7; 64],
            b"0123456789abcdef0123456789abcdef",
            b"correct horse battery staple 123456",
            &b"secret-key-1234-".repeat(4),
            &[1, 2, 3, 4, 5, 6, 7, 8, 9].repeat(8),
        ];
        for key in weak {
            let ring = ring(key);
            let error = ring.subkey(Some("env:K"), "hmac", "d", "").unwrap_err();
            assert_eq!(error.code, Code::BadKey);
            let shown = format!("{error:?} {error} {ring:?}");
            for secret in ["p4ssw0rd", "correct", "secret-key", "0123456789"] {
                assert!(!shown.contains(secret), "{shown}");
            }
        }
    }

    #[test]
    fn a_random_key_that_begins_and_ends_alike_is_good() {
        let mut bytes: Vec<u8> = (0..32_u8).map(|i| i.wrapping_mul(167).wrapping_add(13)).collect();
        bytes[30] = bytes[0];
        bytes[31] = bytes[1];
        assert!(ring(&bytes).subkey(Some("env:K"), "hmac", "d", "").is_ok());
        bytes[31] = bytes[0];
        assert!(ring(&bytes).subkey(Some("env:K"), "hmac", "d", "").is_ok());
    }

    #[test]
    fn good_keys_are_taken_as_bytes_hex_and_base64() {
        let bytes: Vec<u8> = (0..32_u8).map(|i| i.wrapping_mul(167).wrapping_add(13)).collect();
        let hex = hex_text(&bytes);
        let base64 = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=";
        for key in [bytes.as_slice(), hex.as_bytes(), base64.as_bytes()] {
            assert!(ring(key).subkey(Some("env:K"), "hmac", "d", "").is_ok());
        }
    }

    #[test]
    fn a_missing_key_is_named_by_reference_and_a_literal_one_is_not_repeated() {
        let empty = KeyRing::default();
        let error = |reference| empty.subkey(reference, "hmac", "d", "").unwrap_err();
        assert!(error(Some("env:MG_KEY")).message.contains("env:MG_KEY"));
        assert!(error(None).message.contains("default"));
        assert!(!format!("{:?}", error(Some("hunter2hunter2"))).contains("hunter2"));
        assert_eq!(error(None).clause.as_deref(), Some("/key"));
    }

    #[test]
    fn every_part_of_the_derivation_changes_the_key() {
        let master: Vec<u8> = (0..32).collect();
        let ring = ring(&master);
        let key = |method, domain, normalizer| {
            *ring.subkey(Some("env:K"), method, domain, normalizer).unwrap().bytes()
        };
        let base = key("hmac", "d", "");
        assert_ne!(base, key("report", "d", ""));
        assert_ne!(base, key("hmac", "e", ""));
        assert_ne!(base, key("hmac", "d", "trim"));
    }
}
