//! Every error code of the engine, in one table.
//!
//! An [`Error`] has four parts: what is wrong, which clause of the contract it concerns (a JSON
//! pointer into the canonical contract; whoever loaded the document turns it into a line and column of its file),
//! where in the data (column, row ordinals), and what to do. None of them ever holds a cell's value
//! or another library's message.

use std::fmt;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $code:literal, $title:literal;)+) => {
        /// A stable error code. Codes are added, never renamed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code { $($(#[doc = $doc])+ $variant,)+ }

        impl Code {
            /// All codes, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The code as users see it, such as `plan.unknown_check`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// One line: what is wrong.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }

            /// What the code means, what it does not mean, and what to do.
            pub const fn explanation(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc, "\n"),+),)+ }
            }
        }
    };
}

codes! {
    /// The contract did not reach the engine in its canonical JSON form. Users see this only when
    /// they call the engine directly; the loaders always produce the canonical form.
    ContractMalformed = "contract.malformed", "the canonical contract cannot be read";
    /// A clause names a check that the registry does not have. It does not mean that the check
    /// failed: nothing was run. Correct the name; the help names the nearest one.
    UnknownCheck = "plan.unknown_check", "no check has this name";
    /// A check lacks an argument, has one too many, or one of the wrong kind, or its bounds
    /// contradict each other (min above max, an empty set). Correct the clause in the contract.
    BadArgument = "plan.bad_argument", "an argument of a check or mask is wrong";
    /// The check cannot judge a column of the type that the contract promises. It does not mean
    /// that the data is wrong. Use another check, or promise another type.
    NotApplicable = "plan.not_applicable", "the check does not apply to this column's type";
    /// A bound or a value of the contract cannot be represented in the column's type, such as
    /// 10.005 in decimal(10, 2) as a member of a set. Correct the literal.
    BadLiteral = "plan.bad_literal", "a literal does not fit the column's type";
    /// The check needs all rows in one place, so it cannot be judged inside Spark or Ray. It does not
    /// mean that it fails: no row was read. Check the frame as one stream (`gate.check(frame.toArrow())`),
    /// or leave the clause to the publication of what is derived from it.
    NotInParts = "plan.not_in_parts", "the check cannot be judged in parts";
    /// A clause names a column that the contract does not promise. It does not mean that the data
    /// lacks the column; that is a failing `column_exists`.
    UnknownColumn = "plan.unknown_column", "the contract has no such column";
    /// The contract promises a type that meshgate does not know. Correct the spelling.
    UnknownType = "plan.unknown_type", "no type has this name";
    /// The data that was passed for a foreign key does not fit it: a key column is missing, or of
    /// another kind than the column that refers to it. No row was judged. Name the right columns in
    /// the clause, or pass the right data.
    ReferenceMismatch = "plan.reference_mismatch", "the reference data does not fit the foreign key";
    /// Two clauses carry the same id. Ids tell reports and quarantined rows apart: make them unique.
    DuplicateId = "plan.duplicate_id", "two clauses have the same id";
    /// The contract promises no column at all, or the same column twice.
    BadColumns = "plan.bad_columns", "the promised columns are unusable";
    /// The prefix `_mg_` is reserved for the columns that meshgate adds. Rename the column.
    ReservedName = "plan.reserved_name", "a column uses the reserved prefix";
    /// The pattern is not in the language that the contract standard prescribes (ECMA-262), or
    /// needs look-around or back-references, which no linear-time engine can do, or is too large.
    BadPattern = "plan.bad_pattern", "the pattern cannot be compiled";
    /// An expression of a contract (`row_expression`, `when`) is no expression, uses what is not
    /// supported, mixes types that have no common ground, or nests too deep. Nothing of it is
    /// ignored: correct the expression at the line and column that the message names.
    BadExpression = "plan.bad_expression", "an expression cannot be compiled";
    /// A clause names a mask that the registry does not have, or one that is refused on purpose,
    /// such as an unkeyed hash. Nothing was masked, and nothing was run.
    UnknownMask = "plan.unknown_mask", "no mask has this name";
    /// The mask cannot take a column of this type, or would break another promise (nulls in a
    /// required column). Use another mask, or mask another representation.
    MaskNotApplicable = "plan.mask_not_applicable", "the mask does not apply to this column";
    /// A keyed mask has no key, or one that is too short or too regular to protect anything.
    /// Keys come by reference (`env:NAME`, `file:PATH`); a key in the contract is refused.
    BadKey = "plan.bad_key", "the key of a mask is missing or weak";
    /// An array from outside breaks the Arrow columnar format: offsets that run backwards, text
    /// that is not UTF-8, dictionary keys out of range. It says nothing about the values' quality:
    /// no check ran on that batch. Repair the producer.
    InvalidArrow = "source.invalid_arrow", "a batch breaks the Arrow format";
    /// The producer's stream ended with an error of its own. What came before was read.
    SourceFailed = "source.failed", "the stream of batches broke off";
    /// A later batch has another schema than the stream promised at its beginning.
    SchemaChanged = "source.schema_changed", "a batch has another schema than its stream";
    /// A source that is read twice (to compare repeated keys in full, or to judge keys before rows
    /// are split within a memory budget) had other rows the second time. Nothing was published.
    /// Make sure that nothing writes to it meanwhile, or pass a copy.
    SourceChanged = "source.changed", "the data changed while it was read";
    /// The memory budget cannot hold what the run must remember, such as the keys of a uniqueness
    /// check. It does not mean that the data is wrong. Raise `limits.memory_bytes`.
    Memory = "limit.memory", "the memory budget is used up";
    /// Keys of a uniqueness check had to leave memory and the spill folder did not take them or give
    /// them back: it is missing, full, or its quota is used up. The check has no verdict; it did
    /// not pass. Free space, name another folder, or raise `limits.memory_bytes`.
    Spill = "limit.spill", "the spill folder cannot be used";
    /// The keys of what is published are kept in files beside the product's table, so that `unique`
    /// can be judged across publications. They could not be written or read: the folder is full,
    /// missing or not ours. Nothing was published. They hold nothing that the table does not hold;
    /// whatever is missing of them is made again from the table.
    KeyIndex = "limit.key_index", "the index of published keys cannot be used";
    /// Nesting, number of columns or another size is over a fixed bound.
    TooLarge = "limit.too_large", "an input is over a fixed bound";
    /// A run was used after its end, or after it failed. A run is used once; start another.
    RunFinished = "engine.run_finished", "the run is over";
    /// A bug in meshgate. Nothing was published. Please report it with the version and the contract.
    Internal = "engine.internal", "a bug in meshgate";
}

/// A refusal or a failure, with everything a person needs to act on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// The stable code.
    pub code: Code,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// JSON pointer of the clause in the canonical contract, such as `/checks/3/args/min`.
    pub clause: Option<String>,
    /// Where in the data: column, row ordinals.
    pub data: Option<String>,
    /// What to do.
    pub help: Option<String>,
}

impl Error {
    /// An error of this code with its message.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), clause: None, data: None, help: None }
    }

    /// Adds the clause, unless a more precise one is already known.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>) -> Self {
        self.clause.get_or_insert_with(|| pointer.into());
        self
    }

    /// Makes a pointer that is relative to a clause absolute: `base` is the clause's own pointer.
    #[must_use]
    pub fn within(mut self, base: &str) -> Self {
        self.clause = Some(format!("{base}{}", self.clause.as_deref().unwrap_or_default()));
        self
    }

    /// Adds where in the data.
    #[must_use]
    pub fn in_data(mut self, place: impl Into<String>) -> Self {
        self.data = Some(place.into());
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Our own bug, said as such.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Code::Internal, message)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.message)
    }
}

impl std::error::Error for Error {}

/// What the engine's functions return.
pub type Result<T> = std::result::Result<T, Error>;

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn codes_are_unique_dotted_and_explained() {
        let mut seen = HashSet::new();
        for code in Code::ALL {
            assert!(seen.insert(code.as_str()), "{} twice", code.as_str());
            assert_eq!(code.as_str().split('.').count(), 2, "{}", code.as_str());
            assert!(!code.title().is_empty() && code.explanation().len() > 40);
        }
    }
}
