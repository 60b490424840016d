//! What exact uniqueness costs: CPU and wall time per row, and memory per row.
//!
//! `cargo bench -p meshgate-engine --bench unique -- [millions of rows] [words of a case's name]`
#![allow(clippy::print_stdout, clippy::unwrap_used)] // a bench prints, and stops when it is broken

use std::sync::Arc;
use std::time::Instant;

use arrow_array::{ArrayRef, Int32Array, Int64Array, StringArray};
use arrow_schema::DataType;
use meshgate_engine::unique::{
    encode, Deferred, Disk, KeyBlock, KeyForm, Nulls, Resident, Seed, Spill, Terms,
};

const PIECE: usize = 64 * 1024;
const WINDOW: usize = 8;

/// CPU seconds of the process, in steps of 10 ms; not a number where the system does not say.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = |at| after_name.split_whitespace().nth(at).and_then(|n| n.parse::<f64>().ok());
    ticks(11).zip(ticks(12)).map_or(f64::NAN, |(user, system)| (user + system) / 100.0)
}

/// A line of `/proc/self/status`, in bytes.
fn status_bytes(name: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(name));
    let number = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
    number.map_or(f64::NAN, |kilobytes| kilobytes * 1024.0)
}

fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    x = (x ^ (x >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    x ^ (x >> 32)
}

type Piece = Vec<ArrayRef>;

fn pieces(rows: usize, make: impl Fn(std::ops::Range<u64>) -> Piece) -> Vec<Piece> {
    let end = |start: usize| rows.min(start + PIECE) as u64;
    (0..rows).step_by(PIECE).map(|start| make(start as u64..end(start))).collect()
}

fn longs(rows: std::ops::Range<u64>, value: impl Fn(u64) -> u64) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(rows.map(|row| value(row) as i64)))
}

fn texts(rows: std::ops::Range<u64>, value: impl Fn(u64) -> String) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(rows.map(value)))
}

/// A case: its name, the share of the rows it runs, its key columns.
type Case = (&'static str, usize, fn(std::ops::Range<u64>) -> Piece, &'static [DataType]);

const CASES: &[Case] = &[
    ("int64 random", 1, |rows| vec![longs(rows, mix)], &[DataType::Int64]),
    ("int64 increasing", 1, |rows| vec![longs(rows, |n| n * 3)], &[DataType::Int64]),
    ("int64 dense shuffled", 1, |rows| vec![longs(rows, shuffled)], &[DataType::Int64]),
    (
        "(int64, int32) as in lineitem",
        1,
        |rows| {
            let lines = rows.clone().map(|n| (n % 4) as i32);
            vec![longs(rows, |n| n / 4), Arc::new(Int32Array::from_iter_values(lines))]
        },
        &[DataType::Int64, DataType::Int32],
    ),
    (
        "(int64, int32) random",
        2,
        |rows| {
            let lines = rows.clone().map(|n| mix(n) as i32);
            vec![longs(rows, mix), Arc::new(Int32Array::from_iter_values(lines))]
        },
        &[DataType::Int64, DataType::Int32],
    ),
    ("UUID text", 4, |rows| vec![texts(rows, uuid)], &[DataType::Utf8]),
    (
        "text of 26 bytes",
        4,
        |rows| vec![texts(rows, |n| format!("{:016x}@mail.test", mix(n)))],
        &[DataType::Utf8],
    ),
];

/// A permutation of the numbers below 2^27.
fn shuffled(n: u64) -> u64 {
    let mut x = n;
    for _ in 0..2 {
        x = x.wrapping_mul(0x9e37_79b9_7f4a_7c15) & ((1 << 27) - 1);
        x ^= x >> 14;
    }
    x
}

fn uuid(n: u64) -> String {
    let (a, b) = (mix(n), mix(n ^ 0x5555_5555_5555_5555));
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        a >> 32,
        a >> 16 & 0xffff,
        a & 0xfff,
        b >> 48 & 0x3fff | 0x8000,
        b & 0xffff_ffff_ffff
    )
}

/// How the keys are judged.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    AtOnce,
    AtTheEnd,
    /// In so many bytes of memory.
    Spilling(usize),
}

/// Seconds and bytes of one measurement; the least of several are kept.
#[derive(Clone, Copy)]
struct Cost {
    cpu: f64,
    wall: f64,
    bytes: f64,
}

fn main() {
    if cfg!(debug_assertions) {
        println!("a debug build is not measured");
        return;
    }
    // Cargo passes `--bench`.
    let words: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let millions = words.first().and_then(|word| word.parse().ok()).unwrap_or(10);
    let wanted: Vec<&String> = words.iter().filter(|word| word.parse::<usize>().is_err()).collect();
    println!("least of three; CPU and wall in ns per row, encoding included; peak bytes per row");
    println!(
        "{:<30} {:>6} {:<12}{:>8}{:>8}{:>8}{:>8}",
        "key", "Mrows", "judged", "threads", "CPU", "wall", "B/row"
    );
    let ways = [Way::AtTheEnd, Way::AtOnce, Way::Spilling(millions << 20)];
    for (name, divisor, make, types) in CASES {
        let rows = millions * 1_000_000 / divisor;
        let mut input = None;
        for way in ways {
            let label = match way {
                Way::AtOnce => "at once",
                Way::AtTheEnd => "at the end",
                Way::Spilling(_) => "spilling",
            };
            let line = format!("{name} {label}");
            if !wanted.iter().all(|word| line.contains(word.as_str())) {
                continue;
            }
            let input = input.get_or_insert_with(|| pieces(rows, make));
            for threads in [1, 2] {
                let costs: Vec<Cost> =
                    (0..3).map(|_| measure(input, types, way, threads)).collect();
                let least = |cost: fn(&Cost) -> f64| {
                    costs.iter().map(cost).fold(f64::INFINITY, f64::min) / rows as f64
                };
                println!(
                    "{name:<30} {:>6.1} {label:<12}{threads:>8}{:>8.1}{:>8.1}{:>8.1}",
                    rows as f64 / 1e6,
                    least(|cost| cost.cpu) * 1e9,
                    least(|cost| cost.wall) * 1e9,
                    least(|cost| cost.bytes),
                );
            }
        }
    }
}

/// Resets the peak that `VmHWM` tells.
fn reset_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

fn measure(input: &[Piece], types: &[DataType], way: Way, threads: usize) -> Cost {
    let spec = KeyForm::compile(types, Nulls::Distinct).unwrap();
    let seed = Seed::new(11);
    reset_peak();
    let (cpu, wall, before) = (cpu_seconds(), Instant::now(), status_bytes("VmRSS"));
    let mut resident = (way == Way::AtOnce).then(|| Resident::new(&seed, None));
    let spill = Spill { folder: std::env::temp_dir(), quota_bytes: 1 << 40 };
    let memory_bytes = if let Way::Spilling(bytes) = way { Some(bytes) } else { None };
    let disk = memory_bytes.map(|_| Disk::new(&spill));
    let terms = Terms { memory_bytes, disk, rows: true, replay: true };
    let mut deferred = (way != Way::AtOnce).then(|| Deferred::new(&seed, terms));
    let mut base = 0;
    for window in input.chunks(WINDOW) {
        let starts = window.iter().scan(base, |start, piece| {
            let here = *start;
            *start += piece[0].len() as u64;
            Some(here)
        });
        let jobs: Vec<(&Piece, u64)> = window.iter().zip(starts).collect();
        base += window.iter().map(|piece| piece[0].len() as u64).sum::<u64>();
        let make = |(piece, start): &(&Piece, u64)| encode(&spec, &seed, piece, *start).unwrap();
        let blocks: Vec<KeyBlock> = if threads == 1 {
            jobs.iter().map(make).collect()
        } else {
            std::thread::scope(|scope| {
                let share = jobs.len().div_ceil(threads);
                let encoded = |share: &[_]| share.iter().map(make).collect::<Vec<KeyBlock>>();
                let spawn = |share| scope.spawn(move || encoded(share));
                let workers: Vec<_> = jobs.chunks(share).map(spawn).collect();
                workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
            })
        };
        if let Some(state) = &mut resident {
            state.absorb(blocks, threads).unwrap();
        } else if let Some(state) = &mut deferred {
            state.append(blocks, threads).unwrap();
        }
    }
    let found = match (resident, deferred) {
        (Some(state), _) => state.finish().unwrap(),
        (None, Some(state)) => state.finish(threads).unwrap().outcome,
        (None, None) => unreachable!(),
    };
    let bytes = status_bytes("VmHWM") - before;
    assert_eq!(found.surplus, 0);
    Cost { cpu: cpu_seconds() - cpu, wall: wall.elapsed().as_secs_f64(), bytes }
}
