//! A keyed digest of the rows that a run saw, independent of batch cuts and encodings.
//!
//! It tells a retry of the same publication from other data under the same id. Each column is
//! hashed value by value in a canonical form (a presence byte, then the value), and the columns'
//! SHA-256 states are bound together by HMAC-SHA-256 under the caller's key, so that the digest of
//! a small column cannot be looked up.

use arrow_array::cast::AsArray;
use arrow_array::{downcast_primitive_array, Array, ArrayRef, RecordBatch};
use arrow_buffer::{NullBuffer, ToByteSlice};
use arrow_schema::DataType;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::kernels::{encoding, text};
use crate::plan::Plan;
use crate::promise;

/// Bytes that are gathered before they are hashed.
const BUFFER: usize = 64 * 1024;

/// The state of a digest. Column states advance in parallel; rows in order.
pub(crate) struct Digest {
    key: Zeroizing<Vec<u8>>,
    columns: Vec<Sha256>,
    rows: u64,
    types: Vec<String>,
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Digest").field("rows", &self.rows).finish_non_exhaustive()
    }
}

impl Digest {
    pub(crate) fn new(key: &[u8], columns: usize) -> Self {
        Self {
            key: Zeroizing::new(key.to_vec()),
            columns: vec![Sha256::new(); columns],
            rows: 0,
            types: Vec::new(),
        }
    }

    /// Takes in the promised columns of the next batches.
    ///
    /// # Errors
    /// Only for a bug.
    pub(crate) fn update<'a>(
        &mut self,
        plan: &Plan,
        batches: impl Iterator<Item = &'a RecordBatch>,
        threads: usize,
    ) -> Result<()> {
        let batches: Vec<&RecordBatch> = batches.collect();
        self.rows += batches.iter().map(|b| b.num_rows() as u64).sum::<u64>();
        if self.types.is_empty() {
            self.types = types(plan);
        }
        let advance = |state: &mut Sha256, index: usize| -> Result<()> {
            let mut buffer = Vec::with_capacity(BUFFER + 1024);
            for batch in &batches {
                let column = batch
                    .columns()
                    .get(index)
                    .ok_or_else(|| Error::internal("a digest lost its column"))?;
                column_bytes(column, &mut buffer, state)?;
            }
            state.update(&buffer);
            Ok(())
        };
        let mut work: Vec<(usize, &mut Sha256)> =
            plan.outputs.iter().map(|o| o.index).zip(&mut self.columns).collect();
        if threads <= 1 || work.len() <= 1 {
            return work.into_iter().try_for_each(|(index, state)| advance(state, index));
        }
        let share = work.len().div_ceil(threads);
        std::thread::scope(|scope| {
            let workers: Vec<_> = work
                .chunks_mut(share)
                .map(|chunk| {
                    scope.spawn(|| {
                        chunk.iter_mut().try_for_each(|(index, state)| advance(state, *index))
                    })
                })
                .collect();
            workers.into_iter().try_for_each(|worker| {
                worker.join().unwrap_or_else(|_| Err(Error::internal("a worker panicked")))
            })
        })
    }

    /// `hmac-sha256:` and 64 hexadecimal digits.
    pub(crate) fn finish(self) -> String {
        // A key of any length is accepted by HMAC.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) else {
            return String::new();
        };
        mac.update(b"meshgate/1 input digest");
        mac.update(&self.rows.to_be_bytes());
        for (state, name) in self.columns.into_iter().zip(&self.types) {
            mac.update(&(name.len() as u32).to_be_bytes());
            mac.update(name.as_bytes());
            mac.update(&state.finalize());
        }
        format!("hmac-sha256:{}", hex(&mac.finalize().into_bytes()))
    }
}

/// Name and type of every promised column that the data has.
pub(crate) fn types(plan: &Plan) -> Vec<String> {
    let fields = plan.outputs.iter().map(|o| plan.schema.field(o.index));
    fields.map(|f| format!("{}\0{}", f.name(), promise::words(f.data_type()))).collect()
}

/// Two lower-case digits per byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, b| {
        let _ = write!(text, "{b:02x}");
        text
    })
}

/// Appends every row of a column: a presence byte, then the value in its canonical form.
fn column_bytes(column: &ArrayRef, buffer: &mut Vec<u8>, state: &mut Sha256) -> Result<()> {
    let shape = Shape::of(column)?;
    let nulls = shape.nulls.clone();
    let mut each = |rows: usize, value: &dyn Fn(usize, &mut Vec<u8>)| {
        for row in 0..rows {
            if nulls.as_ref().is_some_and(|n| n.is_null(row)) {
                buffer.push(0);
            } else {
                buffer.push(1);
                value(row, buffer);
            }
            if buffer.len() >= BUFFER {
                state.update(&buffer);
                buffer.clear();
            }
        }
    };
    let rows = shape.array.len();
    each(rows, &|row, out| shape.value(row, out));
    Ok(())
}

/// An array with its encodings peeled off at every level, once.
pub(crate) struct Shape {
    array: ArrayRef,
    nulls: Option<NullBuffer>,
    form: Form,
}

enum Form {
    Fixed(usize),
    Boolean,
    Text,
    Nothing,
    Fields(Vec<Shape>),
    /// Start and end of each row's items.
    Items(Box<Shape>, Vec<(usize, usize)>),
    Variants(Vec<(i8, Shape)>),
}

impl Shape {
    /// # Errors
    /// Only for a bug.
    pub(crate) fn of(array: &ArrayRef) -> Result<Self> {
        let array = encoding::decode(array)?;
        let spans = |ends: &mut dyn Iterator<Item = (usize, usize)>| ends.collect::<Vec<_>>();
        let boxed = |values: &ArrayRef| Self::of(values).map(Box::new);
        let form =
            match array.data_type() {
                DataType::Null => Form::Nothing,
                DataType::Boolean => Form::Boolean,
                DataType::Utf8
                | DataType::LargeUtf8
                | DataType::Utf8View
                | DataType::Binary
                | DataType::LargeBinary
                | DataType::BinaryView
                | DataType::FixedSizeBinary(_) => Form::Text,
                DataType::Struct(_) => Form::Fields(
                    array.as_struct().columns().iter().map(Self::of).collect::<Result<_>>()?,
                ),
                DataType::List(_) => {
                    let list = array.as_list::<i32>();
                    let ends = list.value_offsets().windows(2);
                    Form::Items(
                        boxed(list.values())?,
                        spans(&mut ends.map(|w| (w[0] as usize, w[1] as usize))),
                    )
                }
                DataType::LargeList(_) => {
                    let list = array.as_list::<i64>();
                    let ends = list.value_offsets().windows(2);
                    Form::Items(
                        boxed(list.values())?,
                        spans(&mut ends.map(|w| (w[0] as usize, w[1] as usize))),
                    )
                }
                DataType::Map(_, _) => {
                    let map = array.as_map();
                    let entries: ArrayRef = std::sync::Arc::new(map.entries().clone());
                    let ends = map.value_offsets().windows(2);
                    Form::Items(
                        boxed(&entries)?,
                        spans(&mut ends.map(|w| (w[0] as usize, w[1] as usize))),
                    )
                }
                DataType::FixedSizeList(_, size) => {
                    let size = *size as usize;
                    Form::Items(
                        boxed(array.as_fixed_size_list().values())?,
                        spans(&mut (0..array.len()).map(|row| (row * size, (row + 1) * size))),
                    )
                }
                DataType::ListView(_) => {
                    let list = array.as_list_view::<i32>();
                    let ends = list.value_offsets().iter().zip(list.value_sizes());
                    Form::Items(
                        boxed(list.values())?,
                        spans(&mut ends.map(|(at, n)| (*at as usize, (at + n) as usize))),
                    )
                }
                DataType::LargeListView(_) => {
                    let list = array.as_list_view::<i64>();
                    let ends = list.value_offsets().iter().zip(list.value_sizes());
                    Form::Items(
                        boxed(list.values())?,
                        spans(&mut ends.map(|(at, n)| (*at as usize, (at + n) as usize))),
                    )
                }
                DataType::Union(fields, _) => {
                    let union = array.as_union();
                    let variants = fields
                        .iter()
                        .map(|(id, _)| Ok((id, Self::of(union.child(id))?)))
                        .collect::<Result<_>>()?;
                    Form::Variants(variants)
                }
                other => Form::Fixed(other.primitive_width().ok_or_else(|| {
                    Error::internal("a digest met a type without a canonical form")
                })?),
            };
        Ok(Self { nulls: array.logical_nulls(), array, form })
    }

    /// Appends the value of a row that is not null.
    fn value(&self, row: usize, out: &mut Vec<u8>) {
        match &self.form {
            Form::Nothing => {}
            Form::Boolean => out.push(u8::from(self.array.as_boolean().value(row))),
            Form::Text => {
                let bytes = text::bytes(&self.array, row);
                out.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
                out.extend_from_slice(bytes);
            }
            Form::Fixed(width) => {
                let data: &dyn Array = &self.array;
                downcast_primitive_array!(
                    data => {
                        debug_assert_eq!(data.value(row).to_byte_slice().len(), *width);
                        out.extend_from_slice(data.value(row).to_byte_slice());
                    },
                    _ => {}
                );
            }
            Form::Fields(children) => children.iter().for_each(|child| child.slot(row, out)),
            Form::Items(values, spans) => {
                let (start, end) = spans.get(row).copied().unwrap_or_default();
                out.extend_from_slice(&((end - start) as u64).to_le_bytes());
                (start..end).for_each(|at| values.slot(at, out));
            }
            Form::Variants(variants) => {
                let union = self.array.as_union();
                let id = union.type_id(row);
                out.push(id as u8);
                if let Some((_, child)) = variants.iter().find(|(v, _)| *v == id) {
                    child.slot(union.value_offset(row), out);
                }
            }
        }
    }

    /// Appends a presence byte and the value.
    pub(crate) fn slot(&self, row: usize, out: &mut Vec<u8>) {
        if self.nulls.as_ref().is_some_and(|n| n.is_null(row)) {
            out.push(0);
        } else {
            out.push(1);
            self.value(row, out);
        }
    }
}
