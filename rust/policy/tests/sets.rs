//! Sets from the outside: what is loaded and refused, what is decided, and what is survived.

use std::sync::Arc;
use std::time::{Duration, Instant};

use meshgate_policy::{Code, Options, Phase, PolicySet, Request, Severity};
use serde_json::{json, Value as Json};

fn load_with(modules: &[(&str, &str)], data: &str, options: Json) -> PolicySet {
    let modules: Vec<_> = modules.iter().map(|(n, t)| ((*n).to_owned(), (*t).to_owned())).collect();
    let options: Options = serde_json::from_value(options).unwrap_or_default();
    PolicySet::load(&modules, data, options)
}

fn load(text: &str) -> PolicySet {
    load_with(&[("p.rego", text)], "{}", json!({"require": ["p"]}))
}

fn ask(set: &PolicySet, input: &Json) -> Json {
    let request = Request { phase: Phase::BeforeCommit, now_ns: 7, require: Vec::new() };
    set.decide(&input.to_string(), &request)
}

fn first(set: &PolicySet) -> Option<(Code, Option<u32>, Option<u32>)> {
    let found = set.findings().iter().find(|f| f.severity == Severity::Error)?;
    Some((found.code, found.line, found.column))
}

const SEED: &str = "package p\n\ndefault allow_publish = false\n\nallow_publish {\n    \
    input.schema.has_pii_tags == true\n    input.infrastructure.encryption == \"AES-256\"\n}\n";

#[test]
fn the_seed_policy_decides_as_written() {
    let set = load(SEED);
    assert_eq!(first(&set), None);
    for (tags, encryption, allowed) in [
        (json!(true), json!("AES-256"), true),
        (json!(true), json!("none"), false),
        (json!("true"), json!("AES-256"), false),
        (json!(null), json!("AES-256"), false),
    ] {
        let input = json!({
            "schema": {"has_pii_tags": tags}, "infrastructure": {"encryption": encryption},
        });
        let answer = ask(&set, &input);
        assert_eq!(answer["allowed"], json!(allowed), "{input}");
        assert_eq!(answer["undefined"], json!(false));
        assert_eq!(answer["policies"], if allowed { json!(["p.rego:6"]) } else { json!([]) });
    }
}

#[test]
fn a_set_with_errors_denies() {
    let set = load("package p\n\nallow_publish if nothing(1)\n");
    assert_eq!(first(&set), Some((Code::UnknownFunction, Some(3), Some(18))));
    let answer = ask(&set, &json!({}));
    assert_eq!(answer["allowed"], json!(false));
    assert_eq!(answer["error"], json!("policy.not_loaded"));
}

#[test]
fn places_count_a_tab_as_one() {
    let set = load("package p\n\nallow_publish if {\n\t\tx := nothing(1)\n\tx\n}\n");
    assert_eq!(first(&set), Some((Code::UnknownFunction, Some(4), Some(8))));
    let set = load("package p\n\nallow_publish if {\n\t\tx := := 1\n}\n");
    assert_eq!(first(&set), Some((Code::Syntax, Some(4), Some(8))));
}

#[test]
fn a_panic_of_the_engine_is_a_denial_and_leaves_the_set_usable() {
    let set = load("package p\n\nallow_publish if input.report.rows % 3 == 1\n");
    for _ in 0..3 {
        let answer = ask(&set, &json!({"report": {"rows": 1e16}}));
        assert_eq!(answer["error"], json!("policy.panic"));
        assert_eq!(answer["allowed"], json!(false));
        assert_eq!(ask(&set, &json!({"report": {"rows": 4}}))["allowed"], json!(true));
    }
}

#[test]
fn an_error_of_one_decision_does_not_reach_the_next() {
    let set = load(
        "package p\n\nallow_publish if {\n\thelper with input.contract.strict as true\n\t\
         not input.contract.strict\n}\n\n\
         helper if {\n\tinput.contract.strict\n\t1 / count(input.contract.owner) > 0\n}\n",
    );
    for _ in 0..20 {
        assert_eq!(ask(&set, &json!({"contract": {"owner": ""}}))["allowed"], json!(false));
        assert_eq!(ask(&set, &json!({"contract": {"owner": "a"}}))["allowed"], json!(true));
    }
}

#[test]
fn data_never_wins_over_a_rule() {
    let text = "package p\n\ndefault allow_publish := false\n";
    for data in [r#"{"p": {"allow_publish": true}}"#, r#"{"p": true}"#, r#"{"p": []}"#] {
        let set = load_with(&[("p.rego", text)], data, json!({"require": ["p"]}));
        assert_eq!(first(&set).map(|f| f.0), Some(Code::DataShadowsRule), "{data}");
        assert_eq!(ask(&set, &json!({}))["allowed"], json!(false));
    }
    for data in ["[]", "1", "", r#"{"a": 1, "a": 2}"#, r#"{"a": 1e400}"#] {
        let set = load_with(&[("p.rego", text)], data, json!({}));
        assert_eq!(first(&set).map(|f| f.0), Some(Code::BadData), "{data}");
    }
}

#[test]
fn inputs_with_a_key_twice_are_refused() {
    let set = load(SEED);
    let request = Request { phase: Phase::BeforeData, now_ns: 0, require: Vec::new() };
    for input in [r#"{"schema": 1, "schema": 2}"#, "[]", "{", "{}{}", "\"\"", ""] {
        let answer = set.decide(input, &request);
        assert_eq!(answer["error"], json!("policy.bad_input"), "{input}");
    }
}

#[test]
fn what_cannot_be_interrupted_is_left_behind() {
    let double = |v: &str| {
        (1..40).fold(format!("\t{v}0 := [1]\n"), |text, i| {
            format!("{text}\t{v}{i} := [{v}{}, {v}{}]\n", i - 1, i - 1)
        })
    };
    let body = format!("{}{}\ta39 == b39\n", double("a"), double("b"));
    let set = load(&format!("package p\n\nallow_publish if {{\n{body}}}\n"));
    let start = Instant::now();
    let answer = ask(&set, &json!({}));
    assert_eq!(answer["error"], json!("policy.timeout"));
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
}

#[test]
fn threads_share_a_set() {
    let set = Arc::new(load(SEED));
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let set = Arc::clone(&set);
            scope.spawn(move || {
                for i in 0..200 {
                    let good = (i + thread) % 2 == 0;
                    let input = json!({
                        "schema": {"has_pii_tags": good},
                        "infrastructure": {"encryption": "AES-256"},
                    });
                    assert_eq!(ask(&set, &input)["allowed"], json!(good));
                }
            });
        }
    });
}

#[test]
fn the_digest_tells_parts_apart() {
    let digest = |modules: &[(&str, &str)]| load_with(modules, "{}", json!({})).digest().to_owned();
    assert_ne!(digest(&[("a", "bc")]), digest(&[("ab", "c")]));
    assert_eq!(digest(&[("a", "x\r\ny")]), digest(&[("a", "\u{feff}x\ny")]));
}

#[test]
fn unknown_options_are_refused() {
    assert!(serde_json::from_value::<Options>(json!({"requier": []})).is_err());
    assert!(serde_json::from_value::<Request>(json!({"phase": "read"})).is_err());
}

#[test]
fn tests_of_policies_are_run() {
    let set = load_with(
        &[("a_test.rego", "package a_test\n\ntest_x := true\n\ntest_y if false\n")],
        "{}",
        json!({"tests": true}),
    );
    let outcomes = set.run_tests(0);
    let outcomes: Vec<_> = outcomes
        .as_array()
        .into_iter()
        .flatten()
        .map(|t| (t["name"].as_str().unwrap_or(""), t["outcome"].as_str().unwrap_or("")))
        .collect();
    assert_eq!(outcomes, [("test_x", "passed"), ("test_y", "failed")]);
}
