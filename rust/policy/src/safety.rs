//! Variables that never get a value. The engine would write to the terminal about some of them and
//! find others only while it decides.
//!
//! The check is generous: it knows where a variable *may* be bound, not whether every use comes
//! after it. What it refuses has no value in any order of statements.

use std::collections::BTreeSet;

use regorus::unstable::{AssignOp, Expr, Literal, LiteralStmt, Query, Ref, Rule, RuleHead};

use crate::ast;

/// The rest of what a module knows: which names are rules or imports, and how many arguments a
/// function takes.
pub(crate) struct Known<'k> {
    pub(crate) is_global: &'k dyn Fn(&str) -> bool,
    pub(crate) arity: &'k dyn Fn(&Expr) -> Option<usize>,
}

/// A variable without a value: its name, line and column.
pub(crate) type Unbound = (String, (u32, u32));

type Names = BTreeSet<String>;

/// One way in which a statement binds: these, once those have values.
#[derive(Default)]
struct Binding {
    binds: Names,
    needs: Names,
}

/// The first variable of a rule that never gets a value.
pub(crate) fn unbound(rule: &Rule, known: &Known<'_>) -> Option<Unbound> {
    let Rule::Spec { head, bodies, .. } = rule else {
        return None;
    };
    let mut bound = Names::new();
    if let RuleHead::Func { args, .. } = head {
        for arg in args {
            pattern(arg, &mut bound, &mut Vec::new());
        }
    }
    let produced = ast::produced(head);
    if bodies.is_empty() {
        for expr in &produced {
            indices(expr, &mut bound);
        }
        return produced.iter().find_map(|expr| needs(expr, &bound, &Names::new(), known));
    }
    bodies.iter().find_map(|body| {
        let own = body.assign.iter().map(|assign| &assign.value);
        let produced: Vec<_> = produced.iter().copied().chain(own).collect();
        query(&body.query, &produced, &bound, known)
    })
}

fn query(
    query: &Query,
    produced: &[&Ref<Expr>],
    outer: &Names,
    known: &Known<'_>,
) -> Option<Unbound> {
    let mut declared = Names::new();
    for stmt in &query.stmts {
        declare(stmt, &mut declared);
    }
    // What is declared here hides what is outside.
    let mut bound: Names = outer.difference(&declared).cloned().collect();
    let mut bindings: Vec<Binding> = Vec::new();
    for stmt in &query.stmts {
        statement(stmt, &declared, known, &mut bindings);
    }
    loop {
        let before = bound.len();
        for binding in &bindings {
            if binding.needs.is_subset(&bound) {
                bound.extend(binding.binds.iter().cloned());
            }
        }
        if bound.len() == before {
            break;
        }
    }
    let uses = |expr: &Ref<Expr>| needs(expr, &bound, &declared, known);
    for stmt in &query.stmts {
        let found = match &stmt.literal {
            Literal::SomeVars { .. } => None,
            Literal::SomeIn { key, value, collection, .. } => {
                key.iter().chain([value, collection]).find_map(uses)
            }
            Literal::Expr { expr, .. } => uses(expr),
            // What a negation does not bind is local to it.
            Literal::NotExpr { expr, .. } => {
                let mut inside = bound.clone();
                indices(expr, &mut inside);
                needs(expr, &inside, &declared, known)
            }
            Literal::Every { key, value, domain, query: inner, .. } => uses(domain).or_else(|| {
                let mut inside = bound.clone();
                inside.extend(key.iter().chain([value]).map(|name| name.text().to_owned()));
                self::query(inner, &[], &inside, known)
            }),
        };
        let mocks = stmt.with_mods.iter().find_map(|with| uses(&with.r#as));
        if let Some(found) = found.or(mocks) {
            return Some(found);
        }
    }
    let mut inside = bound.clone();
    for expr in produced {
        indices(expr, &mut inside);
    }
    produced.iter().find_map(|expr| needs(expr, &inside, &declared, known))
}

fn declare(stmt: &LiteralStmt, declared: &mut Names) {
    match &stmt.literal {
        Literal::SomeVars { vars, .. } => {
            declared.extend(vars.iter().map(|var| var.text().to_owned()));
        }
        Literal::SomeIn { key, value, .. } => {
            for expr in key.iter().chain([value]) {
                pattern(expr, declared, &mut Vec::new());
            }
        }
        Literal::Expr { expr, .. } => {
            if let Expr::AssignExpr { op: AssignOp::ColEq, lhs, .. } = expr.as_ref() {
                pattern(lhs, declared, &mut Vec::new());
            }
        }
        Literal::NotExpr { .. } | Literal::Every { .. } => {}
    }
}

fn statement(stmt: &LiteralStmt, declared: &Names, known: &Known<'_>, into: &mut Vec<Binding>) {
    match &stmt.literal {
        Literal::SomeVars { .. } | Literal::NotExpr { .. } => {}
        Literal::SomeIn { key, value, collection, .. } => {
            let mut binding = Binding::default();
            let mut rest = Vec::new();
            for expr in key.iter().chain([value]) {
                pattern(expr, &mut binding.binds, &mut rest);
            }
            variables(collection, declared, known, &mut binding.needs);
            into.push(binding);
            iterations(collection, declared, known, into);
        }
        Literal::Every { domain, .. } => iterations(domain, declared, known, into),
        Literal::Expr { expr, .. } => {
            iterations(expr, declared, known, into);
            match expr.as_ref() {
                Expr::AssignExpr { op, lhs, rhs, .. } => unify(op, lhs, rhs, declared, known, into),
                Expr::Call { fcn, params, .. } => {
                    let Some((last, before)) = params.split_last() else {
                        return;
                    };
                    if (known.arity)(fcn) == Some(before.len()) {
                        let mut binding = Binding::default();
                        pattern(last, &mut binding.binds, &mut Vec::new());
                        for param in before {
                            variables(param, declared, known, &mut binding.needs);
                        }
                        into.push(binding);
                    }
                }
                _ => {}
            }
        }
    }
}

/// `lhs = rhs` binds names of either side; two array literals bind item by item. Two
/// object literals that bind names of each other are refused, because the engine cannot.
fn unify(
    op: &AssignOp,
    lhs: &Ref<Expr>,
    rhs: &Ref<Expr>,
    declared: &Names,
    known: &Known<'_>,
    into: &mut Vec<Binding>,
) {
    if let (Expr::Array { items: left, .. }, Expr::Array { items: right, .. }) =
        (lhs.as_ref(), rhs.as_ref())
    {
        for (l, r) in left.iter().zip(right) {
            unify(op, l, r, declared, known, into);
        }
        return;
    }
    let sides: &[(&Ref<Expr>, &Ref<Expr>)] =
        if *op == AssignOp::ColEq { &[(lhs, rhs)] } else { &[(lhs, rhs), (rhs, lhs)] };
    for (target, source) in sides {
        let (mut binds, mut needs) = (Names::new(), Names::new());
        pattern(target, &mut binds, &mut Vec::new());
        variables(source, declared, known, &mut needs);
        let is_name = matches!(source.as_ref(), Expr::Var { .. });
        for name in &binds {
            // `{"a": x} = {"a": [y], "b": x}` binds x from y; `x = x` binds nothing.
            let others = needs.iter().filter(|need| *need != name || is_name);
            let needs = others.cloned().collect();
            into.push(Binding { binds: Names::from([name.clone()]), needs });
        }
    }
}

/// `xs[i]` binds `i` once `xs` has a value.
fn iterations(expr: &Ref<Expr>, declared: &Names, known: &Known<'_>, into: &mut Vec<Binding>) {
    if let Expr::RefBrack { refr, index, .. } = expr.as_ref() {
        let mut binding = Binding::default();
        pattern(index, &mut binding.binds, &mut Vec::new());
        if !binding.binds.is_empty() {
            variables(refr, declared, known, &mut binding.needs);
            // In `xs[i][i]` the first bracket binds for the second.
            into.push(binding);
        }
    }
    for child in ast::children(expr) {
        iterations(child, declared, known, into);
    }
}

/// Names that stand alone in brackets.
fn indices(expr: &Ref<Expr>, into: &mut Names) {
    if let Expr::RefBrack { index, .. } = expr.as_ref() {
        pattern(index, into, &mut Vec::new());
    }
    for child in ast::children(expr) {
        indices(child, into);
    }
}

/// Names that a pattern binds; the parts that are not patterns go to `rest`.
fn pattern<'e>(expr: &'e Ref<Expr>, names: &mut Names, rest: &mut Vec<&'e Ref<Expr>>) {
    match expr.as_ref() {
        Expr::Var { span, .. } if !matches!(span.text(), "_" | "input" | "data") => {
            names.insert(span.text().to_owned());
        }
        Expr::Array { items, .. } | Expr::Set { items, .. } => {
            for item in items {
                pattern(item, names, rest);
            }
        }
        Expr::Object { fields, .. } => {
            for (_, key, value) in fields {
                pattern(key, names, rest);
                pattern(value, names, rest);
            }
        }
        _ => rest.push(expr),
    }
}

fn is_variable(name: &str, declared: &Names, known: &Known<'_>) -> bool {
    declared.contains(name) || !(matches!(name, "_" | "input" | "data") || (known.is_global)(name))
}

/// Variables of an expression outside of comprehensions, which bind on their own.
fn variables(expr: &Ref<Expr>, declared: &Names, known: &Known<'_>, into: &mut Names) {
    if let Expr::Var { span, .. } = expr.as_ref() {
        if is_variable(span.text(), declared, known) {
            into.insert(span.text().to_owned());
        }
    }
    for child in ast::children(expr) {
        variables(child, declared, known, into);
    }
}

/// The first variable of an expression that has no value.
fn needs(expr: &Ref<Expr>, bound: &Names, declared: &Names, known: &Known<'_>) -> Option<Unbound> {
    if let Expr::Var { span, .. } = expr.as_ref() {
        let name = span.text();
        let missing = is_variable(name, declared, known) && !bound.contains(name);
        return missing.then(|| (name.to_owned(), ast::place(span)));
    }
    if let Some((inner, produced)) = ast::comprehension(expr) {
        return query(inner, &produced, bound, known);
    }
    ast::children(expr).into_iter().find_map(|child| needs(child, bound, declared, known))
}
