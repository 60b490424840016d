//! The grammar of patterns: alternatives, terms, groups and repetitions.

use super::syntax::{Assertion, Beyond, Expression, Group, Look, Node, Reference, Repeat};
use crate::error::{Code, Error, Result};

const MAX_BYTES: usize = 4096;
const MAX_DEPTH: usize = 64;
const MAX_REPEAT: u32 = 100_000;

impl Expression {
    /// Reads a pattern.
    ///
    /// # Errors
    /// `plan.bad_pattern`, with the place in the pattern: it is no pattern, or over a bound.
    pub(crate) fn parse(pattern: &str) -> Result<Self> {
        if pattern.len() > MAX_BYTES {
            return Err(bad(format!("the pattern is over {MAX_BYTES} bytes long")));
        }
        let mut parser = Parser {
            text: pattern.chars().collect(),
            at: 0,
            depth: 0,
            groups: 0,
            names: Vec::new(),
            references: Vec::new(),
            beyond: None,
        };
        let node = parser.alternatives()?;
        if parser.peek().is_some() {
            return Err(parser.refused("a closing parenthesis has no opening one"));
        }
        parser.resolve()?;
        let Parser { names, groups, beyond, .. } = parser;
        Ok(Self { node, names, groups, beyond })
    }
}

fn bad(message: String) -> Error {
    Error::new(Code::BadPattern, message).help(
        "patterns are ECMA-262 (Unicode mode), searched anywhere unless anchored with ^ and $",
    )
}

pub(super) struct Parser {
    text: Vec<char>,
    at: usize,
    depth: usize,
    groups: u32,
    names: Vec<(String, u32)>,
    /// References and where they stand: groups may follow them.
    references: Vec<(Reference, usize)>,
    beyond: Option<Beyond>,
}

impl Parser {
    pub(super) fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    pub(super) fn rest(&self) -> &[char] {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let next = self.peek();
        self.at += usize::from(next.is_some());
        next
    }

    pub(super) fn eat(&mut self, c: char) -> bool {
        let found = self.peek() == Some(c);
        self.at += usize::from(found);
        found
    }

    pub(super) fn skip(&mut self, characters: usize) {
        self.at = (self.at + characters).min(self.text.len());
    }

    /// The refusal of what was just read.
    pub(super) fn refused(&self, message: &str) -> Error {
        bad(format!("{message}, at character {} of the pattern", self.at.max(1)))
    }

    fn beyond(&mut self, construct: &'static str, at: usize) {
        self.beyond.get_or_insert(Beyond { construct, at });
    }

    fn resolve(&mut self) -> Result<()> {
        for (reference, at) in std::mem::take(&mut self.references) {
            let known = match &reference {
                Reference::Number(number) => *number <= self.groups,
                Reference::Name(name) => self.names.iter().any(|(known, _)| known == name),
            };
            if !known {
                self.at = at + 1;
                return Err(self.refused("a back-reference names a group that is not there"));
            }
        }
        Ok(())
    }

    fn alternatives(&mut self) -> Result<Node> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.refused(&format!("groups are nested over {MAX_DEPTH} deep")));
        }
        let mut choices = Vec::new();
        let mut terms = Vec::new();
        loop {
            match self.peek() {
                None | Some(')') => break,
                Some('|') => {
                    self.at += 1;
                    choices.push(sequence(std::mem::take(&mut terms)));
                }
                Some(_) => terms.push(self.term()?),
            }
        }
        self.depth -= 1;
        if choices.is_empty() {
            return Ok(sequence(terms));
        }
        choices.push(sequence(terms));
        Ok(Node::Choice(choices))
    }

    fn term(&mut self) -> Result<Node> {
        let begin = self.at;
        let Some(c) = self.next() else {
            return Ok(sequence(Vec::new()));
        };
        let atom = match c {
            '^' => return Ok(Node::Assertion(Assertion::Start)),
            '$' => return Ok(Node::Assertion(Assertion::End)),
            '*' | '+' | '?' => return Err(self.refused("a repetition has nothing to repeat")),
            '.' => Node::Dot,
            '[' => Node::Class(self.class()?),
            '(' => match self.group(begin)? {
                look @ Node::Look(_) => return Ok(look),
                group => group,
            },
            '\\' if self.eat('b') => return Ok(Node::Assertion(Assertion::WordBoundary)),
            '\\' if self.eat('B') => return Ok(Node::Assertion(Assertion::NoWordBoundary)),
            '\\' => match self.reference()? {
                Some(reference) => {
                    self.beyond("a back-reference", begin);
                    self.references.push((reference.clone(), begin));
                    Node::Back(reference)
                }
                None => self.escape()?.alone(),
            },
            '{' if self.braces()?.is_some() => {
                return Err(self.refused("a repetition has nothing to repeat"));
            }
            other => Node::Char(u32::from(other)),
        };
        self.repetition(atom)
    }

    fn repetition(&mut self, atom: Node) -> Result<Node> {
        let (min, max) = match self.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => {
                self.at += 1;
                let Some(bounds) = self.braces()? else {
                    self.at -= 1;
                    return Ok(atom);
                };
                // The closing brace is eaten below, like the other signs.
                self.at -= 1;
                bounds
            }
            _ => return Ok(atom),
        };
        self.at += 1;
        let greedy = !self.eat('?');
        if matches!(self.peek(), Some('*' | '+' | '?')) {
            self.at += 1;
            return Err(self.refused("a repetition follows a repetition"));
        }
        Ok(Node::Repeat(Repeat { min, max, greedy, inner: Box::new(atom) }))
    }

    /// After `{`: the bounds of a repetition, or `None` with nothing consumed.
    fn braces(&mut self) -> Result<Option<(u32, Option<u32>)>> {
        let begin = self.at;
        let low = self.digits();
        let high = if self.eat(',') { self.digits() } else { low.clone() };
        if low.is_empty() || !self.eat('}') {
            self.at = begin;
            return Ok(None);
        }
        let number = |text: &str| text.parse().ok().filter(|n| *n <= MAX_REPEAT);
        let too_much = || self.refused(&format!("a repetition counts over {MAX_REPEAT}"));
        let low = number(&low).ok_or_else(too_much)?;
        let high = match high.as_str() {
            "" => None,
            high => Some(number(high).ok_or_else(too_much)?),
        };
        if high.is_some_and(|high| high < low) {
            return Err(self.refused("the bounds of a repetition are out of order"));
        }
        Ok(Some((low, high)))
    }

    pub(super) fn digits(&mut self) -> String {
        let mut digits = String::new();
        while let Some(digit) = self.peek().filter(char::is_ascii_digit) {
            self.at += 1;
            digits.push(digit);
        }
        digits
    }

    /// After `(`, which stands at `begin`.
    fn group(&mut self, begin: usize) -> Result<Node> {
        let mut capture = false;
        let mut name = None;
        let mut look = None;
        if self.eat('?') {
            match self.next() {
                Some(':') => {}
                Some('=') => look = Some((false, false)),
                Some('!') => look = Some((false, true)),
                Some('<') if self.eat('=') => look = Some((true, false)),
                Some('<') if self.eat('!') => look = Some((true, true)),
                Some('<') => {
                    capture = true;
                    name = Some(self.name()?);
                }
                _ => {
                    return Err(
                        self.refused("(? is followed by something that ECMA-262 does not have")
                    )
                }
            }
        } else {
            capture = true;
        }
        // Groups are numbered by their opening parentheses.
        let capture = capture.then(|| {
            self.groups += 1;
            self.groups
        });
        if let (Some(name), Some(number)) = (&name, capture) {
            if self.names.iter().any(|(known, _)| known == name) {
                return Err(self.refused("two groups have one name"));
            }
            self.names.push((name.clone(), number));
        }
        if let Some((behind, _)) = look {
            self.beyond(if behind { "look-behind" } else { "look-ahead" }, begin);
        }
        let inner = Box::new(self.alternatives()?);
        if !self.eat(')') {
            return Err(self.refused("a group is not closed"));
        }
        Ok(match look {
            Some((behind, negated)) => Node::Look(Look { behind, negated, inner }),
            None => Node::Group(Group { capture, name, inner }),
        })
    }

    /// After `<`.
    fn name(&mut self) -> Result<String> {
        let mut name = String::new();
        loop {
            match self.next() {
                Some('>') if !name.is_empty() => return Ok(name),
                Some(c) if c.is_alphabetic() || matches!(c, '_' | '$') => name.push(c),
                Some(c) if c.is_alphanumeric() && !name.is_empty() => name.push(c),
                _ => return Err(self.refused("a group has no proper name")),
            }
        }
    }

    /// After the backslash: a reference, or `None` with nothing consumed.
    fn reference(&mut self) -> Result<Option<Reference>> {
        match self.peek() {
            Some('1'..='9') => {
                // What no number holds, no group has.
                let number = self.digits().parse().unwrap_or(u32::MAX);
                Ok(Some(Reference::Number(number)))
            }
            Some('k') => {
                self.at += 1;
                if !self.eat('<') {
                    return Err(self.refused(r"\k is not followed by a name in angle brackets"));
                }
                Ok(Some(Reference::Name(self.name()?)))
            }
            _ => Ok(None),
        }
    }
}

/// One term is itself.
fn sequence(mut terms: Vec<Node>) -> Node {
    match (terms.pop(), terms.is_empty()) {
        (Some(only), true) => only,
        (Some(last), false) => {
            terms.push(last);
            Node::Sequence(terms)
        }
        (None, _) => Node::Sequence(terms),
    }
}
