//! Masking one piece and splitting it into accepted and rejected rows.

use std::sync::Arc;

use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::{ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, UInt64Array};
use arrow_schema::{DataType, Field, SchemaRef};
use arrow_select::filter::{FilterBuilder, FilterPredicate};

use super::part::keys_schema;
use super::{masked, Judged, Piece, Split};
use crate::error::{Error, Result};
use crate::kernels::bits;
use crate::plan::Plan;

/// The rows that a check of severity `error` rejects.
pub(super) fn rejected_bits(
    plan: &Plan,
    piece: &Piece,
    fails: &[(usize, Vec<u64>)],
    repeats: &[(usize, Vec<u64>)],
) -> Vec<u64> {
    let mut rejected = vec![0; bits::words(piece.incoming.rows())];
    for (clause, fail) in fails.iter().chain(repeats) {
        if plan.clauses.get(*clause).is_some_and(|c| c.rejects) {
            bits::or(&mut rejected, fail);
        }
    }
    rejected
}

/// Masks a piece and splits it.
pub(super) fn split(
    plan: &Plan,
    piece: &Piece,
    judged: &Judged,
    repeats: &[(usize, Vec<u64>)],
    outputs: bool,
) -> Result<Split> {
    let rows = judged.batch.num_rows();
    let rejected = rejected_bits(plan, piece, &judged.fails, repeats);
    let keys = fingerprints(plan, judged, &rejected, rows)?;
    if !outputs {
        return Ok(Split { accepted: None, rejected: None, keys });
    }
    let count = bits::count(&rejected) as usize;
    let mut columns = Vec::with_capacity(plan.outputs.len());
    for output in &plan.outputs {
        let column = judged
            .batch
            .columns()
            .get(output.index)
            .ok_or_else(|| Error::internal("an output names no column of its batch"))?;
        columns.push(masked::column(&output.part, column)?);
    }
    let marked = |mut columns: Vec<ArrayRef>, rows: &[u64]| {
        columns.push(Arc::new(UInt64Array::from_iter_values(
            bits::ones_of(rows).map(|row| piece.base_row + row as u64),
        )));
        columns.push(check_ids(plan, rows, &judged.fails, repeats));
        assemble(plan.quarantine_schema(), columns, bits::count(rows) as usize)
    };
    let bad = BooleanArray::new(bits::to_boolean(&rejected, rows), None);
    let aside = if count > 0 { Some(marked(filter(&columns, &bad)?, &rejected)?) } else { None };
    let accepted = if count == rows && count > 0 {
        None
    } else {
        if count > 0 {
            columns = filter(&columns, &BooleanArray::new(!bad.values(), None))?;
        }
        Some(if keys.is_some() {
            let mut good: Vec<u64> = rejected.iter().map(|word| !word).collect();
            bits::trim(&mut good, rows);
            marked(columns, &good)?
        } else {
            assemble(plan.accepted_schema(), columns, rows - count)?
        })
    };
    Ok(Split { accepted, rejected: aside, keys })
}

/// The fingerprints of a part's keys; `None` for a whole stream, or without keys.
fn fingerprints(
    plan: &Plan,
    judged: &Judged,
    rejected: &[u64],
    rows: usize,
) -> Result<Option<RecordBatch>> {
    if judged.prints.is_empty() {
        return Ok(None);
    }
    let rejected: ArrayRef = Arc::new(BooleanArray::new(bits::to_boolean(rejected, rows), None));
    let columns = std::iter::once(rejected).chain(judged.prints.iter().cloned()).collect();
    assemble(&Arc::new(keys_schema(plan)), columns, rows).map(Some)
}

fn filter(columns: &[ArrayRef], keep: &BooleanArray) -> Result<Vec<ArrayRef>> {
    let mut builder = FilterBuilder::new(keep);
    if columns.len() > 1 {
        builder = builder.optimize();
    }
    let predicate: FilterPredicate = builder.build();
    columns
        .iter()
        .map(|column| {
            predicate.filter(column).map_err(|_| Error::internal("a column could not be filtered"))
        })
        .collect()
}

/// Per rejected row the ids of the checks it failed, in contract order.
pub(super) fn check_ids(
    plan: &Plan,
    rejected: &[u64],
    fails: &[(usize, Vec<u64>)],
    repeats: &[(usize, Vec<u64>)],
) -> ArrayRef {
    // A primary key can fail by null and by repetition: one id per row all the same.
    let mut by_clause: Vec<(usize, Vec<u64>)> = Vec::new();
    for (clause, fail) in fails.iter().chain(repeats) {
        match by_clause.iter_mut().find(|(c, _)| c == clause) {
            Some((_, all)) => bits::or(all, fail),
            None => by_clause.push((*clause, fail.clone())),
        }
    }
    by_clause.sort_unstable_by_key(|(clause, _)| *clause);
    let field = Arc::new(Field::new("item", DataType::Utf8, false));
    let mut builder = ListBuilder::new(StringBuilder::new()).with_field(field);
    for row in bits::ones_of(rejected) {
        for (clause, fail) in &by_clause {
            if bits::get(fail, row) {
                if let Some(clause) = plan.clauses.get(*clause) {
                    builder.values().append_value(&clause.head.id);
                }
            }
        }
        builder.append(true);
    }
    Arc::new(builder.finish())
}

fn assemble(schema: &SchemaRef, columns: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
        .map_err(|_| Error::internal("output columns do not match the output schema"))
}
