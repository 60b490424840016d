//! Rego behind guards.
