//! What is handed out through the Arrow C interfaces: whole batches, never a stream that can fail
//! later. (A failure inside a foreign consumer's callback could only abort the process.)

use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema};
use arrow_array::{Array, RecordBatch, StructArray};
use arrow_schema::Schema;

use crate::error::{Code, Error, Result};

/// The schema as a C struct that owns its memory.
///
/// # Errors
/// [`Code::InvalidArrow`] if the interface cannot carry it: a NUL byte inside a name or a time
/// zone, or more metadata than 32-bit lengths can count.
pub fn export_schema(schema: &Schema) -> Result<FFI_ArrowSchema> {
    FFI_ArrowSchema::try_from(schema).map_err(|_| {
        Error::new(Code::InvalidArrow, "a name holds a NUL byte, which Arrow cannot hand on")
            .help("rename the column")
    })
}

/// One batch with its schema as C structs. They share the batch's buffers and keep them alive until
/// their release callbacks are called, once each, on any thread.
///
/// # Errors
/// As for [`export_schema`].
pub fn export_batch(batch: &RecordBatch) -> Result<(FFI_ArrowSchema, FFI_ArrowArray)> {
    let schema = export_schema(batch.schema_ref())?;
    let columns = StructArray::from(batch.clone());
    Ok((schema, FFI_ArrowArray::new(&columns.into_data())))
}
