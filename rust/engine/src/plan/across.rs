//! Which keys can be compared with those of what is published: the table holds them masked, and
//! nothing of the rows that were outside of a condition.

use arrow_schema::{DataType, Schema};

use super::compile::Compiler;
use super::path::Step;
use super::{Part, Plan, Work};
use crate::contract::{self, Column};
use crate::error::{Code, Error, Result};
use crate::masks::{CompiledMask, Mask as _};
use crate::promise::plain;
use crate::unique::index::Published;
use crate::unique::Nulls;

/// The mask whose outputs are equal where its inputs are, and different where they differ.
const INJECTIVE: [&str; 2] = ["hash", "hmac"];

impl Plan {
    /// The clauses whose keys are compared with what is published: place, columns, and whether null
    /// equals null.
    pub fn across(&self) -> Vec<(usize, &[String], bool)> {
        let clauses = self.clauses.iter().enumerate();
        let across = clauses.filter_map(|(at, clause)| match &clause.work {
            Work::Key { across: true, spec, .. } => {
                Some((at, clause.head.columns.as_slice(), spec.nulls == Nulls::Equal))
            }
            _ => None,
        });
        across.collect()
    }

    /// The keys of one of [`Self::across`] in a table that stores its columns as `schema` says, in the
    /// order of the clause. `identity` names these keys and this table.
    ///
    /// # Errors
    /// `plan.not_applicable` if the table stores the columns as something else.
    pub fn published(&self, clause: usize, schema: &Schema, identity: &str) -> Result<Published> {
        let planned = self.clauses.get(clause);
        let Some((planned, Work::Key { leaves, spec, .. })) = planned.map(|p| (p, &p.work)) else {
            return Err(Error::internal("an index is of a clause that has no keys"));
        };
        let leaves = leaves.iter().filter_map(|leaf| self.leaves.get(*leaf));
        let types: Option<Vec<DataType>> = leaves.map(|leaf| self.leaves_as(&leaf.path)).collect();
        let types = types.ok_or_else(|| Error::internal("a key names no column of its schema"))?;
        Published::new(clause, &types, spec.nulls, schema, identity)
            .map_err(|error| error.at(planned.head.clause.clone()))
    }

    /// The type in which a column leaves the engine.
    fn leaves_as(&self, path: &[Step]) -> Option<DataType> {
        if let Some(mask) = self.mask(path) {
            return Some(mask.output_type().clone());
        }
        let mut fields = self.schema.fields();
        let mut data_type = None;
        for step in path {
            let Step::Field(index) = step else { return None };
            let found = plain(fields.get(*index)?.data_type());
            if let DataType::Struct(inner) = found {
                fields = inner;
            }
            data_type = Some(found);
        }
        data_type.cloned()
    }

    /// The mask of a column that has one value in a row.
    pub(crate) fn mask(&self, path: &[Step]) -> Option<&CompiledMask> {
        let (Step::Field(first), rest) = path.split_first()? else { return None };
        let output = self.outputs.iter().find(|output| output.index == *first)?;
        let mut part = &output.part;
        for step in rest {
            let (Part::Fields(parts), Step::Field(index)) = (part, step) else { return None };
            part = parts.iter().find(|(at, _)| at == index).map(|(_, part)| part)?;
        }
        match part {
            Part::Masked(mask) => Some(mask),
            Part::Whole | Part::Fields(_) | Part::Items(_) | Part::Entries(_) => None,
        }
    }
}

impl Compiler<'_> {
    /// Says yes, if keys of this clause are found again in the product's table.
    ///
    /// # Errors
    /// `plan.not_applicable` for masks that make different values equal, or random;
    /// `plan.bad_argument` beside a condition.
    pub(super) fn comparable(&self, check: &contract::Check) -> Result<bool> {
        if check.when.is_some() {
            return Err(Error::new(
                Code::BadArgument,
                "scope \"dataset\" and a condition exclude each other: the table does not tell \
                 which of its rows were judged",
            )
            .at("/args/scope")
            .help("leave out `when`, or make the scope \"publication\""));
        }
        for (at, path) in check.columns.iter().enumerate() {
            if let Some(masked) = lossy(&self.contract.columns, path) {
                return Err(Error::new(
                    Code::NotApplicable,
                    format!(
                        "keys cannot be compared with what is published: {masked:?} is published \
                         masked, so that different values may be equal there"
                    ),
                )
                .at(format!("/columns/{at}"))
                .help("mask it by \"hash\", or make the scope \"publication\""));
            }
        }
        Ok(true)
    }
}

/// The column on this path whose mask loses what tells its values apart.
fn lossy<'a>(columns: &'a [Column], path: &'a str) -> Option<&'a str> {
    let named = |name: &str| columns.iter().find(|column| column.name == name);
    if let Some(column) = named(path) {
        let mask = column.mask.as_ref()?;
        return (!INJECTIVE.contains(&mask.method.as_str())).then_some(path);
    }
    path.match_indices('.').find_map(|(dot, _)| {
        let (head, rest) = (path.get(..dot)?, path.get(dot + 1..)?);
        let column = named(head)?;
        if column.mask.is_some() {
            return Some(head);
        }
        lossy(&column.columns, rest)
    })
}
