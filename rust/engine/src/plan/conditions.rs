//! Expressions of a contract (`row_expression`, `when`) against the columns that they name.

use super::compile::{Compiler, Found};
use super::path::lists;
use super::Condition;
use crate::error::{Code, Error, Result};
use crate::predicate::ast::{Expr, NamedColumn};
use crate::predicate::{sql, Column, Predicate};
use crate::promise::{self, plain};

/// An expression whose columns are resolved.
pub(super) struct Resolution {
    /// The columns that it names.
    pub(super) columns: Vec<String>,
    /// Its place among the plan's conditions, or why the data cannot be judged by it.
    pub(super) condition: std::result::Result<usize, String>,
}

impl Compiler<'_> {
    /// Compiles an expression, once however many clauses carry it.
    ///
    /// # Errors
    /// `plan.bad_expression`, `plan.bad_literal`, `plan.unknown_column`, `limit.too_large`.
    pub(super) fn condition(&mut self, text: &str) -> Result<Resolution> {
        let expr = sql::parse(text)?;
        let columns: Vec<String> = expr.columns().iter().map(|c| c.path.to_owned()).collect();
        if columns.is_empty() {
            return Err(expr
                .place
                .refuse("the expression names no column")
                .help("write a condition over the columns of one row, such as amount > 0"));
        }
        let known = self.texts.iter().find(|(known, _)| known == text).map(|(_, at)| *at);
        let condition = match known {
            Some(at) => Ok(at),
            None => self.resolve(&expr)?.map(|condition| {
                self.conditions.push(condition);
                self.texts.push((text.to_owned(), self.conditions.len() - 1));
                self.conditions.len() - 1
            }),
        };
        Ok(Resolution { columns, condition })
    }

    fn resolve(&mut self, expr: &Expr) -> Result<std::result::Result<Condition, String>> {
        let mut columns = Vec::new();
        let mut places = Vec::new();
        let mut missing = None;
        for named in expr.columns() {
            let resolved = self
                .resolved
                .iter()
                .find(|resolved| resolved.path == named.path)
                .ok_or_else(|| self.unknown(&named))?;
            match &resolved.found {
                Found::Here { place, .. } if !lists(place).is_empty() => {
                    return Err(named.place.locate(
                        Error::new(
                            Code::BadExpression,
                            format!(
                                "an expression is about one value of a row; {} has any number of \
                                 them",
                                named.path
                            ),
                        )
                        .help("judge list items by checks such as between, in_set or compare"),
                    ));
                }
                Found::Here { place, data_type } => {
                    let data_type = plain(data_type).clone();
                    places.push((place.clone(), data_type.is_floating()));
                    columns.push(Column { path: named.path.to_owned(), data_type });
                }
                Found::Missing | Found::Mistyped { .. } => {
                    missing.get_or_insert_with(|| resolved.absence());
                }
            }
        }
        if let Some(reason) = missing {
            return Ok(Err(reason));
        }
        let predicate = Predicate::compile(expr, &columns)?;
        let leaves =
            places.into_iter().map(|(place, floating)| self.leaf(place, floating)).collect();
        Ok(Ok(Condition { predicate, leaves }))
    }

    fn unknown(&self, named: &NamedColumn<'_>) -> Error {
        let error = named.place.locate(Error::new(
            Code::UnknownColumn,
            format!("the contract has no column {:?}", named.path),
        ));
        match promise::nearest(named.path, self.resolved.iter().map(|r| r.path.as_str())) {
            Some(near) => error.help(format!("did you mean {near:?}?")),
            None if named.quoted => {
                error.help("double quotes name a column; text stands in single quotes")
            }
            None => error,
        }
    }
}
