//! Bytes as text: hexadecimal and base64url.

const HEX: &[u8; 16] = b"0123456789abcdef";
const BASE64URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Every byte's two digits.
static PAIRS: [[u8; 2]; 256] = {
    let mut pairs = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        pairs[byte] = [HEX[byte >> 4], HEX[byte & 15]];
        byte += 1;
    }
    pairs
};

/// Writes two lower-case digits per byte; `out` is twice as long as `bytes`.
pub(super) fn hex(bytes: &[u8], out: &mut [u8]) {
    for (pair, byte) in out.chunks_exact_mut(2).zip(bytes) {
        pair.copy_from_slice(&PAIRS[usize::from(*byte)]);
    }
}

/// The hexadecimal text of a few bytes.
pub(super) fn hex_text(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|b| PAIRS[usize::from(*b)]).map(char::from).collect()
}

/// The length of base64url without padding.
pub(super) const fn base64url_len(bytes: usize) -> usize {
    bytes / 3 * 4 + [0, 2, 3][bytes % 3]
}

/// Writes base64url without padding (RFC 4648, section 5); `out` has [`base64url_len`] bytes.
pub(super) fn base64url(bytes: &[u8], out: &mut [u8]) {
    for (group, out) in bytes.chunks(3).zip(out.chunks_mut(4)) {
        let mut word = 0_u32;
        for (at, byte) in group.iter().enumerate() {
            word |= u32::from(*byte) << (16 - 8 * at);
        }
        for (at, digit) in out.iter_mut().enumerate() {
            *digit = BASE64URL[(word >> (18 - 6 * at)) as usize & 63];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64url_matches_rfc_4648() {
        for (bytes, expected) in [
            ("", ""),
            ("f", "Zg"),
            ("fo", "Zm8"),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg"),
            ("fooba", "Zm9vYmE"),
            ("foobar", "Zm9vYmFy"),
        ] {
            let mut out = vec![0; base64url_len(bytes.len())];
            base64url(bytes.as_bytes(), &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
        let mut out = [0; 4];
        base64url(&[0xfb, 0xff, 0xbf], &mut out);
        assert_eq!(&out, b"-_-_");
    }

    #[test]
    fn hex_is_lower_case() {
        let all: Vec<u8> = (0..=255).collect();
        let mut out = vec![0; 512];
        hex(&all, &mut out);
        let expected: String = all.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().concat();
        assert_eq!(String::from_utf8(out).unwrap(), expected);
        assert_eq!(hex_text(&all), expected);
    }
}
