//! `contains`, `starts_with` and `ends_with`: every text has one text inside, at its start or at
//! its end.
//!
//! One file because they are one comparison at three places.

use arrow_array::ArrayRef;

use super::regex_match::Search;
use super::{Argument, Arity, CheckKind, Clause, Compiled, Definition, RowCheck, Scope};
use crate::error::{Error, Result};
use crate::kernels::text;

/// Where the text has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Anywhere,
    Start,
    End,
}

pub(super) struct Affix {
    place: Place,
    definition: &'static Definition,
}

const fn definition(
    name: &'static str,
    summary: &'static str,
    example: &'static str,
) -> Definition {
    Definition {
        name,
        aliases: &[],
        summary,
        scope: Scope::Row,
        arity: Arity::One,
        applies_to: "strings",
        arguments: &[
            Argument {
                name: "text",
                kind: "text",
                default: "",
                summary: "compared exactly, code point by code point; not empty",
            },
            Argument {
                name: "case_insensitive",
                kind: "true or false",
                default: "false",
                summary: "Unicode simple case folding",
            },
        ],
        example,
    }
}

static CONTAINS: Definition = definition(
    "contains",
    "every text has the given text inside",
    "{column: url, rule: contains, args: {text: '://'}}",
);
static STARTS_WITH: Definition = definition(
    "starts_with",
    "every text starts with the given text",
    "{column: sku, rule: starts_with, args: {text: EU-}}",
);
static ENDS_WITH: Definition = definition(
    "ends_with",
    "every text ends with the given text",
    "{column: file, rule: ends_with, args: {text: .csv, case_insensitive: true}}",
);

impl Affix {
    pub(super) const CONTAINS: Self = Self { place: Place::Anywhere, definition: &CONTAINS };
    pub(super) const STARTS_WITH: Self = Self { place: Place::Start, definition: &STARTS_WITH };
    pub(super) const ENDS_WITH: Self = Self { place: Place::End, definition: &ENDS_WITH };
}

impl CheckKind for Affix {
    fn definition(&self) -> &'static Definition {
        self.definition
    }

    fn compile(&self, clause: &Clause<'_>) -> Result<Compiled> {
        clause.strings()?;
        clause.required("text")?;
        let wanted = clause.text("text")?.filter(|text| !text.is_empty());
        let wanted = wanted.ok_or_else(|| clause.bad("text", "text that is not empty"))?;
        let folded = clause.flag("case_insensitive", false)?;
        let text = wanted.as_bytes().into();
        let escaped = regex_syntax::escape(wanted);
        let search = |pattern: &str| -> Result<Box<dyn RowCheck>> {
            let search = Search::new(pattern, true);
            search.map(|s| Box::new(s) as _).map_err(|e| e.at("/args/text"))
        };
        Ok(Compiled::Row(match (self.place, folded) {
            (Place::Start, false) => Box::new(Edge { text, end: false }),
            (Place::End, false) => Box::new(Edge { text, end: true }),
            (Place::Anywhere, false) => search(&escaped)?,
            (Place::Start, true) => search(&format!(r"\A(?i:{escaped})"))?,
            (Place::End, true) => search(&format!(r"(?i:{escaped})\z"))?,
            (Place::Anywhere, true) => search(&format!("(?i:{escaped})"))?,
        }))
    }
}

/// The text at one edge, byte for byte.
#[derive(Debug)]
struct Edge {
    text: Box<[u8]>,
    end: bool,
}

impl RowCheck for Edge {
    fn fail(&self, columns: &[ArrayRef], valid: Option<&[u64]>, fail: &mut [u64]) -> Result<()> {
        let column = columns.first().ok_or_else(|| Error::internal("an edge lost its column"))?;
        if self.end {
            text::fill(column, valid, fail, |bytes| !bytes.ends_with(&self.text))
        } else {
            text::fill(column, valid, fail, |bytes| !bytes.starts_with(&self.text))
        }
    }

    fn cost(&self) -> f64 {
        3.0
    }

    fn explain(&self) -> String {
        format!("the {} bytes", if self.end { "last" } else { "first" })
    }
}
