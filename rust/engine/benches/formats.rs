//! Nanoseconds per row of every format, on texts that it takes.
//!
//! `cargo bench -p meshgate-engine --bench formats`. One thread, the best of many
//! passes over morsels of 16,384 rows; a word after `--` picks the formats whose name has it. A
//! build with debug assertions refuses to be measured.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::hint::black_box;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow_array::{Array, ArrayRef, StringArray, StringViewArray};
use meshgate_engine::checks::format::{Format, FORMATS};

const ROWS: usize = 131_072;
const MORSEL: usize = 16_384;

fn main() -> ExitCode {
    if cfg!(debug_assertions) {
        println!("measure an optimised build: cargo bench");
        return ExitCode::FAILURE;
    }
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    println!("{:<18} {:>8} {:>10} {:>10}", "format", "bytes", "string", "view");
    for format in FORMATS {
        let name = format.about.name;
        if !wanted.is_empty() && !wanted.iter().any(|word| name.contains(word.as_str())) {
            continue;
        }
        let texts = texts(format);
        let bytes = texts.value_data().len() as f64 / ROWS as f64;
        let views: ArrayRef = Arc::new(texts.iter().collect::<StringViewArray>());
        let string = nanos(format, &(Arc::new(texts) as ArrayRef));
        println!("{name:<18} {bytes:>8.1} {string:>10.1} {:>10.1}", nanos(format, &views));
    }
    ExitCode::SUCCESS
}

/// Texts of the format as they come: of changing length and content where it allows that.
fn texts(format: &Format) -> StringArray {
    let mut state = 1u64;
    let mut next = move |below: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut text = || match format.about.name {
        "uuid" => {
            let (a, b) = (next(1 << 31), next(1 << 16));
            format!("{a:08x}-{b:04x}-4a98-b4aa-{:08x}{b:04x}", next(1 << 31))
        }
        "email" => {
            let host = ["example.org", "mail.example.com", "a-company.co.uk"][next(3) as usize];
            format!("user.{}{}@{host}", ["", "of-", "x_y+"][next(3) as usize], next(10_000_000))
        }
        "ipv4" => format!("{}.{}.{}.{}", next(256), next(256), next(256), next(256)),
        "date" => format!("{:04}-{:02}-{:02}", next(9999), 1 + next(12), 1 + next(28)),
        "date-time" => format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}{}",
            next(9999),
            1 + next(12),
            1 + next(28),
            next(24),
            next(60),
            next(60),
            ["", ".5", ".123456"][next(3) as usize],
            ["Z", "+01:00", "-08:30"][next(3) as usize]
        ),
        "country" => ["DE", "FR", "US", "ZW"][next(4) as usize].to_owned(),
        _ => format.about.example.to_owned(),
    };
    StringArray::from_iter_values((0..ROWS).map(|_| text()))
}

fn nanos(format: &Format, texts: &ArrayRef) -> f64 {
    let mut fail = vec![0u64; MORSEL / 64];
    let morsels: Vec<ArrayRef> =
        (0..ROWS).step_by(MORSEL).map(|start| texts.slice(start, MORSEL)).collect();
    let begin = Instant::now();
    let mut best = Duration::MAX;
    while begin.elapsed() < Duration::from_millis(500) {
        let start = Instant::now();
        for morsel in &morsels {
            format.fail(black_box(morsel), None, &mut fail).unwrap();
            assert!(fail.iter().all(|word| *word == 0), "{}", format.about.name);
        }
        best = best.min(start.elapsed());
    }
    best.as_secs_f64() * 1e9 / ROWS as f64
}
