//! The grammar of escapes and classes.

use super::parse::Parser;
use super::properties;
use super::syntax::{Class, Item, Node, Set};
use crate::error::Result;

impl Item {
    /// As an atom outside of a class.
    pub(super) fn alone(self) -> Node {
        match self {
            Self::Char(c) => Node::Char(c),
            item => Node::Class(Class { negated: false, items: vec![item] }),
        }
    }
}

impl Parser {
    /// After `[`.
    pub(super) fn class(&mut self) -> Result<Class> {
        let negated = self.eat('^');
        let mut items = Vec::new();
        while !self.eat(']') {
            let first = self.class_item()?;
            let range = matches!(self.rest(), ['-', end, ..] if *end != ']');
            if !range {
                items.push(first);
                continue;
            }
            self.next();
            let (Item::Char(low), Item::Char(high)) = (first, self.class_item()?) else {
                return Err(self.refused("a range of a class ends in a class"));
            };
            if high < low {
                return Err(self.refused("the ends of a range are out of order"));
            }
            items.push(Item::Range(low, high));
        }
        Ok(Class { negated, items })
    }

    fn class_item(&mut self) -> Result<Item> {
        match self.next() {
            None => Err(self.refused("a class is not closed")),
            Some('[') if self.names_a_posix_class() => {
                Err(self.refused("ECMA-262 has no classes of the form [:name:]"))
            }
            Some('\\') if self.eat('b') => Ok(Item::Char(0x8)),
            Some('\\') => self.escape(),
            Some(c) => Ok(Item::Char(u32::from(c))),
        }
    }

    /// Whether `:name:]]` follows: by the grammar a class and a stray bracket, and never meant so.
    fn names_a_posix_class(&self) -> bool {
        let rest = self.rest().strip_prefix(&[':']).unwrap_or_default();
        let name = rest.iter().take_while(|c| c.is_ascii_lowercase() || **c == '^').count();
        name > 0 && rest.get(name..).is_some_and(|rest| rest.starts_with(&[':', ']', ']']))
    }

    /// After the backslash.
    pub(super) fn escape(&mut self) -> Result<Item> {
        let Some(c) = self.next() else {
            return Err(self.refused("the pattern ends in a backslash"));
        };
        let set = |set| Item::Set { set, negated: c.is_ascii_uppercase() };
        let code = match c {
            'd' | 'D' => return Ok(set(Set::Digit)),
            'w' | 'W' => return Ok(set(Set::Word)),
            's' | 'S' => return Ok(set(Set::Space)),
            'p' | 'P' => return Ok(set(Set::Property(self.property()?))),
            't' => 0x9,
            'n' => 0xA,
            'v' => 0xB,
            'f' => 0xC,
            'r' => 0xD,
            '0' if !self.peek().is_some_and(|c| c.is_ascii_digit()) => 0,
            'c' => match self.next() {
                Some(letter) if letter.is_ascii_alphabetic() => u32::from(letter) % 32,
                _ => return Err(self.refused(r"\c is not followed by a letter")),
            },
            'x' => match self.hex(2) {
                Some(code) => code,
                None => {
                    return Err(self.refused(r"\x is not followed by two hexadecimal digits"));
                }
            },
            'u' => match self.unicode() {
                Some(code) => code,
                None => return Err(self.refused(r"\u is not followed by a code point")),
            },
            c if c.is_ascii_punctuation() => u32::from(c),
            _ => {
                return Err(self.refused("a backslash precedes a letter or sign that has no escape"))
            }
        };
        Ok(Item::Char(code))
    }

    fn property(&mut self) -> Result<String> {
        if !self.eat('{') {
            return Err(self.refused(r"\p is not followed by a property in braces"));
        }
        let mut name = String::new();
        loop {
            match self.next() {
                Some('}') => break,
                Some(c) if c.is_ascii_alphanumeric() || matches!(c, '_' | '=') => name.push(c),
                _ => return Err(self.refused(r"\p{ is not closed")),
            }
        }
        match properties::find(&name) {
            Ok(_) => Ok(name),
            Err(why) => Err(self.refused(why)),
        }
    }

    fn hex(&mut self, digits: usize) -> Option<u32> {
        (0..digits).try_fold(0, |value, _| Some(value * 16 + self.next()?.to_digit(16)?))
    }

    /// After `\u`: a code point, maybe a surrogate; two surrogates that make a pair are one.
    fn unicode(&mut self) -> Option<u32> {
        if self.eat('{') {
            let mut value = self.hex(1)?;
            while !self.eat('}') {
                value = value * 16 + self.hex(1)?;
                if value > 0x0010_FFFF {
                    return None;
                }
            }
            return Some(value);
        }
        let first = self.hex(4)?;
        if !(0xD800..0xDC00).contains(&first) || self.peek() != Some('\\') {
            return Some(first);
        }
        let [_, 'u', digits @ ..] = self.rest() else {
            return Some(first);
        };
        let second = digits.first_chunk::<4>().and_then(|digits| {
            digits.iter().try_fold(0, |value, c| Some(value * 16 + c.to_digit(16)?))
        });
        match second.filter(|second| (0xDC00..0xE000).contains(second)) {
            Some(second) => {
                self.skip(6);
                Some(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
            }
            None => Some(first),
        }
    }
}
