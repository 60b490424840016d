//! Random trees, in the form that the parser gives them.

use proptest::prelude::*;

use super::super::syntax::{Assertion, Class, Group, Item, Look, Node, Reference, Repeat, Set};

/// A tree; `beyond` puts look-around and back-references into it.
pub(super) fn node(beyond: bool) -> impl Strategy<Value = Node> {
    let leaf = prop_oneof![
        6 => point().prop_map(Node::Char),
        1 => Just(Node::Dot),
        2 => class().prop_map(Node::Class),
        2 => assertion().prop_map(Node::Assertion),
        1 => Just(Node::Sequence(Vec::new())),
    ];
    let tree = leaf.prop_recursive(4, 20, 4, move |inner| {
        let group = (inner.clone(), any::<bool>()).prop_map(|(node, captures)| {
            let capture = captures.then_some(0);
            Node::Group(Group { capture, name: None, inner: Box::new(node) })
        });
        let look =
            (inner.clone(), any::<bool>(), any::<bool>()).prop_map(|(node, behind, negated)| {
                Node::Look(Look { behind, negated, inner: Box::new(node) })
            });
        let times = prop::sample::select(vec![
            (0, None),
            (1, None),
            (0, Some(1)),
            (0, Some(0)),
            (2, Some(2)),
            (1, Some(3)),
            (2, None),
        ]);
        let repeat =
            (inner.clone(), times, any::<bool>()).prop_map(|(node, (min, max), greedy)| {
                Node::Repeat(Repeat { min, max, greedy, inner: Box::new(node) })
            });
        let sequence = prop::collection::vec(inner.clone(), 2..5).prop_map(Node::Sequence);
        let choice = prop::collection::vec(inner, 2..4).prop_map(Node::Choice);
        let back = (0u32..4).prop_map(|n| Node::Back(Reference::Number(n)));
        let often = u32::from(beyond);
        prop_oneof![
            3 => group,
            3 => repeat,
            3 => sequence,
            2 => choice,
            often => look,
            often => back,
        ]
    });
    tree.prop_map(parsed)
}

/// Code points of which texts are made, and a few at the edges.
fn point() -> impl Strategy<Value = u32> {
    let often = prop::sample::select(vec!['a', 'b', '1', ' ', '-', 'é', '\n', '😀']);
    let edges = vec![0, 0x2028, 0xD7FF, 0xD800, 0xDBFF, 0xDC00, 0xDFFF, 0xE000, 0x0010_FFFF];
    prop_oneof![12 => often.prop_map(u32::from), 1 => prop::sample::select(edges)]
}

fn assertion() -> impl Strategy<Value = Assertion> {
    prop::sample::select(vec![
        Assertion::Start,
        Assertion::End,
        Assertion::WordBoundary,
        Assertion::NoWordBoundary,
    ])
}

fn class() -> impl Strategy<Value = Class> {
    let set = prop::sample::select(vec![
        Set::Digit,
        Set::Word,
        Set::Space,
        Set::Property("L".into()),
        Set::Property("Script=Greek".into()),
    ]);
    let item = prop_oneof![
        3 => point().prop_map(Item::Char),
        1 => (point(), point()).prop_map(|(a, b)| Item::Range(a.min(b), a.max(b))),
        1 => (set, any::<bool>()).prop_map(|(set, negated)| Item::Set { set, negated }),
    ];
    (any::<bool>(), prop::collection::vec(item, 0..4))
        .prop_map(|(negated, items)| Class { negated, items })
}

/// The tree as the parser would give it: only what one term may be is one, and groups have numbers.
fn parsed(node: Node) -> Node {
    let mut groups = 0;
    let node = shape(node, &mut groups);
    references(node, groups)
}

fn shape(node: Node, groups: &mut u32) -> Node {
    match node {
        Node::Group(group) => {
            let number = group.capture.map(|_| {
                *groups += 1;
                *groups
            });
            let name = number.filter(|n| n % 3 == 0).map(|n| format!("n{n}"));
            Node::Group(Group {
                capture: number,
                name,
                inner: Box::new(shape(*group.inner, groups)),
            })
        }
        Node::Look(look) => {
            Node::Look(Look { inner: Box::new(shape(*look.inner, groups)), ..look })
        }
        Node::Repeat(repeat) => {
            let inner = term(shape(*repeat.inner, groups));
            let inner = Box::new(match inner {
                atom @ (Node::Assertion(_) | Node::Look(_) | Node::Repeat(_)) => plain(atom),
                atom => atom,
            });
            Node::Repeat(Repeat { inner, ..repeat })
        }
        Node::Sequence(nodes) if nodes.is_empty() => Node::Sequence(nodes),
        Node::Sequence(nodes) => {
            Node::Sequence(nodes.into_iter().map(|node| term(shape(node, groups))).collect())
        }
        Node::Choice(nodes) => Node::Choice(
            nodes
                .into_iter()
                .map(|node| match shape(node, groups) {
                    choice @ Node::Choice(_) => plain(choice),
                    node => node,
                })
                .collect(),
        ),
        leaf => leaf,
    }
}

fn plain(node: Node) -> Node {
    Node::Group(Group { capture: None, name: None, inner: Box::new(node) })
}

fn term(node: Node) -> Node {
    match node {
        several @ (Node::Sequence(_) | Node::Choice(_)) => plain(several),
        one => one,
    }
}

/// References to groups that are there, by name where they have one.
fn references(node: Node, groups: u32) -> Node {
    let inside = |inner: Box<Node>| Box::new(references(*inner, groups));
    let all = |nodes: Vec<Node>| nodes.into_iter().map(|node| references(node, groups)).collect();
    match node {
        Node::Back(_) if groups == 0 => plain(Node::Sequence(Vec::new())),
        Node::Back(Reference::Number(number)) => Node::Back(match number % groups + 1 {
            named if named % 3 == 0 => Reference::Name(format!("n{named}")),
            number => Reference::Number(number),
        }),
        Node::Group(group) => Node::Group(Group { inner: inside(group.inner), ..group }),
        Node::Look(look) => Node::Look(Look { inner: inside(look.inner), ..look }),
        Node::Repeat(repeat) => Node::Repeat(Repeat { inner: inside(repeat.inner), ..repeat }),
        Node::Sequence(nodes) => Node::Sequence(all(nodes)),
        Node::Choice(nodes) => Node::Choice(all(nodes)),
        leaf => leaf,
    }
}
