//! Contracts as JSON: the input itself, or one that is put together from the registry as the input
//! says. Whatever comes out is compiled against a small table and, if it compiles, run over it.
#![no_main]

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use libfuzzer_sys::fuzz_target;
use meshgate_engine::checks::definitions;
use meshgate_engine::contract::Contract;
use meshgate_engine::import::Incoming;
use meshgate_engine::masks::KeyRing;
use meshgate_engine::plan::Plan;
use meshgate_engine::run::{Options, Run};
use serde_json::{json, Map, Value};

const NAMES: [&str; 6] = ["i", "f", "s", "b", "t", "missing"];
const LITERALS: [&str; 24] = [
    "null", "true", "0", "1", "-1", "3", "0.5", "1e400", "9223372036854775808", "-0.0", "\"\"",
    "\"a\"", "\"le\"", "\"sum\"", "\"24h\"", "\"email\"", "\"(a|b)*c$\"", "\"yyyy-MM-dd\"",
    "\"i > 1 and s <> 'x'\"", "\"2020-01-01T00:00:00Z\"", "[]", "[1,2]", "[\"a\",\"b\"]", "{}",
];

fn table() -> RecordBatch {
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("i", Arc::new(Int64Array::from(vec![Some(1), None, Some(1), Some(i64::MIN)]))),
        ("f", Arc::new(Float64Array::from(vec![0.5, f64::NAN, -0.0, f64::INFINITY]))),
        ("s", Arc::new(StringArray::from(vec![Some("a"), Some(""), None, Some("é")]))),
        ("b", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false), Some(true)]))),
        ("t", Arc::new(TimestampMicrosecondArray::from(vec![0, 1, -1, i64::MAX]).with_timezone("UTC"))),
    ];
    let field = |(name, array): &(&str, ArrayRef)| Field::new(*name, array.data_type().clone(), true);
    let schema = Schema::new(columns.iter().map(field).collect::<Vec<_>>());
    RecordBatch::try_new(Arc::new(schema), columns.into_iter().map(|(_, c)| c).collect()).unwrap()
}

fn composed(mut input: &[u8]) -> Value {
    let mut next = |below: usize| {
        let (first, rest) = input.split_first().unwrap_or((&0, &[]));
        input = rest;
        usize::from(*first) % below.max(1)
    };
    let kinds: Vec<_> = definitions().collect();
    let mut checks = Vec::new();
    for position in 0..1 + next(3) {
        let kind = kinds[next(kinds.len())];
        let columns: Vec<&str> = (0..next(3)).map(|_| NAMES[next(NAMES.len())]).collect();
        let mut args = Map::new();
        for argument in kind.arguments {
            if next(4) > 0 {
                let literal = serde_json::from_str(LITERALS[next(LITERALS.len())]);
                args.insert(argument.name.into(), literal.unwrap_or(Value::Null));
            }
        }
        let mut check = json!({"id": format!("c{position}"), "check": kind.name, "columns": columns, "args": args});
        if next(4) == 0 {
            check["max_pct"] = serde_json::from_str(LITERALS[next(LITERALS.len())]).unwrap_or(Value::Null);
        }
        checks.push(check);
    }
    json!({
        "dataset": "d", "checks": checks,
        "columns": [
            {"name": "i", "type": "integer"}, {"name": "f", "type": "float64"},
            {"name": "s", "type": "string"}, {"name": "b", "type": "boolean"},
            {"name": "t", "type": "timestamp"}, {"name": "missing", "type": "string"},
        ],
    })
}

fuzz_target!(|input: &[u8]| {
    let json = match input.split_first() {
        Some((b'#', rest)) => composed(rest).to_string().into_bytes(),
        _ => input.to_vec(),
    };
    let Ok(contract) = Contract::from_json(&json) else { return };
    let batch = table();
    debug_assert_eq!(
        batch.schema().field(4).data_type(),
        &DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
    );
    let keys = KeyRing::new(std::collections::BTreeMap::new());
    let Ok(plan) = Plan::compile(&contract, &batch.schema(), &keys) else { return };
    plan.explain();
    let plan = Arc::new(plan);
    for outputs in [false, true] {
        let options = Options { now_ns: Some(0), threads: 1, outputs, ..Options::default() };
        let mut run = Run::new(Arc::clone(&plan), options).unwrap();
        let incoming = Incoming::of(&batch).unwrap();
        run.process(&[incoming.slice(0, 1), incoming.slice(1, 3)]).unwrap();
        let (report, _, _) = run.finish().unwrap();
        assert_eq!(report.rows, 4);
        assert_eq!(report.accepted_rows + report.rejected_rows, 4);
    }
});
