//! Every format on the same bytes: no kernel takes what its normative pattern does not, and one
//! whose pattern is all takes what it does.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use meshgate_engine::checks::format::{Format, FORMATS};
use regex::bytes::Regex;

static PATTERNS: LazyLock<Vec<(&Format, Option<Regex>)>> = LazyLock::new(|| {
    let whole = |format: &Format| {
        let pattern = format.about.pattern;
        (!pattern.is_empty()).then(|| Regex::new(&format!(r"(?s-u)\A(?:{pattern})\z")).unwrap())
    };
    FORMATS.iter().map(|format| (format, whole(format))).collect()
});

fuzz_target!(|text: &[u8]| {
    for (format, pattern) in PATTERNS.iter() {
        let kernel = format.accepts(text);
        let Some(pattern) = pattern else {
            continue;
        };
        let spelt = pattern.is_match(text);
        assert!(spelt || !kernel, "{} takes too much", format.about.name);
        assert!(
            kernel || !spelt || !format.about.beyond.is_empty(),
            "{} takes too little",
            format.about.name
        );
    }
});
