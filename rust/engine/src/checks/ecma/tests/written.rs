//! A tree as text, in one spelling.

use std::fmt::Write as _;

use super::super::syntax::{Assertion, Class, Item, Node, Reference, Set};

pub(super) fn written(node: &Node) -> String {
    let mut out = String::new();
    write(node, &mut out);
    out
}

fn write(node: &Node, out: &mut String) {
    match node {
        // A digit behind the number of a group would belong to it.
        Node::Char(c) if ends_in_reference(out) && matches!(c, 0x30..=0x39) => {
            write!(out, "\\x{c:02x}").unwrap();
        }
        Node::Char(c) => point(*c, out),
        Node::Dot => out.push('.'),
        Node::Class(class) => write_class(class, out),
        Node::Assertion(assertion) => out.push_str(match assertion {
            Assertion::Start => "^",
            Assertion::End => "$",
            Assertion::WordBoundary => r"\b",
            Assertion::NoWordBoundary => r"\B",
        }),
        Node::Group(group) => {
            match (&group.name, group.capture) {
                (Some(name), _) => write!(out, "(?<{name}>").unwrap(),
                (None, Some(_)) => out.push('('),
                (None, None) => out.push_str("(?:"),
            }
            write(&group.inner, out);
            out.push(')');
        }
        Node::Look(look) => {
            out.push_str(match (look.behind, look.negated) {
                (false, false) => "(?=",
                (false, true) => "(?!",
                (true, false) => "(?<=",
                (true, true) => "(?<!",
            });
            write(&look.inner, out);
            out.push(')');
        }
        Node::Back(Reference::Number(number)) => write!(out, "\\{number}").unwrap(),
        Node::Back(Reference::Name(name)) => write!(out, "\\k<{name}>").unwrap(),
        Node::Repeat(repeat) => {
            write(&repeat.inner, out);
            match (repeat.min, repeat.max) {
                (0, None) => out.push('*'),
                (1, None) => out.push('+'),
                (0, Some(1)) => out.push('?'),
                (min, None) => write!(out, "{{{min},}}").unwrap(),
                (min, Some(max)) if min == max => write!(out, "{{{min}}}").unwrap(),
                (min, Some(max)) => write!(out, "{{{min},{max}}}").unwrap(),
            }
            if !repeat.greedy {
                out.push('?');
            }
        }
        Node::Sequence(nodes) => nodes.iter().for_each(|node| write(node, out)),
        Node::Choice(nodes) => {
            for (at, node) in nodes.iter().enumerate() {
                if at > 0 {
                    out.push('|');
                }
                write(node, out);
            }
        }
    }
}

fn ends_in_reference(out: &str) -> bool {
    let rest = out.trim_end_matches(|c: char| c.is_ascii_digit());
    let slashes = rest.len() - rest.trim_end_matches('\\').len();
    rest.len() < out.len() && slashes % 2 == 1
}

fn write_class(class: &Class, out: &mut String) {
    out.push_str(if class.negated { "[^" } else { "[" });
    // One set that is not negated is how an escape outside of a class is read as well.
    if let ([Item::Set { .. }], false) = (class.items.as_slice(), class.negated) {
        out.pop();
        item(&class.items[0], out);
        return;
    }
    class.items.iter().for_each(|i| item(i, out));
    out.push(']');
}

fn item(item: &Item, out: &mut String) {
    match item {
        Item::Char(c) => point(*c, out),
        Item::Range(low, high) => {
            point(*low, out);
            out.push('-');
            point(*high, out);
        }
        Item::Set { set, negated } => {
            let letter = match set {
                Set::Digit => 'd',
                Set::Word => 'w',
                Set::Space => 's',
                Set::Property(_) => 'p',
            };
            out.push('\\');
            out.push(if *negated { letter.to_ascii_uppercase() } else { letter });
            if let Set::Property(name) = set {
                write!(out, "{{{name}}}").unwrap();
            }
        }
    }
}

fn point(code: u32, out: &mut String) {
    match char::from_u32(code) {
        Some(c) if c.is_ascii_alphanumeric() => out.push(c),
        // Side by side, two surrogates in four digits each would be one code point.
        _ => write!(out, "\\u{{{code:X}}}").unwrap(),
    }
}
