//! One gate for every call into Rust: the interpreter lock is released, panics are caught, and
//! errors become one Python exception with the parts that `meshgate.engine` turns into its own.

use std::panic::{catch_unwind, AssertUnwindSafe};

use meshgate_engine::error::{Code, Error, Result};
use pyo3::create_exception;
use pyo3::exceptions::PyException;
use pyo3::prelude::*;

create_exception!(
    meshgate._native,
    EngineFault,
    PyException,
    "Arguments: code, message, clause (JSON pointer), data, help."
);

/// Runs `work` without the interpreter lock.
///
/// # Errors
/// `EngineFault`; a panic is one with the code of an internal bug.
pub(crate) fn enter<T: Send>(
    py: Python<'_>,
    work: impl FnOnce() -> Result<T> + Send,
) -> PyResult<T> {
    py.detach(|| caught(work)).map_err(fault)
}

/// Catches a panic of `work` and makes it an error.
pub(crate) fn caught<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err(Error::internal("the engine panicked")
            .help("please report this with the version and the contract"))
    })
}

/// The Python exception of an engine error.
pub(crate) fn fault(error: Error) -> PyErr {
    let Error { code, message, clause, data, help } = error;
    EngineFault::new_err((code.as_str(), message, clause, data, help))
}

/// The Python exception for an argument that has no meaning.
pub(crate) fn malformed(message: &str) -> PyErr {
    fault(Error::new(Code::InvalidArrow, message))
}

/// A panic's own text could hold a value of the data: nothing prints it.
pub(crate) fn silence_panics() {
    std::panic::set_hook(Box::new(|_| {}));
}
