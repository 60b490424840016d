//! Quotes in CSV text, a piece at a time.

use meshgate_engine::quotes;
use pyo3::prelude::*;

use crate::enter::enter;

/// Finds a quote that is never closed.
#[pyclass(module = "meshgate._native")]
#[derive(Default)]
pub(crate) struct Quotes(quotes::Quotes);

#[pymethods]
impl Quotes {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes of the text.
    fn feed(&mut self, py: Python<'_>, piece: &[u8]) -> PyResult<()> {
        let Self(quotes) = self;
        enter(py, || {
            quotes.feed(piece);
            Ok(())
        })
    }

    /// The place, in bytes, of the quote that is still open.
    #[getter]
    fn open(&self) -> Option<u64> {
        self.0.open()
    }

    /// Whether any text in quotes holds a line break.
    #[getter]
    fn line_breaks(&self) -> bool {
        self.0.line_breaks()
    }
}
