//! The logical type of a column, whatever its encoding.

use std::sync::Arc;

use arrow_schema::{DataType, Field};

use crate::error::{Code, Error};
use crate::promise;

/// The one Arrow type that stands for a logical type: text is `Utf8`, bytes are `Binary`, and
/// dictionaries and run ends are taken off. Types with no other encoding are returned as they are.
pub(super) fn plain(input: &DataType) -> DataType {
    match input {
        DataType::Dictionary(_, values) => plain(values),
        DataType::RunEndEncoded(_, values) => plain(values.data_type()),
        DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
        DataType::LargeBinary | DataType::BinaryView => DataType::Binary,
        DataType::Struct(fields) => DataType::Struct(
            fields
                .iter()
                .map(|field| {
                    let kind = plain(field.data_type());
                    // Metadata of a raw column can hold its values (statistics): it stays behind.
                    Arc::new(Field::new(field.name(), kind, field.is_nullable()))
                })
                .collect(),
        ),
        other => other.clone(),
    }
}

/// The refusal of a column's type.
pub(super) fn refused(mask: &str, input: &DataType, help: &str) -> Error {
    let words = promise::words(input);
    let message = format!("the mask {mask} does not apply to a column of type {words}");
    Error::new(Code::MaskNotApplicable, message).help(help)
}
