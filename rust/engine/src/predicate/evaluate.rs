//! The evaluation: a block of rows at a time, so that what is computed stays in cache.

mod numbers;
mod strings;
mod values;

use std::cell::OnceCell;

use arrow_array::cast::AsArray;
use arrow_array::{new_null_array, Array, ArrayRef};

use super::ir::{Logic, Node, Value};
use super::truth::{either, Truth};
use super::Predicate;
use crate::error::{Error, Result};
use crate::kernels::pairs::{Ground, Relation};
use crate::kernels::{bits, encoding};
use values::{Presence, Values};

/// Rows of a block. A multiple of 64; in tests the smallest, so that few rows are several blocks.
const BLOCK: usize = if cfg!(test) { 64 } else { 8 * 1024 };

/// A column of the rows: plain, or a dictionary; `valid` holds its rows that have a value (`None`:
/// all), whatever the array's own nulls say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Input<'a> {
    pub(crate) array: &'a ArrayRef,
    pub(crate) valid: Option<&'a [u64]>,
}

impl Predicate {
    /// The truth of every row. `columns` are those that the predicate was compiled for.
    ///
    /// # Errors
    /// Only for a bug.
    pub(crate) fn evaluate(&self, columns: &[Input<'_>], rows: usize) -> Result<Truth> {
        if columns.len() != self.columns {
            return Err(lost());
        }
        let judged = self
            .parts
            .iter()
            .map(|(column, logic)| self.shared(*column, logic, columns, rows))
            .collect::<Result<Vec<_>>>()?;
        let mut truth = Truth::constant(None, 0);
        let mut start = 0;
        while start < rows {
            let length = BLOCK.min(rows - start);
            let block = Block::new(self, &judged, columns, start, length);
            truth.append(block.logic(&self.logic)?);
            start += length;
        }
        Ok(truth)
    }

    /// The outcomes of a part that depends on one column, when that column's values are shared by
    /// rows (a dictionary, runs): each value is judged once. `None` when the column is plain.
    fn shared(
        &self,
        column: usize,
        logic: &Logic,
        columns: &[Input<'_>],
        rows: usize,
    ) -> Result<Option<Truth>> {
        let Input { array, valid } = columns.get(column).ok_or_else(lost)?;
        let Some(values) = encoding::values(array) else {
            return Ok(None);
        };
        let over = |array: &ArrayRef| {
            let valid = bits::from_nulls(array.logical_nulls().as_ref());
            let input = Input { array, valid: valid.as_deref() };
            let columns = vec![input; columns.len()];
            Block::new(self, &[], &columns, 0, array.len()).logic(logic)
        };
        let of_values = over(values)?;
        let of_null = over(&new_null_array(values.data_type(), 1))?;
        let gather = |of_values: &[u64], of_null: &[u64]| {
            let mut out = vec![0; bits::words(rows)];
            encoding::gather(array, of_values, &mut out);
            if let Some(valid) = valid {
                bits::and(&mut out, valid);
                if bits::get(of_null, 0) {
                    bits::or(&mut out, &bits::not(valid, rows));
                }
            }
            out
        };
        Ok(Some(Truth {
            yes: gather(&of_values.yes, &of_null.yes),
            no: gather(&of_values.no, &of_null.no),
            fault: of_values.fault.as_ref().map(|fault| gather(fault, &[0])),
        }))
    }
}

fn lost() -> Error {
    Error::internal("a predicate met other columns than it was compiled for")
}

/// Some rows of the columns.
struct Block<'a> {
    predicate: &'a Predicate,
    judged: &'a [Option<Truth>],
    columns: &'a [Input<'a>],
    /// The plain arrays of the block, as they are asked for.
    plain: Vec<OnceCell<ArrayRef>>,
    start: usize,
    rows: usize,
}

impl<'a> Block<'a> {
    fn new(
        predicate: &'a Predicate,
        judged: &'a [Option<Truth>],
        columns: &'a [Input<'a>],
        start: usize,
        rows: usize,
    ) -> Self {
        let plain = columns.iter().map(|_| OnceCell::new()).collect();
        Self { predicate, judged, columns, plain, start, rows }
    }

    fn slice(&self, column: usize) -> Result<ArrayRef> {
        let array = self.columns.get(column).ok_or_else(lost)?.array;
        Ok(if self.start == 0 && array.len() == self.rows {
            ArrayRef::clone(array)
        } else {
            array.slice(self.start, self.rows)
        })
    }

    fn plain(&self, column: usize) -> Result<ArrayRef> {
        let cell = self.plain.get(column).ok_or_else(lost)?;
        if let Some(array) = cell.get() {
            return Ok(ArrayRef::clone(array));
        }
        let array = encoding::decode(&self.slice(column)?)?;
        Ok(ArrayRef::clone(cell.get_or_init(|| array)))
    }

    fn valid(&self, column: usize) -> Option<&'a [u64]> {
        let from = self.start / 64;
        self.columns.get(column)?.valid?.get(from..from + bits::words(self.rows))
    }

    fn logic(&self, logic: &Logic) -> Result<Truth> {
        Ok(match logic {
            Logic::Constant(truth) => Truth::constant(*truth, self.rows),
            Logic::Column(column) => {
                let array = self.plain(*column)?;
                let values = array.as_boolean_opt().ok_or_else(lost)?.values();
                Truth::of(bits::from_boolean(values), self.valid(*column), None, self.rows)
            }
            Logic::Not(inner) => self.logic(inner)?.not(),
            Logic::And(parts) => {
                let mut all = Truth::constant(Some(true), self.rows);
                for part in parts {
                    all = all.and(&self.logic(part)?);
                }
                all
            }
            Logic::Or(parts) => {
                let mut any = Truth::constant(Some(false), self.rows);
                for part in parts {
                    any = any.or(&self.logic(part)?);
                }
                any
            }
            Logic::Is { inner, truth } => self.logic(inner)?.is(*truth, self.rows),
            Logic::Null(value) => self.null(value)?,
            Logic::Test(value, test) => {
                let values = self.value(value)?;
                let mut holds = vec![0; bits::words(self.rows)];
                test.fill(&values.array, values.valid.as_deref(), &mut holds)?;
                Truth::of(holds, values.valid.as_deref(), values.fault, self.rows)
            }
            Logic::Pair { relation, ground, left, right } => {
                self.pair(*relation, ground, left, right)?
            }
            Logic::Same { ground, left, right } => self.same(ground, left, right)?,
            Logic::Truths { relation, left, right } => {
                self.truths(*relation, &self.logic(left)?, &self.logic(right)?)
            }
            Logic::SameTruths { left, right } => {
                let (left, right) = (self.logic(left)?, self.logic(right)?);
                let words = left.yes.iter().zip(&right.yes).zip(left.no.iter().zip(&right.no));
                let differ = words.map(|((ly, ry), (ln, rn))| (ly ^ ry) | (ln ^ rn)).collect();
                let fault = either(left.fault, right.fault.as_deref());
                Truth::of(differ, None, None, self.rows).not().fail(fault.as_deref())
            }
            Logic::Coalesce(parts) => {
                let mut found = Truth::constant(None, self.rows);
                for part in parts.iter().rev() {
                    let part = self.logic(part)?;
                    let (known, fault) = (part.known(), part.fault.clone());
                    found = part.select(&known, &found).fail(fault.as_deref());
                }
                found
            }
            Logic::Case { branches, otherwise } => {
                let mut chosen = self.logic(otherwise)?;
                for (when, then) in branches.iter().rev() {
                    let when = self.logic(when)?;
                    chosen =
                        self.logic(then)?.select(&when.yes, &chosen).fail(when.fault.as_deref());
                }
                chosen
            }
            Logic::PerValue(part) => self.part(*part)?,
        })
    }

    /// A part that depends on one column: judged before for all rows, or now for these.
    fn part(&self, part: usize) -> Result<Truth> {
        let (_, logic) = self.predicate.parts.get(part).ok_or_else(lost)?;
        let Some(Some(judged)) = self.judged.get(part) else {
            return self.logic(logic);
        };
        let from = self.start / 64;
        let slice = |all: &Vec<u64>| {
            let block = all.get(from..from + bits::words(self.rows));
            block.map(<[u64]>::to_vec).ok_or_else(lost)
        };
        Ok(Truth {
            yes: slice(&judged.yes)?,
            no: slice(&judged.no)?,
            fault: judged.fault.as_ref().map(slice).transpose()?,
        })
    }

    fn null(&self, value: &Value) -> Result<Truth> {
        let (valid, fault) = self.presence(value)?;
        let nulls = match valid {
            Some(valid) => bits::not(&valid, self.rows),
            None => vec![0; bits::words(self.rows)],
        };
        Ok(Truth::of(nulls, None, None, self.rows).fail(fault.as_deref()))
    }

    fn pair(
        &self,
        relation: Relation,
        ground: &Ground,
        left: &Value,
        right: &Value,
    ) -> Result<Truth> {
        let (left, right) = (self.value(left)?, self.value(right)?);
        let (valid, fault) = values::both(&left, &right, self.rows);
        let mut holds = vec![0; bits::words(self.rows)];
        ground.fill(relation, &left.array, &right.array, valid.as_deref(), &mut holds)?;
        Ok(Truth::of(holds, valid.as_deref(), fault, self.rows))
    }

    fn same(&self, ground: &Ground, left: &Value, right: &Value) -> Result<Truth> {
        let (left, right) = (self.value(left)?, self.value(right)?);
        let (valid, _) = values::both(&left, &right, self.rows);
        let mut same = vec![0; bits::words(self.rows)];
        ground.fill(Relation::EQ, &left.array, &right.array, valid.as_deref(), &mut same)?;
        if let (Some(l), Some(r)) = (values::nan(&left.array), values::nan(&right.array)) {
            for (same, (l, r)) in same.iter_mut().zip(l.iter().zip(&r)) {
                *same |= l & r;
            }
        }
        if let Some(valid) = &valid {
            bits::and(&mut same, valid);
        }
        if let (Some(l), Some(r)) = (&left.valid, &right.valid) {
            let mut nulls = bits::ones(self.rows);
            bits::and_not(&mut nulls, l);
            bits::and_not(&mut nulls, r);
            bits::or(&mut same, &nulls);
        }
        let fault = either(left.fault, right.fault.as_deref());
        Ok(Truth::of(same, None, None, self.rows).fail(fault.as_deref()))
    }

    /// False comes before true.
    fn truths(&self, relation: Relation, left: &Truth, right: &Truth) -> Truth {
        let mut valid = left.known();
        bits::and(&mut valid, &right.known());
        let mask = |on: bool| if on { u64::MAX } else { 0 };
        let holds = left
            .yes
            .iter()
            .zip(&right.yes)
            .map(|(l, r)| {
                (!l & r & mask(relation.less))
                    | (!(l ^ r) & mask(relation.equal))
                    | (l & !r & mask(relation.greater))
            })
            .collect();
        // A fault matters unless the other side is unknown of its own.
        let live = |truth: &Truth| either(Some(truth.known()), truth.fault.as_deref());
        let fault = either(left.fault.clone(), right.fault.as_deref()).map(|mut fault| {
            for live in [live(left), live(right)].iter().flatten() {
                bits::and(&mut fault, live);
            }
            fault
        });
        Truth::of(holds, Some(&valid), fault, self.rows)
    }

    fn value(&self, value: &Value) -> Result<Values> {
        values::evaluate(self, value)
    }

    /// Which rows of a value are there, and which are faults; the value itself only if it must be.
    fn presence(&self, value: &Value) -> Result<Presence> {
        if let Node::Column(column) = value.node {
            return Ok((self.valid(column).map(<[u64]>::to_vec), None));
        }
        self.value(value).map(|values| (values.valid, values.fault))
    }
}
