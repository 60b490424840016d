//! Nanoseconds per row of patterns and sets of texts, through a plan and a run as users have them.
//!
//! `cargo bench -p meshgate-engine --bench patterns`. One thread, one batch of 131,072 rows, the best
//! of many passes; words after `--` pick the rows whose name has one of them. A build with debug
//! assertions refuses to be measured.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow_array::{
    ArrayRef, Int64Array, LargeStringArray, RecordBatch, StringArray, StringViewArray,
};
use arrow_schema::{Field, Schema};
use meshgate_engine::contract::Contract;
use meshgate_engine::import::Incoming;
use meshgate_engine::masks::KeyRing;
use meshgate_engine::plan::Plan;
use meshgate_engine::run::{Options, Run};

const ROWS: u64 = 1 << 17;

const EMAIL: &str = r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}$";
const UUID: &str = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$";

fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    x = (x ^ (x >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    x ^ (x >> 32)
}

/// 26 bytes on average, of lengths that nothing foresees.
fn email(row: u64) -> String {
    let x = mix(row);
    let name = 10u64.pow(3 + (x % 10) as u32);
    format!("user.{}@example{}.org", name + mix(x) % name, x % 90 + 10)
}

fn broken_email(row: u64) -> String {
    if row.is_multiple_of(100) {
        email(row).replace('@', " at ")
    } else {
        email(row)
    }
}

fn uuid(row: u64) -> String {
    let (a, b) = (mix(row), mix(!row));
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        a >> 32,
        a >> 16 & 0xffff,
        a & 0xfff,
        b >> 48,
        b & 0xffff_ffff_ffff
    )
}

fn code(row: u64) -> String {
    let x = mix(row);
    let letter = |shift: u64| char::from(b'A' + (x >> shift & 15) as u8);
    format!("{}{}{}-{:04}", letter(0), letter(4), letter(8), x >> 20 & 4095)
}

fn name(row: u64) -> String {
    const PARTS: [&str; 8] = ["Müller", "Ana", "Łukasz", "O'Neil", "Søren", "Zoë", "Smith", "山田"];
    let x = mix(row);
    format!("{} {}", PARTS[x as usize & 7], PARTS[(x >> 3) as usize & 7])
}

fn comment(row: u64) -> String {
    const WORDS: [&str; 8] =
        ["carefully", "final", "deposits", "sleep", "quickly", "above", "the", "pinto"];
    let x = mix(row);
    let mut text = String::new();
    for at in 0..4 + x % 12 {
        text.push_str(WORDS[(x >> (3 * at + 4)) as usize & 7]);
        text.push(' ');
    }
    text
}

const SHIPPING: [&str; 12] = [
    "AIR", "REG AIR", "RAIL", "SHIP", "TRUCK", "MAIL", "FOB", "PIPE", "BARGE", "DRONE", "COURIER",
    "BIKE",
];
const CURRENCIES: [&str; 5] = ["EUR", "USD", "GBP", "CHF", "JPY"];
const LONG: [&str; 4] = ["DELIVER IN PERSON", "COLLECT ON DELIVERY", "TAKE BACK RETURN", "NONE"];

/// A case: its name, its texts, the check and its arguments.
type Case = (&'static str, Box<dyn Fn(u64) -> String>, &'static str, String);

fn one_of(words: &'static [&'static str]) -> impl Fn(u64) -> String {
    move |row| words[mix(row) as usize % words.len()].to_owned()
}

fn list(words: &[&str]) -> String {
    format!(r#"{{"values": {words:?}}}"#)
}

fn main() -> ExitCode {
    if cfg!(debug_assertions) {
        println!("measure an optimised build: cargo bench");
        return ExitCode::FAILURE;
    }
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let pattern = |pattern: &str| format!(r#"{{"pattern": {pattern:?}}}"#);
    let cases: Vec<Case> = vec![
        ("e-mail", Box::new(email), "regex_match", pattern(EMAIL)),
        ("e-mail, 1 % broken", Box::new(broken_email), "regex_match", pattern(EMAIL)),
        ("UUID", Box::new(uuid), "regex_match", pattern(UUID)),
        ("code, 8 bytes", Box::new(code), "regex_match", pattern(r"^[A-Z]{3}-\d{4}$")),
        ("letters of any script", Box::new(name), "regex_match", pattern(r"^[\p{L}' ]+$")),
        ("no word in a comment", Box::new(comment), "regex_not", pattern("password|secret")),
        ("a word in a comment", Box::new(comment), "regex_match", pattern("e")),
        ("set of 5 currencies", Box::new(one_of(&CURRENCIES)), "in_set", list(&CURRENCIES)),
        ("set of 12 short texts", Box::new(one_of(&SHIPPING)), "in_set", list(&SHIPPING)),
        ("set of 4 longer texts", Box::new(one_of(&LONG)), "in_set", list(&LONG)),
    ];
    println!("{:<26}{:>8}{:>10}{:>10}{:>10}   ns/row", "", "bytes", "string", "large", "view");
    for (name, make, check, args) in &cases {
        if wanted.is_empty() || wanted.iter().any(|word| name.contains(word.as_str())) {
            let texts: Vec<String> = (0..ROWS).map(make).collect();
            let bytes = texts.iter().map(String::len).sum::<usize>() as f64 / ROWS as f64;
            let layouts: [ArrayRef; 3] = [
                Arc::new(texts.iter().map(Some).collect::<StringArray>()),
                Arc::new(texts.iter().map(Some).collect::<LargeStringArray>()),
                Arc::new(texts.iter().map(Some).collect::<StringViewArray>()),
            ];
            let costs = layouts.map(|column| nanos(column, check, args));
            println!(
                "{name:<26}{bytes:>8.1}{:>10.1}{:>10.1}{:>10.1}",
                costs[0], costs[1], costs[2]
            );
        }
    }
    for count in [3, 12, 100] {
        let name = format!("set of {count} integers");
        if wanted.is_empty() || wanted.iter().any(|word| name.contains(word.as_str())) {
            let column =
                Int64Array::from_iter_values((0..ROWS).map(|row| mix(row) as i64 % count * 7));
            let values: Vec<i64> = (-count..count).map(|n| n * 7).collect();
            let cost = nanos(Arc::new(column), "in_set", &format!(r#"{{"values": {values:?}}}"#));
            println!("{name:<26}{:>8}{cost:>10.1}", 8);
        }
    }
    ExitCode::SUCCESS
}

/// Nanoseconds per row: the best pass.
fn nanos(column: ArrayRef, check: &str, args: &str) -> f64 {
    let promise = if matches!(column.data_type(), arrow_schema::DataType::Int64) {
        "integer"
    } else {
        "string"
    };
    let contract: Contract = serde_json::from_str(&format!(
        r#"{{"dataset": "bench", "columns": [{{"name": "x", "type": "{promise}"}}],
             "checks": [{{"id": "c", "check": "{check}", "columns": ["x"], "args": {args}}}]}}"#
    ))
    .unwrap();
    let schema = Arc::new(Schema::new(vec![Field::new("x", column.data_type().clone(), true)]));
    let plan = Arc::new(Plan::compile(&contract, &schema, &KeyRing::new(BTreeMap::new())).unwrap());
    let rows = column.len();
    let batch = RecordBatch::try_new(schema, vec![column]).unwrap();
    let batch = Incoming::of(&batch).unwrap();
    let begin = Instant::now();
    let mut best = Duration::MAX;
    let mut passes = 0;
    while passes < 20 || begin.elapsed() < Duration::from_millis(500) {
        let mut run =
            Run::new(Arc::clone(&plan), Options { threads: 1, ..Options::default() }).unwrap();
        let start = Instant::now();
        run.process(std::slice::from_ref(&batch)).unwrap();
        best = best.min(start.elapsed());
        run.finish().unwrap();
        passes += 1;
    }
    best.as_secs_f64() * 1e9 / rows as f64
}
