//! Which rules and bodies made a decision: file and line. It explains and never decides: where rules
//! cannot be told apart, or asking again fails, less is said.

use regorus::unstable::{Ref, Rule, RuleBody};
use regorus::Value;

use crate::ast;
use crate::engine::{Ask, Session};
use crate::entry::Target;
use crate::message::{said, Message};
use crate::set::Loaded;

/// File and line.
pub(crate) type At = (String, u32);

/// What each rule of a denial says on its own, and where that rule begins; empty when there is only
/// one rule.
pub(crate) fn sources(
    set: &Loaded,
    session: &mut Session<'_>,
    target: &Target,
) -> Vec<(Vec<Message>, At)> {
    let rules = rules(set, target);
    if rules.len() == 1 {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (module, rule) in rules.into_iter().take(set.limits.max_reasons) {
        let (Some(owner), Some(file)) = (set.modules.get(module), set.files.get(module)) else {
            continue;
        };
        let Ok(value) = session.ask(Ask::One(owner, &rule, &target.path)) else {
            break;
        };
        if let Ok(words) = said(&value, target, &set.limits) {
            found.push((words, (file.clone(), head_line(&rule))));
        }
    }
    found
}

/// `file:line` of the bodies that made a rule true: each body's first statement.
pub(crate) fn fired(set: &Loaded, session: &mut Session<'_>, target: &Target) -> Vec<String> {
    let rules = rules(set, target);
    let single = rules.len() == 1;
    let mut found = Vec::new();
    for (module, rule) in rules {
        let (Some(owner), Some(file)) = (set.modules.get(module), set.files.get(module)) else {
            continue;
        };
        let Rule::Spec { bodies, .. } = rule.as_ref() else {
            continue;
        };
        let one = Ask::One(owner, &rule, &target.path);
        if !single && !matches!(session.ask(one), Ok(Value::Bool(true))) {
            continue;
        }
        let mut line = bodies.first().and_then(first_line);
        if bodies.len() > 1 {
            // Bodies are tried in order until one succeeds, so the last one tried is it.
            let Ok(lines) = session.lines(owner, &rule) else {
                continue;
            };
            let tried = |body: &&RuleBody| {
                let mut places = body.query.stmts.iter().map(|stmt| stmt.span.line);
                places.any(|line| lines.contains(&line))
            };
            line = bodies.iter().rev().find(tried).and_then(first_line);
        }
        found.push(format!("{file}:{}", line.unwrap_or_else(|| head_line(&rule))));
    }
    found
}

/// Where the first rule behind a target begins.
pub(crate) fn first_place(set: &Loaded, target: &Target) -> Option<At> {
    let (module, rule) = rules(set, target).into_iter().next()?;
    Some((set.files.get(module)?.clone(), head_line(&rule)))
}

/// The rules behind a target that are not defaults: module and rule.
fn rules(set: &Loaded, target: &Target) -> Vec<(usize, Ref<Rule>)> {
    let rule = |(module, rule): &(usize, usize)| {
        let rule = set.modules.get(*module)?.policy.get(*rule)?;
        matches!(rule.as_ref(), Rule::Spec { .. }).then(|| (*module, rule.clone()))
    };
    target.rules.iter().filter_map(rule).collect()
}

fn first_line(body: &RuleBody) -> Option<u32> {
    body.query.stmts.first().map(|stmt| stmt.span.line)
}

fn head_line(rule: &Rule) -> u32 {
    ast::head(rule).span().line
}
