//! `regex_match` and `regex_not`: every value contains (or does not contain) a match of a pattern
//! in the ECMA-262 language, in linear time.

use arrow_array::ArrayRef;
use arrow_schema::DataType;
use regex_syntax::hir::Hir;

use super::ecma::Expression;
use super::pattern::Pattern;
use super::{ecma, Argument, Arity, CheckKind, Clause, Compiled, Definition, RowCheck, Scope};
use crate::contract::Literal;
use crate::error::{Error, Result};

pub(super) struct RegexMatch;
pub(super) struct RegexNot;

pub(super) const ARGUMENTS: &[Argument] = &[
    Argument {
        name: "pattern",
        kind: "an ECMA-262 pattern",
        default: "",
        summary: "searched anywhere in the value unless anchored with ^ and $",
    },
    Argument {
        name: "full_match",
        kind: "true or false",
        default: "false",
        summary: "the whole value must match",
    },
];

impl CheckKind for RegexMatch {
    fn definition(&self) -> &'static Definition {
        &Definition {
            name: "regex_match",
            aliases: &["pattern", "regex"],
            summary: "every value matches the pattern (ECMA-262, searched unless anchored)",
            scope: Scope::Row,
            arity: Arity::One,
            applies_to: "strings",
            arguments: ARGUMENTS,
            example: "{column: sku, rule: regex_match, args: {pattern: '^[A-Z]{3}-\\d{4}$'}}",
        }
    }

    fn compile(&self, clause: &Clause<'_>) -> Result<Compiled> {
        pattern(clause, true)
    }
}

impl CheckKind for RegexNot {
    fn definition(&self) -> &'static Definition {
        &Definition {
            name: "regex_not",
            aliases: &[],
            summary: "no value matches the pattern (ECMA-262, searched unless anchored)",
            scope: Scope::Row,
            arity: Arity::One,
            applies_to: "strings",
            arguments: ARGUMENTS,
            example: "{column: note, rule: regex_not, args: {pattern: 'password'}}",
        }
    }

    fn compile(&self, clause: &Clause<'_>) -> Result<Compiled> {
        pattern(clause, false)
    }
}

fn pattern(clause: &Clause<'_>, must_match: bool) -> Result<Compiled> {
    let column = clause.column()?;
    if !matches!(column.data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) {
        return Err(clause.not_applicable(column, "strings"));
    }
    let search = search(clause, must_match)?;
    if must_match && search.pattern.matches_all() {
        return Ok(Compiled::Always("every text matches the pattern".into()));
    }
    Ok(Compiled::Row(Box::new(search)))
}

/// The search that a clause asks for.
pub(super) fn search(clause: &Clause<'_>, must_match: bool) -> Result<Search> {
    let Literal::Text(source) = clause.required("pattern")? else {
        return Err(clause.bad("pattern", "text"));
    };
    let whole = clause.flag("full_match", false)?;
    let expression = Expression::parse(source).map_err(|e| e.at("/args/pattern"))?;
    let language = ecma::linear(&expression, whole).map_err(|e| e.at("/args/pattern"))?;
    Search::of(&language, must_match)
}

/// One compiled search.
#[derive(Debug)]
pub(super) struct Search {
    pattern: Pattern,
    must_match: bool,
}

impl Search {
    fn of(language: &Hir, must_match: bool) -> Result<Self> {
        Ok(Self { pattern: Pattern::new(language)?, must_match })
    }

    /// A search for a pattern in the syntax of the regex-syntax crate.
    pub(super) fn new(pattern: &str, must_match: bool) -> Result<Self> {
        let language = regex_syntax::parse(pattern)
            .map_err(|_| Error::internal("escaped texts are no pattern"))?;
        Self::of(&language, must_match)
    }

    /// Whole-value membership under Unicode simple case folding.
    pub(super) fn folded(texts: &[&str], must_match: bool) -> Result<Self> {
        let words: Vec<String> = texts.iter().map(|t| regex_syntax::escape(t)).collect();
        Self::new(&format!(r"\A(?i:{})\z", words.join("|")), must_match)
    }
}

impl RowCheck for Search {
    fn fail(&self, columns: &[ArrayRef], valid: Option<&[u64]>, fail: &mut [u64]) -> Result<()> {
        let column = columns.first().ok_or_else(|| Error::internal("a pattern lost its column"))?;
        self.pattern.fill(column, valid, fail, !self.must_match)
    }

    fn cost(&self) -> f64 {
        self.pattern.cost()
    }

    fn explain(&self) -> String {
        self.pattern.explain()
    }
}
