//! What is accepted from the Arrow C interfaces: validation before trust; and what is handed out.
//!
//! A batch enters in three steps. [`claim`] reads the raw C structs and checks their shape: nothing
//! of it is believed, nothing behind a buffer pointer is read before the claimed range was found
//! readable. [`node`] turns the claims into owned, aligned buffers, each of which keeps the
//! producer's array alive. [`vet`] then checks every value that the format constrains (offsets,
//! UTF-8, views, dictionary keys, run ends, union type ids, decimal precision) and recounts nulls.
//! The first two steps cost what the shape costs and make an [`Incoming`]; the third is taken piece
//! by piece and column by column, where the values are read next.
//!
//! What is true of every column afterwards:
//! - every array satisfies the Arrow columnar format, so safe code may read any slot, null or not,
//!   except the value of a null dictionary key whose dictionary is empty;
//! - null counts come from the bitmaps, never from the producer;
//! - buffers are aligned, arrays start at offset 0 (boolean bits may keep a bit offset), and
//!   children are cut to what their parents use;
//! - every field is nullable, whatever the producer declares: a null is judged by the contract.
//!
//! What cannot be checked: the C interface carries no buffer sizes, so a producer in the same
//! process that lies about the size of readable memory makes other memory of the process its data.
#![allow(
    unsafe_code,
    reason = "the C data interface is raw pointers; each block says why it is sound"
)]

mod abi;
mod claim;
mod export;
mod format;
mod incoming;
mod layout;
mod node;
mod place;
mod range;
mod readable;
mod schema;
mod stream;
mod vet;

use std::sync::Arc;

use arrow_array::ffi::FFI_ArrowArray;
use arrow_array::RecordBatch;
use arrow_schema::{DataType, SchemaRef};

use crate::error::{Code, Error, Result};

pub use export::{export_batch, export_schema};
pub use incoming::Incoming;
pub use schema::{held, import_schema};
pub use stream::StreamReader;

use vet::Known;

/// The deepest nesting that is accepted; a column that is not nested has depth 1.
pub const MAX_DEPTH: usize = 64;
/// The most columns, and the most fields of one nested type.
pub const MAX_COLUMNS: usize = 10_000;
/// The most fields of one schema, counted over all levels.
pub const MAX_FIELDS: usize = 100_000;
/// The most rows of one batch. Null arrays and batches without columns cost their producer nothing.
pub const MAX_ROWS: usize = 1 << 40;

/// Takes one batch from a producer: the array of a struct whose fields are the columns.
///
/// The array is moved in. Its release callback is called exactly once: before this returns, if its
/// shape is refused, and otherwise when the last buffer of the batch is dropped, on whatever thread
/// that happens. Nulls of the top-level struct, which a record batch cannot hold, are merged into
/// the columns. A producer's own schema is only as good as its word: pass what [`held`] makes of it.
///
/// # Errors
/// [`Code::InvalidArrow`] if the array breaks the format, [`Code::TooLarge`] over a fixed bound.
///
/// # Safety
/// `array` is released (which is refused) or a live struct of the C data interface: its pointers
/// are null or point to what the interface says, for as long as it is not released, and nobody
/// writes to the buffers until then. Lengths, offsets, counts and values need not be right. A
/// buffer that is smaller than its array's length implies is found only if its end is not readable.
pub unsafe fn import_batch(array: FFI_ArrowArray, schema: &SchemaRef) -> Result<Incoming> {
    // SAFETY: the caller's promise.
    unsafe { import_next(array, schema, &Arc::default(), 0) }
}

/// The same, for one of several batches of a stream.
///
/// # Safety
/// As for [`import_batch`].
unsafe fn import_next(
    array: FFI_ArrowArray,
    schema: &SchemaRef,
    known: &Arc<Known>,
    ordinal: u64,
) -> Result<Incoming> {
    let top = DataType::Struct(schema.fields().clone());
    let owner = Arc::new(array);
    // SAFETY: the caller's promise is the one that `take` asks for; `owner` keeps the array alive.
    let node = unsafe { claim::take(&owner, &top) }?;
    Incoming::new(node, schema, known, ordinal)
}

/// Checks a batch that was built elsewhere in Rust as thoroughly as an imported one.
///
/// # Errors
/// [`Code::InvalidArrow`], as for [`Incoming::column`].
pub fn validate(batch: &RecordBatch) -> Result<()> {
    let incoming = Incoming::of(batch)?;
    (0..incoming.columns()).try_for_each(|index| incoming.column(index).map(drop))
}

/// A size over one of the fixed bounds.
fn too_large(message: String) -> Error {
    Error::new(Code::TooLarge, message).help("this bound is fixed: bring the data in smaller parts")
}
