//! What is wrong with one rule or import on its own.

use std::collections::BTreeMap;

use regorus::unstable::{Expr, Import, Module, Ref, Rule, RuleBody, RuleHead, BUILTINS};

use crate::analysis::{static_names, Facts};
use crate::ast::{self, Path};
use crate::builtins;
use crate::finding::{Code, Finding};

pub(crate) fn check_forbidden(
    file: &str,
    name: &str,
    place: (u32, u32),
    findings: &mut Vec<Finding>,
) {
    if let Some(reason) = builtins::forbidden(name) {
        let message = format!("the builtin `{name}` is not available: {reason}");
        findings.push(Finding::error(Code::ForbiddenBuiltin, file, message).at(place.0, place.1));
    }
}

/// Refuses a function or builtin that is replaced by `with` outside of tests, and a builtin in
/// them too: the engine cannot.
pub(crate) fn check_mocked(file: &str, target: &Path, tests: bool, findings: &mut Vec<Finding>) {
    let name = static_names(target).join(".");
    let is_builtin = BUILTINS.contains_key(name.as_str());
    if tests && !is_builtin {
        return;
    }
    let message = format!("`{name}` is replaced by `with`");
    let finding = Finding::error(Code::MockedFunction, file, message);
    findings.push(finding.at(target.place.0, target.place.1).help(if is_builtin {
        "builtins cannot be replaced; tests set the clock with `now_ns`"
    } else {
        "replace `input` or `data` here, and functions in tests only"
    }));
}

/// The name that an import introduces.
pub(crate) fn import_alias(import: &Import) -> Option<String> {
    match &import.r#as {
        Some(alias) => Some(alias.text().to_owned()),
        None => ast::names(&import.refr)?.pop(),
    }
}

pub(crate) fn imports(
    file: &str,
    module: &Module,
    findings: &mut Vec<Finding>,
) -> BTreeMap<String, Path> {
    let mut imports = BTreeMap::new();
    for import in &module.imports {
        let (line, column) = ast::place(&import.span);
        let Some(path) = ast::path(&import.refr, &mut Vec::new()) else {
            continue;
        };
        if matches!(path.root.as_str(), "future" | "rego") {
            continue;
        }
        if path.root == "input" && path.steps.is_empty() && import.r#as.is_none() {
            findings.push(
                Finding::error(Code::RedundantImport, file, "`import input` says nothing")
                    .at(line, column)
                    .help("remove the line: `input` is always there"),
            );
            continue;
        }
        let Some(alias) = import_alias(import) else {
            continue;
        };
        if matches!(alias.as_str(), "input" | "data") {
            findings.push(hides(file, &alias, (line, column)));
        }
        imports.insert(alias, path);
    }
    imports
}

fn hides(file: &str, name: &str, (line, column): (u32, u32)) -> Finding {
    Finding::error(Code::BadName, file, format!("`{name}` is declared anew"))
        .at(line, column)
        .help("choose another name: this one is the document's")
}

pub(crate) fn check_names(
    file: &str,
    rule: &Ref<Rule>,
    found: &Facts,
    findings: &mut Vec<Finding>,
) {
    let declared = found.declared.iter().map(|(name, place)| (name.as_str(), *place));
    let head = ast::path(ast::head(rule), &mut Vec::new());
    let defined = head.as_ref().map(|path| (path.root.as_str(), path.place));
    for (name, (line, column)) in declared.chain(defined) {
        if matches!(name, "input" | "data") {
            findings.push(hides(file, name, (line, column)));
        }
    }
    for (line, column) in &found.unbounded {
        let message = "a number is outside of the range of a double";
        findings.push(Finding::error(Code::TooLarge, file, message).at(*line, *column));
    }
}

/// Refuses chained bodies and `else` where the engine loses results: at partial objects and sets,
/// and chained bodies of rules whose value is not `true`.
pub(crate) fn check_bodies(file: &str, rule: &Ref<Rule>, findings: &mut Vec<Finding>) {
    let Rule::Spec { head, bodies, .. } = rule.as_ref() else {
        return;
    };
    let Some(second) = bodies.get(1) else { return };
    let is_else = |body: &RuleBody| body.span.text().starts_with("else");
    let chained = bodies.iter().skip(1).any(|body| !is_else(body));
    let partial = match head {
        RuleHead::Compr { refr, .. } => {
            let constant = matches!(refr.as_ref(),
                Expr::RefBrack { index, .. } if !matches!(index.as_ref(), Expr::String { .. }));
            constant || ast::names(refr).is_none()
        }
        RuleHead::Set { .. } => true,
        RuleHead::Func { .. } => false,
    };
    let valued = match head {
        RuleHead::Compr { assign, .. } | RuleHead::Func { assign, .. } => assign.is_some(),
        RuleHead::Set { .. } => true,
    };
    if partial || (chained && valued) {
        let (line, column) = ast::place(&second.span);
        findings.push(
            Finding::error(Code::ChainedBodies, file, "one rule has several bodies")
                .at(line, column)
                .help("write one rule for each body"),
        );
    }
}
