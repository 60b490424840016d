//! Reading the arguments of a clause by the mask's own definition.

use crate::contract::{self, Literal};
use crate::error::{Code, Error, Result};
use crate::promise;

use super::definition::{Argument, ArgumentKind, Definition};
use super::hint;

/// The arguments of one clause, each known to the definition and of its kind.
pub(super) struct Args<'a> {
    clause: &'a contract::Mask,
}

impl<'a> Args<'a> {
    /// Checks every argument of the clause against the definition.
    ///
    /// # Errors
    /// `plan.bad_argument` for an unknown argument or a value of the wrong kind, and for a key
    /// where the mask uses none.
    pub(super) fn read(clause: &'a contract::Mask, definition: &Definition) -> Result<Self> {
        for (name, value) in &clause.args {
            let argument = definition
                .arguments
                .iter()
                .find(|argument| argument.name == name)
                .ok_or_else(|| unknown(name, definition))?;
            if let Some(expected) = misfit(argument.kind, value) {
                return Err(wrong(
                    argument.name,
                    &format!("takes {expected}, not {}", value.given()),
                ));
            }
        }
        if clause.key.is_some() && !definition.keyed {
            let message = format!("the mask {} uses no key", definition.name);
            return Err(Error::new(Code::BadArgument, message)
                .at("/key")
                .help("remove the key, or use the mask \"hash\""));
        }
        Ok(Self { clause })
    }

    /// The literal of an argument, if the clause has it.
    pub(super) fn literal(&self, name: &str) -> Option<&'a Literal> {
        self.clause.args.get(name)
    }

    /// The word of an argument, if the clause has it.
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        match self.literal(name) {
            Some(Literal::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The number of an argument, if the clause has it.
    pub(super) fn integer(&self, name: &str) -> Option<usize> {
        match self.literal(name) {
            Some(Literal::Number(text)) => text.parse().ok(),
            _ => None,
        }
    }

    /// A switch, off when absent.
    pub(super) fn boolean(&self, name: &str) -> bool {
        matches!(self.literal(name), Some(Literal::Bool(true)))
    }

    /// The words of a list, empty when absent.
    pub(super) fn words(&self, name: &str) -> Vec<&'a str> {
        match self.literal(name) {
            Some(Literal::List(items)) => items
                .iter()
                .filter_map(|item| match item {
                    Literal::Text(text) => Some(text.as_str()),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        }
    }
}

/// The error of an argument: what the argument of this name does wrong.
pub(super) fn wrong(name: &str, what: &str) -> Error {
    Error::new(Code::BadArgument, format!("the argument \"{name}\" {what}"))
        .at(format!("/args/{name}"))
}

/// What the argument should have been, or `None` when it fits.
fn misfit(kind: ArgumentKind, value: &Literal) -> Option<String> {
    let fits = match (kind, value) {
        (ArgumentKind::Integer { min, max }, Literal::Number(text)) => {
            text.parse::<u64>().is_ok_and(|n| (min..=max).contains(&n))
        }
        // The mask itself judges a value by the column's type.
        (ArgumentKind::Boolean, Literal::Bool(_)) | (ArgumentKind::Value, _) => true,
        (ArgumentKind::OneOf(words), Literal::Text(text)) => words.contains(&text.as_str()),
        (ArgumentKind::Several(words), Literal::List(items)) => {
            items.iter().enumerate().all(|(at, item)| {
                let known = matches!(item, Literal::Text(t) if words.contains(&t.as_str()));
                known && !items.get(..at).is_some_and(|before| before.contains(item))
            })
        }
        (ArgumentKind::Character, Literal::Text(text)) => {
            let mut characters = text.chars();
            let first = characters.next();
            characters.next().is_none()
                && first.is_some_and(|c| !c.is_control() && !c.is_whitespace())
        }
        _ => false,
    };
    (!fits).then(|| match kind {
        ArgumentKind::Integer { min, max } => format!("a whole number from {min} to {max}"),
        ArgumentKind::Boolean => "true or false".to_owned(),
        ArgumentKind::OneOf(words) => format!("one of {}", words.join(", ")),
        ArgumentKind::Several(words) => {
            format!("a list of {}, each at most once", words.join(", "))
        }
        ArgumentKind::Character => "exactly one visible character".to_owned(),
        ArgumentKind::Value => "a value".to_owned(),
    })
}

fn unknown(name: &str, definition: &Definition) -> Error {
    let names: Vec<_> = definition.arguments.iter().map(|argument| argument.name).collect();
    let help = match promise::nearest(name, names.iter().copied()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None if names.is_empty() => format!("the mask {} takes no arguments", definition.name),
        None => format!("the mask {} takes {}", definition.name, names.join(", ")),
    };
    let name = hint::shown(name);
    let message = format!("the mask {} has no argument \"{name}\"", definition.name);
    Error::new(Code::BadArgument, message).at("/args").help(help)
}

/// One argument, for the tables of definitions.
pub(super) const fn argument(
    name: &'static str,
    kind: ArgumentKind,
    default: Option<&'static str>,
    summary: &'static str,
) -> Argument {
    Argument { name, kind, default, summary }
}
