//! From texts to a checked, prepared set: size, guards, parse, static checks, data, dry compile.
//!
//! One file because the steps are one sequence, and every finding of every step is collected.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use regorus::unstable::{Module, Ref};
use regorus::{Engine, Value};
use sha2::{Digest, Sha256};

use crate::analysis::{package, static_names, Analysis, Named, Read};
use crate::ast::{self, Step};
use crate::engine::{column_in, fresh, place_of, within, Lost, Pool};
use crate::entry::{self, Question};
use crate::finding::{Code, Finding, Severity};
use crate::graph::{self, Cost};
use crate::guard::{self, Scan};
use crate::json;
use crate::limits::Limits;
use crate::schema::{Missing, Schema};
use crate::set::{Loaded, Options};

/// Loads modules by name. A set with errors decides nothing.
pub(crate) fn load(modules: &[(String, String)], data: &str, options: Options) -> Loaded {
    let limits = Arc::new(options.limits.clone());
    let require = options.require.clone();
    let mut loading = Loading { findings: Vec::new(), limits: Arc::clone(&limits), options };
    let (own, text) = (modules.to_vec(), data.to_owned());
    let work = move || {
        let built = loading.build(&own, &text);
        (loading.findings, built)
    };
    let budget = Duration::from_millis(limits.load_ms);
    let (mut findings, built) = within(budget, work).unwrap_or_else(|lost| {
        let finding = match lost {
            Lost::Late => Finding::error(Code::TooLarge, "", "the set takes too long to load")
                .help("simplify the policies, or raise limits.load_ms"),
            Lost::Panicked => Finding::error(Code::Panic, "", "the engine failed while loading"),
        };
        (vec![finding], None)
    });
    // What concerns the set as a whole is often a consequence of what one module holds.
    findings.sort_by(|a, b| {
        let key = |f: &Finding| (f.file.is_empty(), f.file.clone(), f.line, f.column, f.code);
        key(a).cmp(&key(b))
    });
    findings.dedup();
    let broken = findings.iter().any(|f| f.severity == Severity::Error);
    let digest = digest(modules, data);
    let built = built.unwrap_or_default();
    let required = require.iter();
    Loaded {
        pool: built.pool.filter(|_| !broken),
        packages: entry::packages(&built.analysis, &built.files),
        require: required.filter_map(|r| entry::required(&built.analysis, r)).collect(),
        analysis: built.analysis,
        files: built.files,
        modules: built.modules,
        findings,
        digest,
        limits,
        cost: built.cost,
    }
}

struct Loading {
    findings: Vec<Finding>,
    limits: Arc<Limits>,
    options: Options,
}

#[derive(Default)]
struct Built {
    pool: Option<Pool>,
    analysis: Analysis,
    files: Vec<String>,
    modules: Vec<Ref<Module>>,
    cost: Cost,
}

/// Text as it is digested and parsed: no byte order mark, lines end with a line feed.
fn normalise(text: &str) -> String {
    text.trim_start_matches('\u{feff}').replace("\r\n", "\n")
}

/// SHA-256 over the normalised modules, sorted by name, and the data; lengths keep parts apart.
fn digest(modules: &[(String, String)], data: &str) -> String {
    let mut sorted: Vec<_> = modules.iter().map(|(n, t)| (n.as_str(), normalise(t))).collect();
    sorted.sort();
    let mut hash = Sha256::new();
    hash.update(b"meshgate policy set 1\n");
    for (name, text) in &sorted {
        for part in [*name, text.as_str()] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
    }
    hash.update((data.len() as u64).to_le_bytes());
    hash.update(data.as_bytes());
    hash.finalize().iter().fold("sha256:".to_owned(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl Loading {
    fn push(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    fn failed(&self) -> bool {
        self.findings.iter().any(|f| f.severity == Severity::Error)
    }

    fn build(&mut self, modules: &[(String, String)], data: &str) -> Option<Built> {
        let texts = self.texts(modules);
        let mut engine = fresh(&self.limits).ok()?;
        let mut files = Vec::new();
        for (name, text, scan) in texts {
            if self.parse(&mut engine, &name, &text, &scan, files.len()) {
                files.push(name);
            }
        }
        let modules: Vec<Ref<Module>> = engine.get_modules().clone();
        let rules: usize = modules.iter().map(|m| m.policy.len()).sum();
        if rules > self.limits.max_rules {
            let message = format!("the set has more than {} rules", self.limits.max_rules);
            self.push(Finding::error(Code::TooLarge, "", message));
            return None;
        }
        self.reserved(&modules, &files);
        let named: Vec<Named<'_>> =
            files.iter().zip(&modules).map(|(file, module)| Named { file, module }).collect();
        let analysis = Analysis::new(&named, &self.options, &mut self.findings);
        let names: Vec<&str> = files.iter().map(String::as_str).collect();
        let cost = graph::check(&analysis, &names, &self.limits, &mut self.findings);
        self.strict_inputs(&analysis, &names);
        let data = self.data(data, &analysis, &names);
        // Without the modules that were refused, a required rule may be missing for that reason.
        if !self.failed() {
            self.entry_points(&analysis);
        }
        // What was refused above may break the engine below: a deep chain, for one.
        let pool = match data {
            Some(data) if !self.failed() => {
                engine.add_data(data).ok()?;
                self.prepare(&mut engine, &analysis, &names);
                Some(Pool::new(engine))
            }
            _ => None,
        };
        Some(Built { pool, analysis, files, modules, cost })
    }

    /// Texts within the bounds of size and nesting, sorted by name, each name once.
    fn texts(&mut self, modules: &[(String, String)]) -> Vec<(String, String, Scan)> {
        let total: usize = modules.iter().map(|(_, text)| text.len()).sum();
        if modules.len() > self.limits.max_modules || total > self.limits.max_total_bytes {
            let message = format!(
                "the set has more than {} modules or {} bytes",
                self.limits.max_modules, self.limits.max_total_bytes
            );
            self.push(Finding::error(Code::TooLarge, "", message));
            return Vec::new();
        }
        let mut sorted: Vec<_> = modules.iter().collect();
        sorted.sort();
        let mut seen = BTreeSet::new();
        let mut texts = Vec::new();
        for (name, text) in sorted {
            if !seen.insert(name) {
                self.push(Finding::error(
                    Code::DuplicateModule,
                    name,
                    "two modules have this name",
                ));
                continue;
            }
            let text = normalise(text);
            if let Some(at) = text.find('\0') {
                let before = text.get(..at).unwrap_or_default();
                let line = before.matches('\n').count() as u32 + 1;
                let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) as u32 + 1;
                let message = "a NUL character, which would end the module unseen";
                self.push(Finding::error(Code::Syntax, name, message).at(line, column));
                continue;
            }
            match guard::check(name, &text, &self.limits) {
                Ok(scan) => texts.push((name.clone(), text, scan)),
                Err(finding) => self.push(finding),
            }
        }
        texts
    }

    /// Adds a module as v1, or as v0 when only that parses. The engine knows it as `m<index>`.
    fn parse(
        &mut self,
        engine: &mut Engine,
        name: &str,
        text: &str,
        scan: &Scan,
        index: usize,
    ) -> bool {
        engine.set_rego_v0(false);
        let Err(v1) = engine.add_policy(format!("m{index}"), text.to_owned()) else {
            return true;
        };
        let mut stopped = place_of(&v1).map(|(_, line, column)| (line, column, "v1"));
        // As v0 the engine would treat these words as names and warn on the terminal.
        let keywords = imported_keywords(text);
        let mut words = scan.future_words.iter();
        if words.all(|(word, ..)| keywords.contains(*word)) {
            engine.set_rego_v0(true);
            let Err(v0) = engine.add_policy(format!("m{index}"), text.to_owned()) else {
                return true;
            };
            // The dialect that got further is the one that was meant.
            if let Some((_, line, column)) = place_of(&v0) {
                if stopped.is_none_or(|(l, c, _)| (line, column) > (l, c)) {
                    stopped = Some((line, column, "v0"));
                }
            }
        }
        let mut finding = Finding::error(Code::Syntax, name, "the module is not Rego v1 or v0");
        if let Some((line, column, dialect)) = stopped {
            let help = format!("the place is where reading it as Rego {dialect} stopped");
            finding = finding.at(line, column_in(text, line, column)).help(help);
        }
        self.push(finding);
        false
    }

    fn reserved(&mut self, modules: &[Ref<Module>], files: &[String]) {
        let reserved: Vec<String> = self.options.reserved.split('.').map(str::to_owned).collect();
        for (file, module) in files.iter().zip(modules) {
            if self.options.reserved.is_empty() || self.options.shipped.contains(file) {
                continue;
            }
            let Some(package) = package(module) else {
                continue;
            };
            // A rule of a package above could lie in it too.
            let heads = module.policy.iter().filter_map(|rule| {
                let head = ast::head(rule);
                let names = static_names(&ast::path(head, &mut Vec::new())?);
                Some((head.span(), package.iter().cloned().chain(names).collect::<Vec<_>>()))
            });
            let own = std::iter::once((module.package.refr.span(), package.clone()));
            let mut claimed = own.chain(heads);
            if let Some((span, _)) = claimed.find(|(_, path)| path.starts_with(&reserved)) {
                let (line, column) = ast::place(span);
                let message = format!("the package `{}` is reserved", reserved.join("."));
                self.findings.push(
                    Finding::error(Code::ReservedPackage, file, message)
                        .at(line, column)
                        .help("choose another package for your own policies"),
                );
            }
        }
    }

    /// Every path of the input that an entry point reaches must be documented for its question.
    fn strict_inputs(&mut self, analysis: &Analysis, files: &[&str]) {
        let schemas = [
            (Question::Publish, self.options.input_schema.clone().map(Schema::new)),
            (Question::Read, self.options.read_schema.clone().map(Schema::new)),
        ];
        let mut reached: BTreeMap<usize, Vec<Question>> = BTreeMap::new();
        for (question, _) in &schemas {
            let roots = entry::roots(analysis, *question, &self.options.require);
            for group in graph::reach(analysis, roots) {
                reached.entry(group).or_default().push(*question);
            }
        }
        for (at, group) in analysis.groups.iter().enumerate() {
            for read in &group.reads {
                let asked = reached.get(&at);
                let judges = schemas
                    .iter()
                    .filter(|(question, _)| asked.is_none_or(|asked| asked.contains(question)));
                let judged: Vec<Result<usize, Missing>> = judges
                    .filter_map(|(_, schema)| Some(schema.as_ref()?.find(&read.path)))
                    .collect();
                let missing = judged.iter().filter_map(|found| found.as_ref().err());
                // A rule that nothing reaches may be meant for either question.
                let wrong = match asked {
                    Some(_) => missing.clone().next().is_some(),
                    None => !judged.is_empty() && judged.iter().all(Result::is_err),
                };
                let file = files.get(read.module).copied().unwrap_or_default();
                if let Some(first) = missing.clone().next().filter(|_| wrong) {
                    self.findings.push(unknown_input(file, first));
                } else if read.formatted {
                    let certain = judged.iter().filter_map(|found| found.as_ref().ok()).min();
                    let finding = certain.and_then(|c| uncertain(file, read, *c, &group.reads));
                    self.findings.extend(finding);
                }
            }
        }
    }

    fn entry_points(&mut self, analysis: &Analysis) {
        for written in &self.options.require {
            if entry::required(analysis, written).is_some() {
                continue;
            }
            let known: Vec<String> = analysis
                .groups
                .iter()
                .filter(|g| g.path.last().is_some_and(|name| name == entry::ALLOW_PUBLISH))
                .map(|g| g.path.get(..g.package).unwrap_or_default().join("."))
                .collect();
            let message = format!("the required entry point `{written}` does not exist");
            let finding = Finding::error(Code::UnknownEntryPoint, "", message);
            let near = crate::finding::nearest(written, known.iter().map(String::as_str));
            self.findings.push(match near {
                Some(near) => finding.help(format!("did you mean `{near}`?")),
                None => finding.help("name a package that defines `allow_publish`"),
            });
        }
    }

    /// The data document, which must not touch the path of any rule: the engine would let it win.
    fn data(&mut self, data: &str, analysis: &Analysis, files: &[&str]) -> Option<Value> {
        let read = json::read_object(data, self.limits.max_data_bytes, self.limits.max_json_depth);
        let value = match read {
            Ok(value) => value,
            Err(refused) => {
                let message = format!("the data document is unusable: {}", refused.0);
                self.push(Finding::error(Code::BadData, "", message));
                return None;
            }
        };
        for group in &analysis.groups {
            let mut at = Some(&value);
            for name in &group.path {
                at = match at {
                    Some(Value::Object(fields)) => fields.get(&Value::from(name.as_str())),
                    _ => break,
                };
            }
            if at.is_some() {
                let (module, line, column) = group.place;
                let file = files.get(module).copied().unwrap_or_default();
                let message =
                    format!("the data holds a value for the rule `{}`", group.path.join("."));
                self.push(
                    Finding::error(Code::DataShadowsRule, file, message)
                        .at(line, column)
                        .help("rename the rule, or move the value out of its path"),
                );
            }
        }
        Some(value)
    }

    /// Compiles the set once, so that what the engine refuses shows now. The engine compiles all
    /// rules, whichever of them it is asked for.
    fn prepare(&mut self, engine: &mut Engine, analysis: &Analysis, files: &[&str]) {
        let Some(group) = analysis.groups.first() else {
            return;
        };
        let path: Arc<str> = format!("data.{}", group.path.join(".")).into();
        let Err(error) = engine.compile_with_entrypoint(&path) else {
            return;
        };
        let place = place_of(&error);
        if place.is_none() && error.to_string().contains("not a valid rule path") {
            return;
        }
        let (module, line, column) = place.map_or(group.place, |(file, line, column)| {
            let module = file.strip_prefix('m').and_then(|n| n.parse().ok());
            let module = module.unwrap_or(group.place.0);
            let modules = engine.get_policies().unwrap_or_default();
            let text = modules.get(module).map_or("", |source| source.get_contents().as_str());
            (module, line, column_in(text, line, column))
        });
        let file = files.get(module).copied().unwrap_or_default();
        self.push(
            Finding::error(Code::Invalid, file, "the rules do not compile")
                .at(line, column)
                .help("a variable may have no value here, or two rules may contradict"),
        );
    }
}

fn unknown_input(file: &str, missing: &Missing) -> Finding {
    let (line, column) = missing.place;
    let message = format!("`{}` is not part of the input", missing.path);
    Finding::error(Code::UnknownInput, file, message).at(line, column).help(
        match &missing.nearest {
            Some(near) => format!("did you mean `{near}`?"),
            None => "the documentation of the policy input lists its paths".to_owned(),
        },
    )
}

/// A warning when a message is built from a part of the input that may be missing and that the same
/// rule does not ask for otherwise.
fn uncertain(file: &str, read: &Read, certain: usize, reads: &[Read]) -> Option<Finding> {
    let part = read.path.steps.get(..=certain)?;
    let asked = reads.iter().any(|other| {
        let same = (other.module, other.rule) == (read.module, read.rule);
        same && !other.formatted && names_begin_with(&other.path.steps, part)
    });
    if asked {
        return None;
    }
    let (line, column) = read.path.place;
    let message = "a message is built from a part of the input that may be missing";
    let finding = Finding::error(Code::UncertainMessage, file, message).warning();
    Some(finding.at(line, column).help("ask for that part in the rule's body too"))
}

fn names_begin_with(path: &[Step], part: &[Step]) -> bool {
    path.len() >= part.len()
        && path.iter().zip(part).all(|(a, b)| match (a, b) {
            (Step::Name(a, _), Step::Name(b, _)) => a == b,
            (Step::Any, Step::Any) => true,
            _ => false,
        })
}

/// The words that `import future.keywords` and `import rego.v1` make keywords in a v0 module.
fn imported_keywords(text: &str) -> BTreeSet<String> {
    let all = ["every", "if", "in", "contains"];
    let mut found = BTreeSet::new();
    for line in text.lines() {
        let Some(path) = line.trim().strip_prefix("import ") else {
            continue;
        };
        match path.trim() {
            "rego.v1" | "future.keywords" => found.extend(all.map(str::to_owned)),
            path => {
                if let Some(word) = path.strip_prefix("future.keywords.") {
                    found.insert(word.trim().to_owned());
                    if word.trim() == "every" {
                        found.insert("in".to_owned());
                    }
                }
            }
        }
    }
    found
}
