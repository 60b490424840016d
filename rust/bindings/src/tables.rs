//! What the engine says of itself, as JSON: checks, formats, masks, error codes, and how it was built.

use meshgate_engine::error::{Code, Error};
use meshgate_engine::{checks, masks, promise};
use pyo3::prelude::*;
use serde_json::{json, Value};

use crate::enter::fault;

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(checks_table, module)?)?;
    module.add_function(wrap_pyfunction!(formats_table, module)?)?;
    module.add_function(wrap_pyfunction!(masks_table, module)?)?;
    module.add_function(wrap_pyfunction!(column_types, module)?)?;
    module.add_function(wrap_pyfunction!(error_codes, module)?)?;
    module.add_function(wrap_pyfunction!(build_profile, module)?)
}

fn json_text<T: serde::Serialize>(value: &T) -> PyResult<String> {
    serde_json::to_string(value).map_err(|_| fault(Error::internal("a table could not be written")))
}

/// Every check: name, aliases, summary, arguments, example.
#[pyfunction]
#[pyo3(name = "checks")]
fn checks_table() -> PyResult<String> {
    json_text(&checks::definitions().collect::<Vec<_>>())
}

/// Every format of the check `format`: name, aliases, summary, source, pattern, example.
#[pyfunction]
#[pyo3(name = "formats")]
fn formats_table() -> PyResult<String> {
    json_text(&checks::format::FORMATS.iter().map(|format| format.about).collect::<Vec<_>>())
}

/// Every mask: name, aliases, summary, arguments, example.
#[pyfunction]
#[pyo3(name = "masks")]
fn masks_table() -> PyResult<String> {
    json_text(&masks::kinds().iter().map(|kind| kind.definition()).collect::<Vec<_>>())
}

/// The names of the promised types.
#[pyfunction]
fn column_types() -> Vec<&'static str> {
    promise::Promise::names().collect()
}

/// Every error code of the engine and of policies: code, title, explanation.
#[pyfunction]
fn error_codes() -> PyResult<String> {
    let engine = Code::ALL.iter().map(|c| {
        json!({
            "code": c.as_str(),
            "title": c.title(),
            "explanation": c.explanation().lines().map(str::trim).collect::<Vec<_>>().join(" ").trim(),
        })
    });
    let policy = meshgate_policy::Code::ALL
        .iter()
        .map(|c| json!({"code": c.as_str(), "title": c.title(), "explanation": c.explanation()}));
    json_text(&engine.chain(policy).collect::<Vec<Value>>())
}

/// `release`, or `debug` when assertions are compiled in: such a build is not to be measured.
#[pyfunction]
fn build_profile() -> &'static str {
    if cfg!(debug_assertions) {
        "debug"
    } else {
        "release"
    }
}
