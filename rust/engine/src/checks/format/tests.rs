//! The registry tells the truth, and every kernel is its normative pattern.

use std::collections::HashSet;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestRunner;
use regex::bytes::Regex;

use super::*;

fn pattern(format: &Format) -> Option<Regex> {
    let pattern = format.about.pattern;
    let whole = || Regex::new(&format!(r"(?s-u)\A(?:{pattern})\z")).unwrap();
    (!pattern.is_empty()).then(whole)
}

#[test]
fn the_registry_describes_itself() {
    let mut seen = HashSet::new();
    for Format { about, .. } in FORMATS {
        for name in std::iter::once(&about.name).chain(about.aliases) {
            assert!(seen.insert(name), "{name} twice");
            assert_eq!(format(name).unwrap().about.name, about.name);
        }
        assert!(!about.summary.is_empty() && !about.source.is_empty(), "{}", about.name);
    }
}

#[test]
fn the_examples_are_of_their_formats() {
    for format in FORMATS {
        let example = format.about.example.as_bytes();
        assert!(format.accepts(example), "{}", format.about.name);
        assert!(pattern(format).is_none_or(|p| p.is_match(example)), "{}", format.about.name);
    }
}

#[test]
fn a_slip_is_named() {
    let help = |name| format(name).unwrap_err().help.unwrap();
    assert_eq!(help("e-mail"), "did you mean \"email\"?");
    assert_eq!(help("datetime"), "did you mean \"date-time\"?");
    assert!(help("colour of the sky").starts_with("one of: email, uri"));
}

/// One change of a text: another byte in place of one, or before it, or none, or the rest cut off.
#[derive(Debug, Clone)]
struct Change {
    at: Index,
    kind: u8,
    byte: u8,
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    // Bytes that mean something to one of the formats, their neighbours, and any other.
    let telling = proptest::sample::select(&b"/09:;@AFGZ[]`afgz{|}~ -.+_%\"\\#?TPDWnx\n\0\x7f"[..]);
    let byte = prop_oneof![4 => telling, 1 => any::<u8>()];
    let change = (any::<Index>(), 0..5u8, byte);
    proptest::collection::vec(change.prop_map(|(at, kind, byte)| Change { at, kind, byte }), 0..3)
}

fn changed(text: &str, changes: &[Change]) -> Vec<u8> {
    let mut text = text.as_bytes().to_vec();
    for Change { at, kind, byte } in changes {
        let at = at.index(text.len() + 1);
        match kind {
            0 => text.insert(at, *byte),
            1 => text.truncate(at),
            2 if at < text.len() => drop(text.remove(at)),
            _ if at < text.len() => text[at] = *byte,
            _ => text.push(*byte),
        }
    }
    text
}

/// What the pattern leaves open, computed in another way than the kernel does; None when only the
/// cases of the conformance suite tell.
fn beyond(name: &str, text: &str) -> Option<bool> {
    let names = |text: &str| text.len() <= 253;
    match name {
        "hostname" => {
            let encoded = text.to_lowercase().split('.').any(|label| label.starts_with("xn--"));
            (!encoded).then(|| names(text))
        }
        "email" => {
            let (local, host) = text.rsplit_once('@').unwrap();
            Some(local.len() <= 64 && (host.starts_with('[') || names(host)))
        }
        "time" => Some(leap(text)),
        "date-time" => {
            let part = |from, to| text[from..to].parse::<u32>().unwrap();
            Some(exists(part(0, 4), part(5, 7), part(8, 10)) && leap(&text[11..]))
        }
        _ => None,
    }
}

/// Days are counted off, month by month.
fn exists(year: u32, month: u32, day: u32) -> bool {
    let leap = year.is_multiple_of(4) ^ year.is_multiple_of(100) ^ year.is_multiple_of(400);
    let february = if leap { 29 } else { 28 };
    let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    day <= lengths[month as usize - 1]
}

/// Whether the second is below 60, or the last one of a day of UTC.
fn leap(text: &str) -> bool {
    let two = |at: usize| text[at..at + 2].parse::<i32>().unwrap();
    let ahead = match text.rfind(['+', '-']) {
        Some(at) if text[at..].starts_with('-') => -(two(at + 1) * 60 + two(at + 4)),
        Some(at) => two(at + 1) * 60 + two(at + 4),
        None => 0,
    };
    two(6) < 60 || (two(0) * 60 + two(3) - ahead).rem_euclid(1440) == 1439
}

#[test]
fn every_kernel_is_its_pattern() {
    for format in FORMATS {
        let Some(pattern) = pattern(format) else {
            continue;
        };
        let About { name, pattern: source, beyond: rest, .. } = format.about;
        let right = proptest::string::string_regex(source).unwrap();
        let texts = prop_oneof![right, Just(format.about.example.to_owned())];
        let outcome = TestRunner::default().run(&(texts, changes()), |(text, changes)| {
            let bytes = changed(&text, &changes);
            let (kernel, spelt) = (format.accepts(&bytes), pattern.is_match(&bytes));
            prop_assert!(spelt || !kernel, "{name} takes {:?}", bytes.escape_ascii().to_string());
            let fits = match std::str::from_utf8(&bytes) {
                _ if rest.is_empty() => Some(spelt),
                Ok(text) if spelt => beyond(name, text),
                _ => None,
            };
            prop_assert!(
                fits.is_none_or(|fits| fits == kernel),
                "{name} on {:?}",
                bytes.escape_ascii().to_string()
            );
            Ok(())
        });
        outcome.unwrap();
    }
}

#[test]
fn every_day_of_eight_hundred_years_is_judged() {
    let date = format("date").unwrap();
    for year in (0..400).chain(1900..2300) {
        for month in 0..=14 {
            for day in 0..=33 {
                let text = format!("{year:04}-{month:02}-{day:02}");
                let fits = (1..=12).contains(&month) && day > 0 && exists(year, month, day);
                assert_eq!(date.accepts(text.as_bytes()), fits, "{text}");
            }
        }
    }
}

#[test]
fn every_octet_is_judged() {
    let ipv4 = format("ipv4").unwrap();
    for octet in 0..2000 {
        for text in [format!("{octet}.0.0.1"), format!("1.2.3.{octet}")] {
            assert_eq!(ipv4.accepts(text.as_bytes()), octet < 256, "{text}");
        }
        let padded = format!("1.{octet:03}.3.4");
        assert_eq!(ipv4.accepts(padded.as_bytes()), (100..256).contains(&octet), "{padded}");
    }
}

/// The digits that a text stands for when letters count 10 to 35.
fn digits(text: &str) -> Vec<u32> {
    let numbers = text.chars().map(|c| c.to_digit(36).unwrap().to_string());
    numbers.collect::<String>().chars().map(|c| c.to_digit(10).unwrap()).collect()
}

/// The check digits of a German account.
fn check_digits(national: &str) -> u32 {
    98 - digits(&format!("{national}DE00")).iter().fold(0, |rest, digit| (rest * 10 + digit) % 97)
}

/// Luhn's sum with a table in place of doubling.
fn luhn_sum(digits: &[u32]) -> u32 {
    let doubled = [0, 2, 4, 6, 8, 1, 3, 5, 7, 9];
    let weigh =
        |(at, digit): (usize, &u32)| if at % 2 == 1 { doubled[*digit as usize] } else { *digit };
    digits.iter().rev().enumerate().map(weigh).sum()
}

proptest! {
    #[test]
    fn cards_end_with_the_check_digit(digits in "[0-9]{11,18}", last in 0..10u32) {
        let text = format!("{digits}{last}");
        let fits = luhn_sum(&self::digits(&text)).is_multiple_of(10);
        prop_assert_eq!(format("card").unwrap().accepts(text.as_bytes()), fits);
    }

    #[test]
    fn securities_end_with_the_check_digit(body in "[A-Z]{2}[0-9A-Z]{9}", last in 0..10u32) {
        let text = format!("{body}{last}");
        let fits = luhn_sum(&self::digits(&text)).is_multiple_of(10);
        prop_assert_eq!(format("isin").unwrap().accepts(text.as_bytes()), fits);
    }

    #[test]
    fn accounts_carry_their_check_digits(national in "[0-9A-Z]{18}", add in 1..97u32) {
        let right = check_digits(&national);
        let wrong = 2 + (right - 2 + add) % 97;
        let accepts = |check| format("iban").unwrap().accepts(format!("DE{check:02}{national}").as_bytes());
        prop_assert!(accepts(right) && !accepts(wrong), "{right:02}{national}");
    }

    #[test]
    fn one_wrong_digit_of_an_account_is_found(
        national in "[0-9]{18}", at in 0..18usize, digit in "[0-9]"
    ) {
        let mut mistyped = national.clone();
        mistyped.replace_range(at..=at, &digit);
        let text = format!("DE{:02}{mistyped}", check_digits(&national));
        prop_assert_eq!(format("iban").unwrap().accepts(text.as_bytes()), mistyped == national);
    }

    #[test]
    fn json_is_what_another_reader_takes(text in json(), changes in changes()) {
        let bytes = changed(&text, &changes);
        if std::str::from_utf8(&bytes).is_ok() {
            let read = serde_json::from_slice::<serde::de::IgnoredAny>(&bytes).is_ok();
            let taken = format("json").unwrap().accepts(&bytes);
            prop_assert_eq!(taken, read, "{}", bytes.escape_ascii());
        }
    }
}

/// Texts near JSON: words of its grammar in any order, and right documents.
fn json() -> impl Strategy<Value = String> {
    let words = [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        " ",
        "\n",
        "true",
        "false",
        "null",
        "0",
        "-1",
        "12.5e-3",
        "1E9",
        "\"a\"",
        "\"\\u00e9\\n\"",
        "\"\\x\"",
        "01",
        ".5",
        "\"",
        "é",
    ];
    let scalars =
        proptest::sample::select(&["null", "true", "-0.5e+2", "\"\\\"é\"", "7", "\"\""][..]);
    let right = scalars.prop_map(str::to_owned).prop_recursive(4, 24, 3, |inner| {
        let items = proptest::collection::vec(inner, 0..3);
        items.prop_flat_map(|items| {
            let members: Vec<_> = items.iter().map(|item| format!("\"k\" : {item}")).collect();
            prop_oneof![
                Just(format!("[ {} ]", items.join(","))),
                Just(format!("{{{}}}", members.join(" ,"))),
            ]
        })
    });
    let any_order = proptest::collection::vec(proptest::sample::select(words.to_vec()), 0..8);
    prop_oneof![right, any_order.prop_map(|words| words.concat())]
}

#[test]
fn json_nests_to_its_bound_and_no_deeper() {
    let json = format("json").unwrap();
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(json.accepts(nested(128).as_bytes()));
    assert!(!json.accepts(nested(129).as_bytes()));
    assert!(!json.accepts("[".repeat(1 << 20).as_bytes()));
}

/// The codes of a list, by asking for every combination of letters.
fn codes(name: &str, from: char, letters: u32) -> Vec<String> {
    let format = format(name).unwrap();
    let letter = |n: u32| char::from_u32(u32::from(from) + n % 26).unwrap();
    (0..26u32.pow(letters))
        .map(|n| (0..letters).rev().map(|place| letter(n / 26u32.pow(place))).collect::<String>())
        .filter(|code| format.accepts(code.as_bytes()))
        .collect()
}

#[test]
fn the_lists_have_their_codes() {
    for (name, from, letters, count, inside, outside) in [
        ("country", 'A', 2, 249, ["AD", "DE", "SS", "ZW"], ["XK", "UK", "AN", "ZZ"]),
        (
            "country-alpha-3",
            'A',
            3,
            249,
            ["ABW", "DEU", "SSD", "ZWE"],
            ["XKX", "ROM", "ANT", "ZZZ"],
        ),
        ("currency", 'A', 3, 178, ["AED", "EUR", "XCG", "ZWG"], ["BGN", "DEM", "HRK", "ANG"]),
        ("language", 'a', 2, 183, ["aa", "de", "zu", "nb"], ["sh", "jp", "cz", "zz"]),
    ] {
        let codes = codes(name, from, letters);
        assert_eq!(codes.len(), count, "{name}");
        assert!(inside.iter().all(|code| codes.iter().any(|c| c == code)), "{name}");
        assert!(!outside.iter().any(|code| codes.iter().any(|c| c == code)), "{name}");
    }
}
