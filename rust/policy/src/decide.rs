//! Deciding: every package is asked, every failure is a denial, and what fired is named.

use std::sync::Arc;
use std::time::{Duration, Instant};

use regorus::Value;
use serde::{Deserialize, Serialize};
use serde_json::{json, Value as Json};

use crate::engine::{within, Ask, Failure, Lost, Session};
use crate::entry::{self, Package, Required, Target};
use crate::explain::{fired, first_place, sources, At};
use crate::finding::Code;
use crate::json;
use crate::message::{said, shorten};
use crate::set::Loaded;

/// When, and what, is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Before the data is read: packages that read the report wait.
    BeforeData,
    /// Before the commit: every package.
    BeforeCommit,
    /// Whether a user may read a product: `allow_read` only.
    Read,
}

/// One question.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// When, and what.
    pub phase: Phase,
    /// The frozen clock, in ns since 1970 UTC.
    pub now_ns: i64,
    /// Entry points that must allow, beside those the set was loaded with.
    #[serde(default)]
    pub require: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Reason {
    message: String,
    code: String,
    policy: Option<String>,
    file: Option<String>,
    line: Option<u32>,
}

/// A decision as it forms. It allows when nothing was added that denies.
#[derive(Default)]
struct Outcome {
    denied: bool,
    undefined: bool,
    /// The evaluation could not be stopped and goes on without anybody waiting for it.
    left_behind: bool,
    error: Option<Code>,
    reasons: Vec<Reason>,
    more: usize,
    policies: Vec<String>,
    decided: Vec<String>,
    waiting: Vec<String>,
}

/// How often a decision is tried that took too long.
const ATTEMPTS: usize = 3;

/// Decides and returns `{allowed, undefined, error, reasons, policies, decided, waiting,
/// elapsed_us}`.
pub(crate) fn decide(set: &Arc<Loaded>, input: &str, request: &Request) -> Json {
    let start = Instant::now();
    // A busy machine can take a thread away for longer than the budget; a hostile policy uses up
    // every budget. So a timeout is tried again.
    let mut outcome = attempt_safely(set, input, request);
    for _ in 1..ATTEMPTS {
        if outcome.error != Some(Code::Timeout) || outcome.left_behind {
            break;
        }
        outcome = attempt_safely(set, input, request);
    }
    if outcome.more > 0 {
        let message = format!("and {} more reasons", outcome.more);
        let code = Code::Denied.as_str().to_owned();
        outcome.reasons.push(Reason { message, code, policy: None, file: None, line: None });
    }
    outcome.policies.sort();
    outcome.policies.dedup();
    json!({
        "allowed": !outcome.denied,
        "undefined": outcome.undefined,
        "error": outcome.error.map(Code::as_str),
        "reasons": outcome.reasons,
        "policies": outcome.policies,
        "decided": outcome.decided,
        "waiting": outcome.waiting,
        "elapsed_us": u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX),
    })
}

/// Evaluates a plain set here, and any other on a stack of its own and against the clock: what it
/// builds may be too deep for this stack, or take too long to compare.
fn attempt_safely(set: &Arc<Loaded>, input: &str, request: &Request) -> Outcome {
    if set.cost.is_plain() {
        return attempt(set, input, request);
    }
    let (own, text, question) = (Arc::clone(set), input.to_owned(), request.clone());
    // Its own clock stops it at the budget; this one only stops what that does not see.
    let budget = Duration::from_millis(set.limits.time_ms.saturating_mul(2));
    within(budget, move || attempt(&own, &text, &question)).unwrap_or_else(|lost| {
        let mut asking = Asking { set, outcome: Outcome::default() };
        match lost {
            Lost::Late => {
                asking.broken(Code::Timeout, "the policies took longer than their budget");
            }
            Lost::Panicked => asking.broken(Code::Panic, "the policies made the engine fail"),
        }
        asking.outcome.left_behind = true;
        asking.outcome
    })
}

fn attempt(set: &Loaded, input: &str, request: &Request) -> Outcome {
    let mut asking = Asking { set, outcome: Outcome::default() };
    let Some(pool) = &set.pool else {
        asking.broken(Code::NotLoaded, "the policies hold errors, so nothing can be decided");
        return asking.outcome;
    };
    let limits = &set.limits;
    let input = match json::read_object(input, limits.max_input_bytes, limits.max_json_depth) {
        Ok(input) => input,
        Err(refused) => {
            asking.broken(Code::BadInput, &format!("the policy input is unusable: {}", refused.0));
            return asking.outcome;
        }
    };
    let mut session = pool.session(input, request.now_ns, Duration::from_millis(limits.time_ms));
    match request.phase {
        Phase::Read => asking.read(&mut session),
        phase => asking.publish(&mut session, phase, &request.require),
    }
    asking.outcome
}

struct Asking<'s> {
    set: &'s Loaded,
    outcome: Outcome,
}

impl Asking<'_> {
    /// Denies because deciding itself is not possible.
    fn broken(&mut self, code: Code, message: &str) {
        self.outcome.error.get_or_insert(code);
        self.deny(code.as_str(), message.to_owned(), None, None);
    }

    fn deny(&mut self, code: &str, message: String, policy: Option<&str>, rule: Option<At>) {
        self.outcome.denied = true;
        if self.outcome.reasons.len() >= self.set.limits.max_reasons {
            self.outcome.more += 1;
            return;
        }
        let (file, line) = rule.unzip();
        self.outcome.reasons.push(Reason {
            message: shorten(message, self.set.limits.max_message_bytes),
            code: code.to_owned(),
            policy: policy.map(str::to_owned),
            file,
            line,
        });
    }

    fn failed(&mut self, package: &str, rule: &str, failure: &Failure) {
        let what = match failure.code {
            Code::Timeout => "took longer than its budget",
            Code::Limit => "met a bound of size",
            Code::Panic => "made the engine fail",
            _ => "could not be evaluated",
        };
        self.outcome.error.get_or_insert(failure.code);
        let at = failure.place.as_ref().and_then(|(file, line, _)| {
            let index: usize = file.strip_prefix('m')?.parse().ok()?;
            Some((self.set.files.get(index)?.clone(), *line))
        });
        self.deny(failure.code.as_str(), format!("`{rule}` {what}"), Some(package), at);
    }

    fn publish(&mut self, session: &mut Session<'_>, phase: Phase, require: &[String]) {
        let waits = |package: &Package| phase == Phase::BeforeData && package.reads_report;
        for package in &self.set.packages {
            if package.denials.is_empty() && package.allow_publish.is_none() {
                continue;
            }
            if waits(package) {
                self.outcome.waiting.push(package.name.clone());
                continue;
            }
            self.outcome.decided.push(package.name.clone());
            for denial in &package.denials {
                self.ask_denial(session, package, denial);
            }
        }
        let mut required: Vec<Required> = self.set.require.clone();
        for written in require {
            let Some(found) = entry::required(&self.set.analysis, written) else {
                let message = format!("the required entry point `{written}` does not exist");
                self.broken(Code::UnknownEntryPoint, &message);
                continue;
            };
            required.push(found);
        }
        required.sort_by(|a, b| a.target.path.cmp(&b.target.path));
        required.dedup_by(|a, b| a.target.path == b.target.path);
        for Required { target, reads_report } in required {
            if phase == Phase::BeforeData && reads_report {
                self.outcome.waiting.push(target.text);
            } else {
                self.ask_permission(session, &target);
            }
        }
    }

    fn read(&mut self, session: &mut Session<'_>) {
        let mut asked = false;
        let mut allowed = false;
        for package in &self.set.packages {
            let Some(target) = &package.allow_read else {
                continue;
            };
            asked = true;
            self.outcome.decided.push(package.name.clone());
            match ask(session, target) {
                Ok(Value::Bool(true)) => {
                    allowed = true;
                    let fired = fired(self.set, session, target);
                    self.outcome.policies.extend(fired);
                }
                Ok(Value::Bool(false)) => {}
                Ok(Value::Undefined) => self.outcome.undefined = true,
                Ok(_) => self.not_boolean(&package.name, target),
                Err(failure) => self.failed(&package.name, &target.text, &failure),
            }
        }
        if asked && !allowed {
            let code = Code::NotAllowed.as_str();
            self.deny(
                code,
                "no policy allows this user to read the product".to_owned(),
                None,
                None,
            );
        }
    }

    fn not_boolean(&mut self, package: &str, target: &Target) {
        let code = Code::NotAllowed;
        let message = format!("`{}` is neither true nor false", target.text);
        self.outcome.error.get_or_insert(Code::EvaluationFailed);
        let at = first_place(self.set, target);
        self.deny(code.as_str(), message, Some(package), at);
    }

    /// A rule that must be exactly `true`.
    fn ask_permission(&mut self, session: &mut Session<'_>, target: &Target) {
        let package = target.path.split_last().map_or(String::new(), |(_, path)| path.join("."));
        let place = first_place(self.set, target);
        let text = &target.text;
        let code = Code::NotAllowed.as_str();
        match ask(session, target) {
            Ok(Value::Bool(true)) => {
                let fired = fired(self.set, session, target);
                self.outcome.policies.extend(fired);
            }
            Ok(Value::Bool(false)) => {
                self.deny(code, format!("`{text}` is false"), Some(&package), place);
            }
            Ok(Value::Undefined) => {
                self.outcome.undefined = true;
                self.deny(code, format!("`{text}` is undefined"), Some(&package), place);
            }
            Ok(_) => self.not_boolean(&package, target),
            Err(failure) => self.failed(&package, text, &failure),
        }
    }

    /// A rule that must be empty, undefined or false.
    fn ask_denial(&mut self, session: &mut Session<'_>, package: &Package, target: &Target) {
        let value = match ask(session, target) {
            Ok(value) => value,
            Err(failure) => return self.failed(&package.name, &target.text, &failure),
        };
        let messages = match said(&value, target, &self.set.limits) {
            Ok(messages) if messages.is_empty() => return,
            Ok(messages) => messages,
            Err(code) => {
                self.outcome.error.get_or_insert(code);
                vec![(code.as_str().to_owned(), format!("`{}` is not usable", target.text))]
            }
        };
        let sources = sources(self.set, session, target);
        for (code, message) in messages {
            let by = sources
                .iter()
                .filter(|(words, _)| words.contains(&(code.clone(), message.clone())));
            let at = by.map(|(_, at)| at.clone()).next().or_else(|| first_place(self.set, target));
            self.outcome.policies.extend(at.iter().map(|(file, line)| format!("{file}:{line}")));
            self.deny(&code, message, Some(&package.name), at);
        }
    }
}

fn ask(session: &mut Session<'_>, target: &Target) -> Result<Value, Failure> {
    let text = &target.text;
    session.ask(if target.document { Ask::Document(text) } else { Ask::Rule(text) })
}
