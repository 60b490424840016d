//! The language: what each construct means, what is refused, and that text and tree say the same.

mod cases;
mod drawn;
mod written;

use std::sync::Arc;

use arrow_array::{ArrayRef, StringArray};
use proptest::prelude::*;

use super::{linear, Expression};
use crate::checks::pattern::Pattern;
use crate::error::{Code, Error};
use crate::kernels::bits;
use drawn::node;
use written::written;

/// Which of the texts have a match by the automaton.
fn by_automaton(expression: &Expression, texts: &[&str]) -> Vec<bool> {
    let pattern = Pattern::new(&linear(expression, false).unwrap()).unwrap();
    let array: ArrayRef = Arc::new(StringArray::from(texts.to_vec()));
    let mut out = vec![0; bits::words(texts.len())];
    pattern.fill(&array, None, &mut out, true).unwrap();
    (0..texts.len()).map(|row| bits::get(&out, row)).collect()
}

fn refusal(pattern: &str) -> Error {
    let error = Expression::parse(pattern).and_then(|e| linear(&e, false)).unwrap_err();
    assert_eq!(error.code, Code::BadPattern, "{pattern}");
    error
}

#[test]
fn every_construct_has_its_meaning() {
    for (pattern, yes, no) in cases::MEANINGS {
        let expression = Expression::parse(pattern).unwrap();
        let texts = [*yes, *no].concat();
        let expected: Vec<bool> = (0..texts.len()).map(|at| at < yes.len()).collect();
        assert_eq!(by_automaton(&expression, &texts), expected, "{pattern} on {texts:?}");
    }
}

#[test]
fn what_is_not_of_the_language_is_refused_where_it_stands() {
    for (pattern, message, at) in cases::REFUSALS {
        let error = refusal(pattern);
        assert!(error.message.contains(message), "{pattern}: {}", error.message);
        assert!(
            error.message.ends_with(&format!("at character {at} of the pattern")),
            "{pattern}: {}",
            error.message
        );
    }
}

#[test]
fn what_no_automaton_can_do_is_refused_by_name() {
    for (pattern, construct, at) in [
        ("^(?=a)", "look-ahead", 2),
        ("(?!a)", "look-ahead", 1),
        ("(?<=a)", "look-behind", 1),
        ("b(?<!a)", "look-behind", 2),
        (r"(a)\1", "a back-reference", 4),
        (r"\k<n>(?<n>a)(?=b)", "a back-reference", 1),
    ] {
        let message = refusal(pattern).message;
        let wanted = format!("{construct} has no linear-time meaning, at character {at} ");
        assert!(message.starts_with(&wanted), "{pattern}: {message}");
    }
}

#[test]
fn bombs_are_refused() {
    for pattern in ["(".repeat(5000), format!("{}a{}", "(".repeat(100), ")".repeat(100))] {
        assert_eq!(Expression::parse(&pattern).unwrap_err().code, Code::BadPattern);
    }
    assert!(Expression::parse(&"a".repeat(4096)).is_ok());
    assert!(Expression::parse(&"a".repeat(4097)).is_err());
}

proptest! {
    #[test]
    fn a_pattern_is_read_as_it_is_written(drawn in node(true)) {
        let text = written(&drawn);
        let read = Expression::parse(&text).unwrap();
        prop_assert_eq!(&read.node, &drawn, "{}", text);
    }

    #[test]
    fn no_text_panics(text in r"[\\\[\](){}|?*+^$.,:=!<>\-a0-9kpuxcbB\u{e9}]{0,24}") {
        if let Ok(read) = Expression::parse(&text) {
            let again = Expression::parse(&written(&read.node)).unwrap();
            prop_assert_eq!(again.node, read.node);
        }
    }
}
