//! ECMA-262 patterns, parsed by their own grammar and emitted for a linear-time engine.
//!
//! ODCS prescribes ECMA-262 for `pattern`; passing such a pattern to another engine is silently
//! wrong for `\d`, `\w`, `\s`, `\b`, `.`, `$` and set operations inside classes. Here the pattern is
//! parsed (Unicode mode; of Annex B only the literal `]`, `}` and `{`), every character is emitted
//! escaped, and every class explicitly. Look-around and back-references have no linear-time
//! meaning and are refused. One file because a grammar and what it emits are read side by side.

use std::fmt::Write as _;
use std::iter::Peekable;
use std::str::Chars;

use crate::error::{Code, Error, Result};

const MAX_BYTES: usize = 4096;
const MAX_DEPTH: usize = 64;
const MAX_REPEAT: u32 = 100_000;

/// ECMA-262 `WhiteSpace` and `LineTerminator`, as class items.
const SPACE: &str = r"\t\n\x0B\x0C\r\x{FEFF}\x{2028}\x{2029}\p{Zs}";
const DIGIT: &str = "0-9";
const WORD: &str = "0-9A-Za-z_";

/// The same language in the syntax of the `regex` crate.
///
/// # Errors
/// `plan.bad_pattern`: it is no pattern, or one that needs look-around or back-references.
pub(crate) fn translate(pattern: &str) -> Result<String> {
    if pattern.len() > MAX_BYTES {
        return Err(refused(format!("the pattern is over {MAX_BYTES} bytes long")));
    }
    let mut parser = Parser { rest: pattern.chars().peekable(), out: String::new(), depth: 0 };
    parser.alternatives()?;
    if parser.rest.peek().is_some() {
        return Err(refused("a closing parenthesis has no opening one"));
    }
    Ok(parser.out)
}

fn refused(message: impl Into<String>) -> Error {
    Error::new(Code::BadPattern, message).help(
        "patterns are ECMA-262 (Unicode mode), searched anywhere unless anchored with ^ and $",
    )
}

struct Parser<'a> {
    rest: Peekable<Chars<'a>>,
    out: String,
    depth: usize,
}

/// What one escape or character of a class stands for.
enum Item {
    One(char),
    /// Items of a class, already in the target's syntax.
    Many(String),
}

impl Parser<'_> {
    fn eat(&mut self, c: char) -> bool {
        self.rest.next_if_eq(&c).is_some()
    }

    fn alternatives(&mut self) -> Result<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(refused(format!("groups are nested over {MAX_DEPTH} deep")));
        }
        loop {
            match self.rest.peek() {
                None | Some(')') => break,
                Some('|') => {
                    self.rest.next();
                    self.out.push('|');
                }
                Some(_) => self.term()?,
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn term(&mut self) -> Result<()> {
        let start = self.out.len();
        let Some(c) = self.rest.next() else {
            return Ok(());
        };
        match c {
            '^' => {
                self.out.push_str(r"\A");
                return Ok(());
            }
            '$' => {
                self.out.push_str(r"\z");
                return Ok(());
            }
            '*' | '+' | '?' => return Err(refused("a repetition has nothing to repeat")),
            '.' => self.out.push_str(r"[^\n\r\x{2028}\x{2029}]"),
            '[' => self.class()?,
            '(' => self.group()?,
            '\\' => match self.rest.peek().copied() {
                Some('b') => {
                    self.rest.next();
                    self.out.push_str(r"(?-u:\b)");
                    return Ok(());
                }
                Some('B') => {
                    self.rest.next();
                    self.out.push_str(r"(?-u:\B)");
                    return Ok(());
                }
                _ => match self.escape()? {
                    Item::One(c) => self.literal(c),
                    Item::Many(items) => {
                        let _ = write!(self.out, "[{items}]");
                    }
                },
            },
            '{' => {
                if self.braces()?.is_some() {
                    return Err(refused("a repetition has nothing to repeat"));
                }
                self.literal('{');
            }
            other => self.literal(other),
        }
        self.repetition(start)
    }

    fn literal(&mut self, c: char) {
        push_escaped(&mut self.out, c);
    }

    fn repetition(&mut self, start: usize) -> Result<()> {
        let bounds = match self.rest.peek() {
            Some('*') => "*".to_owned(),
            Some('+') => "+".to_owned(),
            Some('?') => "?".to_owned(),
            Some('{') => {
                self.rest.next();
                match self.braces()? {
                    Some((low, Some(high))) => format!("{{{low},{high}}}"),
                    Some((low, None)) => format!("{{{low},}}"),
                    None => {
                        self.literal('{');
                        let brace = self.out.len() - r"\x{7B}".len();
                        return self.repetition(brace);
                    }
                }
            }
            _ => return Ok(()),
        };
        if bounds.len() == 1 {
            self.rest.next();
        }
        self.out.insert_str(start, "(?:");
        self.out.push(')');
        self.out.push_str(&bounds);
        if self.eat('?') {
            self.out.push('?');
        }
        match self.rest.peek() {
            Some('*' | '+' | '?') => Err(refused("a repetition follows a repetition")),
            _ => Ok(()),
        }
    }

    /// After `{`: the bounds of a repetition, or `None` with nothing consumed.
    #[allow(clippy::type_complexity)] // low and optional high, said in the line above
    fn braces(&mut self) -> Result<Option<(u32, Option<u32>)>> {
        let mut ahead = self.rest.clone();
        let mut digits = |stop: &[char]| -> Option<(String, char)> {
            let mut text = String::new();
            loop {
                match ahead.next()? {
                    c if c.is_ascii_digit() => text.push(c),
                    c if stop.contains(&c) => return Some((text, c)),
                    _ => return None,
                }
            }
        };
        let Some((low, stop)) = digits(&[',', '}']) else {
            return Ok(None);
        };
        if low.is_empty() {
            return Ok(None);
        }
        let high = if stop == ',' {
            let Some((high, _)) = digits(&['}']) else {
                return Ok(None);
            };
            high
        } else {
            low.clone()
        };
        self.rest = ahead;
        let number = |text: &str| {
            text.parse::<u32>()
                .ok()
                .filter(|n| *n <= MAX_REPEAT)
                .ok_or_else(|| refused(format!("a repetition counts over {MAX_REPEAT}")))
        };
        let low = number(&low)?;
        let high = if high.is_empty() { None } else { Some(number(&high)?) };
        if high.is_some_and(|high| high < low) {
            return Err(refused("the bounds of a repetition are out of order"));
        }
        Ok(Some((low, high)))
    }

    fn group(&mut self) -> Result<()> {
        if self.eat('?') {
            let look = "look-ahead and look-behind have no linear-time meaning";
            match self.rest.next() {
                Some(':') => {}
                Some('=' | '!') => return Err(unsupported(look)),
                Some('<') => {
                    if matches!(self.rest.peek(), Some('=' | '!')) {
                        return Err(unsupported(look));
                    }
                    let mut name = String::new();
                    loop {
                        match self.rest.next() {
                            Some('>') => break,
                            Some(c) if c.is_alphanumeric() || c == '_' || c == '$' => name.push(c),
                            _ => return Err(refused("the name of a group is not closed")),
                        }
                    }
                    if name.is_empty() || name.starts_with(|c: char| c.is_numeric()) {
                        return Err(refused("a group has no proper name"));
                    }
                }
                _ => {
                    return Err(refused("(? is followed by something that ECMA-262 does not have"))
                }
            }
        }
        self.out.push_str("(?:");
        self.alternatives()?;
        if !self.eat(')') {
            return Err(refused("a group is not closed"));
        }
        self.out.push(')');
        Ok(())
    }

    fn class(&mut self) -> Result<()> {
        let negated = self.eat('^');
        if self.eat(']') {
            // `[]` matches nothing, `[^]` any character.
            self.out.push_str(if negated { r"[\s\S]" } else { r"[^\s\S]" });
            return Ok(());
        }
        self.out.push_str(if negated { "[^" } else { "[" });
        loop {
            if self.eat(']') {
                break;
            }
            let first = self.class_item()?;
            let mut ahead = self.rest.clone();
            let range = ahead.next() == Some('-') && !matches!(ahead.next(), None | Some(']'));
            if !range {
                match first {
                    Item::One(c) => self.literal(c),
                    Item::Many(items) => self.out.push_str(&items),
                }
                continue;
            }
            self.rest.next();
            let (Item::One(low), Item::One(high)) = (first, self.class_item()?) else {
                return Err(refused("a range of a class ends in a class"));
            };
            if high < low {
                return Err(refused("the ends of a range are out of order"));
            }
            self.literal(low);
            self.out.push('-');
            self.literal(high);
        }
        self.out.push(']');
        Ok(())
    }

    fn class_item(&mut self) -> Result<Item> {
        match self.rest.next() {
            None => Err(refused("a class is not closed")),
            Some('[') if self.rest.peek() == Some(&':') => {
                Err(refused("ECMA-262 has no classes of the form [:name:]"))
            }
            Some('\\') => {
                if self.eat('b') {
                    return Ok(Item::One('\u{8}'));
                }
                if self.eat('-') {
                    return Ok(Item::One('-'));
                }
                self.escape()
            }
            Some(c) => Ok(Item::One(c)),
        }
    }

    /// After the backslash.
    fn escape(&mut self) -> Result<Item> {
        let Some(c) = self.rest.next() else {
            return Err(refused("the pattern ends in a backslash"));
        };
        let negated = |items: &str| format!("[^{items}]");
        Ok(match c {
            'd' => Item::Many(DIGIT.into()),
            'D' => Item::Many(negated(DIGIT)),
            'w' => Item::Many(WORD.into()),
            'W' => Item::Many(negated(WORD)),
            's' => Item::Many(SPACE.into()),
            'S' => Item::Many(negated(SPACE)),
            'p' | 'P' => Item::Many(self.property(c)?),
            't' => Item::One('\t'),
            'n' => Item::One('\n'),
            'v' => Item::One('\u{B}'),
            'f' => Item::One('\u{C}'),
            'r' => Item::One('\r'),
            '0' if !self.rest.peek().is_some_and(char::is_ascii_digit) => Item::One('\0'),
            'c' => match self.rest.next() {
                Some(letter) if letter.is_ascii_alphabetic() => {
                    Item::One(char::from(letter as u8 % 32))
                }
                _ => return Err(refused(r"\c is not followed by a letter")),
            },
            'x' => Item::One(
                self.hex(2)
                    .and_then(char::from_u32)
                    .ok_or_else(|| refused(r"\x is not followed by two hexadecimal digits"))?,
            ),
            'u' => Item::One(self.unicode()?),
            '1'..='9' | 'k' => {
                return Err(unsupported("back-references have no linear-time meaning"))
            }
            c if c.is_ascii_punctuation() => Item::One(c),
            _ => return Err(refused("a backslash precedes a letter or sign that has no escape")),
        })
    }

    fn property(&mut self, c: char) -> Result<String> {
        let mut name = String::new();
        if self.eat('{') {
            loop {
                match self.rest.next() {
                    Some('}') => break,
                    Some(n) if n.is_ascii_alphanumeric() || n == '_' || n == '=' => name.push(n),
                    _ => return Err(refused(r"\p{ is not closed")),
                }
            }
        }
        let property = format!("\\{c}{{{name}}}");
        if name.is_empty() || regex_syntax::parse(&property).is_err() {
            return Err(refused(r"\p{} names no known Unicode property"));
        }
        Ok(property)
    }

    fn hex(&mut self, digits: usize) -> Option<u32> {
        let mut value = 0;
        for _ in 0..digits {
            value = value * 16 + self.rest.next()?.to_digit(16)?;
        }
        Some(value)
    }

    fn unicode(&mut self) -> Result<char> {
        let wrong = || refused(r"\u is not followed by a code point");
        if self.eat('{') {
            let mut value = 0u32;
            let mut any = false;
            loop {
                match self.rest.next() {
                    Some('}') if any => return char::from_u32(value).ok_or_else(wrong),
                    Some(c) => {
                        let digit = c.to_digit(16).ok_or_else(wrong)?;
                        value = value
                            .checked_mul(16)
                            .and_then(|v| v.checked_add(digit))
                            .ok_or_else(wrong)?;
                        any = true;
                    }
                    None => return Err(wrong()),
                }
            }
        }
        let first = self.hex(4).ok_or_else(wrong)?;
        if !(0xD800..0xDC00).contains(&first) {
            return char::from_u32(first).ok_or_else(wrong);
        }
        if !(self.eat('\\') && self.eat('u')) {
            return Err(wrong());
        }
        let second = self.hex(4).filter(|s| (0xDC00..0xE000).contains(s)).ok_or_else(wrong)?;
        char::from_u32(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)).ok_or_else(wrong)
    }
}

fn unsupported(message: &str) -> Error {
    Error::new(Code::BadPattern, message).help(
        "write the pattern without it, or split it: a regex_match for what must be there, \
         a regex_not for what must not",
    )
}

/// Letters and digits as they are; everything else by code point, so that nothing has a meaning
/// in the target's syntax that it does not have in ECMA-262.
fn push_escaped(out: &mut String, c: char) {
    if c.is_ascii_alphanumeric() {
        out.push(c);
    } else {
        let _ = write!(out, "\\x{{{:X}}}", c as u32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex::bytes::Regex;

    fn matches(pattern: &str, text: &str) -> bool {
        Regex::new(&translate(pattern).unwrap()).unwrap().is_match(text.as_bytes())
    }

    #[test]
    fn classes_have_their_ecma_meaning() {
        for (pattern, text, expected) in [
            (r"^\d+$", "1", true),
            (r"^\d+$", "\u{661}", false),
            (r"\w", "é", false),
            (r"\W", "é", true),
            (r"\bcole", "école", true),
            (r"\s", "\u{FEFF}", true),
            (r"\s", "\u{A0}", true),
            (r"\s", "\u{2029}", true),
            (r"\s", "\u{85}", false),
            (r"^\S$", "\u{85}", true),
            (r"^.$", "\r", false),
            (r"^.$", "\u{2028}", false),
            (r"^.$", "\u{85}", true),
            (r"^.$", "😀", true),
            (r"^[a&&b]$", "&", true),
            (r"^[a~~b]$", "~", true),
            (r"^[[a]$", "[", true),
            (r"^[^]$", "x", true),
            (r"[]", "", false),
            (r"^\cA$", "\u{1}", true),
            (r"^\0$", "\0", true),
            (r"^\ud83d\ude00$", "😀", true),
            (r"^\u{1F600}$", "😀", true),
            (r"^a$", "a\n", false),
            (r"^\p{Letter}+$", "äa", true),
            (r"^[\p{L}\d]+$", "ä1", true),
            (r"^[^\d\s]+$", "ab", true),
            (r"^[^\d\s]+$", "a1", false),
            (r"^[\W]$", "é", true),
            (r"^a{2,3}$", "aaa", true),
            (r"^a{2}$", "aaa", false),
            (r"^{a}$", "{a}", true),
            (r"^a]}$", "a]}", true),
            (r"^(?<year>\d{4})$", "2026", true),
            (r"^(a|b)+?$", "abab", true),
            (r"a|b", "xay", true),
            (r"^[\b]$", "\u{8}", true),
            (r"^[a\-z]$", "-", true),
            (r"^[+-]$", "-", true),
            (r"^\/\-\.$", "/-.", true),
            ("", "anything", true),
            (r"^#x $", "#x ", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} on {text:?}");
        }
    }

    #[test]
    fn what_ecma_does_not_have_is_refused() {
        for pattern in [
            "(?i)a",
            "(?x)a",
            "(?P<n>a)",
            "(?#c)",
            r"\A",
            r"\z",
            r"\a",
            "a**",
            "a+*",
            "*",
            "(",
            ")",
            "[a",
            "[z-a]",
            "[[:alpha:]]",
            r"\",
            "a{3,2}",
            r"\u12",
            r"\xZ1",
            "{4294967295}",
            "a{4294967295}",
            r"\p{Nope}",
            r"[\d-z]",
            "(?<1a>b)",
        ] {
            assert_eq!(translate(pattern).unwrap_err().code, Code::BadPattern, "{pattern}");
        }
    }

    #[test]
    fn look_around_and_back_references_get_a_hint() {
        for pattern in ["(?=a)", "(?!a)", "(?<=a)", "(?<!a)", r"(a)\1", r"(?<n>a)\k<n>"] {
            let error = translate(pattern).unwrap_err();
            assert!(error.message.contains("linear-time"), "{pattern}");
        }
    }

    #[test]
    fn bombs_are_refused() {
        assert!(translate(&"(".repeat(5000)).is_err());
        assert!(translate(&format!("{}a{}", "(".repeat(100), ")".repeat(100))).is_err());
        assert!(translate(&"a".repeat(5000)).is_err());
    }
}
