//! Patterns and the texts that they take, and the refusals.

use proptest::prelude::*;

use super::*;

fn accepts(pattern: &str, text: &str) -> bool {
    match Spelling::new(pattern).unwrap() {
        Spelling::Pattern(program) => program.accepts(text.as_bytes()),
        Spelling::Iso(format) => format.accepts(text.as_bytes()),
    }
}

#[test]
fn numbers_without_a_gap_leave_each_other_their_digits() {
    for (pattern, text, fits) in [
        ("yyyyMMdd", "20240229", true),
        ("yyyyMMdd", "20230229", false),
        ("yyyyMMdd", "+120240229", true),
        ("yyyyMMdd", "120240229", false),
        ("yMMdd", "70229", false),
        ("yMMdd", "80229", true),
        ("HHmmssSSS", "235959999", true),
        ("HmmssSSS", "35959999", true),
        ("uuuuDDD", "2024366", true),
        ("uuuuDDD", "2023366", false),
        ("dM", "51", false),
        ("yyMMdd", "240229", true),
        ("yyMMdd", "24229", false),
    ] {
        assert_eq!(accepts(pattern, text), fits, "{pattern} {text}");
    }
}

#[test]
fn sections_may_be_left_out_and_set_nothing_then() {
    let pattern = "yyyy-MM-dd[ HH:mm[:ss]]";
    for (text, fits) in [
        ("2024-01-31", true),
        ("2024-01-31 10:20", true),
        ("2024-01-31 10:20:30", true),
        ("2024-01-31 10:20:", false),
        ("2024-01-31 10", false),
        ("2024-01-31 10:99", false),
    ] {
        assert_eq!(accepts(pattern, text), fits, "{text}");
    }
    assert!(accepts("[dd.MM.yyyy][yyyy-MM-dd]", "31.01.2024"));
    assert!(accepts("[dd.MM.yyyy][yyyy-MM-dd]", "2024-01-31"));
    assert!(!accepts("[dd.MM.yyyy][yyyy-MM-dd]", "31.01.20242024-01-30"));
}

#[test]
fn words_stand_between_apostrophes() {
    assert!(accepts("yyyy'T'HH", "2024T10") && accepts("yyyy''HH", "2024'10"));
    assert!(accepts("yyyy'o''clock 'HH", "2024o'clock 10") && accepts("yyyy年MM月", "2024年02月"));
}

#[test]
fn what_cannot_be_judged_is_refused() {
    for pattern in [
        "",
        "-",
        "''",
        "YYYY-MM-dd",
        "yyyy-ww",
        "MMMMM",
        "ddd",
        "Q",
        "G",
        "zzz",
        "VV",
        "ppH",
        "yyyy{",
        "[yyyy",
        "yyyy]",
        "yyyy'T",
        "SSSSSSSSSS",
        "%",
        "%Q",
        "%Y-%",
        "%c",
        "%-Y",
        "%%",
        "%é",
    ] {
        let error = Spelling::new(pattern).unwrap_err();
        assert_eq!(error.code, Code::BadArgument, "{pattern}");
        assert_eq!(error.clause.as_deref(), Some("/args/pattern"));
        assert!(error.help.is_some(), "{pattern}");
    }
    assert!(Spelling::new(&"'a'y".repeat(65)).is_err());
}

proptest! {
    /// Whatever the pattern: refused or compiled, and then any bytes are judged.
    #[test]
    fn no_pattern_and_no_text_is_too_much(
        pattern in "[yuMdDEaHhmsSXxZ%YfzFTjb' .:/\\[\\]-]{0,12}", text in any::<Vec<u8>>()
    ) {
        if let Ok(Spelling::Pattern(program)) = Spelling::new(&pattern) {
            program.accepts(&text);
        }
    }

    /// Both spellings of one pattern agree, and with a calendar that counts.
    #[test]
    fn both_languages_agree(year in 1..=9999u32, month in 0..=13u32, day in 0..=32u32) {
        let text = format!("{year:04}-{month:02}-{day:02}");
        let exists = format::format("date").unwrap().accepts(text.as_bytes());
        prop_assert_eq!(accepts("yyyy-MM-dd", &text), exists);
        prop_assert_eq!(accepts("%Y-%m-%d", &text), exists);
        prop_assert_eq!(accepts("%F", &text), exists);
    }
}
