//! What the rules of a set use: other rules, functions, the input. One pass over the syntax trees
//! yields the findings, the graph of rules, and the answers to static questions about them.

use std::collections::{BTreeMap, BTreeSet};

use regorus::unstable::{Expr, Module, Ref, Rule, RuleHead, BUILTINS};
use regorus::Value;

use crate::ast::{self, Path, Step, Visit, Walk};
use crate::builtins;
use crate::collision::{self, Claim};
use crate::finding::{nearest, Code, Finding};
use crate::growth::{self, Growth};
use crate::json::bounded_number;
use crate::rules::{
    check_bodies, check_forbidden, check_mocked, check_names, import_alias, imports,
};
use crate::safety::{self, Known};
use crate::set::Options;

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
    /// Whether any of the rules is not a function.
    pub(crate) has_value: bool,
    /// Groups that this one depends on, by index.
    pub(crate) uses: BTreeSet<usize>,
    /// Paths of the input that are read here.
    pub(crate) reads: Vec<Read>,
    /// Depth of the deepest expression.
    pub(crate) depth: usize,
    /// What each rule constructs, and the functions it calls, each as often as it is written.
    pub(crate) bodies: Vec<(Growth, Vec<usize>)>,
}

/// A path of the input that a rule reads.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) module: usize,
    pub(crate) rule: usize,
    pub(crate) path: Path,
    /// Whether it is read only to be formatted into a message.
    pub(crate) formatted: bool,
}

/// A set of modules, analysed.
#[derive(Debug, Default)]
pub(crate) struct Analysis {
    pub(crate) groups: Vec<Group>,
    pub(crate) index: BTreeMap<Vec<String>, usize>,
}

/// What one rule uses, before names are resolved.
#[derive(Default)]
pub(crate) struct Facts {
    reads: Vec<(Path, bool)>,
    calls: Vec<(Path, usize)>,
    mocked: Vec<Path>,
    pub(crate) declared: BTreeMap<String, (u32, u32)>,
    pub(crate) unbounded: Vec<(u32, u32)>,
}

/// One rule's place in the set.
struct At<'m> {
    module: usize,
    rule: usize,
    group: usize,
    named: &'m Named<'m>,
    package: Vec<String>,
    growth: Growth,
}

impl Visit for Facts {
    fn read(&mut self, path: &Path, formatted: bool) {
        self.reads.push((path.clone(), formatted));
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
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
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
    pub(crate) fn new(
        modules: &[Named<'_>],
        options: &Options,
        findings: &mut Vec<Finding>,
    ) -> Self {
        let mut analysis = Self::default();
        let mut facts: Vec<(At<'_>, Facts)> = Vec::new();
        let mut defaults = BTreeSet::new();
        for (at, named) in modules.iter().enumerate() {
            let Named { file, module } = named;
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
                let (depth, longest) = (walk.deepest, walk.longest);
                let group = analysis.group(&package, at, rule_at, rule, depth);
                check_names(file, rule, &found, findings);
                check_bodies(file, rule, findings);
                if matches!(rule.as_ref(), Rule::Default { .. }) {
                    let head = ast::head(rule).span();
                    if !defaults.insert((group, head.text().to_owned())) {
                        let (line, column) = ast::place(head);
                        let message = format!("`{}` has a second default", head.text());
                        findings.push(
                            Finding::error(Code::Invalid, file, message)
                                .at(line, column)
                                .help("keep one: the engine would take either"),
                        );
                    }
                }
                if longest > options.limits.max_statements {
                    let (line, column) = ast::place(rule.span());
                    let most = options.limits.max_statements;
                    let message = format!("a body has more than {most} statements");
                    findings.push(
                        Finding::error(Code::TooLarge, file, message)
                            .at(line, column)
                            .help("split the rule, or raise limits.max_statements"),
                    );
                    continue;
                }
                let growth = growth::of(rule);
                let package = package.clone();
                facts
                    .push((At { module: at, rule: rule_at, group, named, package, growth }, found));
            }
        }
        let packages = facts.iter().map(|(at, _)| at.package.clone()).collect();
        let claims = facts.iter().filter_map(|(at, _)| {
            let path = &analysis.groups.get(at.group)?.path;
            Some(Claim { named: at.named, rule: at.rule, package: &at.package, path })
        });
        collision::check(claims, &packages, findings);
        collision::check_kinds(&analysis, modules, findings);
        for (at, found) in facts {
            analysis.check_safety(&at, findings);
            analysis.connect(at, found, options.tests, findings);
        }
        analysis
    }

    /// Refuses a variable that never gets a value.
    fn check_safety(&self, at: &At<'_>, findings: &mut Vec<Finding>) {
        let Named { file, module } = at.named;
        let Some(rule) = module.policy.get(at.rule) else {
            return;
        };
        let aliases: Vec<String> = module.imports.iter().filter_map(import_alias).collect();
        let is_global = |name: &str| {
            let root: Vec<String> = at.package.iter().cloned().chain([name.to_owned()]).collect();
            aliases.iter().any(|alias| alias == name) || !self.read_by(&root).is_empty()
        };
        let arity = |callee: &Expr| {
            let names = ast::names(callee)?;
            let found = self.function(&at.package, &names);
            let builtin = BUILTINS.get(names.join(".").as_str()).map(|(_, n)| usize::from(*n));
            found.and_then(|group| self.groups.get(group)?.arity).or(builtin)
        };
        if let Some((name, (line, column))) =
            safety::unbound(rule, &Known { is_global: &is_global, arity: &arity })
        {
            findings.push(
                Finding::error(Code::Invalid, file, format!("`{name}` never gets a value"))
                    .at(line, column)
                    .help("bind it in the rule's body, or correct its name"),
            );
        }
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
            Rule::Spec { head: RuleHead::Func { args, .. }, .. } => Some(args.len()),
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
                has_value: false,
                uses: BTreeSet::new(),
                reads: Vec::new(),
                depth: 0,
                bodies: Vec::new(),
            });
        }
        if let Some(group) = self.groups.get_mut(at) {
            group.rules.push((module, rule_at));
            group.depth = group.depth.max(depth);
            group.arity = group.arity.or(arity);
            group.has_value |= arity.is_none();
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
        found.extend(below.take_while(|(at, _)| at.starts_with(path)).map(|(_, group)| *group));
        found
    }

    fn connect(&mut self, at: At<'_>, found: Facts, tests: bool, findings: &mut Vec<Finding>) {
        let At { module, rule, group, named, package, growth } = at;
        let file = named.file;
        let mut uses = BTreeSet::new();
        let mut reads = Vec::new();
        for (path, formatted) in found.reads {
            let names = static_names(&path);
            check_forbidden(file, &names.join("."), path.place, findings);
            match names.first().map(String::as_str) {
                Some("input") => reads.push(Read { module, rule, path, formatted }),
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
            match path.root.as_str() {
                "input" => reads.push(Read { module, rule, path, formatted: false }),
                "data" => {}
                _ => check_mocked(file, &path, tests, findings),
            }
        }
        let mut calls = Vec::new();
        for (callee, arguments) in found.calls {
            match self.callee(file, named.module, &package, &callee, arguments) {
                Ok(called) => calls.extend(called),
                Err(finding) => findings.push(*finding),
            }
        }
        if let Some(group) = self.groups.get_mut(group) {
            group.uses.extend(uses);
            group.uses.extend(&calls);
            group.reads.extend(reads);
            group.bodies.push((growth, calls));
        }
    }

    /// The group of a function that is called by this name in a package.
    fn function(&self, package: &[String], names: &[String]) -> Option<usize> {
        let local: Vec<String> = package.iter().chain(names).cloned().collect();
        let full = match names.split_first() {
            Some((root, rest)) if root == "data" => rest,
            _ => &local,
        };
        let found = *self.index.get(full)?;
        self.groups.get(found)?.arity.map(|_| found)
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
        let fits = |arity: usize| arguments == arity || arguments == arity + 1;
        let check = |arity: usize| {
            if fits(arity) {
                return Ok(());
            }
            let message = format!("`{name}` is called with {arguments} arguments, not {arity}");
            Err(Box::new(error(Code::Arity, message)))
        };
        if let Some(found) = self.function(package, &names) {
            check(self.groups.get(found).and_then(|group| group.arity).unwrap_or_default())?;
            return Ok(Some(found));
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
        let functions =
            self.groups.iter().filter(|g| g.arity.is_some() && g.path.len() > g.package);
        let known = functions
            .filter(|g| g.path.starts_with(package))
            .map(|g| g.path.get(package.len()..).unwrap_or_default().join("."))
            .chain(BUILTINS.keys().map(|k| (*k).to_owned()))
            .collect::<Vec<_>>();
        let finding = error(Code::UnknownFunction, format!("no function is called `{name}`"));
        Err(Box::new(match nearest(&name, known.iter().map(String::as_str)) {
            Some(near) => finding.help(format!("did you mean `{near}`?")),
            None => finding,
        }))
    }
}
