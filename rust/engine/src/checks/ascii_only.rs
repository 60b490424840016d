//! `ascii_only`: every character of a text is one of the 128 of ASCII.

use arrow_array::ArrayRef;

use super::{Arity, CheckKind, Clause, Compiled, Definition, RowCheck, Scope};
use crate::error::{Error, Result};
use crate::kernels::text;

pub(super) struct AsciiOnly;

impl CheckKind for AsciiOnly {
    fn definition(&self) -> &'static Definition {
        &Definition {
            name: "ascii_only",
            aliases: &[],
            summary: "every text has ASCII characters only",
            scope: Scope::Row,
            arity: Arity::One,
            applies_to: "strings",
            arguments: &[],
            example: "{column: hostname, rule: ascii_only}",
        }
    }

    fn compile(&self, clause: &Clause<'_>) -> Result<Compiled> {
        clause.strings()?;
        Ok(Compiled::Row(Box::new(Ascii)))
    }
}

#[derive(Debug)]
struct Ascii;

impl RowCheck for Ascii {
    fn fail(&self, columns: &[ArrayRef], valid: Option<&[u64]>, fail: &mut [u64]) -> Result<()> {
        let column =
            columns.first().ok_or_else(|| Error::internal("ascii_only lost its column"))?;
        text::fill(column, valid, fail, |bytes| !bytes.is_ascii())
    }

    fn cost(&self) -> f64 {
        3.0
    }

    fn explain(&self) -> String {
        "high bits of the bytes".into()
    }
}
