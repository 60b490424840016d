//! Entry points: the rules that are asked, by package, and which question they answer.

use std::collections::BTreeMap;

use crate::analysis::Analysis;
use crate::ast::Step;
use crate::graph;

/// Rules whose messages deny.
pub(crate) const DENIALS: [&str; 2] = ["deny", "violation"];
/// The rule that allows a publication, in packages that are required.
pub(crate) const ALLOW_PUBLISH: &str = "allow_publish";
/// The rule that allows a reader.
pub(crate) const ALLOW_READ: &str = "allow_read";

/// What is being decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Question {
    /// May this product leave?
    Publish,
    /// May this user read this product?
    Read,
}

/// A rule to ask, by its full path.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// Path below `data`.
    pub(crate) path: Vec<String>,
    /// The path as the engine reads it.
    pub(crate) text: String,
    /// Whether rules define parts of it (`deny.late`), so that it is read as a document.
    pub(crate) document: bool,
    /// The rules behind it, by module and rule.
    pub(crate) rules: Vec<(usize, usize)>,
}

/// An entry point that must allow, as it is written in configuration.
#[derive(Debug, Clone)]
pub(crate) struct Required {
    pub(crate) target: Target,
    /// Whether it reads the report, directly or through other rules.
    pub(crate) reads_report: bool,
}

/// One package and the entry points it defines.
#[derive(Debug, Clone)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) files: Vec<String>,
    pub(crate) denials: Vec<Target>,
    pub(crate) allow_publish: Option<Target>,
    pub(crate) allow_read: Option<Target>,
    /// Whether what decides about a publication reads the report, directly or through other rules.
    pub(crate) reads_report: bool,
}

/// The entry point with this name in a package, when a rule defines it or parts of it.
fn target(analysis: &Analysis, package: &[String], name: &str) -> Option<Target> {
    let mut path = package.to_vec();
    path.push(name.to_owned());
    let mut target = Target {
        text: format!("data.{}", path.join(".")),
        path,
        document: false,
        rules: Vec::new(),
    };
    let below = analysis.index.range(target.path.clone()..);
    for (at, group) in below.take_while(|(at, _)| at.starts_with(&target.path)) {
        let Some(group) = analysis.groups.get(*group) else {
            continue;
        };
        // `pkg.deny` as a package of its own is not a part of the rule `deny`.
        if group.package < target.path.len() && group.arity.is_none() {
            target.document |= at.len() > target.path.len();
            target.rules.extend(&group.rules);
        }
    }
    (!target.rules.is_empty()).then_some(target)
}

/// All packages, sorted by name.
pub(crate) fn packages(analysis: &Analysis, files: &[String]) -> Vec<Package> {
    let mut by_name: BTreeMap<Vec<String>, Vec<usize>> = BTreeMap::new();
    for group in &analysis.groups {
        let package = group.path.get(..group.package).unwrap_or_default().to_vec();
        by_name.entry(package).or_default().extend(group.rules.iter().map(|(module, _)| *module));
    }
    let mut packages = Vec::new();
    for (path, mut modules) in by_name {
        modules.sort_unstable();
        modules.dedup();
        let find = |name| target(analysis, &path, name);
        let denials: Vec<Target> = DENIALS.into_iter().filter_map(find).collect();
        let allow_publish = find(ALLOW_PUBLISH);
        let allow_read = find(ALLOW_READ);
        let asked = denials.iter().chain(&allow_publish);
        let reads_report = asked.clone().any(|t| reads_input(analysis, t, "report"));
        packages.push(Package {
            name: path.join("."),
            files: modules.iter().filter_map(|m| files.get(*m).cloned()).collect(),
            denials,
            allow_publish,
            allow_read,
            reads_report,
        });
    }
    packages
}

/// Whether a rule reads `input.<name>`, or may: all of `input`, or a member it computes.
pub(crate) fn reads_input(analysis: &Analysis, target: &Target, name: &str) -> bool {
    let reached = graph::reach(analysis, analysis.read_by(&target.path));
    let groups = reached.iter().filter_map(|at| analysis.groups.get(*at));
    groups.flat_map(|group| &group.reads).any(|read| match read.path.steps.first() {
        Some(Step::Name(step, _)) => step == name,
        Some(Step::Any) | None => true,
    })
}

/// A required entry point as it is written in configuration: a package, which stands for its
/// `allow_publish`, or the full path of a rule; `data.` in front is optional.
pub(crate) fn required(analysis: &Analysis, written: &str) -> Option<Required> {
    let path: Vec<String> =
        written.strip_prefix("data.").unwrap_or(written).split('.').map(str::to_owned).collect();
    let target = target(analysis, &path, ALLOW_PUBLISH).or_else(|| {
        let (name, package) = path.split_last()?;
        target(analysis, package, name)
    })?;
    let reads_report = reads_input(analysis, &target, "report");
    Some(Required { target, reads_report })
}

/// The groups that answer a question.
pub(crate) fn roots(analysis: &Analysis, question: Question, require: &[String]) -> Vec<usize> {
    let names: &[&str] = match question {
        Question::Publish => &["deny", "violation", ALLOW_PUBLISH],
        Question::Read => &[ALLOW_READ],
    };
    let named = analysis.groups.iter().enumerate().filter(|(_, group)| {
        let rule = group.path.get(group.package);
        group.arity.is_none() && rule.is_some_and(|rule| names.contains(&rule.as_str()))
    });
    let mut roots: Vec<usize> = named.map(|(at, _)| at).collect();
    if question == Question::Publish {
        let written = require.iter().filter_map(|r| required(analysis, r));
        roots.extend(written.flat_map(|required| analysis.read_by(&required.target.path)));
    }
    roots
}
