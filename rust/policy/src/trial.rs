//! Runs the tests of policies: rules named `test_*`.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use regorus::Value;
use serde_json::{json, Value as Json};

use crate::engine::{on_own_stack, Ask};
use crate::set::Loaded;

const MAX_CASES: usize = 10_000;

/// Every test with its outcome, sorted by package and name. A set with errors runs none.
pub(crate) fn run(set: &Loaded, now_ns: i64) -> Json {
    let mut tests: BTreeMap<Vec<String>, usize> = BTreeMap::new();
    for (at, group) in set.analysis.groups.iter().enumerate() {
        let name = group.path.get(group.package).map_or("", String::as_str);
        let is_test = name.starts_with("test_") || name.starts_with("todo_");
        if is_test && group.arity.is_none() {
            let path = group.path.get(..=group.package).unwrap_or_default().to_vec();
            tests.entry(path).or_insert(at);
        }
    }
    let results = on_own_stack(|| {
        tests.iter().flat_map(|(path, at)| one(set, path, *at, now_ns)).collect::<Vec<_>>()
    });
    Json::Array(results.unwrap_or_default())
}

/// One rule: one test, or one for each key of a partial object.
fn one(set: &Loaded, path: &[String], group: usize, now_ns: i64) -> Vec<Json> {
    let Some((name, package)) = path.split_last() else {
        return Vec::new();
    };
    let Some(group) = set.analysis.groups.get(group) else {
        return Vec::new();
    };
    let Some(pool) = &set.pool else {
        return Vec::new();
    };
    let (module, line, _) = group.place;
    let file = set.files.get(module).cloned().unwrap_or_default();
    let start = Instant::now();
    let report = |case: Option<String>, outcome: &str| {
        let elapsed = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        json!({
            "package": package.join("."),
            "name": name,
            "case": case,
            "file": file,
            "line": line,
            "outcome": outcome,
            "elapsed_us": elapsed,
        })
    };
    if name.starts_with("todo_") {
        return vec![report(None, "skipped")];
    }
    let budget = Duration::from_millis(set.limits.time_ms.saturating_mul(20));
    let mut session = pool.session(Value::Undefined, now_ns, budget);
    let verdict = |value: &Value| {
        if *value == Value::Bool(true) {
            "passed"
        } else {
            "failed"
        }
    };
    match session.ask(Ask::Document(&format!("data.{}", path.join(".")))) {
        Ok(Value::Object(cases)) if !cases.is_empty() => cases
            .iter_sorted()
            .take(MAX_CASES)
            .map(|(key, value)| {
                let case = match key {
                    Value::String(text) => text.as_ref().to_owned(),
                    _ => "?".to_owned(),
                };
                report(Some(case), verdict(value))
            })
            .collect(),
        Ok(value) => vec![report(None, verdict(&value))],
        Err(_) => vec![report(None, "error")],
    }
}
