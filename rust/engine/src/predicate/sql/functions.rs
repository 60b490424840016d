//! The functions of expressions; any other is refused with the nearest name.

use sqlparser::ast::{
    Expr as Sql, Function, FunctionArg, FunctionArgExpr, FunctionArguments, ObjectNamePart,
};

use super::super::ast::{Expr, Place, Term};
use super::convert::Converter;
use crate::error::{Error, Result};
use crate::promise;

const NAMES: &[&str] = &["LENGTH", "CHAR_LENGTH", "LOWER", "UPPER", "COALESCE"];

pub(super) fn start(function: &Function) -> Place {
    let first = function.name.0.first().and_then(ObjectNamePart::as_ident);
    first.map_or(Place { line: 1, column: 1 }, |name| name.span.start.into())
}

/// Converts a call.
///
/// # Errors
/// `plan.bad_expression`: an unknown function, a wrong number of arguments, or anything beside
/// plain arguments, such as DISTINCT, FILTER or OVER.
pub(super) fn call(converter: &mut Converter, function: &Function) -> Result<Term> {
    let place = start(function);
    let name = match function.name.0.as_slice() {
        [ObjectNamePart::Identifier(name)] if name.quote_style.is_none() => {
            name.value.to_uppercase()
        }
        _ => return Err(unknown(&function.name.to_string(), place)),
    };
    if !NAMES.contains(&name.as_str()) {
        return Err(unknown(&name, place));
    }
    let arguments = arguments(function)
        .ok_or_else(|| place.refuse(format!("{name} takes plain arguments and nothing else")))?;
    let mut arguments = converter.all(arguments)?;
    if name == "COALESCE" {
        if arguments.is_empty() {
            return Err(place.refuse("COALESCE takes one argument or more"));
        }
        return Ok(Term::Coalesce(arguments));
    }
    let (Some(value), true) = (arguments.pop().map(Box::<Expr>::new), arguments.is_empty()) else {
        return Err(place.refuse(format!("{name} takes one argument")));
    };
    Ok(match name.as_str() {
        "LOWER" => Term::Fold { value, upper: false },
        "UPPER" => Term::Fold { value, upper: true },
        _ => Term::Length(value),
    })
}

fn arguments(function: &Function) -> Option<Vec<&Sql>> {
    let plain = matches!(function.parameters, FunctionArguments::None)
        && !function.uses_odbc_syntax
        && function.within_group.is_empty()
        && function.filter.is_none()
        && function.null_treatment.is_none()
        && function.over.is_none();
    let FunctionArguments::List(list) = &function.args else { return None };
    if !plain || list.duplicate_treatment.is_some() || !list.clauses.is_empty() {
        return None;
    }
    list.args
        .iter()
        .map(|argument| match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(sql)) => Some(sql),
            _ => None,
        })
        .collect()
}

pub(super) fn unknown(name: &str, place: Place) -> Error {
    let error = place.refuse(format!("there is no function {name:?} in expressions"));
    match promise::nearest(name, NAMES.iter().copied()) {
        Some(near) => error.help(format!("did you mean {near}?")),
        None => error.help(format!("there are {}", NAMES.join(", "))),
    }
}
