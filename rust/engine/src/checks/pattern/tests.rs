//! Every engine against the `regex` crate.

use super::*;
use crate::kernels::testing;
use proptest::prelude::*;

fn hir(pattern: &str) -> Hir {
    regex_syntax::ParserBuilder::new().utf8(false).build().parse(pattern).unwrap()
}

/// The pattern as it would be compiled, and by each of its engines alone.
fn engines(pattern: &str) -> Vec<Pattern> {
    let hir = hir(pattern);
    let whole = Pattern::new(&hir).unwrap();
    let search = Pattern { chain: None, table: None, search: Some(Search::new(&hir).unwrap()) };
    let table = Pattern { chain: None, search: None, ..Pattern::new(&hir).unwrap() };
    [Some(whole), Some(search), table.table.is_some().then_some(table)]
        .into_iter()
        .flatten()
        .collect()
}

fn check(pattern: &str, values: &[Option<Vec<u8>>], offset: usize) {
    let oracle = regex::bytes::Regex::new(pattern).unwrap();
    let expected: Vec<usize> = (0..values.len())
        .filter(|row| values[*row].as_deref().is_some_and(|v| oracle.is_match(v)))
        .collect();
    for engine in engines(pattern) {
        for fails in [true, false] {
            let found = testing::in_all_layouts(values, b"a", offset, |array, valid, out| {
                engine.fill(array, valid, out, fails).unwrap();
            });
            let matched: Vec<usize> = if fails {
                found
            } else {
                let other = |row: &usize| values[*row].is_some() && !found.contains(row);
                (0..values.len()).filter(other).collect()
            };
            assert_eq!(matched, expected, "{pattern} by {}", engine.explain());
        }
    }
}

fn texts(values: &[&str]) -> Vec<Option<Vec<u8>>> {
    values.iter().map(|v| Some(v.as_bytes().to_vec())).collect()
}

#[test]
fn rows_of_all_lengths_end_where_they_end() {
    let values: Vec<_> = (0..300).map(|n| Some("ab".repeat(n).into_bytes())).collect();
    for pattern in [r"\A(?:ab)*\z", r"\A(?:ab){64}\z", "b", "a{2}", r"(?:ab){33}\z", r"ba\z", ""] {
        check(pattern, &values, 3);
    }
}

#[test]
fn an_automaton_of_many_states_has_a_wide_table() {
    let pattern = Pattern::new(&hir(r"\A.{1,100}\z")).unwrap();
    assert!(pattern.table.as_ref().is_some_and(|t| t.states() > 256), "{pattern:?}");
    let values = texts(&["", "a", "é", &"é".repeat(100), &"é".repeat(101), "a\n", &"☃".repeat(90)]);
    check(r"\A.{1,100}\z", &values, 0);
}

#[test]
fn what_has_no_table_is_searched() {
    let pattern = Pattern::new(&hir(r"\A\p{L}{1,50}\z")).unwrap();
    assert!(pattern.table.is_none());
    check(r"\A\p{L}{1,50}\z", &texts(&["", "é", &"é".repeat(50), &"é".repeat(51), "1"]), 0);
}

#[test]
fn long_rows_are_searched_for_a_literal() {
    let pattern = Pattern::new(&hir("password|secret")).unwrap();
    assert!(pattern.search.is_some() && pattern.table.is_some());
    let far = format!("{}secret", "x".repeat(500));
    check("password|secret", &texts(&[&far, &"x".repeat(500), "secret", ""]), 0);
}

#[test]
fn a_match_is_told_at_its_last_byte() {
    for always in ["", "a*", "(?s:.)*"] {
        assert!(Pattern::new(&hir(always)).unwrap().matches_all(), "{always}");
    }
    for sometimes in ["a", r"\z.", r"\A.*\z", r"\A(?s:.)*\z"] {
        // The last one fails where the bytes are not UTF-8.
        assert!(!Pattern::new(&hir(sometimes)).unwrap().matches_all(), "{sometimes}");
    }
    let table = Pattern::new(&hir("b")).unwrap().table.unwrap();
    assert_eq!(table.states(), 3, "nothing, something, and the start");
}

#[test]
fn what_explodes_is_refused() {
    let error = Pattern::new(&hir("((a{1,1000}){1,1000}){1,1000}")).unwrap_err();
    assert_eq!(error.code, Code::BadPattern);
}

fn piece() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "a",
        "b",
        "é",
        "☃",
        ".",
        "(?s:.)",
        "[ab]",
        "[^a]",
        "[^é]",
        r"\pL",
        r"\x{0}",
        " ",
        r"\A",
        r"\z",
        r"(?-u:\b)",
        r"(?-u:\B)",
        "ab",
        "",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(4, 24, 4, |inner| {
        let times =
            prop::sample::select(vec!["*", "+", "?", "{2}", "{1,3}", "{0,9}", "*?", "{2,}"]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| parts.concat()),
            prop::collection::vec(inner.clone(), 2..4)
                .prop_map(|parts| format!("(?:{})", parts.join("|"))),
            (inner, times).prop_map(|(inner, times)| format!("(?:{inner}){times}")),
        ]
    })
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    let text = |most: usize| {
        prop::collection::vec(
            prop::sample::select(vec!["a", "b", "é", "☃", "\n", " ", "1"]),
            0..most,
        )
        .prop_map(|parts| parts.concat().into_bytes())
    };
    prop_oneof![8 => text(12), 1 => text(90)]
}

proptest! {
    #[test]
    fn every_engine_agrees_with_the_regex_crate(
        pattern in piece(),
        values in prop::collection::vec(prop::option::of(value()), 0..150),
        offset in 0usize..64,
    ) {
        check(&pattern, &values, offset);
    }

    #[test]
    fn bytes_that_are_no_text_are_judged_alike(
        pattern in piece(),
        values in prop::collection::vec(
            prop::option::of(prop::collection::vec(prop::sample::select(b"ab\xc3\xa9\xff\xe2".to_vec()), 0..20)), 0..40),
    ) {
        check(&pattern, &values, 0);
    }
}
