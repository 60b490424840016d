//! Streams of batches from a producer.

use std::ffi::c_int;
use std::sync::Arc;

use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema};
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_schema::SchemaRef;

use super::place::{invalid, within};
use super::vet::Known;
use super::{abi, held, import_next, import_schema, Incoming};
use crate::error::{Code, Error, Result};

/// Pulls batches from a producer. The shape of each is checked before it is handed on.
///
/// It owns the stream: the release callback is called exactly once, when the stream ends or fails
/// or when the reader is dropped. It may be moved between threads, one call at a time. Nothing of a
/// producer's error but its number is passed on: its text may hold values.
#[derive(Debug)]
pub struct StreamReader {
    state: State,
    declared: SchemaRef,
    schema: SchemaRef,
    /// Batches read so far.
    batches: u64,
    known: Arc<Known>,
}

#[derive(Debug)]
enum State {
    Open(FFI_ArrowArrayStream),
    Ended,
    Failed(Error),
}

impl StreamReader {
    /// Takes the stream and asks it for its schema, once.
    ///
    /// # Errors
    /// [`Code::InvalidArrow`] for a stream that was used before or breaks the interface,
    /// [`Code::SourceFailed`] if the producer fails, and what [`import_schema`] refuses.
    ///
    /// # Safety
    /// `stream` is released (which is refused) or a live struct of the C stream interface whose
    /// callbacks may be called from any one thread at a time, and every array that it will yield
    /// satisfies what [`super::import_batch`] asks for.
    pub unsafe fn new(mut stream: FFI_ArrowArrayStream) -> Result<Self> {
        if stream.release().is_none() {
            return Err(invalid("the stream was already used")
                .help("a stream is read once; ask the producer for another"));
        }
        let get = stream.get_schema().ok_or_else(no_callback)?;
        let mut schema = FFI_ArrowSchema::empty();
        // SAFETY: the stream is live, the callback is its own, and `schema` is a place for the
        // result that outlives the call.
        let code = unsafe { get(&raw mut stream, &raw mut schema) };
        if code != 0 {
            // The producer must not have written to it; what it holds cannot be trusted to release.
            std::mem::forget(schema);
            return Err(failed(code));
        }
        let declared = import_schema(&schema)?;
        let schema = held(&declared);
        Ok(Self { state: State::Open(stream), declared, schema, batches: 0, known: Arc::default() })
    }

    /// The schema of every batch.
    pub fn schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.schema)
    }

    /// The same as the producer declares it: fields may be said to hold no nulls.
    pub fn declared(&self) -> SchemaRef {
        SchemaRef::clone(&self.declared)
    }

    /// The next batch, or `None` after the last. After an error the stream is over, and the same
    /// error comes again.
    ///
    /// # Errors
    /// [`Code::SourceFailed`] if the producer fails, [`Code::SchemaChanged`] for another number of
    /// columns, and what [`super::import_batch`] refuses.
    #[allow(clippy::should_implement_trait, reason = "`next()?` reads better than an iterator")]
    pub fn next(&mut self) -> Result<Option<Incoming>> {
        let pulled = match &mut self.state {
            State::Ended => return Ok(None),
            State::Failed(error) => return Err(error.clone()),
            State::Open(stream) => pull(stream),
        };
        let ordinal = self.batches + 1;
        let batch = pulled.and_then(|array| match array {
            Some(array) => self.import(array, ordinal).map(Some),
            None => Ok(None),
        });
        match batch {
            Ok(Some(batch)) => {
                self.batches = ordinal;
                Ok(Some(batch))
            }
            Ok(None) => {
                self.finish(State::Ended);
                Ok(None)
            }
            Err(error) => {
                let error = within(|| format!("batch {ordinal}"))(error);
                self.finish(State::Failed(error.clone()));
                Err(error)
            }
        }
    }

    /// Lets go of the stream and of what was kept of its batches.
    fn finish(&mut self, state: State) {
        self.state = state;
        self.known = Arc::default();
    }

    fn import(&mut self, array: FFI_ArrowArray, ordinal: u64) -> Result<Incoming> {
        let (columns, promised) = (abi::array(&array).n_children, self.schema.fields().len());
        if i64::try_from(promised) != Ok(columns) {
            let message = format!("{columns} columns in a stream of {promised}");
            return Err(Error::new(Code::SchemaChanged, message));
        }
        // SAFETY: `new` asked its caller for it.
        unsafe { import_next(array, &self.schema, &self.known, ordinal) }
    }
}

/// The next array; `None` at the end.
fn pull(stream: &mut FFI_ArrowArrayStream) -> Result<Option<FFI_ArrowArray>> {
    let get = stream.get_next().ok_or_else(no_callback)?;
    let mut array = FFI_ArrowArray::empty();
    // SAFETY: an open stream is live, the callback is its own, and `array` is a place for the
    // result that outlives the call.
    let code = unsafe { get(stream, &raw mut array) };
    if code != 0 {
        // As for the schema.
        std::mem::forget(array);
        return Err(failed(code));
    }
    Ok((!array.is_released()).then_some(array))
}

fn no_callback() -> Error {
    invalid("the stream lacks a callback")
}

fn failed(code: c_int) -> Error {
    Error::new(Code::SourceFailed, format!("the producer of the stream failed with error {code}"))
        .help("the producer's own message is not shown, since it may hold values; read its log")
}
