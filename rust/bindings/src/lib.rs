//! The Python module `meshgate._native`.
