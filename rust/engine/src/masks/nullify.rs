//! `nullify`: every value becomes null.

use arrow_array::{new_null_array, Array, ArrayRef};
use arrow_schema::DataType;

use crate::contract;
use crate::error::{Code, Error, Result};

use super::args::Args;
use super::definition::Definition;
use super::{types, KeyRing, Mask, MaskKind};

/// The registry's entry.
pub(super) struct Nullify;

static DEFINITION: Definition = Definition {
    name: "nullify",
    aliases: &["null"],
    summary: "Every value becomes null. Only the number of rows is left.",
    takes: "every type, where the column is not required",
    arguments: &[],
    example: "masking: {method: nullify}",
    strength: 60,
    keyed: false,
    codes: &[Code::BadArgument, Code::MaskNotApplicable],
};

impl MaskKind for Nullify {
    fn definition(&self) -> &'static Definition {
        &DEFINITION
    }

    fn compile(
        &self,
        clause: &contract::Mask,
        input: &DataType,
        nullable_allowed: bool,
        _keys: &KeyRing,
    ) -> Result<Box<dyn Mask>> {
        Args::read(clause, &DEFINITION)?;
        if !nullable_allowed {
            let message = "the mask nullify does not apply to a required column";
            return Err(Error::new(Code::MaskNotApplicable, message).help(
                "use \"constant\" or \"redact\", or drop the promise that the column has no nulls",
            ));
        }
        Ok(Box::new(Null { output: types::plain(input) }))
    }
}

#[derive(Debug)]
struct Null {
    output: DataType,
}

impl Mask for Null {
    fn output_type(&self) -> &DataType {
        &self.output
    }

    fn apply(&self, column: &ArrayRef) -> Result<ArrayRef> {
        Ok(new_null_array(&self.output, column.len()))
    }
}
