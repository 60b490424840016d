//! What a mask says about itself: the one source for argument checks, documentation, schemas, hints.

use serde::{Serialize, Serializer};

use crate::error::Code;

/// The self-description of one mask.
#[derive(Debug, Serialize)]
pub struct Definition {
    /// The name that reports use.
    pub name: &'static str,
    /// Other accepted spellings.
    pub aliases: &'static [&'static str],
    /// One line: what it does to a value.
    pub summary: &'static str,
    /// The column types it takes, in words.
    pub takes: &'static str,
    /// The arguments, in the order of the documentation.
    pub arguments: &'static [Argument],
    /// A clause in YAML.
    pub example: &'static str,
    /// Rank in the order of strength: greater hides more. Equal ranks are not comparable.
    pub strength: u8,
    /// It uses a key and a pseudonymisation domain.
    pub keyed: bool,
    /// The codes its compilation can end with.
    #[serde(serialize_with = "as_words")]
    pub codes: &'static [Code],
}

/// One argument of a mask.
#[derive(Debug, Serialize)]
pub struct Argument {
    /// The key in `args`.
    pub name: &'static str,
    /// What it may hold.
    pub kind: ArgumentKind,
    /// What an absent argument means, in YAML; `None` when the mask decides by the column's type.
    pub default: Option<&'static str>,
    /// One line: what it does.
    pub summary: &'static str,
}

/// What an argument may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ArgumentKind {
    /// A whole number between two bounds, both included.
    Integer {
        /// Least allowed number.
        min: u64,
        /// Greatest allowed number.
        max: u64,
    },
    /// `true` or `false`.
    Boolean,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A list of these words, in any order, each at most once.
    Several(&'static [&'static str]),
    /// Exactly one visible character.
    Character,
    /// A literal that fits the column's type.
    Value,
}

fn as_words<S: Serializer>(codes: &&'static [Code], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(codes.iter().map(|code| code.as_str()))
}
