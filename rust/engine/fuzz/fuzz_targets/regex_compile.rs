//! Patterns: whatever is written is refused with a place or compiled in bounded time, and what was
//! compiled decides every text the same way however the pattern is put and the rows are cut.
#![no_main]

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use libfuzzer_sys::fuzz_target;
use meshgate_engine::contract::Contract;
use meshgate_engine::error::Code;
use meshgate_engine::import::Incoming;
use meshgate_engine::masks::KeyRing;
use meshgate_engine::plan::Plan;
use meshgate_engine::run::{Options, Run};
use serde_json::json;

/// Takes short rows past the bit-parallel kernel (63 bytes) and the required-literal search.
const LONG: usize = 80;

/// What patterns and texts are put together from, when the first byte says so.
const PIECES: [&str; 40] = [
    "a", "b", "A", "0", "_", "-", "@", ".", " ", "\n", "é", "😀", "\\d", "\\D", "\\w", "\\W", "\\s",
    "\\S", "\\b", "\\B", "\\p{L}", "\\P{Lu}", "[a-z]", "[^a-z]", "[\\w.-]", "[^]", "^", "$", "(", "(?:",
    ")", "|", "*", "+", "?", "*?", "{2}", "{1,3}", "{0,}", "\\u{1F600}",
];
const TEXT: usize = 12;

fn pieces(bytes: &[u8], of: usize) -> String {
    bytes.iter().map(|byte| PIECES[usize::from(*byte) % of]).collect()
}

/// The failing rows of each check, or what was refused.
fn failed(checks: &[(&str, &str, bool)], batch: &RecordBatch) -> Result<Vec<u64>, Code> {
    let checks: Vec<_> = checks
        .iter()
        .enumerate()
        .map(|(at, (kind, pattern, whole))| {
            let args = json!({"pattern": pattern, "full_match": whole});
            json!({"id": format!("c{at}"), "check": kind, "columns": ["t"], "args": args})
        })
        .collect();
    let document = json!({
        "dataset": "d", "checks": checks, "columns": [{"name": "t", "type": "string"}],
    });
    let contract = Contract::from_json(document.to_string().as_bytes()).map_err(|e| e.code)?;
    let keys = KeyRing::new(std::collections::BTreeMap::new());
    let plan = Plan::compile(&contract, &batch.schema(), &keys).map_err(|e| e.code)?;
    let options = Options { threads: 1, ..Options::default() };
    let mut run = Run::new(Arc::new(plan), options).map_err(|e| e.code)?;
    let incoming = Incoming::of(batch).map_err(|e| e.code)?;
    let middle = batch.num_rows() / 2;
    run.process(&[incoming.slice(0, middle), incoming.slice(middle, batch.num_rows() - middle)])
        .map_err(|e| e.code)?;
    let (report, _, _) = run.finish().map_err(|e| e.code)?;
    let own = report.checks.iter().filter(|check| check.head.check.starts_with("regex"));
    Ok(own.map(|check| check.failed_rows).collect())
}

fn table(texts: Vec<String>) -> RecordBatch {
    let schema = Schema::new(vec![Field::new("t", DataType::Utf8, true)]);
    let column: ArrayRef = Arc::new(StringArray::from(texts));
    RecordBatch::try_new(Arc::new(schema), vec![column]).unwrap()
}

fuzz_target!(|input: &[u8]| {
    let (composed, input) = match input.split_first() {
        Some((first, rest)) => (first % 4 != 0, rest),
        None => (false, input),
    };
    let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut parts = input.split(|byte| *byte == 0xFF);
    let first = parts.next().unwrap_or_default();
    let pattern = if composed { pieces(first, PIECES.len()) } else { lossy(first) };
    let parts = parts.take(40);
    let mut texts: Vec<String> =
        parts.map(|part| if composed { pieces(part, TEXT) } else { lossy(part) }).collect();
    texts.push(String::new());
    texts.extend(texts.iter().map(|text| text.repeat(LONG / text.len().max(1))).collect::<Vec<_>>());
    let rows = texts.len() as u64;
    let batch = table(texts);

    let found = match failed(&[("regex_match", &pattern, false), ("regex_not", &pattern, false)], &batch) {
        Ok(found) => found,
        Err(code) => {
            assert_eq!(code, Code::BadPattern);
            return;
        }
    };
    let [misses, hits] = found[..] else { panic!("two checks have {} outcomes", found.len()) };
    assert_eq!(misses + hits, rows);

    // The same language, put in ways that other kernels decide. They may be too large where the
    // pattern itself is not.
    let grouped = format!("(?:{pattern})");
    let unlike = format!(r"{grouped}|[^\s\S]x");
    if let Ok(again) = failed(&[("regex_match", &grouped, false), ("regex_match", &unlike, false)], &batch) {
        assert_eq!(again, [misses, misses]);
    }
    let anchored = format!("^{grouped}$");
    let whole = [("regex_match", &*pattern, true), ("regex_match", &anchored, false)];
    if let Ok(whole) = failed(&whole, &batch) {
        assert_eq!(whole[0], whole[1]);
        assert!(whole[0] >= misses);
    }
});
