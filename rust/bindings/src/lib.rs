//! The Python module `meshgate._native`: converts, decides nothing.

mod capsule;
mod engine;
mod enter;
mod index;
mod nesting;
mod policy;
mod quotes;
mod run;
mod source;
mod tables;

use meshgate_engine::cpu;
use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;

/// The compiled half of meshgate. Only `meshgate.engine` and `meshgate.policy` import it.
#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    enter::silence_panics();
    limit_cpu()?;
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add("EngineFault", module.py().get_type::<enter::EngineFault>())?;
    engine::register(module)?;
    policy::register(module)?;
    module.add_class::<quotes::Quotes>()?;
    module.add_class::<nesting::Nesting>()?;
    tables::register(module)?;
    Ok(())
}

/// `MESHGATE_CPU` keeps the kernels from using more of the processor than it says: for debugging
/// and for tests of the portable code.
fn limit_cpu() -> PyResult<()> {
    let Some(name) = std::env::var_os("MESHGATE_CPU").filter(|name| !name.is_empty()) else {
        return Ok(());
    };
    match name.to_str().and_then(cpu::Level::named) {
        Some(level) => {
            cpu::limit(level);
            Ok(())
        }
        None => Err(PyImportError::new_err("the variable MESHGATE_CPU takes base, v3 or v4")),
    }
}
