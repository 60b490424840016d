//! The nesting of JSON lines, a piece at a time.

use meshgate_engine::nesting;
use pyo3::prelude::*;

use crate::enter::enter;

/// Finds brackets that are nested too deep.
#[pyclass(module = "meshgate._native")]
pub(crate) struct Nesting(nesting::Nesting);

#[pymethods]
impl Nesting {
    #[new]
    fn new(limit: u32) -> Self {
        Self(nesting::Nesting::new(limit))
    }

    /// Takes the next bytes of the text.
    fn feed(&mut self, py: Python<'_>, piece: &[u8]) -> PyResult<()> {
        let Self(nesting) = self;
        enter(py, || {
            nesting.feed(piece);
            Ok(())
        })
    }

    /// The place, in bytes, of the first bracket that is one too many.
    #[getter]
    fn beyond(&self) -> Option<u64> {
        self.0.beyond()
    }
}
