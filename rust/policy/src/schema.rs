//! Which paths a JSON Schema allows: the part of JSON Schema that describes shapes.
//!
//! Understood: `properties`, `additionalProperties`, `items`, `prefixItems`, `anyOf`, `oneOf`,
//! `allOf`, local `$ref`s and `type`. A schema without any of them allows every path below it.

use serde_json::Value as Json;

use crate::ast::{Path, Step};
use crate::finding::nearest;

/// Schemas that may hold at one point of a path, or `None` in it for "anything".
type Here<'s> = Vec<&'s Json>;

/// A JSON Schema of a document.
#[derive(Debug, Clone)]
pub(crate) struct Schema {
    root: Json,
}

/// The first step of a path that does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Missing {
    /// The path up to and with the step, such as `input.shcema`.
    pub(crate) path: String,
    /// Line and column of the step.
    pub(crate) place: (u32, u32),
    /// A name that was probably meant.
    pub(crate) nearest: Option<String>,
}

const MAX_DEPTH: usize = 32;

impl Schema {
    pub(crate) fn new(root: Json) -> Self {
        Self { root }
    }

    /// How many steps of an existing path are certain to be there, if the document is valid; the
    /// path's root stands for the whole document.
    pub(crate) fn find(&self, path: &Path) -> Result<usize, Missing> {
        let mut certain = 0;
        let mut all_certain = true;
        let mut here: Here<'_> = Vec::new();
        self.expand(&self.root, &mut here, MAX_DEPTH);
        let mut written = path.root.clone();
        for step in &path.steps {
            if here.iter().any(|s| anything(s)) {
                return Ok(certain);
            }
            all_certain &= here.iter().all(|schema| is_certain(schema, step));
            certain += usize::from(all_certain);
            let mut next = Here::new();
            for schema in &here {
                self.step(schema, step, &mut next);
            }
            if next.is_empty() {
                let (name, place) = match step {
                    Step::Name(name, place) => (name.as_str(), *place),
                    Step::Any => ("[_]", path.place),
                };
                let known = here.iter().filter_map(|s| s.get("properties")?.as_object());
                let nearest = nearest(name, known.flat_map(|p| p.keys().map(String::as_str)));
                return Err(Missing {
                    path: join(&written, step),
                    place,
                    nearest: nearest.map(|n| format!("{written}.{n}")),
                });
            }
            written = join(&written, step);
            here = next;
        }
        Ok(certain)
    }

    /// Adds the schemas that stand behind one: its references and alternatives.
    fn expand<'s>(&'s self, schema: &'s Json, into: &mut Here<'s>, depth: usize) {
        let Some(depth) = depth.checked_sub(1) else {
            return;
        };
        if let Some(target) = schema.get("$ref").and_then(Json::as_str) {
            if let Some(found) = target.strip_prefix('#').and_then(|p| self.root.pointer(p)) {
                self.expand(found, into, depth);
            }
        }
        let mut grouped = schema.get("$ref").is_some();
        for word in ["anyOf", "oneOf", "allOf"] {
            for branch in schema.get(word).and_then(Json::as_array).into_iter().flatten() {
                grouped = true;
                self.expand(branch, into, depth);
            }
        }
        if !grouped || schema.get("properties").is_some() || schema.get("items").is_some() {
            into.push(schema);
        }
    }

    fn step<'s>(&'s self, schema: &'s Json, step: &Step, into: &mut Here<'s>) {
        let properties = schema.get("properties").and_then(Json::as_object);
        let rest = schema.get("additionalProperties").filter(|r| *r != &Json::Bool(false));
        let is_object = properties.is_some() || rest.is_some();
        match step {
            Step::Name(name, _) => match properties.and_then(|p| p.get(name)) {
                Some(found) => self.expand(found, into, MAX_DEPTH),
                None => {
                    if let Some(rest) = rest {
                        self.expand(rest, into, MAX_DEPTH);
                    }
                }
            },
            Step::Any => {
                if is_object {
                    for found in properties.into_iter().flat_map(|p| p.values()).chain(rest) {
                        self.expand(found, into, MAX_DEPTH);
                    }
                }
                let items = schema.get("items").filter(|i| *i != &Json::Bool(false));
                let prefix = schema.get("prefixItems").and_then(Json::as_array);
                for found in items.into_iter().chain(prefix.into_iter().flatten()) {
                    self.expand(found, into, MAX_DEPTH);
                }
            }
        }
    }
}

/// Whether a schema says nothing about the shape, so that everything below it is allowed.
fn anything(schema: &Json) -> bool {
    let shapes =
        ["properties", "additionalProperties", "items", "prefixItems", "type", "enum", "const"];
    match schema {
        Json::Bool(all) => *all,
        _ => !shapes.iter().any(|word| schema.get(*word).is_some()),
    }
}

/// Whether a valid document has this member: a required property, or the items of an array that a
/// rule goes through.
fn is_certain(schema: &Json, step: &Step) -> bool {
    match step {
        Step::Name(name, _) => schema
            .get("required")
            .and_then(Json::as_array)
            .is_some_and(|names| names.iter().any(|n| n == name)),
        Step::Any => schema.get("items").is_some(),
    }
}

fn join(written: &str, step: &Step) -> String {
    match step {
        Step::Name(name, _) => format!("{written}.{name}"),
        Step::Any => format!("{written}[_]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Schema {
        Schema::new(serde_json::json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["schema"],
            "properties": {
                "schema": {"$ref": "#/$defs/schema"},
                "masking": {"type": "object", "additionalProperties": {"$ref": "#/$defs/mask"}},
                "free": {},
            },
            "$defs": {
                "schema": {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["columns"],
                    "properties": {
                        "columns": {"type": "array", "items": {"anyOf": [
                            {"type": "object", "properties": {"pii": {"type": ["string", "null"]}}},
                            {"type": "null"},
                        ]}},
                    },
                },
                "mask": {"type": "object", "properties": {"method": {"type": "string"}}},
            },
        }))
    }

    fn find(steps: &[&str]) -> Result<usize, Missing> {
        let steps = steps
            .iter()
            .map(|s| if *s == "*" { Step::Any } else { Step::Name((*s).to_owned(), (1, 7)) })
            .collect();
        schema().find(&Path { root: "input".to_owned(), steps, place: (1, 1) })
    }

    #[test]
    fn documented_paths_exist() {
        for (path, certain) in [
            (&["schema", "columns", "*", "pii"][..], 3),
            (&["schema", "columns"], 2),
            (&["masking", "email", "method"], 0),
            (&["masking", "*", "method"], 0),
            (&["free", "whatever", "*", "below"], 0),
            (&[], 0),
        ] {
            assert_eq!(find(path), Ok(certain), "{path:?}");
        }
    }

    #[test]
    fn a_typo_is_named_with_its_place_and_what_was_meant() {
        let missing = Missing {
            path: "input.shcema".to_owned(),
            place: (1, 7),
            nearest: Some("input.schema".to_owned()),
        };
        assert_eq!(find(&["shcema", "columns"]), Err(missing));
        assert!(find(&["schema", "columns", "*", "pi"]).is_err());
        assert!(find(&["schema", "columns", "*", "pii", "deeper"]).is_err());
        assert!(find(&["*", "columns"]).is_ok());
    }
}
