//! The order of rows across pieces: who falls behind what came before the piece.

use arrow_array::RecordBatch;

use super::judge::note;
use super::view::{Columns, View};
use super::{parallel, Judged, Piece};
use crate::checks::{Mark, Rows, Survey};
use crate::error::{Error, Result};
use crate::kernels::{bits, encoding};
use crate::plan::{Plan, Work};

/// A survey of one piece and of one clause, in which rows fall behind an earlier piece.
struct Late<'a> {
    piece: &'a Piece,
    batch: RecordBatch,
    clause: usize,
    farthest: Mark,
    inside: Option<Vec<u64>>,
}

/// Completes the surveys of the pieces and notes their failing rows. `reached` is the farthest value
/// of all rows before, by clause.
pub(super) fn resolve(
    plan: &Plan,
    pieces: &[Piece],
    judged: &mut [Judged],
    reached: &mut [Option<Mark>],
    threads: usize,
) -> Result<()> {
    let mut late = Vec::new();
    let mut places = Vec::new();
    for (at, (piece, judged)) in pieces.iter().zip(judged.iter()).enumerate() {
        for (position, (clause, survey)) in judged.surveys.iter().enumerate() {
            let (Some(check), Some(reached)) = (
                plan.clauses.get(*clause).and_then(|c| c.work.sequence()),
                reached.get_mut(*clause),
            ) else {
                continue;
            };
            if let (Some(hindmost), Some(farthest)) = (survey.hindmost, *reached) {
                if check.falls_behind(hindmost, farthest) {
                    let batch = judged.batch.clone();
                    let inside = survey.inside.clone();
                    late.push(Late { piece, batch, clause: *clause, farthest, inside });
                    places.push((at, position));
                }
            }
            *reached = check.farther(*reached, survey.farthest);
        }
    }
    let found = parallel(threads, &late, |late| behind(plan, late))?;
    for (fail, (at, position)) in found.into_iter().zip(places) {
        let survey = judged.get_mut(at).and_then(|judged| judged.surveys.get_mut(position));
        if let Some((_, survey)) = survey {
            bits::or(&mut survey.fail, &fail);
        }
    }
    for (piece, judged) in pieces.iter().zip(judged) {
        for (clause, Survey { fail, nan, .. }) in std::mem::take(&mut judged.surveys) {
            if let Some(tally) = judged.tallies.get_mut(clause) {
                tally.nan += nan;
            }
            note(&mut judged.tallies, &mut judged.fails, clause, fail, piece.base_row);
        }
    }
    Ok(())
}

/// The rows of a piece that fall behind what came before it.
fn behind(plan: &Plan, late: &Late<'_>) -> Result<Vec<u64>> {
    let lost = || Error::internal("a survey names no clause that looks at the order of rows");
    let Some(Work::Sequence { leaf, check }) = plan.clauses.get(late.clause).map(|c| &c.work)
    else {
        return Err(lost());
    };
    let leaf = plan.leaves.get(*leaf).ok_or_else(lost)?;
    let mut columns = Columns::judged(&late.piece.incoming, &late.batch);
    let view = View::of(&mut columns, &leaf.path)?;
    let columns = [encoding::decode(&view.array)?];
    let rows = late.batch.num_rows();
    let mut fail = vec![0; bits::words(rows)];
    let valid = match (view.valid, &late.inside) {
        (Some(mut valid), Some(inside)) => {
            bits::and(&mut valid, inside);
            Some(valid)
        }
        (valid, inside) => valid.or_else(|| inside.clone()),
    };
    let inside = late.inside.as_deref();
    let count = inside.map_or(rows as u64, bits::count);
    let seen = Rows { columns: &columns, valid: valid.as_deref(), inside, count };
    check.behind(&seen, late.farthest, &mut fail)?;
    Ok(fail)
}
