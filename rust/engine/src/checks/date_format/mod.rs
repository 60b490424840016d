//! `date_format`: every text is a moment that exists, written as a pattern says.
//!
//! A pattern is in the letters of the JDK or, with a percent sign, in those of `strftime`, and
//! becomes a small program when the plan is compiled. Reading is strict: every field in its range,
//! every day in its month, no field with two values, nothing left over.

mod fields;
mod jdk;
mod program;
mod strftime;
#[cfg(test)]
mod tests;

use arrow_array::ArrayRef;
use arrow_schema::DataType;

use super::{format, Argument, Arity, CheckKind, Clause, Compiled, Definition, RowCheck, Scope};
use crate::error::{Code, Error, Result};
use crate::kernels::text;
use crate::promise;
use program::{Program, Step};

/// Bytes of a pattern.
const LONGEST: usize = 256;
/// The default of the ODCS text, and the format of one of its examples: no JDK patterns, but what
/// their authors mean is told by their samples.
const MEANT_ISO: [&str; 2] = ["YYYY-MM-DDTHH:mm:ss.SSSZ", "yyyy-MM-ddTHH:mm:ssZ"];

const SHORT_MONTHS: &[&str] =
    &["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const MONTHS: &[&str] = &[
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const SHORT_DAYS: &[&str] = &["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const DAYS: &[&str] =
    &["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const HALVES: &[&str] = &["AM", "PM"];

pub(super) struct DateFormat;

impl CheckKind for DateFormat {
    fn definition(&self) -> &'static Definition {
        &Definition {
            name: "date_format",
            aliases: &[],
            summary: "every text is a date, a time or both as the pattern says, and exists",
            scope: Scope::Row,
            arity: Arity::One,
            applies_to: "strings; on columns of dates and times the type holds the promise, since \
                         their values have no spelling",
            arguments: &[Argument {
                name: "pattern",
                kind: "a pattern of the JDK or of strftime",
                default: "",
                summary: "letters as in java.time.format.DateTimeFormatter, or with percent signs",
            }],
            example: "{column: booked, rule: date_format, args: {pattern: dd.MM.yyyy}}",
        }
    }

    fn compile(&self, clause: &Clause<'_>) -> Result<Compiled> {
        let column = clause.column()?;
        clause.required("pattern")?;
        let pattern = clause.text("pattern")?.unwrap_or_default();
        if is_text(&column.data_type) {
            return Ok(Compiled::Row(Box::new(Spelling::new(pattern)?)));
        }
        if column.data_type.is_temporal() {
            return Ok(Compiled::Decided {
                holds: true,
                reason: format!(
                    "held by the type: {} is {}, so every value exists and none has a spelling",
                    column.path,
                    promise::words(&column.data_type)
                ),
            });
        }
        Err(clause.not_applicable(column, "strings"))
    }

    fn judges_mistyped(&self, data_type: &DataType) -> bool {
        is_text(data_type)
    }
}

fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

/// One compiled pattern.
#[derive(Debug)]
enum Spelling {
    Pattern(Program),
    Iso(&'static format::Format),
}

impl Spelling {
    fn new(pattern: &str) -> Result<Self> {
        if MEANT_ISO.contains(&pattern) {
            return Ok(Self::Iso(format::format("date-time")?));
        }
        if pattern.len() > LONGEST {
            return Err(refused(format!("the pattern is over {LONGEST} bytes"), "shorten it"));
        }
        let steps = if pattern.contains('%') {
            strftime::compile(pattern)?
        } else {
            jdk::compile(pattern)?
        };
        if !has_field(&steps) {
            return Err(refused("the pattern names no field", "write one such as yyyy-MM-dd"));
        }
        Ok(Self::Pattern(Program(steps)))
    }
}

fn has_field(steps: &[Step]) -> bool {
    steps.iter().any(|step| match step {
        Step::Literal(_) => false,
        Step::Optional(steps) => has_field(steps),
        _ => true,
    })
}

/// The refusal of a pattern.
fn refused(message: impl Into<String>, help: &str) -> Error {
    Error::new(Code::BadArgument, message).at("/args/pattern").help(help)
}

impl RowCheck for Spelling {
    fn fail(&self, columns: &[ArrayRef], valid: Option<&[u64]>, fail: &mut [u64]) -> Result<()> {
        let column = columns.first().ok_or_else(|| Error::internal("a format lost its column"))?;
        match self {
            Self::Pattern(program) => {
                text::fill(column, valid, fail, |text| !program.accepts(text))
            }
            Self::Iso(format) => format.fail(column, valid, fail),
        }
    }

    fn explain(&self) -> String {
        match self {
            Self::Pattern(Program(steps)) => format!("a pattern of {} steps", steps.len()),
            Self::Iso(format) => format!("bytes as {} says", format.about.source),
        }
    }
}
