//! `base64`: bytes in base 64 with the standard alphabet and its padding.

use super::class::{all, BASE64};
use super::{About, Kernel};

pub(super) struct Base64;

impl Kernel for Base64 {
    const ABOUT: About = About {
        name: "base64",
        aliases: &["byte"],
        summary: "bytes in base 64, padded, without line ends; no bytes are the empty text",
        source: "RFC 4648, section 4",
        pattern: "(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?",
        beyond: "",
        example: "bWVzaGdhdGU=",
    };

    fn accepts(text: &[u8]) -> bool {
        if !text.len().is_multiple_of(4) {
            return false;
        }
        let digits = text.strip_suffix(b"==").or_else(|| text.strip_suffix(b"=")).unwrap_or(text);
        all(digits, BASE64)
    }
}
