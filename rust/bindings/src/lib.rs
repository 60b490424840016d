//! The Python module `meshgate._native`: converts, decides nothing.

mod capsule;
mod engine;
mod enter;
mod policy;
mod tables;

use pyo3::prelude::*;

/// The compiled half of meshgate. Only `meshgate.engine` and `meshgate.policy` import it.
#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    enter::silence_panics();
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add("EngineFault", module.py().get_type::<enter::EngineFault>())?;
    engine::register(module)?;
    policy::register(module)?;
    tables::register(module)?;
    Ok(())
}
