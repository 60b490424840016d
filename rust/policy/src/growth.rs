//! How large and deep the values of a rule can get by construction.
//!
//! Values share their parts, so `b := [a, a]`, repeated, builds a tree of exponential size in no
//! time and memory: until something compares it. The engine's clock does not run in a comparison,
//! and its recursion follows the depth of a value. Both are bounded by what the text constructs.

use regorus::unstable::{ArithOp, Expr, Literal, Query, Ref, Rule, RuleHead};

use crate::ast;

/// What a comprehension may multiply its parts by, as a power of two.
const COMPREHENSION: usize = 17;

/// Bounds on the values of one rule, beside those of the rules that it uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Growth {
    /// Logarithm to base two of the factor by which values may grow.
    pub(crate) doublings: usize,
    /// The same for collecting the members of the rule itself.
    pub(crate) members: usize,
    /// Levels by which values may become deeper.
    pub(crate) levels: usize,
}

/// Measures one rule.
pub(crate) fn of(rule: &Rule) -> Growth {
    let mut growth = Growth::default();
    match rule {
        Rule::Default { value, .. } => growth.expr(value),
        Rule::Spec { head, bodies, .. } => {
            for expr in ast::produced(head) {
                growth.expr(expr);
            }
            for body in bodies {
                if let Some(assign) = &body.assign {
                    growth.expr(&assign.value);
                }
                growth.query(&body.query);
            }
            let partial = match head {
                RuleHead::Set { .. } => true,
                RuleHead::Compr { refr, .. } => ast::names(refr).is_none(),
                RuleHead::Func { .. } => false,
            };
            if partial {
                growth.members = COMPREHENSION;
                growth.levels += 1;
            }
        }
    }
    growth
}

impl Growth {
    fn query(&mut self, query: &Query) {
        for stmt in &query.stmts {
            for with in &stmt.with_mods {
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
                Literal::Every { domain, query, .. } => {
                    self.expr(domain);
                    self.query(query);
                }
            }
        }
    }

    fn expr(&mut self, expr: &Ref<Expr>) {
        if let Some((query, produced)) = ast::comprehension(expr) {
            if produced.iter().any(|p| !is_constant(p)) {
                self.doublings += COMPREHENSION;
            }
            self.levels += 1;
            for expr in produced {
                self.expr(expr);
            }
            self.query(query);
            return;
        }
        let children = ast::children(expr);
        if matches!(expr.as_ref(), Expr::Array { .. } | Expr::Set { .. } | Expr::Object { .. }) {
            let parts = children.iter().filter(|child| !is_constant(child)).count();
            if parts > 0 {
                self.levels += 1;
                self.doublings += parts.next_power_of_two().ilog2() as usize;
            }
        }
        if let Expr::ArithExpr { op: ArithOp::Mul, .. } = expr.as_ref() {
            // Whole numbers are exact, so a product has the digits of both.
            self.doublings += usize::from(!children.iter().any(|child| is_constant(child)));
        }
        for child in children {
            self.expr(child);
        }
    }
}

/// Whether an expression is a literal through and through.
fn is_constant(expr: &Expr) -> bool {
    match expr {
        Expr::String { .. }
        | Expr::RawString { .. }
        | Expr::Number { .. }
        | Expr::Bool { .. }
        | Expr::Null { .. }
        | Expr::UnaryExpr { .. } => true,
        Expr::Array { .. } | Expr::Set { .. } | Expr::Object { .. } => {
            ast::children(expr).into_iter().all(|child| is_constant(child))
        }
        _ => false,
    }
}
