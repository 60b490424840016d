//! What a denial says: the codes and messages in the value of a `deny` or `violation` rule.

use regorus::Value;

use crate::entry::Target;
use crate::finding::Code;
use crate::json::Budget;
use crate::limits::Limits;

/// A code and the words of a policy's author.
pub(crate) type Message = (String, String);

/// Every code and message of a denial; none when it does not deny.
///
/// Elements are text or `{msg, code}`; anything else denies without words of its own.
pub(crate) fn said(value: &Value, target: &Target, limits: &Limits) -> Result<Vec<Message>, Code> {
    let mut budget = Budget::new(limits.max_elements, limits.max_string_bytes);
    budget.visit(value).ok_or(Code::Limit)?;
    let silent = || (Code::Denied.as_str().to_owned(), format!("`{}` denies", target.text));
    let one = |item: &Value| message(item).unwrap_or_else(silent);
    Ok(match value {
        Value::Undefined | Value::Bool(false) => Vec::new(),
        Value::Bool(true) => vec![silent()],
        Value::String(_) => vec![one(value)],
        Value::Set(items) => items.iter().map(one).collect(),
        Value::Array(items) => items.iter().map(one).collect(),
        // `deny[code] := message`, and documents of several rules such as `deny.late`.
        Value::Object(fields) => {
            let mut found = Vec::new();
            for (key, item) in fields.iter_sorted() {
                match item {
                    Value::Undefined | Value::Bool(false) => {}
                    Value::Object(inner) if inner.is_empty() => {}
                    Value::Set(items) => found.extend(items.iter().map(one)),
                    Value::Array(items) => found.extend(items.iter().map(one)),
                    Value::Bool(true) => found.push(one(key)),
                    _ => found.push(message(item).unwrap_or_else(|| one(key))),
                }
            }
            found
        }
        Value::Null | Value::Number(_) => return Err(Code::EvaluationFailed),
    })
}

/// Code and message of one element.
fn message(item: &Value) -> Option<Message> {
    let denied = || Code::Denied.as_str().to_owned();
    match item {
        Value::String(text) => Some((denied(), text.as_ref().to_owned())),
        Value::Object(fields) => {
            let field = |name: &str| match fields.get(&Value::from(name)) {
                Some(Value::String(text)) => Some(text.as_ref().to_owned()),
                _ => None,
            };
            let text = field("msg").or_else(|| field("message"))?;
            Some((field("code").unwrap_or_else(denied), text))
        }
        _ => None,
    }
}

/// Cuts a message to a number of bytes, between characters.
pub(crate) fn shorten(mut message: String, bytes: usize) -> String {
    if message.len() > bytes {
        let mut end = bytes;
        while end > 0 && !message.is_char_boundary(end) {
            end -= 1;
        }
        message.truncate(end);
        message.push_str("...");
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said_json(text: &str) -> Result<Vec<Message>, Code> {
        let value = crate::json::read(text, 1 << 20, 64).map_err(|_| Code::BadInput)?;
        let target = Target {
            path: vec!["p".to_owned(), "deny".to_owned()],
            text: "data.p.deny".to_owned(),
            document: false,
            rules: Vec::new(),
        };
        said(&value, &target, &Limits::default())
    }

    fn texts(text: &str) -> Vec<String> {
        said_json(text).unwrap_or_default().into_iter().map(|(_, message)| message).collect()
    }

    #[test]
    fn what_is_empty_or_false_does_not_deny() {
        for value in ["false", "[]", "{}", r#"{"late": false, "early": [], "x": {}}"#] {
            assert_eq!(said_json(value), Ok(Vec::new()), "{value}");
        }
    }

    #[test]
    fn everything_else_denies() {
        assert_eq!(texts("true"), ["`data.p.deny` denies"]);
        assert_eq!(texts(r#""no""#), ["no"]);
        assert_eq!(texts(r#"["no", {"msg": "why"}, 7, null, false]"#).len(), 5);
        assert_eq!(
            texts(r#"{"late": true, "x": "words", "y": {"message": "m"}, "z": 1}"#),
            ["late", "words", "m", "z"]
        );
        assert_eq!(said_json("null"), Err(Code::EvaluationFailed));
        assert_eq!(said_json("0"), Err(Code::EvaluationFailed));
    }

    #[test]
    fn a_policy_may_give_a_code_of_its_own() {
        let said = said_json(r#"[{"msg": "no", "code": "acme.1"}]"#);
        assert_eq!(said, Ok(vec![("acme.1".to_owned(), "no".to_owned())]));
    }

    #[test]
    fn messages_are_cut_between_characters() {
        assert_eq!(shorten("aé".to_owned(), 2), "a...");
        assert_eq!(shorten("aé".to_owned(), 3), "aé");
    }
}
