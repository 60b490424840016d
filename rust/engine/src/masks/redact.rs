//! `redact`: text becomes the empty string.

use std::sync::Arc;

use arrow_array::{ArrayRef, StringArray};
use arrow_buffer::{Buffer, OffsetBuffer};
use arrow_schema::DataType;

use crate::contract;
use crate::error::{Code, Error, Result};

use super::args::Args;
use super::definition::Definition;
use super::rows::Rows;
use super::{types, KeyRing, Mask, MaskKind};

/// The registry's entry.
pub(super) struct Redact;

static DEFINITION: Definition = Definition {
    name: "redact",
    aliases: &[],
    summary: "Text becomes the empty string. Which rows were null stays visible.",
    takes: "string",
    arguments: &[],
    example: "masking: {method: redact}",
    strength: 50,
    keyed: false,
    codes: &[Code::BadArgument, Code::MaskNotApplicable],
};

impl MaskKind for Redact {
    fn definition(&self) -> &'static Definition {
        &DEFINITION
    }

    fn compile(
        &self,
        clause: &contract::Mask,
        input: &DataType,
        _nullable_allowed: bool,
        _keys: &KeyRing,
    ) -> Result<Box<dyn Mask>> {
        Args::read(clause, &DEFINITION)?;
        if types::plain(input) != DataType::Utf8 {
            let help = "use \"constant\" for a fixed value of this type, or \"nullify\"";
            return Err(types::refused("redact", input, help));
        }
        Ok(Box::new(Empty))
    }
}

#[derive(Debug)]
struct Empty;

impl Mask for Empty {
    fn output_type(&self) -> &DataType {
        &DataType::Utf8
    }

    fn apply(&self, column: &ArrayRef) -> Result<ArrayRef> {
        let rows = Rows::of(column)?;
        let offsets = OffsetBuffer::new_zeroed(rows.len());
        StringArray::try_new(offsets, Buffer::from_vec(Vec::<u8>::new()), rows.validity())
            .map(|array| Arc::new(array) as ArrayRef)
            .map_err(|_| Error::internal("the mask redact built an invalid array"))
    }
}
