//! Comparisons: of values with constants, of values with each other, of truths.

use super::super::ast::{Expr, Literal, Place};
use super::super::ir::{Logic, Value};
use super::super::like::{Fault, Like};
use super::super::test::Matches;
use super::{fold, is, Checker, Typed};
use crate::error::{Code, Error, Result};
use crate::kernels::pairs::{ground, Ground, Relation};
use crate::promise;

impl Checker<'_> {
    pub(super) fn compare(
        &mut self,
        relation: Relation,
        left: &Expr,
        right: &Expr,
        place: Place,
    ) -> Result<Logic> {
        match (self.typed(left)?, self.typed(right)?) {
            (Typed::Null, _) => Err(null(left.place)),
            (_, Typed::Null) => Err(null(right.place)),
            (Typed::Logic(left), Typed::Logic(right)) => {
                Ok(Logic::Truths { relation, left: Box::new(left), right: Box::new(right) })
            }
            (Typed::Value(value), Typed::Literal(literal)) => {
                fold::relation(value, relation, &literal, right.place)
            }
            (Typed::Literal(literal), Typed::Value(value)) => {
                fold::relation(value, relation.flipped(), &literal, left.place)
            }
            (Typed::Value(left), Typed::Value(right)) => {
                let ground = common(&left, &right, place)?;
                let (left, right) = (Box::new(left), Box::new(right));
                Ok(Logic::Pair { relation, ground, left, right })
            }
            (left, right) => Err(no_ground(&left, &right, place)),
        }
    }

    /// Whether both are the same: null is null, NaN is NaN.
    pub(super) fn same(&mut self, left: &Expr, right: &Expr, place: Place) -> Result<Logic> {
        Ok(match (self.typed(left)?, self.typed(right)?) {
            (Typed::Null, Typed::Null) => Logic::Constant(Some(true)),
            (Typed::Null, Typed::Value(value)) | (Typed::Value(value), Typed::Null) => {
                Logic::Null(Box::new(value))
            }
            (Typed::Null, Typed::Logic(logic)) | (Typed::Logic(logic), Typed::Null) => {
                is(logic, None)
            }
            (Typed::Logic(left), Typed::Logic(right)) => {
                Logic::SameTruths { left: Box::new(left), right: Box::new(right) }
            }
            // A constant is neither null nor NaN.
            (Typed::Value(value), Typed::Literal(literal)) => {
                is(fold::relation(value, Relation::EQ, &literal, right.place)?, Some(true))
            }
            (Typed::Literal(literal), Typed::Value(value)) => {
                is(fold::relation(value, Relation::EQ, &literal, left.place)?, Some(true))
            }
            (Typed::Value(left), Typed::Value(right)) => {
                let ground = common(&left, &right, place)?;
                Logic::Same { ground, left: Box::new(left), right: Box::new(right) }
            }
            (left, right) => return Err(no_ground(&left, &right, place)),
        })
    }

    pub(super) fn between(
        &mut self,
        value: &Expr,
        low: &Expr,
        high: &Expr,
        negated: bool,
        place: Place,
    ) -> Result<Logic> {
        if negated {
            // Not the negation of BETWEEN: NaN lies neither between nor outside of bounds.
            return Ok(Logic::Or(vec![
                self.compare(Relation::LT, value, low, place)?,
                self.compare(Relation::GT, value, high, place)?,
            ]));
        }
        let above = self.compare(Relation::GE, value, low, place)?;
        let below = self.compare(Relation::LE, value, high, place)?;
        Ok(Logic::And(vec![above, below]))
    }

    /// Membership in a list; NaN is no member of a list, and none that a list could exclude.
    pub(super) fn member(&mut self, value: &Expr, members: &[Expr], inside: bool) -> Result<Logic> {
        let mut literals: Vec<(Literal, Place)> = Vec::with_capacity(members.len());
        for member in members {
            match self.typed(member)? {
                Typed::Literal(literal) => literals.push((literal, member.place)),
                Typed::Null => return Err(null(member.place)),
                _ => {}
            }
        }
        if literals.len() == members.len() {
            if let Typed::Value(value) = self.typed(value)? {
                return fold::membership(value, &literals, inside);
            }
        }
        let relation = if inside { Relation::EQ } else { Relation::NE };
        let parts = members
            .iter()
            .map(|member| self.compare(relation, value, member, member.place))
            .collect::<Result<Vec<_>>>()?;
        Ok(if inside { Logic::Or(parts) } else { Logic::And(parts) })
    }

    pub(super) fn like(
        &mut self,
        value: &Expr,
        pattern: &str,
        escape: Option<char>,
        inside: bool,
    ) -> Result<Logic> {
        let text = self.text(value, "LIKE", false)?;
        let pattern = Like::compile(pattern, escape).map_err(|fault| match fault {
            Fault::Escape => value
                .place
                .refuse("the escape character of LIKE stands before something that needs none")
                .help("it escapes %, _ and itself"),
            Fault::TooLarge => value.place.locate(
                Error::new(Code::BadPattern, "the pattern of LIKE is too large")
                    .help("shorten it, or use fewer wildcards"),
            ),
        })?;
        Ok(Logic::Test(Box::new(text), Box::new(Matches { pattern, inside })))
    }
}

fn common(left: &Value, right: &Value, place: Place) -> Result<Ground> {
    ground(&left.data_type, &right.data_type).ok_or_else(|| {
        let (left, right) = (promise::words(&left.data_type), promise::words(&right.data_type));
        mixed(&left, &right, place)
    })
}

fn no_ground(left: &Typed, right: &Typed, place: Place) -> Error {
    if let (Typed::Literal(_), Typed::Literal(_)) = (left, right) {
        return place.refuse("two constants are compared").help("name a column on one side");
    }
    mixed(&left.words(), &right.words(), place)
}

fn mixed(left: &str, right: &str, place: Place) -> Error {
    place
        .refuse(format!("{left} and {right} are compared: they have no common order"))
        .help("compare values of one kind; timestamps both with a zone or both without")
}

fn null(place: Place) -> Error {
    place
        .refuse("a comparison with NULL is never true and never false")
        .help("write IS NULL, IS NOT NULL or IS NOT DISTINCT FROM")
}
