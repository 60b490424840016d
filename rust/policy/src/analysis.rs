//! What the rules of a set use: other rules, functions, the input. One pass over the syntax trees
//! yields the findings, the graph of rules, and the answers to static questions about them.

use std::collections::{BTreeMap, BTreeSet};

use regorus::unstable::{Expr, Module, Ref, Rule, RuleBody, RuleHead, BUILTINS};
use regorus::Value;

use crate::ast::{self, Path, Step, Visit, Walk};
use crate::builtins;
use crate::finding::{nearest, Code, Finding};
use crate::json::bounded_number;

/// All rules that define one name, such as `data_mesh.governance.deny`.
#[derive(Debug)]
pub(crate) struct Group {
    /// Package and static part of the rule's head.
    pub(crate) path: Vec<String>,
    /// Length of the package's part of the path.
    pub(crate) package: usize,
    /// Module and rule, by index.
    pub(crate) rules: Vec<(usize, usize)>,
    /// Module, line and column of the first rule.
    pub(crate) place: (usize, u32, u32),
    /// Number of arguments, of a function.
    pub(crate) arity: Option<usize>,
    /// Groups that this one depends on, by index.
    pub(crate) uses: BTreeSet<usize>,
    /// Paths of the input that are read here, with the module.
    pub(crate) reads: Vec<(usize, Path)>,
    /// Depth of the deepest expression.
    pub(crate) depth: usize,
}

/// A set of modules, analysed.
#[derive(Debug, Default)]
pub(crate) struct Analysis {
    pub(crate) groups: Vec<Group>,
    pub(crate) index: BTreeMap<Vec<String>, usize>,
}

/// What one rule uses, before names are resolved.
#[derive(Default)]
struct Facts {
    reads: Vec<Path>,
    calls: Vec<(Path, usize)>,
    mocked: Vec<Path>,
    declared: BTreeMap<String, (u32, u32)>,
    unbounded: Vec<(u32, u32)>,
}

impl Visit for Facts {
    fn read(&mut self, path: &Path) {
        self.reads.push(path.clone());
    }

    fn call(&mut self, callee: &Path, arguments: usize) {
        self.calls.push((callee.clone(), arguments));
    }

    fn mocked(&mut self, target: &Path) {
        self.mocked.push(target.clone());
    }

    fn declared(&mut self, name: &str, place: (u32, u32)) {
        if !self.declared.contains_key(name) {
            self.declared.insert(name.to_owned(), place);
        }
    }

    fn number(&mut self, value: &Value, place: (u32, u32)) {
        if bounded_number(value).is_none() {
            self.unbounded.push(place);
        }
    }
}

/// The names of a path up to its first step that is not a name.
pub(crate) fn static_names(path: &Path) -> Vec<String> {
    let names = path.steps.iter().map_while(|step| match step {
        Step::Name(name, _) => Some(name.clone()),
        Step::Any => None,
    });
    std::iter::once(path.root.clone()).chain(names).collect()
}

fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Package names, as they stand in paths, of a module.
pub(crate) fn package(module: &Module) -> Option<Vec<String>> {
    let names = ast::names(&module.package.refr)?;
    names.iter().all(|name| is_name(name)).then_some(names)
}

/// A module and what people call it.
pub(crate) struct Named<'m> {
    pub(crate) file: &'m str,
    pub(crate) module: &'m Module,
}

impl Analysis {
    /// Analyses the modules; findings are added, and what is wrong is left out.
    pub(crate) fn new(modules: &[Named<'_>], findings: &mut Vec<Finding>) -> Self {
        let mut analysis = Self::default();
        let mut facts: Vec<(usize, usize, Vec<String>, Facts)> = Vec::new();
        for (at, Named { file, module }) in modules.iter().enumerate() {
            let Some(package) = package(module) else {
                let (line, column) = ast::place(module.package.refr.span());
                findings.push(
                    Finding::error(Code::BadName, file, "the package's name is not plain words")
                        .at(line, column)
                        .help("use letters, digits and `_`, joined by dots"),
                );
                continue;
            };
            let imports = imports(file, module, findings);
            for (rule_at, rule) in module.policy.iter().enumerate() {
                let mut found = Facts::default();
                let mut walk = Walk::new(&imports, &mut found);
                walk.rule(rule);
                let depth = walk.deepest;
                let group = analysis.group(&package, at, rule_at, rule, depth);
                check_names(file, rule, &found, findings);
                check_bodies(file, rule, findings);
                facts.push((at, group, package.clone(), found));
            }
        }
        for (at, group, package, found) in facts {
            if let Some(Named { file, module }) = modules.get(at) {
                analysis.connect(at, file, module, group, &package, found, findings);
            }
        }
        analysis
    }

    fn group(
        &mut self,
        package: &[String],
        module: usize,
        rule_at: usize,
        rule: &Ref<Rule>,
        depth: usize,
    ) -> usize {
        let head = ast::head(rule);
        let (line, column) = ast::place(head.span());
        let mut path = package.to_vec();
        if let Some(written) = ast::path(head, &mut Vec::new()) {
            path.extend(static_names(&written));
        }
        let arity = match rule.as_ref() {
            Rule::Spec {
                head: RuleHead::Func { args, .. },
                ..
            } => Some(args.len()),
            Rule::Default { args, .. } if !args.is_empty() => Some(args.len()),
            _ => None,
        };
        let next = self.groups.len();
        let at = *self.index.entry(path.clone()).or_insert(next);
        if at == next {
            self.groups.push(Group {
                path,
                package: package.len(),
                rules: Vec::new(),
                place: (module, line, column),
                arity,
                uses: BTreeSet::new(),
                reads: Vec::new(),
                depth: 0,
            });
        }
        if let Some(group) = self.groups.get_mut(at) {
            group.rules.push((module, rule_at));
            group.depth = group.depth.max(depth);
            group.arity = group.arity.or(arity);
        }
        at
    }

    /// Groups that a path of the data document reads: those above, at and below it.
    pub(crate) fn read_by(&self, path: &[String]) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        for length in 1..=path.len() {
            found.extend(path.get(..length).and_then(|above| self.index.get(above)));
        }
        let below = self.index.range(path.to_vec()..);
        found.extend(
            below
                .take_while(|(at, _)| at.starts_with(path))
                .map(|(_, group)| *group),
        );
        found
    }

    #[allow(clippy::too_many_arguments)] // one rule's place, names and facts; used once
    fn connect(
        &mut self,
        at: usize,
        file: &str,
        module: &Module,
        group: usize,
        package: &[String],
        found: Facts,
        findings: &mut Vec<Finding>,
    ) {
        let mut uses = BTreeSet::new();
        let mut reads = Vec::new();
        for path in found.reads {
            let names = static_names(&path);
            check_forbidden(file, &names.join("."), path.place, findings);
            match names.first().map(String::as_str) {
                Some("input") => reads.push((at, path)),
                Some("data") => uses.extend(self.read_by(names.get(1..).unwrap_or_default())),
                _ => {
                    let full: Vec<String> = package.iter().chain(&names).cloned().collect();
                    let root = full.get(..=package.len()).unwrap_or_default();
                    if !self.read_by(root).is_empty() {
                        uses.extend(self.read_by(&full));
                    }
                }
            }
        }
        for path in found.mocked {
            if path.root == "input" {
                reads.push((at, path));
            } else {
                check_forbidden(file, &static_names(&path).join("."), path.place, findings);
            }
        }
        for (callee, arguments) in found.calls {
            match self.callee(file, module, package, &callee, arguments) {
                Ok(called) => uses.extend(called),
                Err(finding) => findings.push(*finding),
            }
        }
        if let Some(group) = self.groups.get_mut(group) {
            group.uses.extend(uses);
            group.reads.extend(reads);
        }
    }

    /// The function that a call reaches: a group, or `None` for a builtin.
    fn callee(
        &self,
        file: &str,
        module: &Module,
        package: &[String],
        callee: &Path,
        arguments: usize,
    ) -> Result<Option<usize>, Box<Finding>> {
        let names = static_names(callee);
        let name = names.join(".");
        let (line, column) = callee.place;
        let error = |code, message: String| Finding::error(code, file, message).at(line, column);
        let local: Vec<String> = package.iter().chain(&names).cloned().collect();
        let full = if names.first().is_some_and(|root| root == "data") {
            names.get(1..).unwrap_or_default()
        } else {
            &local
        };
        let fits = |arity: usize| arguments == arity || arguments == arity + 1;
        let check = |arity: usize| {
            if fits(arity) {
                return Ok(());
            }
            let message = format!("`{name}` takes {arity} arguments, not {arguments}");
            Err(Box::new(error(Code::Arity, message)))
        };
        if let Some(found) = self.index.get(full) {
            if let Some(arity) = self.groups.get(*found).and_then(|group| group.arity) {
                check(arity)?;
                return Ok(Some(*found));
            }
        }
        if let Some(reason) = builtins::forbidden(&name) {
            let message = format!("the builtin `{name}` is not available: {reason}");
            return Err(Box::new(error(Code::ForbiddenBuiltin, message)));
        }
        if name == "print" {
            return Err(Box::new(
                error(Code::PrintIgnored, "`print` does nothing here".to_owned()).warning(),
            ));
        }
        if let Some((_, arity)) = BUILTINS.get(name.as_str()) {
            check(usize::from(*arity))?;
            return Ok(None);
        }
        let imported = module.imports.iter().any(|i| {
            import_alias(i).is_some_and(|alias| names.first() == Some(&alias))
                && ast::names(&i.refr).is_some_and(|n| n.first().is_some_and(|r| r == "data"))
        });
        if imported {
            let message = format!("`{name}` is called through an import");
            return Err(Box::new(
                error(Code::ImportCall, message)
                    .help("write the function's full path, such as `data.lib.f(x)`"),
            ));
        }
        let functions = self
            .groups
            .iter()
            .filter(|g| g.arity.is_some() && g.path.len() > g.package);
        let known = functions
            .filter(|g| g.path.starts_with(package))
            .map(|g| g.path.get(package.len()..).unwrap_or_default().join("."))
            .chain(BUILTINS.keys().map(|k| (*k).to_owned()))
            .collect::<Vec<_>>();
        let finding = error(
            Code::UnknownFunction,
            format!("no function is called `{name}`"),
        );
        Err(Box::new(
            match nearest(&name, known.iter().map(String::as_str)) {
                Some(near) => finding.help(format!("did you mean `{near}`?")),
                None => finding,
            },
        ))
    }
}

fn check_forbidden(file: &str, name: &str, place: (u32, u32), findings: &mut Vec<Finding>) {
    if let Some(reason) = builtins::forbidden(name) {
        let message = format!("the builtin `{name}` is not available: {reason}");
        findings.push(Finding::error(Code::ForbiddenBuiltin, file, message).at(place.0, place.1));
    }
}

/// The name that an import introduces.
fn import_alias(import: &regorus::unstable::Import) -> Option<String> {
    match &import.r#as {
        Some(alias) => Some(alias.text().to_owned()),
        None => ast::names(&import.refr)?.pop(),
    }
}

fn imports(file: &str, module: &Module, findings: &mut Vec<Finding>) -> BTreeMap<String, Path> {
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
        if let Some(alias) = import_alias(import) {
            imports.insert(alias, path);
        }
    }
    imports
}

fn check_names(file: &str, rule: &Ref<Rule>, found: &Facts, findings: &mut Vec<Finding>) {
    let declared = found
        .declared
        .iter()
        .map(|(name, place)| (name.as_str(), *place));
    let head = ast::path(ast::head(rule), &mut Vec::new());
    let defined = head.as_ref().map(|path| (path.root.as_str(), path.place));
    for (name, (line, column)) in declared.chain(defined) {
        if matches!(name, "input" | "data") {
            findings.push(
                Finding::error(Code::BadName, file, format!("`{name}` is declared anew"))
                    .at(line, column)
                    .help("choose another name: this one is the document's"),
            );
        }
    }
    for (line, column) in &found.unbounded {
        let message = "a number is outside of the range of a double";
        findings.push(Finding::error(Code::TooLarge, file, message).at(*line, *column));
    }
}

/// Refuses chained bodies and `else` where the engine loses results: at partial objects and sets,
/// and chained bodies of rules whose value is not `true`.
fn check_bodies(file: &str, rule: &Ref<Rule>, findings: &mut Vec<Finding>) {
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
