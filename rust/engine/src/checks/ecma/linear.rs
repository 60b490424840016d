//! Patterns for an automaton, which decides them in time linear in the text.

use regex_syntax::hir::{self, Hir};

use super::class;
use super::syntax::{Assertion, Expression, Node};
use crate::error::{Code, Error, Result};

/// The texts that contain a match, or that `whole` are one, for an engine over UTF-8.
///
/// # Errors
/// `plan.bad_pattern` for look-around and back-references.
pub(crate) fn linear(expression: &Expression, whole: bool) -> Result<Hir> {
    if let Some(beyond) = expression.beyond {
        return Err(Error::new(
            Code::BadPattern,
            format!(
                "{} has no linear-time meaning, at character {} of the pattern",
                beyond.construct,
                beyond.at + 1
            ),
        )
        .help(
            "write the pattern without it, or split it: a regex_match for what must be there, \
             a regex_not for what must not",
        ));
    }
    let found = lower(&expression.node)?;
    Ok(if whole {
        Hir::concat(vec![Hir::look(hir::Look::Start), found, Hir::look(hir::Look::End)])
    } else {
        between_code_points(found)
    })
}

/// An engine over bytes also looks for `\B` inside of a code point, where ECMA-262 sees nothing. Only
/// an empty match can begin there: a pattern that has one begins at the start of the text instead,
/// behind any number of code points.
fn between_code_points(found: Hir) -> Hir {
    let properties = found.properties();
    let inside = properties.look_set().contains(hir::Look::WordAsciiNegate);
    if !inside || properties.minimum_len() != Some(0) {
        return found;
    }
    let before = hir::Repetition {
        min: 0,
        max: None,
        greedy: false,
        sub: Box::new(Hir::class(hir::Class::Unicode(class::any()))),
    };
    Hir::concat(vec![Hir::look(hir::Look::Start), Hir::repetition(before), found])
}

fn lower(node: &Node) -> Result<Hir> {
    let all = |nodes: &[Node]| nodes.iter().map(lower).collect::<Result<Vec<_>>>();
    Ok(match node {
        Node::Char(code) => match char::from_u32(*code) {
            Some(c) => Hir::literal(c.encode_utf8(&mut [0; 4]).as_bytes()),
            None => Hir::fail(),
        },
        Node::Dot => Hir::class(hir::Class::Unicode(class::dot())),
        Node::Class(class) => Hir::class(hir::Class::Unicode(class.scalars()?)),
        Node::Assertion(assertion) => Hir::look(match assertion {
            Assertion::Start => hir::Look::Start,
            Assertion::End => hir::Look::End,
            Assertion::WordBoundary => hir::Look::WordAscii,
            Assertion::NoWordBoundary => hir::Look::WordAsciiNegate,
        }),
        Node::Group(group) => lower(&group.inner)?,
        Node::Repeat(repeat) => Hir::repetition(hir::Repetition {
            min: repeat.min,
            max: repeat.max,
            greedy: repeat.greedy,
            sub: Box::new(lower(&repeat.inner)?),
        }),
        Node::Sequence(nodes) => Hir::concat(all(nodes)?),
        Node::Choice(nodes) => Hir::alternation(all(nodes)?),
        Node::Look(_) | Node::Back(_) => {
            return Err(Error::internal("a pattern beyond an automaton was lowered to one"))
        }
    })
}
