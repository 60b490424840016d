//! Walks over the engine's syntax tree: which paths and functions a rule uses, and what its local
//! names stand for. The tree's depth is bounded by the guards, so recursion here is too.

use std::collections::BTreeMap;

use regorus::unstable::{
    AssignOp, Expr, Literal, LiteralStmt, Query, Ref, Rule, RuleBody, RuleHead, Span,
};
use regorus::Value;

/// One step of a path: a name with its place, or anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Name(String, (u32, u32)),
    Any,
}

/// A path that starts at a name.
#[derive(Debug, Clone)]
pub(crate) struct Path {
    pub(crate) root: String,
    pub(crate) steps: Vec<Step>,
    pub(crate) place: (u32, u32),
}

/// A reference such as `input.schema.columns[i].name`, and the expressions inside its brackets.
pub(crate) fn path<'a>(expr: &'a Expr, indices: &mut Vec<&'a Ref<Expr>>) -> Option<Path> {
    let mut steps = Vec::new();
    let mut at = expr;
    loop {
        match at {
            Expr::Var { span, .. } => {
                steps.reverse();
                return Some(Path { root: span.text().to_owned(), steps, place: place(span) });
            }
            Expr::RefDot { refr, field, .. } => {
                steps.push(Step::Name(field.0.text().to_owned(), place(&field.0)));
                at = refr;
            }
            Expr::RefBrack { refr, index, .. } => {
                match index.as_ref() {
                    Expr::String { span, value: Value::String(text), .. }
                    | Expr::RawString { span, value: Value::String(text), .. } => {
                        steps.push(Step::Name(text.as_ref().to_owned(), place(span)));
                    }
                    _ => {
                        indices.push(index);
                        steps.push(Step::Any);
                    }
                }
                at = refr;
            }
            _ => return None,
        }
    }
}

/// Line and column of a span, in characters from 1; the engine counts a tab as four.
pub(crate) fn place(span: &Span) -> (u32, u32) {
    let before = span.source.contents().get(..span.start as usize).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    (span.line, line.chars().count() as u32 + 1)
}

/// The names of a static path, such as the path of a package or the dots of a function's name.
pub(crate) fn names(expr: &Expr) -> Option<Vec<String>> {
    let path = path(expr, &mut Vec::new())?;
    let mut names = vec![path.root];
    for step in path.steps {
        match step {
            Step::Name(name, _) => names.push(name),
            Step::Any => return None,
        }
    }
    Some(names)
}

/// The direct parts of an expression, without the queries of comprehensions and the names of paths.
pub(crate) fn children(expr: &Expr) -> Vec<&Ref<Expr>> {
    match expr {
        Expr::Array { items, .. } | Expr::Set { items, .. } => items.iter().collect(),
        Expr::Object { fields, .. } => fields.iter().flat_map(|(_, k, v)| [k, v]).collect(),
        Expr::Call { params, .. } => params.iter().collect(),
        Expr::UnaryExpr { expr, .. } => vec![expr],
        Expr::RefDot { refr, .. } => vec![refr],
        Expr::RefBrack { refr, index, .. } => vec![refr, index],
        Expr::BinExpr { lhs, rhs, .. }
        | Expr::BoolExpr { lhs, rhs, .. }
        | Expr::ArithExpr { lhs, rhs, .. }
        | Expr::AssignExpr { lhs, rhs, .. } => vec![lhs, rhs],
        Expr::Membership { key, value, collection, .. } => {
            key.iter().chain([value, collection]).collect()
        }
        Expr::String { .. }
        | Expr::RawString { .. }
        | Expr::Number { .. }
        | Expr::Bool { .. }
        | Expr::Null { .. }
        | Expr::Var { .. }
        | Expr::ArrayCompr { .. }
        | Expr::SetCompr { .. }
        | Expr::ObjectCompr { .. } => Vec::new(),
    }
}

/// The query of a comprehension and what it collects.
pub(crate) fn comprehension(expr: &Expr) -> Option<(&Ref<Query>, Vec<&Ref<Expr>>)> {
    match expr {
        Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => {
            Some((query, vec![term]))
        }
        Expr::ObjectCompr { key, value, query, .. } => Some((query, vec![key, value])),
        _ => None,
    }
}

/// The expressions that a rule's head produces: keys and the value.
pub(crate) fn produced(head: &RuleHead) -> Vec<&Ref<Expr>> {
    let mut produced = Vec::new();
    match head {
        RuleHead::Compr { refr, assign, .. } => {
            path(refr, &mut produced);
            produced.extend(assign.as_ref().map(|a| &a.value));
        }
        RuleHead::Set { refr, key, .. } => {
            path(refr, &mut produced);
            produced.extend(key.as_ref());
        }
        RuleHead::Func { assign, .. } => produced.extend(assign.as_ref().map(|a| &a.value)),
    }
    produced
}

/// The reference at a rule's head and whether the rule is a default.
pub(crate) fn head(rule: &Rule) -> &Ref<Expr> {
    match rule {
        Rule::Default { refr, .. } => refr,
        Rule::Spec { head, .. } => match head {
            RuleHead::Compr { refr, .. }
            | RuleHead::Set { refr, .. }
            | RuleHead::Func { refr, .. } => refr,
        },
    }
}

/// Names that a query or a function declares, and the paths some of them stand for.
type Frame = BTreeMap<String, Option<Path>>;

/// What a walk reports. All paths are absolute: local names and imports are replaced.
pub(crate) trait Visit {
    /// A path that is read, maybe to be formatted into a message; its root is `input`, `data` or
    /// a name that no local declares.
    fn read(&mut self, path: &Path, formatted: bool);
    /// A call, with the number of its arguments.
    fn call(&mut self, callee: &Path, arguments: usize);
    /// A `with` modifier's target.
    fn mocked(&mut self, target: &Path);
    /// A name that is declared.
    fn declared(&mut self, name: &str, place: (u32, u32));
    /// A number that is written in the text.
    fn number(&mut self, value: &Value, place: (u32, u32));
}

/// One walk over one rule.
pub(crate) struct Walk<'v, V: Visit> {
    frames: Vec<Frame>,
    visit: &'v mut V,
    /// Depth of the expression being walked, and the largest so far.
    depth: usize,
    pub(crate) deepest: usize,
    /// Statements of the longest query so far.
    pub(crate) longest: usize,
    /// Calls of `sprintf` around the expression being walked.
    formatting: usize,
}

impl<'v, V: Visit> Walk<'v, V> {
    /// A walk in a module with these imports: alias and the path it stands for.
    pub(crate) fn new(imports: &BTreeMap<String, Path>, visit: &'v mut V) -> Self {
        let frame = imports.iter().map(|(k, v)| (k.clone(), Some(v.clone()))).collect();
        Self { frames: vec![frame], visit, depth: 0, deepest: 0, longest: 0, formatting: 0 }
    }

    pub(crate) fn rule(&mut self, rule: &Rule) {
        match rule {
            Rule::Default { args, value, .. } => {
                self.frames.push(Frame::new());
                for arg in args {
                    self.declare_pattern(arg, None);
                }
                self.expr(value);
                self.frames.pop();
            }
            Rule::Spec { head, bodies, .. } => self.spec(head, bodies),
        }
    }

    fn spec(&mut self, head: &RuleHead, bodies: &[RuleBody]) {
        self.frames.push(Frame::new());
        let produced = produced(head);
        if let RuleHead::Func { args, .. } = head {
            for arg in args {
                self.declare_pattern(arg, None);
            }
        }
        if bodies.is_empty() {
            for expr in &produced {
                self.expr(expr);
            }
        }
        for body in bodies {
            let first = produced.iter().copied().chain(body.assign.as_ref().map(|a| &a.value));
            let first: Vec<_> = first.collect();
            self.query(&body.query, &first);
        }
        self.frames.pop();
    }

    /// Walks a query and the expressions that are evaluated in its scope.
    fn query(&mut self, query: &Query, produced: &[&Ref<Expr>]) {
        self.depth += 1;
        self.longest = self.longest.max(query.stmts.len());
        self.frames.push(Frame::new());
        // Statements may stand in any order, so an alias may be used before it is declared.
        for _ in 0..3 {
            for stmt in &query.stmts {
                self.declare(stmt);
            }
        }
        for stmt in &query.stmts {
            self.statement(stmt);
        }
        for expr in produced {
            self.expr(expr);
        }
        self.frames.pop();
        self.depth -= 1;
    }

    fn declare(&mut self, stmt: &LiteralStmt) {
        match &stmt.literal {
            Literal::SomeVars { vars, .. } => {
                for var in vars {
                    self.insert(var, None);
                }
            }
            Literal::SomeIn { key, value, collection, .. } => {
                let item = self.resolve(collection).map(|mut path| {
                    path.steps.push(Step::Any);
                    path
                });
                if let Some(key) = key {
                    self.declare_pattern(key, None);
                }
                self.declare_pattern(value, item.as_ref());
            }
            Literal::Expr { expr, .. } => {
                if let Expr::AssignExpr { op, lhs, rhs, .. } = expr.as_ref() {
                    if *op == AssignOp::ColEq {
                        let alias = self.resolve(rhs);
                        self.declare_pattern(lhs, alias.as_ref());
                    }
                }
            }
            Literal::NotExpr { .. } | Literal::Every { .. } => {}
        }
    }

    /// Declares every name of a pattern; a pattern that is one name may stand for a path.
    fn declare_pattern(&mut self, pattern: &Expr, alias: Option<&Path>) {
        match pattern {
            Expr::Var { span, .. } => self.insert(span, alias.cloned()),
            Expr::Array { items, .. } | Expr::Set { items, .. } => {
                for item in items {
                    self.declare_pattern(item, None);
                }
            }
            Expr::Object { fields, .. } => {
                for (_, _, value) in fields {
                    self.declare_pattern(value, None);
                }
            }
            _ => {}
        }
    }

    fn insert(&mut self, name: &Span, alias: Option<Path>) {
        if name.text() == "_" {
            return;
        }
        self.visit.declared(name.text(), place(name));
        if let Some(frame) = self.frames.last_mut() {
            let known = frame.entry(name.text().to_owned()).or_insert(None);
            if alias.is_some() {
                *known = alias;
            }
        }
    }

    /// The path an expression stands for, when it is a reference whose root is known.
    fn resolve(&self, expr: &Expr) -> Option<Path> {
        self.absolute(path(expr, &mut Vec::new())?)
    }

    /// Replaces a local name or import by what it stands for; `None` when that is not a path.
    fn absolute(&self, path: Path) -> Option<Path> {
        for frame in self.frames.iter().rev() {
            if let Some(known) = frame.get(&path.root) {
                let mut known = known.clone()?;
                known.steps.extend(path.steps);
                known.place = path.place;
                return Some(known);
            }
        }
        Some(path)
    }

    fn statement(&mut self, stmt: &LiteralStmt) {
        for with in &stmt.with_mods {
            if let Some(target) = path(&with.refr, &mut Vec::new()) {
                self.visit.mocked(&target);
            }
            self.expr(&with.r#as);
        }
        match &stmt.literal {
            Literal::SomeVars { .. } => {}
            Literal::SomeIn { key, value, collection, .. } => {
                for expr in key.iter().chain([value, collection]) {
                    self.expr(expr);
                }
            }
            Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => self.expr(expr),
            Literal::Every { key, value, domain, query, .. } => {
                self.expr(domain);
                let item = self.resolve(domain).map(|mut path| {
                    path.steps.push(Step::Any);
                    path
                });
                self.frames.push(Frame::new());
                if let Some(key) = key {
                    self.insert(key, None);
                }
                self.insert(value, item);
                self.query(query, &[]);
                self.frames.pop();
            }
        }
    }

    fn expr(&mut self, expr: &Ref<Expr>) {
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
        self.inner(expr);
        self.depth -= 1;
    }

    fn inner(&mut self, expr: &Ref<Expr>) {
        match expr.as_ref() {
            Expr::Number { span, value, .. } => self.visit.number(value, place(span)),
            Expr::Var { .. } | Expr::RefDot { .. } | Expr::RefBrack { .. } => self.reference(expr),
            Expr::Call { fcn, .. } => {
                let callee = path(fcn, &mut Vec::new());
                let params = children(expr);
                if let Some(callee) = &callee {
                    self.visit.call(callee, params.len());
                }
                let formats = callee.is_some_and(|c| c.root == "sprintf" && c.steps.is_empty());
                self.formatting += usize::from(formats);
                for param in params {
                    self.expr(param);
                }
                self.formatting -= usize::from(formats);
            }
            _ => match comprehension(expr) {
                Some((query, produced)) => self.query(query, &produced),
                None => {
                    for child in children(expr) {
                        self.expr(child);
                    }
                }
            },
        }
    }

    fn reference(&mut self, expr: &Ref<Expr>) {
        let mut indices = Vec::new();
        if let Some(path) = path(expr, &mut indices) {
            if let Some(path) = self.absolute(path) {
                self.visit.read(&path, self.formatting > 0);
            }
        } else {
            // The root is a call or a literal: `f(x)[i].name`.
            let mut at = expr;
            while let Expr::RefDot { refr, .. } | Expr::RefBrack { refr, .. } = at.as_ref() {
                at = refr;
            }
            self.expr(at);
        }
        for index in indices {
            self.expr(index);
        }
    }
}
