//! Names that are refused on purpose, and names in messages.

/// A name as messages show it: at most 40 characters, nothing but visible ones.
pub(super) fn shown(name: &str) -> String {
    let mut shown: String =
        name.chars().take(40).map(|c| if c.is_control() { '?' } else { c }).collect();
    if name.chars().nth(40).is_some() {
        shown.push_str("...");
    }
    shown
}

/// Why a name is not offered on purpose, and what to use instead.
pub(super) fn refused(name: &str) -> Option<(&'static str, &'static str)> {
    const UNKEYED: (&str, &str) = (
        "a hash without a key is undone by hashing every possible value",
        "use the mask \"hash\": HMAC-SHA-256 with a key",
    );
    const WITHDRAWN: (&str, &str) = (
        "NIST withdrew this form of encryption after it was broken",
        "use the mask \"hash\" where columns must join, \"redact\" or \"nullify\" where not",
    );
    const READABLE: (&str, &str) = (
        "an encoding hides nothing",
        "use the mask \"hash\" where columns must join, \"redact\" or \"nullify\" where not",
    );
    match plain(name).as_str() {
        "md4" | "md5" | "sha" | "sha1" | "sha2" | "sha224" | "sha256" | "sha384" | "sha512"
        | "sha3" | "sha3256" | "sha3512" | "blake2" | "blake2b" | "blake2s" | "blake3" | "crc"
        | "crc32" | "crc32c" | "adler32" | "xxhash" | "xxh3" | "xxh64" | "murmur" | "murmur3"
        | "fnv" | "fnv1a" | "siphash" | "unkeyed" | "unkeyedhash" | "hashunkeyed"
        | "saltedhash" => Some(UNKEYED),
        "ff3" | "ff31" | "fpeff3" => Some(WITHDRAWN),
        "base64" | "base32" | "hex" | "rot13" | "xor" | "reverse" | "encode" => Some(READABLE),
        _ => None,
    }
}

/// Lower case, without the separators that people vary.
fn plain(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).flat_map(char::to_lowercase).collect()
}
