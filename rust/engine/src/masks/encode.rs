//! Bytes as text: hexadecimal and base64url.

use crate::kernels::hex;

const BASE64URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The hexadecimal text of a few bytes.
pub(super) fn hex_text(bytes: &[u8]) -> String {
    let mut digits = vec![0; 2 * bytes.len()];
    hex::encode(bytes, &mut digits);
    digits.into_iter().map(char::from).collect()
}

/// The length of base64url without padding.
pub(super) const fn base64url_len(bytes: usize) -> usize {
    bytes / 3 * 4 + [0, 2, 3][bytes % 3]
}

/// Writes base64url without padding (RFC 4648, section 5); `out` has [`base64url_len`] bytes.
pub(super) fn base64url(bytes: &[u8], out: &mut [u8]) {
    let (groups, rest) = bytes.as_chunks::<3>();
    let (digits, digits_rest) = out.as_chunks_mut::<4>();
    for (group, digits) in groups.iter().zip(digits) {
        *digits = four(*group);
    }
    let mut last = [0; 3];
    for (byte, from) in last.iter_mut().zip(rest) {
        *byte = *from;
    }
    for (digit, from) in digits_rest.iter_mut().zip(four(last)) {
        *digit = from;
    }
}

/// The four digits of three bytes.
fn four([a, b, c]: [u8; 3]) -> [u8; 4] {
    let word = u32::from_be_bytes([0, a, b, c]);
    [18, 12, 6, 0].map(|shift| BASE64URL[(word >> shift) as usize & 63])
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
}
