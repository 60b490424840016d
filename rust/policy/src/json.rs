//! JSON text to the engine's values and back, within bounds.
//!
//! Reading refuses duplicate keys, deep nesting and numbers that no double can hold. Writing counts
//! what it visits: values share their parts, so a small one can have an endless text.

use std::collections::BTreeMap;
use std::fmt;

use regorus::Value;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

/// Why a text is not accepted; the message quotes nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refused(pub(crate) &'static str);

const DUPLICATE: &str = "a key appears twice";
const DEEP: &str = "it is nested too deeply";
const RANGE: &str = "a number is outside of the range of a double";

/// Reads one object.
pub(crate) fn read_object(text: &str, bytes: usize, depth: usize) -> Result<Value, Refused> {
    let value = read(text, bytes, depth)?;
    match value {
        Value::Object(_) => Ok(value),
        _ => Err(Refused("it is not an object")),
    }
}

/// Reads one value.
pub(crate) fn read(text: &str, bytes: usize, depth: usize) -> Result<Value, Refused> {
    if text.len() > bytes {
        return Err(Refused("it is too large"));
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Node { depth }.deserialize(&mut reader).map_err(|error| {
        let text = error.to_string();
        let known = [DUPLICATE, DEEP, RANGE].into_iter().find(|known| text.starts_with(known));
        Refused(known.unwrap_or("it is not JSON"))
    })?;
    reader.end().map_err(|_| Refused("something follows its end"))?;
    Ok(value)
}

struct Node {
    depth: usize,
}

impl Node {
    fn inner<E: serde::de::Error>(&self) -> Result<Self, E> {
        let depth = self.depth.checked_sub(1).ok_or_else(|| E::custom(DEEP))?;
        Ok(Self { depth })
    }
}

impl<'de> DeserializeSeed<'de> for Node {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, v: bool) -> Result<Value, E> {
        Ok(Value::Bool(v))
    }

    fn visit_i64<E>(self, v: i64) -> Result<Value, E> {
        Ok(Value::from(v))
    }

    fn visit_u64<E>(self, v: u64) -> Result<Value, E> {
        Ok(Value::from(v))
    }

    fn visit_f64<E: serde::de::Error>(self, v: f64) -> Result<Value, E> {
        if v.is_finite() {
            Ok(Value::from(v))
        } else {
            Err(E::custom(RANGE))
        }
    }

    fn visit_str<E>(self, v: &str) -> Result<Value, E> {
        Ok(Value::from(v))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(self.inner()?)? {
            array.push(item);
        }
        Ok(Value::from(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut object = BTreeMap::new();
        while let Some(key) = fields.next_key::<String>()? {
            let value = fields.next_value_seed(self.inner()?)?;
            if object.insert(Value::from(key), value).is_some() {
                return Err(A::Error::custom(DUPLICATE));
            }
        }
        Ok(Value::from(object))
    }
}

/// What a value may cost to visit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    nodes: usize,
    bytes: usize,
}

impl Budget {
    pub(crate) fn new(nodes: usize, bytes: usize) -> Self {
        Self { nodes, bytes }
    }

    fn spend(&mut self, bytes: usize) -> Option<()> {
        self.nodes = self.nodes.checked_sub(1)?;
        self.bytes = self.bytes.checked_sub(bytes)?;
        Some(())
    }

    /// Visits every part of the value, shared ones each time; `None` when the budget is used up
    /// or a number has no bounded text.
    pub(crate) fn visit(&mut self, value: &Value) -> Option<()> {
        let mut open = vec![value];
        while let Some(value) = open.pop() {
            match value {
                Value::Null | Value::Bool(_) | Value::Undefined => self.spend(5)?,
                Value::Number(_) => {
                    bounded_number(value)?;
                    self.spend(25)?;
                }
                Value::String(text) => self.spend(text.len().saturating_add(2))?,
                Value::Array(items) => {
                    self.spend(2)?;
                    open.extend(items.iter().take(self.nodes.saturating_add(1)));
                }
                Value::Set(items) => {
                    self.spend(2)?;
                    open.extend(items.iter().take(self.nodes.saturating_add(1)));
                }
                Value::Object(fields) => {
                    self.spend(2)?;
                    for (key, item) in fields.iter().take(self.nodes.saturating_add(1)) {
                        open.extend([key, item]);
                    }
                }
            }
        }
        Some(())
    }
}

/// A number as a double, when one can hold its size; digits beyond its precision are lost.
pub(crate) fn bounded_number(value: &Value) -> Option<f64> {
    const MAX_BITS: u64 = 1_023;
    let Value::Number(number) = value else {
        return None;
    };
    if let Some(exact) = number.as_f64().or_else(|| number.as_i128().map(|v| v as f64)) {
        return exact.is_finite().then_some(exact);
    }
    let big = number.as_big().filter(|big| big.bits() <= MAX_BITS)?;
    // The size is all that matters for numbers this large.
    Some(2f64.powi(i32::try_from(big.bits()).ok()?))
}
