//! Which buffers and children an array of a type has.
//!
//! <https://arrow.apache.org/docs/format/Columnar.html#buffer-listing-for-each-layout>

use arrow_buffer::i256;
use arrow_schema::{DataType, UnionMode};

use super::place::{column, field, invalid};
use crate::error::Result;

/// How the buffers of a type are laid out. Validity is a bitmap; it may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// No buffers at all.
    Nothing,
    /// Validity.
    Validity,
    /// Validity and bits.
    Bits,
    /// Validity and values of this many bytes, with this alignment.
    Fixed(usize, usize),
    /// Validity, offsets of this many bytes, values.
    Text(usize),
    /// Validity, views, any number of values, their sizes.
    View,
    /// Validity and offsets of this many bytes.
    List(usize),
    /// Validity, offsets and sizes of this many bytes each.
    ListView(usize),
    /// Type ids, and 32-bit offsets if dense.
    Union(UnionMode),
}

impl Layout {
    /// The layout of a type, which must be one that arrays can be made of.
    pub(super) fn of(data_type: &DataType) -> Result<Self> {
        use DataType as T;
        if let Some(width) = data_type.primitive_width() {
            let align = match data_type {
                T::Decimal128(..) => align_of::<i128>(),
                T::Decimal256(..) => align_of::<i256>(),
                _ => width.min(8),
            };
            return Ok(Self::Fixed(width, align));
        }
        let size = |size: i32| usize::try_from(size).map_err(|_| invalid("a size is negative"));
        Ok(match data_type {
            T::Null => Self::Nothing,
            T::RunEndEncoded(ends, _) if ends.data_type().is_run_ends_type() => Self::Nothing,
            T::Boolean => Self::Bits,
            T::FixedSizeBinary(width) => Self::Fixed(size(*width)?, 1),
            T::Utf8 | T::Binary => Self::Text(4),
            T::LargeUtf8 | T::LargeBinary => Self::Text(8),
            T::Utf8View | T::BinaryView => Self::View,
            T::List(_) => Self::List(4),
            T::Map(entries, _) if is_pair(entries.data_type()) => Self::List(4),
            T::LargeList(_) => Self::List(8),
            T::ListView(_) => Self::ListView(4),
            T::LargeListView(_) => Self::ListView(8),
            T::Struct(_) => Self::Validity,
            T::FixedSizeList(_, slots) => size(*slots).map(|_| Self::Validity)?,
            T::Union(_, mode) => Self::Union(*mode),
            T::Dictionary(keys, _) if keys.is_dictionary_key_type() => Self::of(keys)?,
            _ => return Err(invalid("the type is not one that arrays can be made of")),
        })
    }

    /// Whether an array of this layout may have so many buffers.
    pub(super) fn has(self, buffers: usize) -> bool {
        match self {
            // Polars hands over null arrays with the place of a bitmap. It is not looked at.
            Self::Nothing => buffers <= 1,
            Self::Validity | Self::Union(UnionMode::Sparse) => buffers == 1,
            Self::Bits | Self::Fixed(..) | Self::List(_) | Self::Union(UnionMode::Dense) => {
                buffers == 2
            }
            Self::Text(_) | Self::ListView(_) => buffers == 3,
            Self::View => buffers >= 3,
        }
    }

    /// Whether the first buffer is a bitmap of validity.
    pub(super) fn has_validity(self) -> bool {
        !matches!(self, Self::Nothing | Self::Union(_))
    }
}

fn is_pair(entries: &DataType) -> bool {
    matches!(entries, DataType::Struct(fields) if fields.len() == 2)
}

/// The types of the children, a dictionary's values among them.
pub(super) fn children_of(data_type: &DataType) -> Vec<&DataType> {
    match data_type {
        DataType::List(field)
        | DataType::LargeList(field)
        | DataType::ListView(field)
        | DataType::LargeListView(field)
        | DataType::FixedSizeList(field, _)
        | DataType::Map(field, _) => vec![field.data_type()],
        DataType::Struct(fields) => fields.iter().map(|field| field.data_type()).collect(),
        DataType::Union(fields, _) => fields.iter().map(|(_, field)| field.data_type()).collect(),
        DataType::RunEndEncoded(ends, values) => vec![ends.data_type(), values.data_type()],
        DataType::Dictionary(_, values) => vec![values],
        _ => Vec::new(),
    }
}

/// The place of a child in messages: a column at the top, else what it is of its parent.
pub(super) fn place_of(parent: &DataType, index: usize, top: bool) -> String {
    match parent {
        DataType::Struct(fields) => {
            let name = fields.get(index).map_or("", |field| field.name());
            if top {
                column(index, fields.len(), name)
            } else {
                field(name)
            }
        }
        DataType::Union(fields, _) => {
            field(fields.iter().nth(index).map_or("", |(_, field)| field.name()))
        }
        DataType::Dictionary(..) => "dictionary".to_owned(),
        DataType::RunEndEncoded(..) if index == 0 => "run ends".to_owned(),
        DataType::Map(..) => "entries".to_owned(),
        _ => "values".to_owned(),
    }
}
