//! Normalisers: what makes two spellings of one text the same before it is hashed.
//!
//! They are part of the key derivation, so a column that is normalised never joins by accident with
//! one that is not. None depends on a locale or on a version of Unicode's case tables.

use std::borrow::Cow;

/// The accepted names.
pub(super) const NAMES: &[&str] = &["trim", "casefold_domain", "digits"];

/// One step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Takes white space (Unicode's `White_Space`) off both ends.
    Trim,
    /// Lower-cases the ASCII letters after the last `@`; text without `@` stays as it is.
    CasefoldDomain,
    /// Keeps the ASCII digits only.
    Digits,
}

/// A list of steps in the order of the clause.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Normalizer {
    steps: Vec<Step>,
}

impl Normalizer {
    /// Reads the names, which are known.
    pub(super) fn new(names: &[&str]) -> Self {
        let steps = names
            .iter()
            .filter_map(|name| match *name {
                "trim" => Some(Step::Trim),
                "casefold_domain" => Some(Step::CasefoldDomain),
                "digits" => Some(Step::Digits),
                _ => None,
            })
            .collect();
        Self { steps }
    }

    /// Nothing to do.
    pub(super) fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The names joined by commas, as the key derivation takes them.
    pub(super) fn names(&self) -> String {
        let names: Vec<_> = self
            .steps
            .iter()
            .map(|step| match step {
                Step::Trim => "trim",
                Step::CasefoldDomain => "casefold_domain",
                Step::Digits => "digits",
            })
            .collect();
        names.join(",")
    }

    /// The normalised text.
    pub(super) fn apply<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        for step in &self.steps {
            text = match step {
                Step::Trim => match text {
                    Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
                    Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
                },
                Step::CasefoldDomain => match text.rsplit_once('@') {
                    Some((local, domain)) if domain.bytes().any(|b| b.is_ascii_uppercase()) => {
                        Cow::Owned(format!("{local}@{}", domain.to_ascii_lowercase()))
                    }
                    _ => text,
                },
                Step::Digits if text.bytes().all(|b| b.is_ascii_digit()) => text,
                Step::Digits => {
                    Cow::Owned(text.chars().filter(char::is_ascii_digit).collect::<String>())
                }
            };
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_run_in_the_given_order() {
        let of = |names: &[&str], text| Normalizer::new(names).apply(text).into_owned();
        assert_eq!(of(&["trim"], "\u{a0} a b \t"), "a b");
        assert_eq!(
            of(&["casefold_domain"], "Ada@Lovelace@EXAMPLE.Com"),
            "Ada@Lovelace@example.com"
        );
        assert_eq!(of(&["casefold_domain"], "NoAddress"), "NoAddress");
        assert_eq!(of(&["casefold_domain"], "a@\u{130}X"), "a@\u{130}x");
        assert_eq!(of(&["digits"], "+1 (555) 010-9999 ext \u{661}"), "15550109999");
        assert_eq!(of(&["trim", "casefold_domain"], " Ada@EXAMPLE.com "), "Ada@example.com");
        assert_eq!(of(&[], " x "), " x ");
        assert_eq!(Normalizer::new(&["digits", "trim"]).names(), "digits,trim");
    }

    #[test]
    fn every_name_is_a_step() {
        assert_eq!(Normalizer::new(NAMES).names(), NAMES.join(","));
    }
}
