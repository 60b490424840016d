//! The contract as the engine reads it: the clauses of the canonical JSON that concern data.
//!
//! The canonical JSON is produced by the loaders; keys that only matter elsewhere (owner, service
//! levels without a column, documentation) are ignored here. Numbers keep their text: a bound goes
//! from the document to the column's Arrow type without a detour through a float.

use serde::de::{Deserialize, Deserializer, Error as _};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

use crate::error::{Code, Error, Result};

/// What a producer promises about one stream of batches.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct Contract {
    /// The dataset's name.
    pub dataset: String,
    /// The promised columns, in the promised order.
    pub columns: Vec<Column>,
    /// The checks, in contract order.
    #[serde(default)]
    pub checks: Vec<Check>,
    /// Clauses that a loader understood but nobody here can execute.
    #[serde(default)]
    pub not_enforced: Vec<NotEnforced>,
    /// Extra columns and other column orders fail.
    #[serde(default)]
    pub strict: bool,
    /// `drop` (default) or `keep`: what happens to columns that the contract does not promise.
    #[serde(default)]
    pub extra_columns: Option<String>,
}

/// One promised column, or one field of a promised struct.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct Column {
    /// The exact name.
    pub name: String,
    /// The promised type, in the spelling of the native form.
    #[serde(rename = "type")]
    pub promise: String,
    /// No nulls.
    #[serde(default)]
    pub required: bool,
    /// The kind of personal data, if any; `unspecified` when only tagged as such.
    #[serde(default)]
    pub pii: Option<String>,
    /// How its values are replaced.
    #[serde(default)]
    pub mask: Option<Mask>,
    /// The fields of a struct.
    #[serde(default)]
    pub columns: Vec<Column>,
    /// The items of a list.
    #[serde(default)]
    pub items: Option<Box<Column>>,
}

/// One replacement of a column's values.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct Mask {
    /// The mask's name in the registry.
    pub method: String,
    /// Its arguments.
    #[serde(default)]
    pub args: BTreeMap<String, Literal>,
    /// The reference of its key; the key itself is an argument of the compilation.
    #[serde(default)]
    pub key: Option<String>,
    /// The pseudonymisation domain.
    #[serde(default)]
    pub domain: String,
}

/// One assertion that can be executed.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct Check {
    /// Stable and unique in the contract.
    pub id: String,
    /// The check's name in the registry.
    pub check: String,
    /// The columns it judges; dotted paths reach into structs.
    #[serde(default)]
    pub columns: Vec<String>,
    /// Its arguments.
    #[serde(default)]
    pub args: BTreeMap<String, Literal>,
    /// A condition in SQL: rows for which it is not true are outside of the check.
    #[serde(default)]
    pub when: Option<String>,
    /// `error` or `warning`; any other word is a label and counts as `error`.
    #[serde(default)]
    pub severity: Option<String>,
    /// Failing rows that are tolerated.
    #[serde(default)]
    pub max_rows: Option<u64>,
    /// Failing rows that are tolerated, in percent of the tested rows, as decimal text.
    #[serde(default)]
    pub max_pct: Option<Literal>,
    /// A quality dimension, passed through to the report.
    #[serde(default)]
    pub dimension: Option<String>,
}

/// A clause that nobody here can execute, with the reason.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct NotEnforced {
    /// Stable and unique in the contract.
    pub id: String,
    /// What the clause is, in the words of its document.
    pub clause: String,
    /// Why it is not executed.
    pub reason: String,
}

/// A literal of the contract. Numbers keep the text of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Literal {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as written.
    Number(String),
    /// A string.
    Text(String),
    /// A list.
    List(Vec<Literal>),
    /// Anything else; no check takes one.
    Object,
}

impl<'de> Deserialize<'de> for Literal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let text = raw.get();
        Ok(match text.as_bytes().first() {
            Some(b'n') => Self::Null,
            Some(b't') => Self::Bool(true),
            Some(b'f') => Self::Bool(false),
            Some(b'"') => Self::Text(serde_json::from_str(text).map_err(D::Error::custom)?),
            Some(b'[') => Self::List(serde_json::from_str(text).map_err(D::Error::custom)?),
            Some(b'{') => Self::Object,
            _ => Self::Number(text.to_owned()),
        })
    }
}

impl Literal {
    /// What it is, for messages; never its value.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Object => "a mapping",
        }
    }

    /// What was written, for messages: short numbers and flags as they are, anything else by what it
    /// is. An argument is not data, but a mistyped one may be.
    pub fn given(&self) -> String {
        match self {
            Self::Null => "null".into(),
            Self::Bool(flag) => flag.to_string(),
            Self::Number(text) if text.len() <= 20 => text.clone(),
            Self::Text(text) if text.is_empty() => "an empty text".into(),
            Self::Text(_) => "this text".into(),
            Self::List(items) if items.is_empty() => "an empty list".into(),
            Self::List(_) => "this list".into(),
            Self::Number(_) => "this number".into(),
            Self::Object => "a mapping".into(),
        }
    }
}

impl Contract {
    /// Reads the canonical JSON form.
    ///
    /// # Errors
    /// `contract.malformed` when the text is not of that form.
    pub fn from_json(json: &[u8]) -> Result<Self> {
        serde_json::from_slice(json).map_err(|e| {
            // serde's text can quote the document; line and column cannot.
            Error::new(Code::ContractMalformed, "the canonical contract is not of its JSON form")
                .in_data(format!("line {}, column {}", e.line(), e.column()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_keep_the_text_of_numbers() {
        let read: Vec<Literal> =
            serde_json::from_str(r#"[0.10, 9007199254740993, "a\n", null, true, [1], {}]"#)
                .unwrap();
        assert_eq!(read[0], Literal::Number("0.10".into()));
        assert_eq!(read[1], Literal::Number("9007199254740993".into()));
        assert_eq!(read[2], Literal::Text("a\n".into()));
        assert_eq!(read[5], Literal::List(vec![Literal::Number("1".into())]));
        assert_eq!(read[6], Literal::Object);
    }

    #[test]
    fn a_malformed_contract_is_named_by_position_only() {
        let error = Contract::from_json(b"{\"dataset\": \"secret\", \"columns\": 1}").unwrap_err();
        assert_eq!(error.code, Code::ContractMalformed);
        assert!(!format!("{error:?}").contains("secret"));
    }
}
