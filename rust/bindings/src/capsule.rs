//! The Arrow `PyCapsule` interface: structs move out of capsules on the way in, and into capsules on
//! the way out. Everything that comes in passes through the engine's import validation.
// Capsules hand out raw pointers; each block says why it is sound.
#![allow(unsafe_code)]

use std::ffi::CStr;

use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema};
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use meshgate_engine::import;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyTuple};

use crate::enter::{enter, fault, malformed};

const SCHEMA: &CStr = c"arrow_schema";
const ARRAY: &CStr = c"arrow_array";
const STREAM: &CStr = c"arrow_array_stream";

/// Moves the stream out of an object's `__arrow_c_stream__`.
pub(crate) fn take_stream(data: &Bound<'_, PyAny>) -> PyResult<import::StreamReader> {
    let capsule = data.call_method0("__arrow_c_stream__")?;
    let capsule = named(&capsule, STREAM)?;
    let pointer = capsule.pointer_checked(Some(STREAM))?.cast::<FFI_ArrowArrayStream>();
    // SAFETY: the capsule has the name that the interface reserves for this struct, so the pointer
    // is to a live one; `from_raw` leaves a released struct behind, which the capsule's
    // destructor accepts. A capsule is consumed once: a second use finds no release callback.
    let stream = unsafe { FFI_ArrowArrayStream::from_raw(pointer.as_ptr()) };
    enter(data.py(), move || {
        // SAFETY: the struct was just moved out of its capsule and is owned here alone.
        unsafe { import::StreamReader::new(stream) }
    })
}

/// Moves one batch out of an object's `__arrow_c_array__`, with the schema as declared.
pub(crate) fn take_batch(data: &Bound<'_, PyAny>) -> PyResult<(SchemaRef, import::Incoming)> {
    let pair = data.call_method0("__arrow_c_array__")?;
    let pair = pair.cast::<PyTuple>().map_err(|_| malformed("__arrow_c_array__ gave no pair"))?;
    if pair.len() != 2 {
        return Err(malformed("__arrow_c_array__ gave no pair"));
    }
    let (schema, array) = (pair.get_item(0)?, pair.get_item(1)?);
    let schema = schema_of(named(&schema, SCHEMA)?)?;
    let capsule = named(&array, ARRAY)?;
    let pointer = capsule.pointer_checked(Some(ARRAY))?.cast::<FFI_ArrowArray>();
    // SAFETY: as for the stream; the struct is moved out and a released one is left behind.
    let array = unsafe { FFI_ArrowArray::from_raw(pointer.as_ptr()) };
    enter(data.py(), move || {
        // SAFETY: the struct was just moved out of its capsule and is owned here alone.
        let batch = unsafe { import::import_batch(array, &import::held(&schema)) }?;
        Ok((schema, batch))
    })
}

/// The schema of an object's `__arrow_c_schema__`, as declared.
pub(crate) fn take_schema(data: &Bound<'_, PyAny>) -> PyResult<SchemaRef> {
    let capsule = data.call_method0("__arrow_c_schema__")?;
    schema_of(named(&capsule, SCHEMA)?)
}

fn schema_of(capsule: &Bound<'_, PyCapsule>) -> PyResult<SchemaRef> {
    let pointer = capsule.pointer_checked(Some(SCHEMA))?.cast::<FFI_ArrowSchema>();
    // SAFETY: the capsule has the name that the interface reserves for this struct and outlives
    // the borrow; the struct is read, not moved.
    let schema = unsafe { pointer.as_ref() };
    import::import_schema(schema).map_err(fault)
}

fn named<'a, 'py>(
    object: &'a Bound<'py, PyAny>,
    name: &CStr,
) -> PyResult<&'a Bound<'py, PyCapsule>> {
    let capsule =
        object.cast::<PyCapsule>().map_err(|_| malformed("the Arrow interface gave no capsule"))?;
    if capsule.is_valid_checked(Some(name)) {
        Ok(capsule)
    } else {
        Err(malformed("a capsule of the Arrow interface has another name"))
    }
}

/// Capsules of a schema.
pub(crate) fn give_schema<'py>(
    py: Python<'py>,
    schema: &SchemaRef,
) -> PyResult<Bound<'py, PyCapsule>> {
    let exported = import::export_schema(schema).map_err(fault)?;
    PyCapsule::new_with_value(py, exported, SCHEMA)
}

/// Capsules of a batch: schema and array. The buffers are shared, not copied.
pub(crate) fn give_batch<'py>(
    py: Python<'py>,
    batch: &RecordBatch,
) -> PyResult<(Bound<'py, PyCapsule>, Bound<'py, PyCapsule>)> {
    let (schema, array) = import::export_batch(batch).map_err(fault)?;
    Ok((
        PyCapsule::new_with_value(py, schema, SCHEMA)?,
        PyCapsule::new_with_value(py, array, ARRAY)?,
    ))
}
