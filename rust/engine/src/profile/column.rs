//! Which columns a profile tells of, and how much of each it may tell.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, Fields, Schema};

use crate::contract::{self, Contract};
use crate::error::{Error, Result};
use crate::kernels::encoding;
use crate::promise::plain;

/// One column of a profile: a promised column of the data, or a promised field of a struct.
#[derive(Debug)]
pub(crate) struct Column {
    pub(super) path: String,
    /// Through structs, from the columns of the data.
    pub(super) indices: Vec<usize>,
    /// Without encodings.
    pub(super) data_type: DataType,
    /// Masked or tagged as personal data, or inside of such a column.
    pub(super) hidden: bool,
}

/// The columns that the contract promises and the data has. What is not promised is not told of:
/// nobody said how sensitive it is.
pub(crate) fn columns(contract: &Contract, schema: &Schema) -> Vec<Column> {
    let mut found = Vec::new();
    fields(&contract.columns, schema.fields(), "", &[], false, &mut found);
    found
}

fn fields(
    promised: &[contract::Column],
    present: &Fields,
    prefix: &str,
    above: &[usize],
    hidden: bool,
    found: &mut Vec<Column>,
) {
    for column in promised {
        let Some((index, field)) = present.find(&column.name) else { continue };
        let indices: Vec<usize> = above.iter().copied().chain([index]).collect();
        let path = format!("{prefix}{}", column.name);
        let data_type = plain(field.data_type()).clone();
        let hidden = hidden || hides(column);
        let children = match &data_type {
            DataType::Struct(children) => children.clone(),
            _ => Fields::empty(),
        };
        found.push(Column { path: path.clone(), indices: indices.clone(), data_type, hidden });
        fields(&column.columns, &children, &format!("{path}."), &indices, hidden, found);
    }
}

fn hides(column: &contract::Column) -> bool {
    column.mask.is_some() || column.pii.is_some()
}

impl Column {
    /// The values of a batch in their plain layout, and which of them are null. A null struct
    /// hides its fields, whatever they hold.
    pub(super) fn values(&self, batch: &RecordBatch) -> Result<(ArrayRef, Option<NullBuffer>)> {
        let lost = || Error::internal("a profile names a column that the data does not have");
        let (first, rest) = self.indices.split_first().ok_or_else(lost)?;
        let mut array = encoding::decode(batch.columns().get(*first).ok_or_else(lost)?)?;
        let mut nulls = array.logical_nulls();
        for index in rest {
            let fields = array.as_struct_opt().ok_or_else(lost)?;
            array = encoding::decode(fields.columns().get(*index).ok_or_else(lost)?)?;
            nulls = NullBuffer::union(nulls.as_ref(), array.logical_nulls().as_ref());
        }
        Ok((array, nulls))
    }
}
