//! Merging leaves no trace, estimates keep their bounds, hidden columns tell of no value.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BooleanArray, DictionaryArray, Float64Array, Int32Array, Int64Array,
    LargeStringArray, RecordBatch, RunArray, StringArray, StringViewArray, StructArray,
};
use arrow_schema::{DataType, Field, Fields};
use proptest::prelude::*;

use super::distinct::{Distinct, EXACT};
use super::sample::Sample;
use super::shape::shape;
use super::trend::Trend;
use super::*;
use crate::contract::Contract;

const SECRET: &str = "ada.lovelace@example.com";

fn contract(columns: &str) -> Contract {
    Contract::from_json(format!(r#"{{"dataset": "d", "columns": [{columns}]}}"#).as_bytes())
        .unwrap()
}

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true)))
        .unwrap()
}

/// The profile of batches that are looked at piece by piece and merged in the order of `tree`:
/// from the left, or halves first.
fn profile(contract: &Contract, batches: &[RecordBatch], halves: bool) -> Profile {
    let columns = columns(contract, &batches[0].schema());
    let mut row = 0;
    let empty = Profiler::new(&columns);
    let mut seen: Vec<Profiler> = batches
        .iter()
        .map(|batch| {
            let looked = empty.look(&columns, batch, row).unwrap();
            row += batch.num_rows() as u64;
            looked
        })
        .collect();
    if halves {
        while seen.len() > 1 {
            let mut next = Vec::new();
            let mut pairs = seen.into_iter();
            while let Some(mut left) = pairs.next() {
                if let Some(right) = pairs.next() {
                    left.merge(right);
                }
                next.push(left);
            }
            seen = next;
        }
    }
    let mut all = empty;
    for part in seen {
        all.merge(part);
    }
    all.profile(&columns, row)
}

fn one(contract: &Contract, batch: RecordBatch) -> ColumnProfile {
    profile(contract, &[batch], false).columns.remove(0)
}

fn texts(values: &[Option<String>], layout: usize) -> ArrayRef {
    let plain = || values.iter().collect::<StringArray>();
    match layout {
        0 => Arc::new(plain()),
        1 => Arc::new(values.iter().collect::<LargeStringArray>()),
        2 => Arc::new(values.iter().collect::<StringViewArray>()),
        3 => {
            let all = values.iter().map(Option::as_deref);
            Arc::new(all.collect::<DictionaryArray<Int32Type>>())
        }
        _ => {
            let ends = Int32Array::from_iter_values(1..=values.len() as i32);
            Arc::new(RunArray::try_new(&ends, &plain()).unwrap())
        }
    }
}

proptest! {
    #[test]
    fn cuts_layouts_and_the_order_of_merging_leave_no_trace(
        rows in prop::collection::vec(
            (prop::option::of("[aB1 é-]{0,3}"), prop::option::of(-3_i64..4), any::<bool>()), 1..60),
        layout in 0_usize..5,
        cuts in prop::collection::vec(0_usize..60, 0..5),
        halves: bool,
    ) {
        let kinds = r#"{"name": "t", "type": "string"}, {"name": "n", "type": "integer"},
            {"name": "f", "type": "number"}, {"name": "b", "type": "boolean"},
            {"name": "m", "type": "string", "pii": "email"}"#;
        let table = |layout: usize| {
            let words: Vec<_> = rows.iter().map(|r| r.0.clone()).collect();
            let float = |n: i64| if n == 3 { f64::NAN } else { n as f64 / 2.0 };
            batch(vec![
                ("t", texts(&words, layout)),
                ("n", Arc::new(rows.iter().map(|r| r.1).collect::<Int64Array>())),
                ("f", Arc::new(rows.iter().map(|r| r.1.map(float)).collect::<Float64Array>())),
                ("b", Arc::new(rows.iter().map(|r| Some(r.2)).collect::<BooleanArray>())),
                ("m", texts(&words, layout)),
            ])
        };
        let contract = contract(kinds);
        let whole = profile(&contract, &[table(0)], false);
        let other = table(layout);
        let mut ends: Vec<usize> = cuts.iter().map(|c| c % rows.len()).chain([rows.len()]).collect();
        ends.sort_unstable();
        let mut start = 0;
        let pieces: Vec<_> = ends
            .into_iter()
            .map(|end| {
                let piece = other.slice(start, end - start);
                start = end;
                piece
            })
            .collect();
        prop_assert_eq!(profile(&contract, &pieces, halves), whole);
    }

    #[test]
    fn a_sample_is_the_same_however_it_was_put_together(
        values in prop::collection::vec(prop::option::of(0_u32..100), 0..300),
        cut in 0_usize..300,
        size in 1_usize..50,
    ) {
        let priorities: Vec<u64> = (0..values.len() as u64).map(hash::priority).collect();
        let of = |before: &Sample<u32>, from: usize, to: usize| {
            let rows = (0..to - from).filter(|row| values[from + row].is_some());
            Sample::of(before, &priorities[from..to], rows, |row| values[from + row].unwrap())
        };
        let kept = |sample: &Sample<u32>| {
            let mut all: Vec<u32> = sample.kept().copied().collect();
            all.sort_unstable();
            all
        };
        let (none, cut) = (Sample::new(size), cut.min(values.len()));
        let whole = of(&none, 0, values.len());
        let mut left = of(&none, 0, cut);
        let mut blind = left.clone();
        blind.merge(of(&none, cut, values.len()));
        let aware = of(&left, cut, values.len());
        left.merge(aware);
        prop_assert_eq!(kept(&left), kept(&whole));
        prop_assert_eq!(kept(&blind), kept(&whole));
        prop_assert_eq!(whole.len(), size.min(values.iter().flatten().count()));
    }

    #[test]
    fn trends_are_those_of_neighbours(values in prop::collection::vec(0_i128..4, 0..6), cut in 0_usize..6) {
        let of = |values: &[i128]| {
            let mut trend = Trend::default();
            for value in values {
                trend.add(*value);
            }
            trend
        };
        let cut = cut.min(values.len());
        let mut merged = of(&values[..cut]);
        merged.merge(of(&values[cut..]));
        let pairs: Vec<_> = values.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let all_equal = pairs.iter().all(|step| *step == 0);
        let expected = match &pairs {
            _ if all_equal => None,
            steps if steps.iter().all(|step| *step > 0) => Some("strictly increasing"),
            steps if steps.iter().all(|step| *step >= 0) => Some("increasing"),
            steps if steps.iter().all(|step| *step < 0) => Some("strictly decreasing"),
            steps if steps.iter().all(|step| *step <= 0) => Some("decreasing"),
            _ => None,
        };
        prop_assert_eq!(merged.word(), expected);
        let distinct = values.iter().collect::<HashSet<_>>().len();
        prop_assert!(!merged.is_strict() || distinct == values.len());
    }
}

#[test]
fn distinct_values_are_counted_and_then_estimated() {
    let mut seen = Distinct::new();
    for number in 0..EXACT as i128 {
        seen.add(hash::number(number));
        seen.add(hash::number(number));
    }
    assert_eq!(seen.count(9999), Count { count: EXACT as u64, exact: true });
    // Five standard errors: a wrong estimator is off by more, chance is not.
    let mut next = EXACT as i128;
    for size in [2_000_i128, 5_000, 20_000, 100_000, 1_000_000] {
        (next..size).for_each(|number| seen.add(hash::number(number)));
        next = size;
        let Count { count, exact } = seen.count(u64::MAX);
        assert!(!exact);
        assert!((count as f64 - size as f64).abs() < 0.08 * size as f64, "{count} of {size}");
    }
    assert_eq!(seen.count(1_500).count, 1_500);
}

#[test]
fn texts_hash_as_well_as_numbers_do() {
    let mut seen = Distinct::new();
    (0..50_000).for_each(|n| seen.add(hash::bytes(format!("customer#{n:09}").as_bytes())));
    let Count { count, .. } = seen.count(u64::MAX);
    assert!((46_000..54_000).contains(&count), "{count}");
    let near: HashSet<u64> =
        ["", "\0", "\0\0", "a", "a\0", "12345678", "12345678\0", "1234567812345678"]
            .iter()
            .map(|text| hash::bytes(text.as_bytes()))
            .collect();
    assert_eq!(near.len(), 8);
}

#[test]
fn quantiles_keep_their_bound_on_large_columns() {
    let contract = contract(r#"{"name": "n", "type": "int64"}"#);
    let rows = 300_000_i64;
    // Neither sorted nor uniform: squares in the order of a multiplication modulo a prime.
    let values = (0..rows).map(|row| (row * 123_457 % rows).pow(2));
    let found = one(&contract, batch(vec![("n", Arc::new(Int64Array::from_iter_values(values)))]));
    assert_eq!(found.sampled, SAMPLED as u64);
    for Quantile { percent, value } in &found.quantiles {
        let rank = value.parse::<f64>().unwrap().sqrt() / rows as f64;
        assert!((rank - f64::from(*percent) / 100.0).abs() < 0.03, "{percent} % is at {rank}");
    }
    assert_eq!(found.max, Some(((rows - 1) * (rows - 1)).to_string()));
    assert_eq!(found.values, None);
}

#[test]
fn small_columns_are_told_exactly() {
    let contract = contract(r#"{"name": "n", "type": "int64"}"#);
    let values = [Some(3), None, Some(1), Some(3), Some(2)];
    let found = one(&contract, batch(vec![("n", Arc::new(Int64Array::from(values.to_vec())))]));
    assert_eq!((found.nulls, found.sampled, found.unique), (1, 4, Some(false)));
    assert_eq!(found.distinct, Some(Count { count: 3, exact: true }));
    assert_eq!((found.min.as_deref(), found.max.as_deref()), (Some("1"), Some("3")));
    let quantiles: Vec<_> = found.quantiles.iter().map(|q| q.value.as_str()).collect();
    assert_eq!(quantiles, ["1", "1", "2", "3", "3"]);
    let values: Vec<_> = found.values.unwrap().into_iter().map(|v| (v.text, v.count)).collect();
    assert_eq!(values, [("3".into(), 2), ("1".into(), 1), ("2".into(), 1)]);
}

#[test]
fn nan_and_the_two_zeros_are_values() {
    let contract = contract(r#"{"name": "f", "type": "number"}"#);
    let values = Float64Array::from(vec![0.0, -0.0, f64::NAN, -f64::NAN, 1.5]);
    let found = one(&contract, batch(vec![("f", Arc::new(values))]));
    assert_eq!(found.distinct, Some(Count { count: 3, exact: true }));
    assert_eq!((found.nan, found.sampled, found.order), (Some(2), 3, None));
    assert_eq!((found.min.as_deref(), found.max.as_deref()), (Some("0.0"), Some("1.5")));
}

#[test]
fn shapes_collapse_runs_and_count_the_others() {
    assert_eq!(shape("ABC-1234").unwrap(), "A{3}-9{4}");
    assert_eq!(shape("Éa ٣\tx").unwrap(), "Aa 9 a");
    assert_eq!(shape("").unwrap(), "");
    assert_eq!(shape("{2}").unwrap(), r"\{9\}");
    assert_eq!(shape(&"a-".repeat(40)), None);
    let contract = contract(r#"{"name": "t", "type": "string"}"#);
    let words = (0..40).map(|n| if n < 30 { "A-1".into() } else { "x.".repeat(n) });
    let found = one(&contract, batch(vec![("t", Arc::new(StringArray::from_iter_values(words)))]));
    let listed: u64 = found.shapes.iter().map(|shape| shape.count).sum();
    assert_eq!((found.shapes[0].text.as_str(), found.shapes[0].count), ("A-9", 30));
    assert_eq!(listed + found.other_shapes, 40);
    assert_eq!((found.min_length, found.max_length), (Some(3), Some(78)));
}

#[test]
fn hidden_columns_tell_of_no_value() {
    let people = StringArray::from(vec![SECRET; 40]);
    let inner = Fields::from(vec![Field::new("mail", DataType::Utf8, true)]);
    let nested = StructArray::new(inner, vec![Arc::new(people.clone()) as ArrayRef], None);
    let columns = r#"{"name": "mail", "type": "string", "mask": {"method": "redact"}},
        {"name": "tagged", "type": "string", "pii": "unspecified"},
        {"name": "person", "type": "struct", "pii": "unspecified",
         "columns": [{"name": "mail", "type": "string"}]},
        {"name": "age", "type": "int64", "mask": {"method": "nullify"}}"#;
    let data = batch(vec![
        ("mail", Arc::new(people.clone())),
        ("tagged", Arc::new(people.clone())),
        ("person", Arc::new(nested)),
        ("age", Arc::new(Int64Array::from(vec![4711; 40]))),
        ("not_promised", Arc::new(people)),
    ]);
    let found = profile(&contract(columns), &[data], false);
    let json = found.to_json();
    for told in [SECRET, "lovelace", "a{3}", "@", "4711", "not_promised"] {
        assert!(!json.contains(told), "{told} in {json}");
    }
    assert_eq!(found.columns.len(), 5);
    assert!(found.columns.iter().all(|column| column.hidden));
    assert_eq!(found.columns[0].distinct, Some(Count { count: 1, exact: true }));
}

#[test]
fn a_null_struct_hides_its_fields() {
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![7, 8]));
    let inner = Fields::from(vec![Field::new("n", DataType::Int64, true)]);
    let rows = StructArray::new(inner, vec![numbers], Some(vec![false, true].into()));
    let columns = r#"{"name": "s", "type": "struct", "columns": [{"name": "n", "type": "int64"}]}"#;
    let found = profile(&contract(columns), &[batch(vec![("s", Arc::new(rows))])], false);
    assert_eq!((found.columns[0].nulls, found.columns[0].distinct), (1, None));
    assert_eq!(found.columns[1].column, "s.n");
    assert_eq!(found.columns[1].min.as_deref(), Some("8"));
}

#[test]
fn many_values_are_not_listed_in_any_order_of_merging() {
    let contract = contract(r#"{"name": "n", "type": "int64"}"#);
    let few =
        |from: i64| batch(vec![("n", Arc::new(Int64Array::from_iter_values(from..from + 30)))]);
    let found = profile(&contract, &[few(0), few(20)], true).columns.remove(0);
    assert_eq!((found.values, found.unique), (None, Some(false)));
    assert_eq!(found.distinct, Some(Count { count: 50, exact: true }));
}
