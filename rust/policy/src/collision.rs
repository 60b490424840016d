//! Rules and packages that claim the same path. The engine would mix them; a rule that reaches into
//! another package could weaken it, or keep its `deny` from being asked.

use std::collections::BTreeSet;

use crate::analysis::{Analysis, Named};
use crate::ast;
use crate::finding::{Code, Finding};

/// A rule's package, its full path, and where it is.
pub(crate) struct Claim<'c> {
    pub(crate) named: &'c Named<'c>,
    pub(crate) rule: usize,
    pub(crate) package: &'c [String],
    pub(crate) path: &'c [String],
}

/// Refuses rules whose path is that of another package, above it, or inside it.
pub(crate) fn check<'c>(
    claims: impl Iterator<Item = Claim<'c>>,
    packages: &BTreeSet<Vec<String>>,
    findings: &mut Vec<Finding>,
) {
    for Claim { named, rule, package, path } in claims {
        let inside = (package.len() + 1..=path.len())
            .filter_map(|length| path.get(..length))
            .find(|above| packages.contains(*above));
        let below = packages.range(path.to_vec()..).next();
        let below = below.filter(|other| other.starts_with(path)).map(Vec::as_slice);
        let Some(other) = inside.or(below) else { continue };
        let Some(rule) = named.module.policy.get(rule) else { continue };
        let (line, column) = ast::place(ast::head(rule).span());
        let message = format!("the rule lies on the path of the package `{}`", other.join("."));
        findings.push(
            Finding::error(Code::Collision, named.file, message)
                .at(line, column)
                .help("rename the rule, or write it in that package"),
        );
    }
}

/// Refuses names that are a function here and a rule there.
pub(crate) fn check_kinds(analysis: &Analysis, modules: &[Named<'_>], findings: &mut Vec<Finding>) {
    for group in analysis.groups.iter().filter(|group| group.has_value && group.arity.is_some()) {
        let (module, line, column) = group.place;
        let file = modules.get(module).map_or("", |named| named.file);
        let message = format!("`{}` is a function and a rule", group.path.join("."));
        findings.push(
            Finding::error(Code::Collision, file, message)
                .at(line, column)
                .help("give one of them another name"),
        );
    }
}
