//! The promised columns against the data's schema: presence, types, and what was not promised.
//!
//! Fields of structs are judged as columns are, also inside of lists and maps, however deep.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_schema::{DataType, Fields};

use super::compile::{Compiler, Found, Resolved};
use super::{Planned, Step, Work};
use crate::checks;
use crate::contract;
use crate::error::{Code, Error, Result};
use crate::promise::{self, plain, Promise};
use crate::report::{Head, Status, Threshold};

const MAX_DEPTH: usize = 64;

/// Where values stand in the data, and their type.
type Place = (Vec<Step>, DataType);

/// Where the contract speaks of a column.
#[derive(Clone, Copy)]
struct Site<'a> {
    path: &'a str,
    pointer: &'a str,
    /// The column is part of something that is personal or masked.
    sensitive: bool,
    /// It is the entry of a map: a pair, of which both leave.
    entry: bool,
    depth: usize,
}

impl Compiler<'_> {
    /// Presence and type of a column, and of everything that is promised inside of it.
    pub(super) fn top(&mut self, column: &contract::Column, pointer: &str) -> Result<()> {
        let place = only(self.schema.fields(), &column.name)
            .map_err(|e| e.in_data(format!("column {}", column.name)))?
            .map(|at| (vec![Step::Field(at)], self.schema.field(at).data_type().clone()));
        let path = column.name.as_str();
        let site = Site { path, pointer, sensitive: false, entry: false, depth: 1 };
        self.column(column, site, place)
    }

    /// Presence of a promised column or field, and what [`Self::promised`] says of it.
    fn column(
        &mut self,
        column: &contract::Column,
        site: Site<'_>,
        place: Option<Place>,
    ) -> Result<()> {
        let exists = place.is_some();
        self.decided(
            site.path,
            "column_exists",
            site.pointer,
            if exists { Status::Pass } else { Status::Fail },
            (!exists).then(|| "the data has no such column".to_owned()),
        );
        self.promised(column, site, place)
    }

    /// The type of a promised column, of its fields if it is a struct, and of its items if it is a
    /// list or map.
    fn promised(
        &mut self,
        column: &contract::Column,
        site: Site<'_>,
        place: Option<Place>,
    ) -> Result<()> {
        let Site { path, pointer, sensitive, entry, depth } = site;
        if depth > MAX_DEPTH {
            return Err(Error::new(Code::TooLarge, format!("columns nest over {MAX_DEPTH} deep"))
                .at(pointer)
                .help("promise the outer struct or list without its inner parts"));
        }
        let promise =
            Promise::parse(&column.promise).map_err(|e| e.at(format!("{pointer}/type")))?;
        let found = self.found(column, &promise, site, place);
        let here = match &found {
            Found::Here { place, data_type } => Some((place.clone(), plain(data_type).clone())),
            _ => None,
        };
        let sensitive = sensitive || column.mask.is_some() || column.pii.is_some();
        self.resolved.push(Resolved { path: path.to_owned(), promise, found, sensitive });
        let inside = |step: Step| {
            let (place, data_type) = here.as_ref()?;
            let inner = match (step, data_type) {
                (Step::Field(at), DataType::Struct(fields)) => fields.get(at)?.data_type().clone(),
                (Step::Items, data_type) => promise::items(data_type)?,
                _ => return None,
            };
            Some((place.iter().copied().chain([step]).collect::<Vec<_>>(), inner))
        };
        let fields = match here.as_ref() {
            Some((_, DataType::Struct(fields))) => Some(fields),
            _ => None,
        };
        for (at, child) in column.columns.iter().enumerate() {
            let path = format!("{path}.{}", child.name);
            let field = match fields {
                Some(fields) => {
                    only(fields, &child.name).map_err(|e| e.in_data(format!("field {path}")))?
                }
                None => None,
            };
            let pointer = format!("{pointer}/columns/{at}");
            let (path, pointer) = (path.as_str(), pointer.as_str());
            let site = Site { path, pointer, sensitive, entry: false, depth: depth + 1 };
            self.column(child, site, field.and_then(|at| inside(Step::Field(at))))?;
        }
        if let Some(fields) = fields.filter(|_| !entry && !column.columns.is_empty()) {
            self.columns_match(path, &format!("{pointer}/columns"), &column.columns, fields);
        }
        if let Some(item) = &column.items {
            let (path, pointer) = (format!("{path}[]"), format!("{pointer}/items"));
            let entry = matches!(here, Some((_, DataType::Map(..))));
            let (path, pointer) = (path.as_str(), pointer.as_str());
            let site = Site { path, pointer, sensitive, entry, depth: depth + 1 };
            self.promised(item, site, inside(Step::Items))?;
        }
        Ok(())
    }

    /// How a column was found, with the clause about its type.
    fn found(
        &mut self,
        column: &contract::Column,
        promise: &Promise,
        site: Site<'_>,
        place: Option<Place>,
    ) -> Found {
        let Site { path, pointer, .. } = site;
        let at_type = format!("{pointer}/type");
        match place {
            None => {
                let why = Some("the column is missing".into());
                self.decided(path, "type_is", pointer, Status::NotEnforced, why);
                Found::Missing
            }
            Some((place, data_type)) if !promise.fits(&data_type) => {
                let have = promise.instead(&data_type);
                let why = Some(format!("promised as {}, the data has {have}", column.promise));
                self.decided(path, "type_is", &at_type, Status::Fail, why);
                Found::Mistyped { place, data_type }
            }
            Some((place, data_type)) => {
                self.decided(path, "type_is", &at_type, Status::Pass, None);
                Found::Here { place, data_type }
            }
        }
    }

    /// A clause that the schema decides; of the whole data where the path is empty.
    pub(super) fn decided(
        &mut self,
        path: &str,
        check: &str,
        pointer: &str,
        status: Status,
        reason: Option<String>,
    ) {
        self.clauses.push(Planned {
            head: Arc::new(Head {
                id: if path.is_empty() { check.to_owned() } else { format!("{path}.{check}") },
                check: check.to_owned(),
                columns: if path.is_empty() { Vec::new() } else { vec![path.to_owned()] },
                severity: "error".into(),
                dimension: None,
                max_rows: None,
                max_pct: None,
                clause: pointer.to_owned(),
            }),
            when: None,
            rejects: false,
            threshold: Threshold::default(),
            work: Work::Decided { status, reason },
        });
    }

    pub(super) fn keeps_extra(&self) -> bool {
        self.contract.extra_columns.as_deref() == Some("keep")
    }

    /// Whether there are columns, or fields of a struct, that were not promised.
    pub(super) fn columns_match(
        &mut self,
        path: &str,
        pointer: &str,
        promised: &[contract::Column],
        fields: &Fields,
    ) {
        let extra = extra(promised, fields);
        let noun = if path.is_empty() { "column" } else { "field" };
        let (status, reason) = if extra.is_empty() {
            if self.contract.strict && !ordered(promised, fields) {
                (Status::Fail, Some(format!("the {noun}s come in another order than promised")))
            } else {
                (Status::Pass, None)
            }
        } else {
            let names: Vec<_> = extra
                .iter()
                .filter_map(|at| fields.get(*at).map(|field| field.name().as_str()))
                .collect();
            let names = checks::listed(&names);
            let count = extra.len();
            let plural = if count == 1 { format!("{noun} is") } else { format!("{noun}s are") };
            if self.contract.strict {
                (Status::Fail, Some(format!("{count} {plural} not promised: {names}")))
            } else if self.keeps_extra() {
                (Status::Pass, Some(format!("{count} {plural} kept though not promised: {names}")))
            } else {
                (
                    Status::Warn,
                    Some(format!("{count} {plural} not promised and not published: {names}")),
                )
            }
        };
        self.decided(path, "columns_match", pointer, status, reason);
    }
}

/// The places of the columns that were not promised.
pub(super) fn extra(promised: &[contract::Column], fields: &Fields) -> Vec<usize> {
    let names: HashSet<_> = promised.iter().map(|c| c.name.as_str()).collect();
    let unknown = fields.iter().enumerate().filter(|(_, f)| !names.contains(f.name().as_str()));
    unknown.map(|(at, _)| at).collect()
}

fn ordered(promised: &[contract::Column], fields: &Fields) -> bool {
    let places: Vec<usize> = promised
        .iter()
        .filter_map(|column| fields.iter().position(|f| *f.name() == column.name))
        .collect();
    places.is_sorted()
}

/// The one place of a name.
fn only(fields: &Fields, name: &str) -> Result<Option<usize>> {
    let mut places = fields.iter().enumerate().filter(|(_, field)| field.name() == name);
    let first = places.next().map(|(at, _)| at);
    if places.next().is_some() {
        return Err(Error::new(
            Code::BadColumns,
            format!("the data has the column {name:?} more than once"),
        )
        .help("rename or drop one of them before the gate"));
    }
    Ok(first)
}
