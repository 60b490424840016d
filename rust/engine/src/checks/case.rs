//! `case`: the letters of every text are all upper case, or all lower case. Characters without
//! case count for neither; a title-case letter counts against both.

use arrow_array::ArrayRef;

use super::{Argument, Arity, CheckKind, Clause, Compiled, Definition, RowCheck, Scope};
use crate::error::{Error, Result};
use crate::kernels::text;

pub(super) struct Case;

impl CheckKind for Case {
    fn definition(&self) -> &'static Definition {
        &Definition {
            name: "case",
            aliases: &[],
            summary: "every letter that has case is of the one case",
            scope: Scope::Row,
            arity: Arity::One,
            applies_to: "strings",
            arguments: &[Argument {
                name: "case",
                kind: "upper or lower",
                default: "",
                summary: "by the Unicode properties Uppercase and Lowercase",
            }],
            example: "{column: currency, rule: case, args: {case: upper}}",
        }
    }

    fn compile(&self, clause: &Clause<'_>) -> Result<Compiled> {
        clause.strings()?;
        clause.required("case")?;
        let upper = match clause.text("case")? {
            Some("upper") => true,
            Some("lower") => false,
            _ => return Err(clause.bad("case", "upper or lower")),
        };
        Ok(Compiled::Row(Box::new(Letters { upper })))
    }
}

#[derive(Debug)]
struct Letters {
    upper: bool,
}

impl Letters {
    fn hold(&self, bytes: &[u8]) -> bool {
        if bytes.is_ascii() {
            return if self.upper {
                !bytes.iter().any(u8::is_ascii_lowercase)
            } else {
                !bytes.iter().any(u8::is_ascii_uppercase)
            };
        }
        std::str::from_utf8(bytes).is_ok_and(|text| !text.chars().any(|c| self.is_other(c)))
    }

    fn is_other(&self, c: char) -> bool {
        (if self.upper { c.is_lowercase() } else { c.is_uppercase() }) || is_title(c)
    }
}

/// Letters such as the digraph of a capital and a small one: both mappings change them.
fn is_title(c: char) -> bool {
    !c.is_ascii() && c.to_lowercase().ne([c]) && c.to_uppercase().ne([c])
}

impl RowCheck for Letters {
    fn fail(&self, columns: &[ArrayRef], valid: Option<&[u64]>, fail: &mut [u64]) -> Result<()> {
        let column = columns.first().ok_or_else(|| Error::internal("case lost its column"))?;
        text::fill(column, valid, fail, |bytes| !self.hold(bytes))
    }

    fn cost(&self) -> f64 {
        6.0
    }

    fn explain(&self) -> String {
        "case of the letters".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn title_case_is_what_unicode_calls_so() {
        let titles: Vec<u32> = ('\0'..=char::MAX).filter(|c| is_title(*c)).map(u32::from).collect();
        let greek = [0x1f88..=0x1f8f, 0x1f98..=0x1f9f, 0x1fa8..=0x1faf].into_iter().flatten();
        let mut expected: Vec<u32> = greek.collect();
        expected.extend([0x1c5, 0x1c8, 0x1cb, 0x1f2, 0x1fbc, 0x1fcc, 0x1ffc]);
        expected.sort_unstable();
        assert_eq!(titles, expected);
    }

    #[test]
    fn ascii_and_other_text_are_judged_alike() {
        let (upper, lower) = (Letters { upper: true }, Letters { upper: false });
        for (text, is_upper, is_lower) in [
            ("AB1", true, false),
            ("ab1", false, true),
            ("1-2", true, true),
            ("", true, true),
            ("ÄÖ", true, false),
            ("straße", false, true),
            ("\u{1c5}", false, false),
            ("東京", true, true),
        ] {
            assert_eq!(upper.hold(text.as_bytes()), is_upper, "{text}");
            assert_eq!(lower.hold(text.as_bytes()), is_lower, "{text}");
        }
    }
}
