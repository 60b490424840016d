//! A set of policies: what was loaded, what was found, and the questions it answers.

use std::sync::Arc;

use regorus::unstable::{Module, Ref};
use serde::Deserialize;
use serde_json::{json, Value as Json};

use crate::analysis::Analysis;
use crate::decide::{self, Request};
use crate::engine::Pool;
use crate::entry::{Package, Required};
use crate::finding::Finding;
use crate::graph::Cost;
use crate::limits::Limits;
use crate::load;
use crate::trial;

/// How a set is loaded.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// The bounds.
    pub limits: Limits,
    /// JSON Schema of the input of a publication; absent = paths are not checked.
    pub input_schema: Option<Json>,
    /// JSON Schema of the input of a read; absent = paths are not checked.
    pub read_schema: Option<Json>,
    /// Entry points that must allow a publication: packages, or full paths of rules.
    pub require: Vec<String>,
    /// Names of the modules that are shipped with meshgate.
    pub shipped: Vec<String>,
    /// The package, with all below it, that only shipped modules may declare.
    pub reserved: String,
    /// The set holds tests: rules named `test_*`, which may replace functions.
    pub tests: bool,
}

/// Policies that were loaded together. Immutable; shared between threads.
#[derive(Debug, Clone)]
pub struct PolicySet {
    loaded: Arc<Loaded>,
}

/// What loading made.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) pool: Option<Pool>,
    pub(crate) analysis: Analysis,
    pub(crate) packages: Vec<Package>,
    pub(crate) files: Vec<String>,
    pub(crate) modules: Vec<Ref<Module>>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) digest: String,
    pub(crate) limits: Arc<Limits>,
    pub(crate) require: Vec<Required>,
    pub(crate) cost: Cost,
}

impl PolicySet {
    /// Loads modules (name, text) with a data document (JSON text of an object).
    ///
    /// Never fails: what is wrong is in [`findings`](Self::findings), and a set with an error in
    /// them answers every question with a denial.
    pub fn load(modules: &[(String, String)], data: &str, options: Options) -> Self {
        Self { loaded: Arc::new(load::load(modules, data, options)) }
    }

    /// What is wrong with the set, sorted by place.
    pub fn findings(&self) -> &[Finding] {
        &self.loaded.findings
    }

    /// `sha256:` and the SHA-256 of the normalised modules and the data, in hex.
    pub fn digest(&self) -> &str {
        &self.loaded.digest
    }

    /// The packages, as JSON: name, files, and which entry points each defines.
    pub fn entry_points(&self) -> Json {
        let packages = self.loaded.packages.iter().map(|package| {
            json!({
                "package": package.name,
                "files": package.files,
                "deny": package.denials.iter().map(|target| &target.text).collect::<Vec<_>>(),
                "allow_publish": package.allow_publish.is_some(),
                "allow_read": package.allow_read.is_some(),
                "reads_report": package.reads_report,
            })
        });
        Json::Array(packages.collect())
    }

    /// Decides; every failure in doing so is a denial with its reason.
    pub fn decide(&self, input: &str, request: &Request) -> Json {
        decide::decide(&self.loaded, input, request)
    }

    /// Runs the rules named `test_*`, each on its own: a list of `{package, name, file, line,
    /// outcome, elapsed_us}`. Only `true` passes; `todo_*` is skipped; every failure in running
    /// one is the outcome `error`.
    pub fn run_tests(&self, now_ns: i64) -> Json {
        trial::run(&self.loaded, now_ns)
    }
}
