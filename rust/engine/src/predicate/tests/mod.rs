//! Expressions against a naive interpreter, meanings one by one, and everything that is refused.

#![allow(clippy::unwrap_used)] // how tests fail

mod meaning;
mod naive;
mod random;
mod refusals;

use std::sync::Arc;

use arrow_array::builder::StringDictionaryBuilder;
use arrow_array::types::Int16Type;
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array,
    Int8Array, StringArray, TimestampMicrosecondArray,
};

use super::{sql, Column, Input, Predicate, Truth};
use crate::error::Result;
use crate::kernels::bits;
use crate::promise::plain;

/// One row of the table that all tests of this module look at.
#[derive(Debug, Clone, Default, PartialEq)]
struct Row {
    a: Option<i64>,
    b: Option<i8>,
    /// In hundredths.
    d: Option<i128>,
    f: Option<f64>,
    s: Option<String>,
    u: Option<String>,
    flag: Option<bool>,
    day: Option<i32>,
    at: Option<i64>,
}

fn columns(rows: &[Row]) -> Vec<(&'static str, ArrayRef)> {
    let d = rows.iter().map(|row| row.d).collect::<Decimal128Array>();
    let mut u = StringDictionaryBuilder::<Int16Type>::new();
    // A value that no row has, so that dictionaries hold more than their rows do.
    u.append_value("unused");
    for row in rows {
        u.append_option(row.u.as_deref());
    }
    let u = u.finish();
    let at = rows.iter().map(|row| row.at).collect::<TimestampMicrosecondArray>();
    vec![
        ("a", Arc::new(rows.iter().map(|row| row.a).collect::<Int64Array>())),
        ("b", Arc::new(rows.iter().map(|row| row.b).collect::<Int8Array>())),
        ("d", Arc::new(d.with_precision_and_scale(5, 2).unwrap())),
        ("f", Arc::new(rows.iter().map(|row| row.f).collect::<Float64Array>())),
        ("s", Arc::new(rows.iter().map(|row| row.s.as_deref()).collect::<StringArray>())),
        ("u", Arc::new(u.slice(1, rows.len()))),
        ("flag", Arc::new(rows.iter().map(|row| row.flag).collect::<BooleanArray>())),
        ("day", Arc::new(rows.iter().map(|row| row.day).collect::<Date32Array>())),
        ("at", Arc::new(at.with_timezone("UTC"))),
    ]
}

fn evaluate(text: &str, columns: &[(&'static str, ArrayRef)], rows: usize) -> Result<Truth> {
    let expr = sql::parse(text)?;
    let named: Vec<_> = expr
        .columns()
        .iter()
        .map(|named| columns.iter().find(|(name, _)| *name == named.path).unwrap())
        .collect();
    let types: Vec<Column> = named
        .iter()
        .map(|(path, array)| Column {
            path: (*path).into(),
            data_type: plain(array.data_type()).clone(),
        })
        .collect();
    let predicate = Predicate::compile(&expr, &types)?;
    let valid: Vec<_> =
        named.iter().map(|(_, array)| bits::from_nulls(array.logical_nulls().as_ref())).collect();
    let inputs: Vec<Input<'_>> = named
        .iter()
        .zip(&valid)
        .map(|((_, array), valid)| Input { array, valid: valid.as_deref() })
        .collect();
    predicate.evaluate(&inputs, rows)
}

/// What an expression says of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Yes,
    No,
    Unknown,
    Fault,
}

impl From<Option<bool>> for Outcome {
    fn from(truth: Option<bool>) -> Self {
        match truth {
            Some(true) => Self::Yes,
            Some(false) => Self::No,
            None => Self::Unknown,
        }
    }
}

fn outcomes(text: &str, rows: &[Row]) -> Vec<Outcome> {
    let truth = evaluate(text, &columns(rows), rows.len()).unwrap();
    read(&truth, rows.len())
}

fn read(truth: &Truth, rows: usize) -> Vec<Outcome> {
    (0..rows)
        .map(|row| {
            let fault = truth.fault.as_ref().is_some_and(|fault| bits::get(fault, row));
            match (bits::get(&truth.yes, row), bits::get(&truth.no, row), fault) {
                (true, false, false) => Outcome::Yes,
                (false, true, false) => Outcome::No,
                (false, false, false) => Outcome::Unknown,
                (false, false, true) => Outcome::Fault,
                both => panic!("row {row} is {both:?}"),
            }
        })
        .collect()
}
