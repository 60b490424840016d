//! Nanoseconds per row of every mask, and of HMAC-SHA-256 beside the `hmac` crate.
//!
//! `cargo bench -p meshgate-engine --bench masks`. One thread, one morsel of 131,072 rows, the best
//! of many passes; a word after `--` picks the rows whose name has it. A build with debug
//! assertions refuses to be measured.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, DictionaryArray, Int64Array, PrimitiveArray, StringArray, StringViewArray,
};
use hmac::{Hmac, KeyInit, Mac};
use meshgate_engine::contract;
use meshgate_engine::masks::{compile, KeyRing, Mask};
use sha2::Sha256;
use zeroize::Zeroizing;

const ROWS: usize = 131_072;

fn main() -> ExitCode {
    if cfg!(debug_assertions) {
        println!("measure an optimised build: cargo bench");
        return ExitCode::FAILURE;
    }
    let emails: StringArray = (0..ROWS)
        .map(|row| Some(format!("user.{:0>7}@example{}.org", row * 7919 % 9_999_991, row % 100)))
        .collect();
    let mean = emails.value_data().len() as f64 / ROWS as f64;
    println!("{ROWS} rows, {mean:.1} bytes per text\n");

    let mac = Hmac::<Sha256>::new_from_slice(&[7; 32]).unwrap();
    row("hmac crate, digest only", || {
        for text in &emails {
            let mut mac = mac.clone();
            mac.update(text.unwrap().as_bytes());
            black_box(mac.finalize().into_bytes());
        }
    });

    let views: ArrayRef = Arc::new(emails.iter().collect::<StringViewArray>());
    let integers: ArrayRef =
        Arc::new(Int64Array::from_iter_values((0..ROWS as i64).map(|n| n * 7919)));
    let distinct: ArrayRef = Arc::new(emails.slice(0, 1000));
    let keys = PrimitiveArray::<Int32Type>::from_iter_values((0..ROWS as i32).map(|n| n % 1000));
    let dictionary: ArrayRef = Arc::new(DictionaryArray::try_new(keys, distinct).unwrap());
    let emails: ArrayRef = Arc::new(emails);

    for (name, column, method, args) in [
        ("hash hex, string", &emails, "hash", "{}"),
        ("hash hex, string view", &views, "hash", "{}"),
        ("hash bytes, string", &emails, "hash", r#"{"out": "bytes"}"#),
        ("hash b64url 16, string", &emails, "hash", r#"{"out": "b64url", "bytes": 16}"#),
        (
            "hash hex, trim and casefold",
            &emails,
            "hash",
            r#"{"normalize": ["trim", "casefold_domain"]}"#,
        ),
        ("hash hex, int64", &integers, "hash", "{}"),
        ("hash hex, dictionary of 1000", &dictionary, "hash", "{}"),
        ("partial keep_last 4, string", &emails, "partial", r#"{"keep_last": 4}"#),
        ("partial keep_last 4, int64", &integers, "partial", r#"{"keep_last": 4}"#),
        ("redact, string", &emails, "redact", "{}"),
        ("constant \"x\", string", &emails, "constant", r#"{"value": "x"}"#),
        ("constant, int64", &integers, "constant", "{}"),
        ("nullify, string", &emails, "nullify", "{}"),
    ] {
        let mask = compile(&clause(method, args), column.data_type(), false, &keys_of()).unwrap();
        row(name, || {
            black_box(mask.apply(column).unwrap());
        });
    }
    ExitCode::SUCCESS
}

fn clause(method: &str, args: &str) -> contract::Mask {
    let args = serde_json::from_str(args).unwrap();
    contract::Mask { method: method.into(), args, key: None, domain: "bench".into() }
}

fn keys_of() -> KeyRing {
    let master = Zeroizing::new((0..32).collect::<Vec<u8>>());
    KeyRing::new(BTreeMap::from([(KeyRing::DEFAULT.to_owned(), master)]))
}

fn row(name: &str, mut work: impl FnMut()) {
    let mut wanted = std::env::args().skip(1).filter(|word| !word.starts_with("--")).peekable();
    if wanted.peek().is_some() && !wanted.any(|word| name.contains(&word)) {
        return;
    }
    let begin = Instant::now();
    let mut best = Duration::MAX;
    let mut passes = 0;
    while passes < 5 || begin.elapsed() < Duration::from_millis(700) {
        let start = Instant::now();
        work();
        best = best.min(start.elapsed());
        passes += 1;
    }
    let nanos = best.as_secs_f64() * 1e9 / ROWS as f64;
    println!("{name:<32} {nanos:>8.1} ns/row {:>8.1} M rows/s", 1e3 / nanos);
}
