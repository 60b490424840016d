//! `Source`: data on its way in, and what a run is told of the data that foreign keys point to.

use std::sync::{Arc, Mutex, PoisonError};

use arrow_schema::SchemaRef;
use meshgate_engine::error::{Code, Error, Result};
use meshgate_engine::import::{Incoming, StreamReader};
use pyo3::prelude::*;

use crate::capsule;
use crate::engine::Schema;
use crate::enter::fault;

pub(crate) enum Batches {
    Stream(Box<StreamReader>),
    One(Option<Incoming>),
    Taken,
}

impl Batches {
    pub(crate) fn next(&mut self) -> Result<Option<Incoming>> {
        match self {
            Self::Stream(reader) => reader.next(),
            Self::One(batch) => Ok(batch.take()),
            Self::Taken => Ok(None),
        }
    }
}

/// Data on its way in: its schema is known, and it can be run once.
#[pyclass(frozen, module = "meshgate._native")]
pub(crate) struct Source {
    /// As the producer declares it: fields may be said to hold no nulls.
    pub(crate) declared: SchemaRef,
    batches: Mutex<Batches>,
}

#[pymethods]
impl Source {
    /// Opens anything that has `__arrow_c_array__` or `__arrow_c_stream__`. What has both is one
    /// batch, which costs less than a stream of it.
    #[new]
    fn new(data: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (declared, batches) = if data.hasattr("__arrow_c_array__")? {
            let (declared, batch) = capsule::take_batch(data)?;
            (declared, Batches::One(Some(batch)))
        } else {
            let reader = capsule::take_stream(data)?;
            (reader.declared(), Batches::Stream(Box::new(reader)))
        };
        Ok(Self { declared, batches: Mutex::new(batches) })
    }

    #[getter]
    fn schema(&self) -> Schema {
        Schema(Arc::clone(&self.declared))
    }
}

impl Source {
    /// The batches, once.
    pub(crate) fn take(&self) -> PyResult<Batches> {
        let mut batches = self.batches.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*batches, Batches::Taken) {
            return Err(fault(
                Error::new(Code::RunFinished, "this source was run before")
                    .help("open the data again; a stream can be read once"),
            ));
        }
        Ok(std::mem::replace(&mut batches, Batches::Taken))
    }
}

/// What a run is told of one name that foreign keys point to: its data, or why there is none.
#[derive(FromPyObject)]
pub(crate) enum Reference<'py> {
    Data(Bound<'py, Source>),
    Absent(String),
}
