//! Every way of judging: threads, stages, budgets, disk.

use super::*;
use crate::error::Code;

#[test]
fn one_heavy_key_among_many() {
    let keys: Vec<i32> = (0..20_000).map(|n| if n % 3 == 0 { n } else { 7 }).collect();
    let expected = oracle(&keys.iter().copied().map(Some).collect::<Vec<_>>(), 0);
    let column: ArrayRef = Arc::new(Int32Array::from(keys));
    for threads in [1, 8] {
        let found = resident(&[column.clone()], Nulls::Distinct, &Seed::new(1), 0, 700, 3, threads);
        assert_eq!(found, expected);
    }
}

#[test]
fn large_windows_are_shared_by_threads() {
    let rows = 200_000u64;
    let number = |row: u64| row.wrapping_mul(0x9e37_79b9_7f4a_7c15) % 150_001;
    let keys: Vec<Option<u64>> =
        (0..rows).map(|row| (row % 11 != 0).then(|| number(row))).collect();
    let text = |key: u64| match key % 4 {
        0 => format!("{key}"),
        1 => format!("{key:012}"),
        2 => format!("{key:08x}-89ab-cdef-fedc-ba9876543210"),
        _ => format!("the text of number {key}"),
    };
    let texts: StringArray = keys.iter().map(|key| key.map(text)).collect();
    let numbers: UInt64Array = keys.iter().copied().collect();
    let expected = oracle(&keys, 9);
    for column in [Arc::new(texts) as ArrayRef, Arc::new(numbers)] {
        for threads in [1, 2, 8, 100] {
            let columns = [column.clone()];
            let found = resident(&columns, Nulls::Distinct, &Seed::new(1), 9, 16_384, 7, threads);
            assert!(found == expected, "threads {threads}");
        }
    }
}

#[test]
fn over_the_budget_is_an_error_never_a_verdict() {
    let spec = KeyForm::compile(&[DataType::Int64], Nulls::Distinct).unwrap();
    let wide = KeyForm::compile(&[DataType::Utf8], Nulls::Distinct).unwrap();
    let seed = Seed::new(1);
    for threads in [1, 8] {
        for spec in [&spec, &wide] {
            let mut state = Resident::new(&seed, Some(1 << 20));
            let mut failed = 0;
            for batch in 0..20i64 {
                let numbers = batch * 100_000..(batch + 1) * 100_000;
                let column: ArrayRef = if spec.class() == Class::K8 {
                    Arc::new(numbers.map(|n| n * 7_919).collect::<Int64Array>())
                } else {
                    Arc::new(StringArray::from_iter_values(
                        numbers.map(|n| format!("a fairly long text with {n}")),
                    ))
                };
                let block = encode(spec, &seed, &[column], batch as u64 * 100_000).unwrap();
                match state.absorb(vec![block], threads) {
                    Ok(_) => assert_eq!(failed, 0),
                    Err(error) => {
                        let expected = if failed == 0 { Code::Memory } else { Code::RunFinished };
                        assert_eq!(error.code, expected);
                        failed += 1;
                    }
                }
                assert!(state.memory_bytes() <= 1 << 20);
            }
            assert!(failed > 0);
            assert_eq!(state.finish().unwrap_err().code, Code::RunFinished);
        }
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let spec = KeyForm::compile(&[DataType::Int64], Nulls::Distinct).unwrap();
    let seed = Seed::new(1);
    let text: ArrayRef = Arc::new(StringArray::from(vec!["a"]));
    let number: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let code = |columns: &[ArrayRef], base| encode(&spec, &seed, columns, base).unwrap_err().code;
    assert_eq!(code(&[text], 0), Code::SchemaChanged);
    assert_eq!(code(&[number.clone(), number.clone()], 0), Code::SchemaChanged);
    assert_eq!(code(&[], 0), Code::SchemaChanged);
    assert_eq!(code(&[number.clone()], u64::MAX >> 1), Code::TooLarge);
    let mut state = Resident::new(&seed, None);
    let block = || encode(&spec, &seed, &[number.clone()], 4).unwrap();
    state.absorb(vec![block()], 1).unwrap();
    assert_eq!(state.absorb(vec![block()], 1).unwrap_err().code, Code::Internal);
}

/// Many keys in little memory, compared with the naive map.
fn squeezed(keys: &[Option<i64>], column: &ArrayRef, budget: usize, threads: usize) -> u64 {
    let spec = KeyForm::compile(&[column.data_type().clone()], Nulls::Distinct).unwrap();
    let seed = Seed::new(9);
    let mut state = Deferred::new(&seed, terms(Some(budget), false));
    for start in (0..keys.len()).step_by(700) {
        let piece = column.slice(start, 700.min(keys.len() - start));
        state.append(vec![encode(&spec, &seed, &[piece], start as u64).unwrap()], threads).unwrap();
        assert!(state.memory_bytes() <= budget);
    }
    let mut found = state.finish(threads).unwrap().outcome;
    let spilled = std::mem::take(&mut found.spilled_bytes);
    assert_eq!(found, oracle(keys, 0).0, "budget {budget}, threads {threads}");
    spilled
}

/// A name, and the key of each row.
type Stream = (&'static str, fn(i64) -> i64);

#[test]
fn what_is_spilled_is_judged_alike() {
    let rows = 60_000i64;
    let scatter = |n: i64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15_u64 as i64);
    let streams: [Stream; 5] = [
        ("random", |n| n),
        ("some repeats", |n| n % 59_000),
        ("few keys", |n| n % 7),
        ("one heavy key", |n| if n % 5 == 0 { n } else { -1 }),
        ("zero and the ends", |n| [0, -1, i64::MAX, i64::MIN, n][(n % 5) as usize]),
    ];
    for (name, key) in streams {
        let keys: Vec<Option<i64>> =
            (0..rows).map(|n| (n % 13 != 5).then(|| scatter(key(n)))).collect();
        let numbers: ArrayRef = Arc::new(keys.iter().copied().collect::<Int64Array>());
        let text = |key: Option<i64>| key.map(|key| format!("{key:024x}"));
        let texts: ArrayRef = Arc::new(keys.iter().copied().map(text).collect::<StringArray>());
        let short = |key: Option<i64>| key.map(|key| format!("{:x}", key as u64 | 1 << 60));
        let shorts: ArrayRef = Arc::new(keys.iter().copied().map(short).collect::<StringArray>());
        // Setting a bit joins some keys: ask the map for those.
        let short_keys: Vec<Option<i64>> =
            keys.iter().map(|key| key.map(|key| (key as u64 | 1 << 60) as i64)).collect();
        for threads in [1, 2, 8] {
            for budget in [200_000, 1 << 20] {
                let spilled = squeezed(&keys, &numbers, budget, threads);
                assert!(budget > 300_000 || spilled > 100_000, "{name}: {spilled}");
                squeezed(&keys, &texts, budget.max(300_000), threads);
                squeezed(&short_keys, &shorts, budget.max(300_000), threads);
            }
        }
    }
}

#[test]
fn stages_meet() {
    let n = 40_000i64;
    let with = |change: fn(i64) -> i64| (0..n).map(change).map(Some).collect::<Vec<_>>();
    let streams: Vec<(&str, Vec<Option<i64>>)> = vec![
        ("increasing", with(|n| n)),
        ("increasing in uneven steps", with(|n| n * 1000 + n % 7)),
        ("increasing, then one from inside a gap-free stretch", {
            let mut keys = with(|n| n);
            keys.push(Some(12_345));
            keys
        }),
        ("increasing, one repeat at once", with(|n| if n == 30_001 { 30_000 } else { n })),
        ("increasing blocks that overlap", with(|n| n - n / 3000 * 100)),
        ("increasing blocks in falling order", with(|n| n % 700 - n / 700 * 1000)),
        ("increasing blocks that only touch", with(|n| n - n / 700)),
        ("dense in any order", with(|n| n * 7919 % 40_009)),
        ("dense in any order with repeats", with(|n| n * 7919 % 39_989)),
        ("dense, then far away", with(|n| if n < 39_000 { n * 7919 % 40_009 } else { n << 40 })),
        ("falling", with(|n| -n)),
        ("one key", with(|_| 5)),
    ];
    for (name, mut keys) in streams {
        for nulls in [false, true] {
            if nulls {
                keys.iter_mut().step_by(9).for_each(|key| *key = None);
            }
            let column: ArrayRef = Arc::new(keys.iter().copied().collect::<Int64Array>());
            let expected = oracle(&keys, 0).0;
            for (cut, threads) in [(700, 1), (5000, 2), (33, 8), (100_000, 2)] {
                let seed = Seed::new(4);
                let columns = [column.clone()];
                let found = deferred(&columns, Nulls::Distinct, &seed, 0, cut, threads, None);
                assert_eq!(found, expected, "{name}, nulls {nulls}, cut {cut}");
                let (found, _) = resident(&columns, Nulls::Distinct, &seed, 0, cut, 4, threads);
                assert_eq!(found, expected, "{name} while streaming, nulls {nulls}, cut {cut}");
            }
            for budget in [60_000, 100_000, 300_000] {
                squeezed(&keys, &column, budget.max(if nulls { 100_000 } else { 0 }), 2);
            }
        }
    }
}

#[test]
fn rows_may_be_four_billion_apart() {
    let spec = KeyForm::compile(&[DataType::Int64], Nulls::Distinct).unwrap();
    let seed = Seed::new(2);
    for budget in [None, Some(100_000)] {
        let mut state = Deferred::new(&seed, terms(budget, true));
        let (mut rows, mut keys) = (Vec::new(), HashMap::new());
        for piece in 0..40u64 {
            let base = piece * ((1 << 31) + 12_345);
            // Only the last pieces share keys: their rows must still be told apart.
            let step = if piece < 35 { 1000 } else { 995 };
            let numbers: Vec<i64> =
                (0..1000).map(|n| (piece as i64 * step + n) << 20 ^ 0x5555).rev().collect();
            for (at, number) in numbers.iter().enumerate() {
                rows.push((base + at as u64, *number));
                *keys.entry(*number).or_insert(0) += 1;
            }
            let column: ArrayRef = Arc::new(Int64Array::from(numbers));
            state.append(vec![encode(&spec, &seed, &[column], base).unwrap()], 2).unwrap();
        }
        let found = state.finish(2).unwrap().outcome;
        let members: Vec<u64> =
            rows.iter().filter(|(_, key)| keys[key] > 1).map(|(row, _)| *row).collect();
        assert!(found.members == members.len() as u64 && found.members > 20);
        assert_eq!(found.first_members, members[..EXAMPLES]);
        assert!(found.first_surplus[0] > u64::from(u32::MAX) * 16);
    }
}

#[test]
fn short_fingerprints_never_pass_a_repeat_and_say_what_they_are() {
    let texts: Vec<String> =
        (0..300).map(|n| format!("a rather long text with number {n}")).collect();
    let unique: ArrayRef = Arc::new(StringArray::from(texts.clone()));
    let repeated = texts.iter().chain([&texts[17]]);
    let repeated: ArrayRef = Arc::new(StringArray::from_iter_values(repeated));
    let spec = KeyForm::compile(&[DataType::Utf8], Nulls::Distinct).unwrap();
    for bits in [0, 1, 4, 8, 64, 100, 128] {
        let seed = Seed::new(8).truncated(64, bits);
        for (column, surplus) in [(&unique, 0), (&repeated, 1)] {
            let columns = [column.clone()];
            let found = resident(&columns, Nulls::Distinct, &seed, 0, 50, 2, 2).0;
            assert!(found.verified && found.surplus == surplus, "{bits} bits");
            let found = deferred(&columns, Nulls::Distinct, &seed, 0, 50, 2, None);
            assert!(found.verified && found.surplus == surplus, "{bits} bits");
            // Nobody gives a second look.
            let mut state = Deferred::new(&seed, terms(None, true));
            state.append(vec![encode(&spec, &seed, &columns, 0).unwrap()], 2).unwrap();
            let found = state.finish(2).unwrap().outcome;
            assert_eq!(found.verified, found.surplus == 0, "{bits} bits");
            assert!(found.surplus >= surplus && (bits < 64 || found.surplus == surplus));
        }
    }
}

#[test]
fn a_second_look_at_other_rows_is_an_error() {
    let texts = |numbers: &[u32]| {
        let texts = numbers.iter().map(|n| format!("a text of more than 15 bytes, {n}"));
        Arc::new(StringArray::from_iter_values(texts)) as ArrayRef
    };
    let spec = KeyForm::compile(&[DataType::Utf8], Nulls::Distinct).unwrap();
    let seed = Seed::new(8);
    let block = |numbers: &[u32]| encode(&spec, &seed, &[texts(numbers)], 0).unwrap();
    for (second, same) in [(vec![1, 2, 1, 2], true), (vec![1, 2, 1, 3], false), (vec![1], false)] {
        let mut state = Deferred::new(&seed, terms(None, true));
        state.append(vec![block(&[1, 2, 1, 2])], 1).unwrap();
        assert!(state.judge(1).unwrap());
        state.replay(&[block(&second)]).unwrap();
        match state.finish(1) {
            Ok(found) => assert!(same && found.outcome.surplus == 2),
            Err(error) => assert!(!same && error.code == Code::SourceChanged),
        }
    }
}

#[test]
fn the_key_that_marks_empty_places_is_a_key() {
    let seed = Seed::new(77);
    // Once mixed, this one is all zeroes.
    let zero = seed.unmix(0);
    let others = (1..3000u64).map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 1);
    for times in [1, 2, 3] {
        let keys: Vec<Option<u64>> = others.clone().chain(vec![zero; times]).map(Some).collect();
        let one: ArrayRef = Arc::new(keys.iter().copied().collect::<UInt64Array>());
        let pair = |key: &Option<u64>| [key.unwrap_or(0).to_be_bytes(), [0; 8]].concat();
        let pairs: Vec<Vec<u8>> = keys.iter().map(pair).collect();
        let two: ArrayRef = Arc::new(FixedSizeBinaryArray::try_from_iter(pairs.iter()).unwrap());
        for column in [one, two] {
            let columns = [column];
            let expected = oracle(&keys, 0);
            let found = deferred(&columns, Nulls::Distinct, &seed, 0, 100, 2, None);
            assert_eq!(found, expected.0, "{times} times");
            let found = resident(&columns, Nulls::Distinct, &seed, 0, 100, 5, 2);
            assert_eq!(found, expected, "{times} times");
        }
    }
}

#[test]
fn no_room_on_disk_is_an_error_never_a_verdict() {
    let spec = KeyForm::compile(&[DataType::Int64], Nulls::Distinct).unwrap();
    let seed = Seed::new(1);
    let absent = Spill { folder: "/nowhere/at/all".into(), quota_bytes: u64::MAX };
    let small = Spill { folder: std::env::temp_dir(), quota_bytes: 100_000 };
    let cases = [(Some(&absent), Code::Spill), (Some(&small), Code::Spill), (None, Code::Memory)];
    for (spill, code) in cases {
        let disk = spill.map(Disk::new);
        let terms = Terms { memory_bytes: Some(100_000), disk, ..Terms::default() };
        let mut state = Deferred::new(&seed, terms);
        let mut failed = None;
        for batch in 0..200i64 {
            let numbers = (batch * 1000..(batch + 1) * 1000).rev();
            let column: ArrayRef = Arc::new(numbers.map(|n| n * 7_919_000).collect::<Int64Array>());
            let block = encode(&spec, &seed, &[column], batch as u64 * 1000).unwrap();
            if let Err(error) = state.append(vec![block], 2) {
                assert_eq!(error.code, failed.map_or(code, |_| Code::RunFinished));
                failed = Some(error.code);
            }
        }
        assert!(failed.is_some());
        assert_eq!(state.finish(2).unwrap_err().code, Code::RunFinished);
    }
    // Room for the log but not for judging it.
    let terms = Terms { memory_bytes: Some(100_000), ..Terms::default() };
    let mut state = Deferred::new(&seed, terms);
    let column: ArrayRef = Arc::new((0..6_000i64).map(|n| -n * 7_919_000).collect::<Int64Array>());
    state.append(vec![encode(&spec, &seed, &[column], 0).unwrap()], 1).unwrap();
    assert_eq!(state.finish(1).unwrap_err().code, Code::Memory);
}
