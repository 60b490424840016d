//! `columns_match`: the data has these columns and no others.

use std::collections::HashSet;

use super::{Argument, Arity, CheckKind, Clause, Compiled, Definition, Scope};
use crate::contract::Literal;
use crate::error::Result;

pub(super) struct ColumnsMatch;

/// How many names a reason holds.
const NAMED: usize = 5;

impl CheckKind for ColumnsMatch {
    fn definition(&self) -> &'static Definition {
        &Definition {
            name: "columns_match",
            aliases: &[],
            summary:
                "the data has these columns and no others. Every contract is judged so, fields \
                      of structs too: without `strict: true` what is not promised is a warning and \
                      is not published; with it, it fails, and so does another order",
            scope: Scope::Schema,
            arity: Arity::None,
            applies_to: "the dataset",
            arguments: &[
                Argument {
                    name: "columns",
                    kind: "a list of names",
                    default: "the promised columns",
                    summary: "the columns, of the whole dataset",
                },
                Argument {
                    name: "mode",
                    kind: "set or ordered",
                    default: "set",
                    summary: "ordered: they come in this order",
                },
                Argument {
                    name: "allow_extra",
                    kind: "true or false",
                    default: "false",
                    summary: "other columns may stand anywhere among them",
                },
            ],
            example: "{rule: columns_match, args: {mode: ordered, allow_extra: true}}",
        }
    }

    fn compile(&self, clause: &Clause<'_>) -> Result<Compiled> {
        let wanted = wanted(clause)?;
        let ordered = match clause.text("mode")? {
            None | Some("set") => false,
            Some("ordered") => true,
            Some(_) => return Err(clause.bad("mode", "set or ordered")),
        };
        let broken = broken(&wanted, &names(clause), ordered, clause.flag("allow_extra", false)?);
        Ok(Compiled::Decided {
            holds: broken.is_none(),
            reason: broken.unwrap_or_else(|| "the data has these columns".into()),
        })
    }
}

/// The names of the data's columns.
pub(super) fn names<'a>(clause: &Clause<'a>) -> Vec<&'a str> {
    clause.schema.fields().iter().map(|field| field.name().as_str()).collect()
}

/// At most a few names, for a reason.
pub(crate) fn listed(names: &[&str]) -> String {
    let mut shown: Vec<_> = names.iter().copied().take(NAMED).collect();
    if names.len() > NAMED {
        shown.push("…");
    }
    shown.join(", ")
}

fn wanted<'a>(clause: &'a Clause<'_>) -> Result<Vec<&'a str>> {
    let bad = || clause.bad("columns", "a list of different names");
    let names = match clause.arg("columns") {
        None => return Ok(clause.promised.iter().map(|column| column.name.as_str()).collect()),
        Some(Literal::List(items)) if !items.is_empty() => items.iter().map(|item| match item {
            Literal::Text(name) => Ok(name.as_str()),
            _ => Err(bad()),
        }),
        Some(_) => return Err(bad()),
    };
    let names = names.collect::<Result<Vec<_>>>()?;
    if names.iter().collect::<HashSet<_>>().len() < names.len() {
        return Err(bad());
    }
    Ok(names)
}

/// What is wrong with the columns of the data, if anything is.
fn broken(wanted: &[&str], have: &[&str], ordered: bool, allow_extra: bool) -> Option<String> {
    let known: HashSet<_> = wanted.iter().collect();
    let found: HashSet<_> = have.iter().collect();
    let missing: Vec<_> = wanted.iter().copied().filter(|name| !found.contains(name)).collect();
    if !missing.is_empty() {
        return Some(format!("the data lacks {}", listed(&missing)));
    }
    let (ours, extra): (Vec<&str>, Vec<&str>) =
        have.iter().copied().partition(|name| known.contains(name));
    if !extra.is_empty() && !allow_extra {
        return Some(format!("the data has other columns: {}", listed(&extra)));
    }
    if ours.len() > wanted.len() {
        return Some("the data has one of the columns more than once".into());
    }
    (ordered && ours != wanted).then(|| "the columns come in another order".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_told_before_what_is_too_much() {
        let tell = |have: &[&str], ordered, extra| broken(&["a", "b"], have, ordered, extra);
        assert_eq!(tell(&["b", "a"], false, false), None);
        assert!(tell(&["b", "a"], true, false).unwrap().contains("order"));
        assert_eq!(tell(&["x", "a", "y", "b"], true, true), None);
        assert!(tell(&["x", "b", "y", "a"], true, true).unwrap().contains("order"));
        assert!(tell(&["x", "a", "b"], false, false).unwrap().ends_with("other columns: x"));
        assert!(tell(&["x", "a"], false, true).unwrap().ends_with("lacks b"));
        assert!(tell(&["a", "b", "a"], false, true).unwrap().contains("more than once"));
        assert!(tell(&[], false, true).is_some());
    }

    #[test]
    fn a_reason_holds_a_few_names() {
        assert_eq!(listed(&["a", "b"]), "a, b");
        assert_eq!(listed(&["a", "b", "c", "d", "e", "f"]), "a, b, c, d, e, …");
    }
}
