//! What a pattern is made of. Code points are numbers, because a pattern may name surrogates.

/// A parsed pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expression {
    pub(super) node: Node,
    /// Names of groups, with their numbers.
    pub(super) names: Vec<(String, u32)>,
    /// Capturing groups; their numbers begin at 1.
    pub(super) groups: u32,
    /// The first construct that no automaton can decide.
    pub(super) beyond: Option<Beyond>,
}

/// A construct beyond regular languages, and where in the pattern it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Beyond {
    pub(super) construct: &'static str,
    /// Characters before it.
    pub(super) at: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    Char(u32),
    /// `.`: every code point but a line terminator.
    Dot,
    Class(Class),
    Assertion(Assertion),
    Group(Group),
    Look(Look),
    Back(Reference),
    Repeat(Repeat),
    /// One after the other; none of them: the empty pattern.
    Sequence(Vec<Node>),
    /// At least two.
    Choice(Vec<Node>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Assertion {
    Start,
    End,
    WordBoundary,
    NoWordBoundary,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    /// Its number, if it captures.
    pub(super) capture: Option<u32>,
    pub(super) name: Option<String>,
    pub(super) inner: Box<Node>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) behind: bool,
    pub(super) negated: bool,
    pub(super) inner: Box<Node>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reference {
    Number(u32),
    Name(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Repeat {
    pub(super) min: u32,
    pub(super) max: Option<u32>,
    pub(super) greedy: bool,
    pub(super) inner: Box<Node>,
}

/// A set of code points; without items, nothing, and negated everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Class {
    pub(super) negated: bool,
    pub(super) items: Vec<Item>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Item {
    Char(u32),
    Range(u32, u32),
    Set { set: Set, negated: bool },
}

/// A set with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Set {
    /// `\d`
    Digit,
    /// `\w`
    Word,
    /// `\s`
    Space,
    /// `\p{…}`, with what stands between the braces.
    Property(String),
}
