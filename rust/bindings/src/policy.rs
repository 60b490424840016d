//! Policies for Python: JSON in, JSON out. Only `meshgate.policy` uses it.

use meshgate_policy::{Options, PolicySet, Request};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Policies>()
}

/// Policies that were loaded together: immutable, shared between threads.
#[pyclass(frozen, name = "PolicySet", module = "meshgate._native")]
struct Policies {
    set: PolicySet,
}

#[pymethods]
impl Policies {
    /// Loads modules (name, text). Never fails on what they hold: see `findings`.
    ///
    /// # Errors
    /// `ValueError` when the options are not what `meshgate.policy` writes.
    #[staticmethod]
    fn load(
        py: Python<'_>,
        modules: Vec<(String, String)>,
        data_json: &str,
        options_json: &str,
    ) -> PyResult<Self> {
        let options: Options = serde_json::from_str(options_json).map_err(|_| options_error())?;
        let set = py.detach(|| PolicySet::load(&modules, data_json, options));
        Ok(Self { set })
    }

    /// What is wrong with the set: a list of `{code, severity, file, line, column, message, help}`.
    fn findings(&self) -> String {
        let findings = self.set.findings().iter().map(meshgate_policy::Finding::to_json);
        serde_json::Value::Array(findings.collect()).to_string()
    }

    /// The packages and the entry points that each defines.
    fn entry_points(&self) -> String {
        self.set.entry_points().to_string()
    }

    /// SHA-256 over the normalised modules and the data.
    #[getter]
    fn digest(&self) -> &str {
        self.set.digest()
    }

    /// Decides; every failure in doing so is a denial with its reason.
    ///
    /// # Errors
    /// `ValueError` when the options are not what `meshgate.policy` writes.
    fn decide(&self, py: Python<'_>, input_json: &str, options_json: &str) -> PyResult<String> {
        let request: Request = serde_json::from_str(options_json).map_err(|_| options_error())?;
        Ok(py.detach(|| self.set.decide(input_json, &request).to_string()))
    }

    /// Runs the rules named `test_*`, with the clock frozen.
    fn run_tests(&self, py: Python<'_>, now_ns: i64) -> String {
        py.detach(|| self.set.run_tests(now_ns).to_string())
    }
}

fn options_error() -> PyErr {
    PyValueError::new_err("the options are not usable")
}
