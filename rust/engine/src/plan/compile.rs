//! Compiling a contract against a schema: columns, clauses, masks and output schemas, in that order.
//!
//! One file because every step reads and extends the same few lists of the plan in the making.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, SchemaRef};

use super::path::{self, lists};
use super::{
    Condition, Leaf, Plan, Planned, PlannedMask, Step, Work, CHECKS_COLUMN, RESERVED, ROW_COLUMN,
};
use crate::checks::{self, CheckKind, Clause, ColumnRef, Compiled, OnNull, Scope};
use crate::contract::{self, Contract, Literal};
use crate::error::{Code, Error, Result};
use crate::literal::Number;
use crate::masks::KeyRing;
use crate::profile;
use crate::promise::{self, plain, Promise};
use crate::report::{Head, Status, Threshold};
use crate::unique::{KeyForm, Nulls};

const MAX_COLUMNS: usize = 10_000;

/// How a promised column was found in the data.
pub(super) enum Found {
    Missing,
    Mistyped { place: Vec<Step>, data_type: DataType },
    Here { place: Vec<Step>, data_type: DataType },
}

pub(super) struct Resolved {
    pub(super) path: String,
    pub(super) promise: Promise,
    pub(super) found: Found,
    /// Personal or masked, itself or as part of something that is.
    pub(super) sensitive: bool,
}

impl Resolved {
    /// Why nothing can be judged by the column, if it is not there as promised.
    pub(super) fn absence(&self) -> String {
        let path = &self.path;
        match self.found {
            Found::Missing => format!("the column {path} is missing"),
            _ => format!("the column {path} has another type than promised"),
        }
    }
}

pub(super) struct Compiler<'a> {
    pub(super) contract: &'a Contract,
    pub(super) schema: &'a Schema,
    /// The same schema with the nullability that its producer declares.
    declared: &'a Schema,
    pub(super) keys: &'a KeyRing,
    pub(super) resolved: Vec<Resolved>,
    leaves: Vec<Leaf>,
    pub(super) clauses: Vec<Planned>,
    pub(super) conditions: Vec<Condition>,
    /// The text of every condition, with its position.
    pub(super) texts: Vec<(String, usize)>,
    pub(super) masks: Vec<PlannedMask>,
}

impl<'a> Compiler<'a> {
    pub(super) fn new(
        contract: &'a Contract,
        schema: &'a Schema,
        declared: &'a Schema,
        keys: &'a KeyRing,
    ) -> Result<Self> {
        if contract.columns.is_empty() {
            return Err(Error::new(Code::BadColumns, "the contract promises no column")
                .at("/columns")
                .help("list the columns under `schema`"));
        }
        if contract.columns.len() > MAX_COLUMNS || schema.fields().len() > MAX_COLUMNS {
            let error = Error::new(Code::TooLarge, format!("there are over {MAX_COLUMNS} columns"));
            return Err(if contract.columns.len() > MAX_COLUMNS {
                error.at("/columns").help("promise several products, or one column of lists")
            } else {
                error
                    .in_data(format!("{} columns", schema.fields().len()))
                    .help("select the promised columns before the gate")
            });
        }
        for field in schema.fields() {
            if field.name().starts_with(RESERVED) {
                return Err(Error::new(
                    Code::ReservedName,
                    format!("the data has a column {:?}", field.name()),
                )
                .in_data(format!("column {}", field.name()))
                .help("rename it: the prefix _mg_ is for the columns that meshgate adds"));
            }
        }
        Ok(Self {
            contract,
            schema,
            declared,
            keys,
            resolved: Vec::new(),
            leaves: Vec::new(),
            clauses: Vec::new(),
            conditions: Vec::new(),
            texts: Vec::new(),
            masks: Vec::new(),
        })
    }

    pub(super) fn compile(mut self) -> Result<Plan> {
        let contract = self.contract;
        let mut seen = HashSet::new();
        for (position, column) in contract.columns.iter().enumerate() {
            let pointer = format!("/columns/{position}");
            if !seen.insert(column.name.as_str()) {
                return Err(Error::new(
                    Code::BadColumns,
                    format!("the column {:?} is promised twice", column.name),
                )
                .at(pointer)
                .help("rename or remove one of them"));
            }
            if column.name.starts_with(RESERVED) {
                return Err(Error::new(
                    Code::ReservedName,
                    format!("the column {:?} is promised", column.name),
                )
                .at(pointer)
                .help("rename it: the prefix _mg_ is for the columns that meshgate adds"));
            }
            self.top(column, &pointer)?;
        }
        self.columns_match("", "/columns", &contract.columns, self.schema.fields());
        for (position, check) in contract.checks.iter().enumerate() {
            let pointer = format!("/checks/{position}");
            let planned = self.check(check, &pointer).map_err(|e| e.within(&pointer))?;
            self.clauses.push(planned);
        }
        for (position, clause) in contract.not_enforced.iter().enumerate() {
            self.clauses.push(Planned {
                head: Arc::new(Head {
                    id: clause.id.clone(),
                    check: clause.clause.clone(),
                    columns: Vec::new(),
                    severity: "error".into(),
                    dimension: None,
                    max_rows: None,
                    max_pct: None,
                    clause: format!("/not_enforced/{position}"),
                }),
                when: None,
                rejects: false,
                threshold: Threshold::default(),
                work: Work::Decided {
                    status: Status::NotEnforced,
                    reason: Some(clause.reason.clone()),
                },
            });
        }
        self.unique_ids()?;
        let outputs = self.outputs()?;
        let accepted = self.accepted_schema(&outputs);
        let quarantine = quarantine_schema(&accepted);
        Ok(Plan {
            dataset: contract.dataset.clone(),
            schema: Arc::new(self.schema.clone()),
            ready: ready(self.leaves.len(), &self.clauses, &self.conditions),
            leaves: self.leaves,
            clauses: self.clauses,
            conditions: self.conditions,
            outputs,
            masks: self.masks,
            profiled: profile::columns(contract, self.schema),
            accepted,
            quarantine,
        })
    }

    fn unique_ids(&self) -> Result<()> {
        let mut seen = HashSet::new();
        for clause in &self.clauses {
            if !seen.insert(clause.head.id.as_str()) {
                return Err(Error::new(
                    Code::DuplicateId,
                    format!("the id {:?} is used twice", clause.head.id),
                )
                .at(format!("{}/id", clause.head.clause))
                .help("give one of the two checks another id"));
            }
        }
        Ok(())
    }

    fn check(&mut self, check: &contract::Check, pointer: &str) -> Result<Planned> {
        let kind = checks::kind(&check.check).map_err(|e| e.at("/check"))?;
        let name = kind.definition().name;
        checks::arity(check).map_err(|e| e.at("/columns"))?;
        let severity = check.severity.clone().unwrap_or_else(|| "error".into());
        let rejects = !matches!(severity.as_str(), "warning" | "warn");
        let (threshold, max_pct) = threshold(check)?;
        if kind.definition().scope == Scope::Schema {
            without_rows(check)?;
        }
        let (mut work, columns) = self.work(check, kind)?;
        if let Work::Decided { status: status @ Status::Fail, .. } = &mut work {
            if !rejects {
                *status = Status::Warn;
            }
        }
        let mut when = None;
        if let Some(text) = &check.when {
            let within = self.condition(text).map_err(|e| e.at("/when"))?;
            match (&work, within.condition) {
                (Work::Decided { .. }, _) => {}
                (_, Ok(condition)) => when = Some(condition),
                (_, Err(reason)) => work = not_enforced(format!("{reason}, and `when` names it")),
            }
        }
        Ok(Planned {
            head: Arc::new(Head {
                id: check.id.clone(),
                check: name.to_owned(),
                columns,
                severity,
                dimension: check.dimension.clone(),
                max_rows: threshold.max_rows,
                max_pct,
                clause: pointer.to_owned(),
            }),
            when,
            rejects,
            threshold,
            work,
        })
    }

    /// What a clause does, and the columns that it judges.
    fn work(
        &mut self,
        check: &contract::Check,
        kind: &dyn CheckKind,
    ) -> Result<(Work, Vec<String>)> {
        let mut columns = Vec::with_capacity(check.columns.len());
        let mut places = Vec::with_capacity(check.columns.len());
        let more = checks::kind(&check.check)?.more_columns(check)?;
        let own = check.columns.iter().enumerate();
        let own = own.map(|(at, path)| (path.as_str(), format!("/columns/{at}")));
        let more = more.into_iter().map(|path| (path, "/args".to_owned()));
        for (path, pointer) in own.chain(more) {
            let Some(resolved) = self.resolved.iter().find(|r| r.path == path) else {
                let names = self.resolved.iter().map(|r| r.path.as_str());
                let error =
                    Error::new(Code::UnknownColumn, format!("the contract has no column {path:?}"))
                        .at(pointer);
                return Err(error.help(match promise::nearest(path, names) {
                    Some(near) => format!("did you mean {near:?}?"),
                    None => "promise it in the schema, or name one that is promised".to_owned(),
                }));
            };
            let judged = match &resolved.found {
                Found::Here { place, data_type } => Some((place, data_type)),
                Found::Mistyped { place, data_type } if kind.judges_mistyped(plain(data_type)) => {
                    Some((place, data_type))
                }
                Found::Mistyped { .. } | Found::Missing => None,
            };
            match judged {
                Some((place, data_type)) => {
                    places.push(place.clone());
                    columns.push(ColumnRef {
                        path: path.to_owned(),
                        promise: resolved.promise.clone(),
                        data_type: plain(data_type).clone(),
                        nullable: path::nullable(self.declared, place),
                        sensitive: resolved.sensitive,
                    });
                }
                None => {
                    return Ok((not_enforced(resolved.absence()), check.columns.clone()));
                }
            }
        }
        let clause =
            Clause { check, columns, schema: self.schema, promised: &self.contract.columns };
        let compiled = checks::compile(&clause)?;
        if let Compiled::Decided { holds, reason } = compiled {
            let status = if holds { Status::Pass } else { Status::Fail };
            return Ok((Work::Decided { status, reason: Some(reason) }, check.columns.clone()));
        }
        if let Compiled::Expression(text) = &compiled {
            let resolution = self.condition(text).map_err(|e| e.at("/args/expression"))?;
            let work = match resolution.condition {
                Ok(condition) => Work::Expression { condition },
                Err(reason) => not_enforced(reason),
            };
            return Ok((work, resolution.columns));
        }
        inside_lists(&clause, &compiled, &places)?;
        let leaves: Vec<usize> = clause
            .columns
            .iter()
            .zip(places)
            .map(|(column, place)| self.leaf(place, column.data_type.is_floating()))
            .collect();
        let first = leaves.first().copied().unwrap_or_default();
        let types: Vec<DataType> = clause.columns.iter().map(|c| c.data_type.clone()).collect();
        let work = match compiled {
            Compiled::NotNull => Work::NotNull { leaf: first },
            Compiled::Expression(_) | Compiled::Decided { .. } => {
                return Err(Error::internal("a clause was resolved twice"))
            }
            Compiled::Row(check) => Work::Row { leaves, check, on_null: OnNull::Skips },
            Compiled::Judging { check, on_null } => Work::Row { leaves, check, on_null },
            Compiled::Always(why) => Work::Always { leaf: first, why },
            Compiled::Unique { nulls, keep_first, across } => Work::Key {
                leaves,
                spec: KeyForm::compile(&types, nulls)?,
                keep_first,
                forbid_null: false,
                across: across && self.comparable(check)?,
                count: None,
            },
            Compiled::KeyCount(count) => Work::Key {
                leaves,
                spec: KeyForm::compile(&types, Nulls::Distinct)?,
                keep_first: true,
                forbid_null: false,
                across: false,
                count: Some(count),
            },
            Compiled::PrimaryKey { across } => Work::Key {
                leaves,
                spec: KeyForm::compile(&types, Nulls::Distinct)?,
                keep_first: true,
                forbid_null: true,
                across: across && self.comparable(check)?,
                count: None,
            },
            Compiled::Foreign(target) => Work::Foreign { leaves, types, target },
            Compiled::Sequence(check) => Work::Sequence { leaf: first, check },
            Compiled::Dataset(check) => Work::Dataset { leaves, check },
        };
        Ok((work, check.columns.clone()))
    }

    pub(super) fn leaf(&mut self, path: Vec<Step>, floating: bool) -> usize {
        if let Some(at) = self.leaves.iter().position(|l| l.path == path) {
            return at;
        }
        self.leaves.push(Leaf { path, floating });
        self.leaves.len() - 1
    }
}

/// Refuses a clause inside of lists that is about one value per row, or about items of several lists.
fn inside_lists(clause: &Clause<'_>, compiled: &Compiled, places: &[Vec<Step>]) -> Result<()> {
    let mut inside =
        clause.columns.iter().zip(places).filter(|(_, place)| !lists(place).is_empty());
    let Some((column, first)) = inside.next() else { return Ok(()) };
    let name = clause.check.check.as_str();
    let path = &column.path;
    let refused = |message: String, help: &str| {
        Err(Error::new(Code::NotApplicable, message).at("/columns").help(help))
    };
    match compiled {
        Compiled::NotNull | Compiled::Row(_) | Compiled::Judging { .. } | Compiled::Always(_) => {}
        Compiled::Unique { .. } | Compiled::PrimaryKey { .. } => {
            return refused(
                format!("{name} compares rows; {path} has any number of values in a row"),
                "unique_items compares the items of one row with each other",
            );
        }
        _ => {
            return refused(
                format!("{name} takes one value of a row; {path} has any number of them"),
                "only checks that judge single rows reach into list items",
            );
        }
    }
    match clause.columns.iter().zip(places).find(|(_, place)| lists(place) != lists(first)) {
        None => Ok(()),
        Some((other, _)) => refused(
            format!("{name} compares values that stand together; {path} and {} do not", other.path),
            "compare two fields of one item, or two columns of one row",
        ),
    }
}

/// Refuses what is about rows beside a check that judges none.
fn without_rows(check: &contract::Check) -> Result<()> {
    let given = [
        ("when", check.when.is_some()),
        ("max_rows", check.max_rows.is_some()),
        ("max_pct", check.max_pct.as_ref().is_some_and(|pct| *pct != Literal::Null)),
    ];
    match given.iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((name, _)) => Err(Error::new(
            Code::BadArgument,
            format!("{} judges the schema, and {name} is about rows", check.check),
        )
        .at(format!("/{name}"))
        .help(format!("remove {name}"))),
    }
}

fn not_enforced(reason: String) -> Work {
    Work::Decided { status: Status::NotEnforced, reason: Some(reason) }
}

fn ready(leaves: usize, clauses: &[Planned], conditions: &[Condition]) -> Vec<Vec<usize>> {
    let mut ready = vec![Vec::new(); leaves + 1];
    for (at, clause) in clauses.iter().enumerate() {
        let read = clause.conditions().filter_map(|at| conditions.get(at)).flat_map(|c| &c.leaves);
        let last = clause.work.leaves().iter().chain(read).max().map_or(0, |leaf| leaf + 1);
        let decided = matches!(clause.work, Work::Decided { .. });
        if let Some(list) = ready.get_mut(last).filter(|_| !decided) {
            list.push(at);
        }
    }
    ready
}

fn quarantine_schema(accepted: &Schema) -> SchemaRef {
    let mut fields: Vec<Field> =
        accepted.fields().iter().map(|f| f.as_ref().clone().with_nullable(true)).collect();
    fields.push(Field::new(ROW_COLUMN, DataType::UInt64, false));
    let id = Field::new("item", DataType::Utf8, false);
    fields.push(Field::new(CHECKS_COLUMN, DataType::List(Arc::new(id)), false));
    Arc::new(Schema::new(fields))
}

fn threshold(check: &contract::Check) -> Result<(Threshold, Option<String>)> {
    let bad = || {
        Error::new(Code::BadArgument, "max_pct takes a number from 0 to 100")
            .at("/max_pct")
            .help("write 0.1 for one row in a thousand")
    };
    let (max_pct, written) = match &check.max_pct {
        None | Some(Literal::Null) => (None, None),
        Some(Literal::Number(text)) => {
            let number = Number::parse(text).filter(|n| !n.is_negative()).ok_or_else(bad)?;
            // Nine digits below the point are kept exactly; more are refused.
            let numerator: u128 =
                number.at_scale(9, None).and_then(|d| d.parse().ok()).ok_or_else(bad)?;
            if numerator > 100 * 1_000_000_000 {
                return Err(bad());
            }
            (Some((numerator, 1_000_000_000)), Some(text.clone()))
        }
        Some(_) => return Err(bad()),
    };
    Ok((Threshold { max_rows: check.max_rows, max_pct }, written))
}
