//! Canonical bytes of values of any type: two values are equal if and only if their bytes are.
//!
//! A value under a null has no bytes, nor has the layout: texts of all layouts, dictionaries and
//! runs are written alike. Zero has one sign, and there is one NaN. The order of a map's entries
//! means nothing.

use std::ops::Range;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float16Type, Float32Type, Float64Type};
use arrow_array::{Array, ArrayRef, BooleanArray};
use arrow_buffer::{Buffer, NullBuffer};
use arrow_schema::DataType;

use crate::error::{Code, Error, Result};
use crate::kernels::encoding;
use crate::kernels::spans::Spans;
use crate::promise::plain;

/// Whether values of this type have a canonical form.
pub(super) fn has_form(data_type: &DataType) -> bool {
    use DataType as D;
    match plain(data_type) {
        D::Union(..) => false,
        D::Struct(fields) => fields.iter().all(|field| has_form(field.data_type())),
        D::List(item)
        | D::LargeList(item)
        | D::ListView(item)
        | D::LargeListView(item)
        | D::FixedSizeList(item, _)
        | D::Map(item, _) => has_form(item.data_type()),
        _ => true,
    }
}

/// The canonical bytes of each value of an array.
pub(super) struct Canonical {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Canonical {
    /// # Errors
    /// `limit.memory` if they are more than `most`; `engine.internal` for a type without a form.
    pub(super) fn of(array: &ArrayRef, most: usize) -> Result<Self> {
        let writer = Writer::of(array)?;
        let mut bytes = Vec::new();
        let mut ends = Vec::with_capacity(array.len());
        for value in 0..array.len() {
            writer.write(value, &mut bytes, most);
            if bytes.len() > most {
                let message = "the items of lists take too much memory to compare";
                return Err(Error::new(Code::Memory, message)
                    .help("bring smaller batches, or lists that do not share their items"));
            }
            ends.push(bytes.len());
        }
        Ok(Self { bytes, ends })
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn bytes(&self, value: usize) -> &[u8] {
        let end = self.ends.get(value).copied().unwrap_or_default();
        let before = value.checked_sub(1).and_then(|before| self.ends.get(before));
        self.bytes.get(before.copied().unwrap_or_default()..end).unwrap_or_default()
    }
}

/// Writes values of one array. What it writes of a value ends where the value ends: no bytes of one
/// value are the beginning of another's.
struct Writer {
    nulls: Option<NullBuffer>,
    kind: Kind,
}

enum Kind {
    Null,
    Boolean(BooleanArray),
    /// So many bytes each.
    Fixed(usize, Buffer),
    Bytes(ArrayRef),
    Struct(Vec<Writer>),
    List(Spans, Box<Writer>),
    Map(Spans, Box<Writer>),
}

impl Writer {
    fn of(array: &ArrayRef) -> Result<Self> {
        use DataType as D;
        let array = encoding::decode(array)?;
        let nulls = array.logical_nulls();
        let lists = |array: &ArrayRef| {
            let (spans, items) = Spans::of(array, array.nulls())?;
            Ok((spans, Box::new(Self::of(&items)?)))
        };
        let kind = match array.data_type() {
            D::Null => Kind::Null,
            D::Boolean => Kind::Boolean(array.as_boolean().clone()),
            D::Utf8 | D::LargeUtf8 | D::Utf8View | D::Binary | D::LargeBinary | D::BinaryView => {
                Kind::Bytes(array)
            }
            D::Float16 => {
                floats(array.as_primitive::<Float16Type>().values(), |value| f64::from(*value))
            }
            D::Float32 => {
                floats(array.as_primitive::<Float32Type>().values(), |value| f64::from(*value))
            }
            D::Float64 => floats(array.as_primitive::<Float64Type>().values(), |value| *value),
            D::Struct(_) => {
                let fields = array.as_struct().columns().iter().map(Self::of);
                Kind::Struct(fields.collect::<Result<_>>()?)
            }
            D::List(_)
            | D::LargeList(_)
            | D::ListView(_)
            | D::LargeListView(_)
            | D::FixedSizeList(..) => {
                let (spans, items) = lists(&array)?;
                Kind::List(spans, items)
            }
            D::Map(..) => {
                let (spans, entries) = lists(&array)?;
                Kind::Map(spans, entries)
            }
            D::FixedSizeBinary(_) => {
                let width = array.as_fixed_size_binary().value_size();
                Kind::Fixed(width, Buffer::from(array.as_fixed_size_binary().value_data()))
            }
            other => {
                let width = other.primitive_width();
                let data = array.to_data();
                let buffer = width.zip(data.buffers().first());
                let (width, buffer) =
                    buffer.ok_or_else(|| Error::internal("a type without a canonical form"))?;
                let (start, length) = (data.offset() * width, data.len() * width);
                Kind::Fixed(width, buffer.slice_with_length(start, length))
            }
        };
        Ok(Self { nulls, kind })
    }

    fn write(&self, at: usize, out: &mut Vec<u8>, most: usize) {
        if self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(at)) {
            out.push(0);
            return;
        }
        out.push(1);
        match &self.kind {
            Kind::Null => {}
            Kind::Boolean(values) => out.push(u8::from(values.value(at))),
            Kind::Fixed(width, bytes) => {
                out.extend_from_slice(bytes.get(at * width..(at + 1) * width).unwrap_or_default());
            }
            Kind::Bytes(values) => {
                let bytes = bytes_of(values, at);
                out.extend_from_slice(&bytes.len().to_le_bytes());
                out.extend_from_slice(bytes);
            }
            Kind::Struct(fields) => fields.iter().for_each(|field| field.write(at, out, most)),
            Kind::List(spans, items) => {
                let (start, end) = spans.get(at);
                out.extend_from_slice(&(end - start).to_le_bytes());
                each(start..end, out, most, |item, out| items.write(item, out, most));
            }
            Kind::Map(spans, entries) => {
                let (start, end) = spans.get(at);
                out.extend_from_slice(&(end - start).to_le_bytes());
                let base = out.len();
                let mut places = Vec::new();
                each(start..end, out, most, |entry, out| {
                    let before = out.len() - base;
                    entries.write(entry, out, most);
                    places.push(before..out.len() - base);
                });
                let written = out.split_off(base);
                let mut sorted: Vec<_> = places
                    .into_iter()
                    .map(|place| written.get(place).unwrap_or_default())
                    .collect();
                sorted.sort_unstable();
                out.extend(sorted.into_iter().flatten());
            }
        }
    }
}

/// Goes through items until too much is written: list views can hold more than their memory does.
fn each(
    items: Range<usize>,
    out: &mut Vec<u8>,
    most: usize,
    mut write: impl FnMut(usize, &mut Vec<u8>),
) {
    for item in items {
        if out.len() > most {
            return;
        }
        write(item, out);
    }
}

/// Doubles hold the values of narrower floats.
fn floats<F>(values: &[F], widen: impl Fn(&F) -> f64) -> Kind {
    let one = |value: &F| match widen(value) {
        value if value.is_nan() => f64::NAN.to_le_bytes(),
        value => (value + 0.0).to_le_bytes(),
    };
    Kind::Fixed(8, Buffer::from_vec(values.iter().flat_map(one).collect()))
}

fn bytes_of(array: &ArrayRef, at: usize) -> &[u8] {
    match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().value(at).as_bytes(),
        DataType::LargeUtf8 => array.as_string::<i64>().value(at).as_bytes(),
        DataType::Utf8View => array.as_string_view().value(at).as_bytes(),
        DataType::Binary => array.as_binary::<i32>().value(at),
        DataType::LargeBinary => array.as_binary::<i64>().value(at),
        _ => array.as_binary_view().value(at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::builder::{Int32Builder, MapBuilder, StringBuilder};
    use arrow_array::{
        DictionaryArray, Float32Array, Float64Array, Int32Array, Int64Array, ListViewArray,
        StringArray, StringViewArray, StructArray,
    };
    use arrow_schema::Field;
    use std::sync::Arc;

    fn bytes(array: impl Array + 'static) -> Vec<Vec<u8>> {
        let array: ArrayRef = Arc::new(array);
        let canonical = Canonical::of(&array, 1 << 20).unwrap();
        (0..array.len()).map(|at| canonical.bytes(at).to_vec()).collect()
    }

    #[test]
    fn layouts_and_hidden_values_leave_no_trace() {
        let texts = bytes(StringArray::from(vec![Some("a"), None, Some("ab"), Some("a")]));
        let views = StringViewArray::from(vec![Some("a"), None, Some("ab"), Some("a")]);
        let dictionary: DictionaryArray<arrow_array::types::Int8Type> =
            vec![Some("a"), None, Some("ab"), Some("a")].into_iter().collect();
        assert_eq!(texts, bytes(views));
        assert_eq!(texts, bytes(dictionary));
        assert_eq!(texts[0], texts[3]);
        let hidden = Int64Array::new(vec![1, 2].into(), Some(vec![false, false].into()));
        let hidden = bytes(hidden);
        assert_eq!(hidden[0], hidden[1]);
        assert_eq!(
            bytes(Int64Array::from(vec![7, 8, 9]).slice(1, 1)),
            bytes(Int64Array::from(vec![8]))
        );
    }

    #[test]
    fn zero_has_one_sign_and_there_is_one_nan() {
        let other = f64::from_bits(f64::NAN.to_bits() ^ (1 << 63) ^ 1);
        let found = bytes(Float64Array::from(vec![0.0, -0.0, f64::NAN, other, 1.0]));
        assert_eq!((&found[0], &found[2]), (&found[1], &found[3]));
        assert_ne!(found[0], found[4]);
        assert_ne!(found[0], found[2]);
        let narrow = bytes(Float32Array::from(vec![0.0, -0.0, f32::NAN]));
        assert_eq!((&narrow[0], &narrow[2]), (&found[0], &found[2]));
    }

    #[test]
    fn neighbours_do_not_run_into_each_other() {
        let pair = |a: Vec<&str>, b: Vec<&str>| {
            let fields = vec![
                (
                    Arc::new(Field::new("a", DataType::Utf8, true)),
                    Arc::new(StringArray::from(a)) as ArrayRef,
                ),
                (
                    Arc::new(Field::new("b", DataType::Utf8, true)),
                    Arc::new(StringArray::from(b)) as ArrayRef,
                ),
            ];
            bytes(StructArray::from(fields))
        };
        let found = pair(vec!["a", "ab", ""], vec!["bc", "c", "abc"]);
        assert!(found[0] != found[1] && found[1] != found[2] && found[0] != found[2]);
    }

    #[test]
    fn the_order_of_a_map_means_nothing() {
        let mut maps = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
        for entries in [[("a", 1), ("b", 2)], [("b", 2), ("a", 1)], [("a", 2), ("b", 1)]] {
            for (key, value) in entries {
                maps.keys().append_value(key);
                maps.values().append_value(value);
            }
            maps.append(true).unwrap();
        }
        let found = bytes(maps.finish());
        assert_eq!(found[0], found[1]);
        assert_ne!(found[0], found[2]);
    }

    #[test]
    fn views_that_hold_more_than_memory_does_end_in_an_error() {
        let mut array: ArrayRef = Arc::new(Int32Array::from(vec![1; 1000]));
        for _ in 0..6 {
            let item = Arc::new(Field::new("item", array.data_type().clone(), true));
            let (offsets, sizes) = (vec![0; 1000], vec![1000; 1000]);
            array = Arc::new(ListViewArray::new(item, offsets.into(), sizes.into(), array, None));
        }
        let error = Canonical::of(&array, 1 << 20).err().unwrap();
        assert_eq!(error.code, Code::Memory);
    }
}
